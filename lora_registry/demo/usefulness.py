"""What people said and decided in the simulated city, so that one service can be followed from sheet to effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.demo.decided import DECIDED_DAYS_AGO, DECIDED_OF, MEASURED_AFTER_DAYS
from lora_registry.pipeline.decide import Decided, measure_effects, record_decision
from lora_registry.pipeline.follow_goals import Wanted, set_goal
from lora_registry.pipeline.import_usage import import_usage
from lora_registry.pipeline.judge_usefulness import judge_usefulness
from lora_registry.store import decision_rows, score_reads
from lora_registry.store.engine import reading
from lora_registry.usefulness.decided import Gesture, Indicator

_COMMITTEE = "Comité des usages numériques"
_COUNTED_DAYS = 80
_WORKING_DAYS = 5
_READ = {"ilots-chaleur": ("portail", 6), "qualite-air": ("grafana", 14), "comptage-passages": ("portail", 0)}
"""Service -> where reads are counted, and how many on a working day; nobody reads the last one."""


def serve(engine: Engine, *, now: datetime, clock: Callable[[], datetime], zone: ZoneInfo) -> None:
    """Judge who is still served; the first time, let people say and decide what there is to say before."""
    today = now.astimezone(zone).date()
    with reading(engine) as connection:
        is_first = score_reads.last(connection) is None
    if is_first:
        import_usage(engine, _reads(now.date()), by=_COMMITTEE, now=now)
    judge_usefulness(engine, clock=clock, zone=zone)
    if is_first:
        _decide(engine, today, now)
    measure_effects(engine, now=now)


def _reads(today: date) -> Iterator[str]:
    yield "service,day,reads,source"
    for ago in range(_COUNTED_DAYS):
        day = today - timedelta(days=ago)
        for service, (source, reads) in _READ.items():
            yield f"{service},{day},{reads if day.isoweekday() <= _WORKING_DAYS else 0},{source}"


def _decide(engine: Engine, today: date, now: datetime) -> None:
    """Record the decision of 40 days ago, and a goal of this year."""
    with reading(engine) as connection:
        if not decision_rows.objects_of(connection, DECIDED_OF):
            return  # a city too small for that service
        told = score_reads.of_services(connection).get(DECIDED_OF, {})
    decided = Decided(
        gesture=Gesture.REDUCE_CADENCE,
        reason="Une valeur sur deux suffit à suivre la chaleur d'un quartier",
        on=today - timedelta(days=DECIDED_DAYS_AGO),
        by=_COMMITTEE,
        service=DECIDED_OF,
        # Half as often: as much is saved as is left.
        saves_s_per_day=told.get("airtime_s_per_day"),
    )
    record_decision(engine, decided, now=now, effect_days=MEASURED_AFTER_DAYS)
    goal = Wanted(
        id="objets-utiles",
        indicator=Indicator.SERVE_OF_100,
        targets={today.year + 1: 90.0, today.year + 3: 95.0},
        reference="Délibération simulée",
        measures="Revue mensuelle des services",
        means="Un demi-poste",
    )
    set_goal(engine, goal, by=_COMMITTEE, now=now)
