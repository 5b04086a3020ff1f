"""One partition of an audit: its evidence into facts, verdicts, findings, and what it yields for shared causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from lora_registry.audit import radio_state
from lora_registry.audit.cause_evidence import Summary
from lora_registry.coverage.territories import Territories
from lora_registry.domain.channel_measures import DeviceMeasures
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.habit import NO_HISTORY, Habit
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.radio_past import DAYS as RADIO_DAYS
from lora_registry.domain.radio_past import LINK_DTYPE
from lora_registry.domain.services import Family
from lora_registry.pipeline.clocks import Clocks, Collection
from lora_registry.pipeline.gather_causes import Speaker, speaker, summary
from lora_registry.pipeline.gather_facts import Past, device_facts
from lora_registry.pipeline.gather_gateways import RECENT_DAYS, OpenFindings
from lora_registry.store import evidence, habits, incidents, radio_evidence, sketch_reads, speakers, verdicts
from lora_registry.store.evidence import Partition
from lora_registry.store.link_reads import Heard

_SKETCHED = timedelta(weeks=8)


@dataclass(frozen=True, slots=True)
class Judged:
    """One device."""

    facts: DeviceFacts
    learnt: Habit | None
    """Its habit, where that was learnt anew."""
    judgement: radio_state.Judgement
    airtime_s_per_day: float | None
    gateways_30d: int
    territory_code: str | None

    def verdict(self, run_id: int) -> verdicts.Verdict:
        """Return what the run says of it."""
        facts = self.facts
        return verdicts.Verdict(
            dev_eui=DevEui(facts.dev_eui),
            run_id=run_id,
            state=self.judgement.state,
            reason=self.judgement.reason,
            cadence=facts.cadence_class,
            period_s=facts.period_s,
            delivery_ratio=facts.delivery_ratio,
            delivery_low=facts.delivery_low,
            delivery_high=facts.delivery_high,
            airtime_s_per_day=self.airtime_s_per_day,
            gateways_30d=self.gateways_30d,
            territory_code=self.territory_code,
            facts=facts.as_json(),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """What one partition yields."""

    judged: Sequence[Judged]
    causes: Summary
    heard: Mapping[GatewayId, Heard]
    """What its devices say of gateways since the audit before; empty without one."""
    devices_30d: Counter[int]
    """By how many of its devices each gateway (as stored) was heard in 30 days, by what they have taught."""


def judge_part(
    connection: Connection,
    part: Partition,
    devices: Sequence[evidence.Row],
    *,
    collected: Collection,
    already_open: OpenFindings,
    territories: Territories,
    since: date | None,
) -> Part:
    """Judge the devices of a partition, each by itself; shared causes are looked for once all have been.

    `since` is the day of the audit before, None without one.
    """
    now = collected.now
    known = habits.read(connection, part)
    explained = incidents.attached(connection, part)
    due = {device["dev_eui"] for device in devices if _is_due(device, known.get(device["dev_eui"]), collected)}
    histories = evidence.histories(connection, part, due, until=now)
    radios = dict(radio_evidence.radio_pasts(connection, due, since=now - timedelta(days=RADIO_DAYS), until=now))
    sketched = _sketched(connection, part, devices, due, now)
    airtime = evidence.airtime_s_per_day(connection, due, until=now.date(), days=RECENT_DAYS)
    gateways = evidence.gateways_heard(connection, due, until=now.date(), days=RECENT_DAYS)
    placed = evidence.positions(connection, part)
    communes = dict(zip(placed, territories.of(list(placed.values())), strict=True))
    clocks, judged, speaking, hearing = Clocks(collected), list[Judged](), list[Speaker](), list[bytes]()
    for device in devices:
        eui: DevEui = device["dev_eui"]
        past = Past(
            habit=known.get(eui),
            raw=histories.get(eui, NO_HISTORY) if eui in due else None,
            radio=radios.get(eui),
            sketched=sketched.get(eui),
            airtime_s_per_day=airtime.get(eui),
            gateways_30d=gateways.get(eui, 0),
            incidents=explained.get(eui.to_int64(), ()),
        )
        facts, learnt = device_facts(device, past, collected, already_open, clocks)
        newer = past.habit is not None and past.habit.learnt_at > now
        judged.append(
            Judged(
                facts=facts,
                learnt=None if newer else learnt,
                judgement=radio_state.judge(facts),
                airtime_s_per_day=airtime.get(eui) if eui in due else facts.airtime_s_per_day,
                gateways_30d=gateways.get(eui, 0) if eui in due else facts.gateways_30d,
                territory_code=communes.get(eui),
            )
        )
        holding, last_at = learnt if past.raw is not None else past.habit, facts.last_uplink_at
        if holding is None or last_at is None:
            continue
        if last_at >= now - timedelta(days=RECENT_DAYS):
            hearing.append(holding.links)
        one = speaker(
            device,
            last_at,
            law=holding.law,
            links=holding.links,
            clocks=clocks,
            collected=collected,
            incidents=past.incidents,
        )
        if one is not None:
            speaking.append(one)
    return Part(judged, summary(speaking, now=now), _heard(connection, devices, since), _listeners(hearing))


def _heard(
    connection: Connection, devices: Iterable[evidence.Row], since: date | None
) -> Mapping[GatewayId, Heard]:
    if since is None:
        return {}
    last = [(device["dev_eui"], device["last_uplink_at"]) for device in devices]
    active = [eui for eui, at in last if at is not None and at.date() >= since]
    return speakers.heard_since(connection, active, since) if active else {}


def _listeners(links: Iterable[bytes]) -> Counter[int]:
    """Return in how many of these packed links each gateway is."""
    packed = np.frombuffer(b"".join(links), dtype=LINK_DTYPE)
    gateways, counts = np.unique(packed["gateway"], return_counts=True)
    return Counter(dict(zip(gateways.tolist(), counts.tolist(), strict=True)))


def _is_due(device: evidence.Row, habit: Habit | None, collected: Collection) -> bool:
    """Tell whether a device has to be learnt anew: for what came, or as it is late by what is known."""
    total, last_at = device["uplinks_total"] or 0, device["last_data_at"]
    if habit is None:
        return total > 0
    if habit.is_due(
        number=device["dev_eui"].to_int64(), uplinks_total=total, last_uplink_at=last_at, now=collected.now
    ):
        return True
    late_after_s, since = (
        habit.learnt.get("late_after_s"),
        collected.now - last_at if last_at is not None else None,
    )
    news = total > habit.uplinks_total
    return news and late_after_s is not None and since is not None and since.total_seconds() > late_after_s


def _sketched(
    connection: Connection,
    part: Partition,
    devices: Iterable[evidence.Row],
    due: Iterable[DevEui],
    now: datetime,
) -> dict[DevEui, dict[str, Any]]:
    """Return how much less often devices that measure could send, by their sketches of eight weeks."""
    learnt = set(due)
    measuring = {
        device["dev_eui"]: device
        for device in devices
        if device["family"] in (Family.MEASURE, Family.METER) and device["dev_eui"] in learnt
    }
    if not measuring:
        return {}
    measured = sketch_reads.measures(
        connection, part, first=(now - _SKETCHED).date(), last=now.date(), devices=measuring.keys()
    )
    return {eui: _could_send(one, measuring[eui]) for eui, one in measured.items()}


def _could_send(measured: DeviceMeasures, device: Mapping[str, Any]) -> dict[str, Any]:
    """Return how much less often it could send: the least of its channels, a state telling nothing of it."""
    numbers = [one for one in measured.channels if not one.is_state]
    every = [one.useful_cadence for one in numbers]
    known = [one for one in every if one is not None]
    whole = bool(known) and len(known) == len(every)
    return {
        "could_send_every": min(known) if whole else None,
        "uplinks_sketched": measured.frames,
        "needed_period_s": device["need_period_s"],
    }
