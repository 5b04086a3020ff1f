"""What the last weeks of a silent device say of why it fell silent: gathered once, as of its last uplink."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.habit import NO_HISTORY
from lora_registry.domain.history import UNKNOWN, History
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.own_causes import LastWeeks, heard_as_usual
from lora_registry.domain.radio_past import RadioPast
from lora_registry.store import device_events, evidence, radio_evidence
from lora_registry.store.device_events import Level
from lora_registry.store.evidence import Partition

_WEEK = timedelta(days=7)
_BEFORE = timedelta(days=30)
_DAY_S = 86_400.0
_ROLL_OVER = 1 << 15


def last_weeks(
    connection: Connection,
    part: Partition,
    silent: Mapping[DevEui, DeviceFacts],
    known: Mapping[DevEui, DeviceFacts],
    *,
    now: datetime,
) -> dict[DevEui, dict[str, Any]]:
    """Return the last weeks of silent devices of a partition, as their facts hold them.

    `known` are the facts of the run before: of a device that was not heard since, its weeks are not read again
    (they may have been forgotten); joins and the time that has passed are.
    """
    joins = device_events.joins(connection, list(silent), until=now)
    told: dict[DevEui, LastWeeks] = {}
    unread: dict[DevEui, DeviceFacts] = {}
    for eui, facts in silent.items():
        before = known.get(eui)
        if before is not None and before.last_weeks and before.last_uplink_at == facts.last_uplink_at:
            told[eui] = LastWeeks(**before.last_weeks)
        else:
            unread[eui] = facts
    told |= _read(connection, part, unread, joins, now=now)
    return {eui: asdict(replace(one, **_since(silent[eui], joins.get(eui, ()), now))) for eui, one in told.items()}


def _since(facts: DeviceFacts, joins: Sequence[datetime], now: datetime) -> dict[str, Any]:
    """Return what goes on after the last uplink."""
    last_at = facts.last_uplink_at or now
    return {
        "silent_days": round((now - last_at).total_seconds() / _DAY_S, 3),
        "joins_since": sum(at > last_at for at in joins),
    }


def _read(
    connection: Connection,
    part: Partition,
    silent: Mapping[DevEui, DeviceFacts],
    joins: Mapping[DevEui, Sequence[datetime]],
    *,
    now: datetime,
) -> dict[DevEui, LastWeeks]:
    last = {eui: facts.last_uplink_at for eui, facts in silent.items() if facts.last_uplink_at is not None}
    if not last:
        return {}
    earliest = min(last.values()) - _WEEK - _BEFORE
    radios = dict(radio_evidence.radio_pasts(connection, list(last), since=earliest, until=max(last.values())))
    histories = evidence.histories(connection, part, list(last), until=now)
    levels = device_events.levels(connection, list(last), until=now)
    return {
        eui: LastWeeks(
            external_power=silent[eui].external_power,
            **_battery(silent[eui], levels.get(eui, ()), last_at),
            **_radio(radios.get(eui), last_at),
            joins_7d=sum(last_at - _WEEK < at <= last_at for at in joins.get(eui, ())),
            resets_7d=_resets(histories.get(eui, NO_HISTORY), last_at),
        )
        for eui, last_at in last.items()
    }


def _battery(facts: DeviceFacts, levels: Sequence[Level], last_at: datetime) -> dict[str, Any]:
    """Return its last level, and by how much it had fallen in the 30 days before."""
    if facts.battery_pct is None or facts.battery_at is None:
        return {}
    month = [one for one in levels if facts.battery_at - _BEFORE <= one.at <= facts.battery_at]
    fall = month[0].battery_pct - facts.battery_pct if month else None
    return {
        "battery_pct": facts.battery_pct,
        "battery_days": max((last_at - facts.battery_at).total_seconds() / _DAY_S, 0.0),
        "battery_fall_pct_30d": fall,
    }


def _radio(past: RadioPast | None, last_at: datetime) -> dict[str, Any]:
    """Return its margin and its gateways in its last week, and in the month before."""
    if past is None:
        return {}
    end_s, week_s = last_at.timestamp() + 1.0, _WEEK.total_seconds()
    recent = past.between(end_s - week_s, end_s)
    usual = past.between(end_s - week_s - _BEFORE.total_seconds(), end_s - week_s)
    margins = [one.margin() for one in (recent, usual)]
    receptions = recent.receptions()
    return {
        "margin_p10_db": margins[0].p10_db if margins[0] is not None else None,
        "margin_p10_usual_db": margins[1].p10_db if margins[1] is not None else None,
        "receptions_7d": sum(receptions.values()),
        "usual_gateways_share": heard_as_usual(_named(usual.receptions()), _named(receptions)),
    }


def _named(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(gateway): count for gateway, count in counts.items()}


def _resets(history: History, last_at: datetime) -> int:
    """Return how often its counter began anew in its last week without a join, and without having been full."""
    f_cnt, last_s = history.f_cnt, last_at.timestamp()
    fell = (f_cnt[1:] < f_cnt[:-1]) & (f_cnt[:-1] != UNKNOWN) & (f_cnt[1:] != UNKNOWN)
    began = fell & (f_cnt[:-1] - f_cnt[1:] > 2) & (f_cnt[:-1] - f_cnt[1:] < _ROLL_OVER)  # noqa: PLR2004 - out of order
    recent = (history.at_s[1:] > last_s - _WEEK.total_seconds()) & (history.at_s[1:] <= last_s)
    joins_before = np.searchsorted(history.joins_s, history.at_s, side="right")
    return int(np.count_nonzero(began & recent & (joins_before[1:] == joins_before[:-1])))
