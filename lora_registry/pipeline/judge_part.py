"""One partition of an audit: its evidence into facts, verdicts, findings, and what it yields for shared causes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from lora_registry.audit import radio_state
from lora_registry.audit.cause_evidence import Summary
from lora_registry.coverage.territories import Territories
from lora_registry.domain.channel_measures import DeviceMeasures
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.habit import NO_HISTORY, Habit
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.radio_past import DAYS as RADIO_DAYS
from lora_registry.domain.services import Family
from lora_registry.pipeline.clocks import Clocks, Collection
from lora_registry.pipeline.gather_causes import Speaker, speaker, summary
from lora_registry.pipeline.gather_facts import Past, device_facts
from lora_registry.pipeline.gather_gateways import RECENT_DAYS, OpenFindings
from lora_registry.store import evidence, habits, incidents, radio_evidence, sketch_reads, verdicts
from lora_registry.store.evidence import Partition

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


def judge_part(
    connection: Connection,
    part: Partition,
    devices: Sequence[evidence.Row],
    *,
    collected: Collection,
    already_open: OpenFindings,
    territories: Territories,
) -> Part:
    """Judge the devices of a partition, each by itself; shared causes are looked for once all have been."""
    now = collected.now
    known = habits.read(connection, part)
    explained = incidents.attached(connection, part)
    due = {device["dev_eui"] for device in devices if _is_due(device, known.get(device["dev_eui"]), collected)}
    histories = evidence.histories(connection, part, due, until=now)
    radios = dict(radio_evidence.radio_pasts(connection, due, since=now - timedelta(days=RADIO_DAYS), until=now))
    sketched = _sketched(connection, part, devices, due, now)
    airtime = evidence.airtime_s_per_day(connection, part, until=now.date(), days=RECENT_DAYS)
    gateways = evidence.gateways_heard(connection, part, until=now.date(), days=RECENT_DAYS)
    placed = evidence.positions(connection, part)
    communes = dict(zip(placed, territories.of(list(placed.values())), strict=True))
    clocks, judged, speakers = Clocks(collected), list[Judged](), list[Speaker]()
    for device in devices:
        eui: DevEui = device["dev_eui"]
        past = Past(
            habit=known.get(eui),
            raw=histories.get(eui, NO_HISTORY) if eui in due else None,
            radio=radios.get(eui),
            sketched=sketched.get(eui),
            incidents=explained.get(eui.to_int64(), ()),
        )
        facts, learnt = device_facts(device, past, collected, already_open, clocks)
        newer = past.habit is not None and past.habit.learnt_at > now
        judged.append(
            Judged(
                facts=facts,
                learnt=None if newer else learnt,
                judgement=radio_state.judge(facts),
                airtime_s_per_day=airtime.get(eui),
                gateways_30d=gateways.get(eui, 0),
                territory_code=communes.get(eui),
            )
        )
        if (one := _speaker(device, facts, past, learnt, clocks=clocks, collected=collected)) is not None:
            speakers.append(one)
    return Part(judged, summary(speakers, now=now))


def _speaker(
    device: evidence.Row,
    facts: DeviceFacts,
    past: Past,
    learnt: Habit | None,
    *,
    clocks: Clocks,
    collected: Collection,
) -> Speaker | None:
    holding = learnt if past.raw is not None else past.habit
    if holding is None:
        return None
    return speaker(
        device,
        facts.last_uplink_at,
        law=holding.law,
        links=holding.links,
        clocks=clocks,
        collected=collected,
        incidents=past.incidents,
    )


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
