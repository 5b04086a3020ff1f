"""The rows that an account of a period rests on, as plain values; see `report.account.evidence`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from lora_registry.coverage.grid import SIZE_M
from lora_registry.domain import intervals
from lora_registry.domain.access import privacy_of
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.plain import plain
from lora_registry.pipeline.follow_goals import goals
from lora_registry.report.account.evidence import Row, Table
from lora_registry.report.account.period import Period
from lora_registry.store import (
    account_evidence,
    coverage_reads,
    decision_rows,
    outages,
    score_reads,
    service_reads,
    watches,
)
from lora_registry.usefulness import carbon
from lora_registry.usefulness.carbon import Factor
from lora_registry.usefulness.facts import decoded
from lora_registry.usefulness.figures import known_of
from lora_registry.usefulness.models import Followed, life_of
from lora_registry.usefulness.standing import NOT_IN_THE_PARK, Defect

_YEAR_DAYS: Final = 365.25
_CELL_KM2: Final = (SIZE_M / 1000) ** 2
_HOUR_S: Final = 3600.0
_BOUNDS: Final = ("kg_low", "kg_central", "kg_high")


class Gathered(NamedTuple):
    """What an account is made of."""

    evidence: dict[Table, list[Row]]
    about: dict[str, Any]
    """See `report.account.account.Account.about`."""


class _Word(NamedTuple):
    """The last judgement of one object."""

    serves: str
    silent_month: bool
    judgeable: bool


def gather(connection: Connection, period: Period, *, now: datetime, factors: Sequence[Factor]) -> Gathered:
    """Return the evidence of a period, up to `now` where it goes on."""
    until = min(period.end, now)
    on = min(period.last, now.astimezone(UTC).date())
    run, covered = score_reads.last(connection), coverage_reads.last_run(connection)
    evidence: dict[Table, list[Row]] = {
        Table.OBJECTS: list(_objects(connection, period, on, factors)),
        Table.DECISIONS: list(_decisions(connection, period)),
        Table.GOALS: list(_goals(connection, on)),
        Table.WATCHES: list(_watches(connection, period.start, until)),
        Table.OUTAGES: list(_outages(connection, period.start, until)),
        Table.INCIDENTS: list(_incidents(connection, period.start, until)),
    }
    if covered is not None:
        evidence[Table.CELLS] = list(_cells(connection, covered["id"]))
    about = {
        "judged_at": None if run is None else plain(run.judged_at),
        "rule_version": None if run is None else run.rule_version,
        "covered_at": None if covered is None else plain(covered["built_at"]),
        "until": on.isoformat(),
        "services": service_reads.names(connection),
        "communes": account_evidence.communes(connection),
        "factors": [dict(one._asdict()) for one in factors],
        "decisions": evidence[Table.DECISIONS],
        "goals": evidence[Table.GOALS],
    }
    return Gathered(evidence, about)


def _objects(connection: Connection, period: Period, on: date, factors: Sequence[Factor]) -> Iterator[Row]:
    words = {
        one.dev_eui: _Word(
            one.serves,
            Defect.SILENT.value in one.told.get("defects", ()),
            bool(one.facts) and all(known_of(decoded(one.facts)).values()),
        )
        for one in account_evidence.judged(connection)
    }
    heard = account_evidence.heard(connection, first=period.first, last=on)
    named = carbon.by_model(factors)
    for row in account_evidence.objects(connection):
        eui = DevEui(row["dev_eui"])
        word, bought, model = words.get(eui), row["purchased_on"], row["model"]
        life = life_of(_followed(row, is_dead=word is not None and word.silent_month), on)
        uplinks, airtime_s = heard.get(eui, (0, 0.0))
        yield {
            "dev_eui": str(eui),
            "service": row["service_id"],
            "commune": row["commune"],
            "family": row["family"],
            "model": model,
            "private": privacy_of(row["privacy"]).hides_position,
            "lifecycle": row["lifecycle"],
            "park": row["lifecycle"] not in NOT_IN_THE_PARK,
            "condition": row["condition"],
            "state": row["state"],
            "silent_month": word.silent_month if word else None,
            "serves": word.serves if word else None,
            "judgeable": word.judgeable if word else None,
            "age_years": None if bought is None else round(max((on - bought).days, 0) / _YEAR_DAYS, 2),
            "followed_years": None if life is None else round(life.years, 4),
            "failed": None if life is None else life.failed,
            "uplinks": uplinks,
            "airtime_s": round(airtime_s, 3),
            **_making(named.get(model.casefold()) if model else None),
        }


def _followed(row: Row, *, is_dead: bool) -> Followed:
    return Followed(
        model=row["model"] or "",
        firmware=row["firmware"],
        batch=row["batch"],
        first_on=_day(row["first_uplink_at"]),
        last_on=_day(row["last_uplink_at"]),
        is_dead=is_dead,
        lifecycle=row["lifecycle"],
        purchased_on=row["purchased_on"],
        warranty_until=row["warranty_until"],
        is_new=row["condition"] != "reused",
        delivery=None,
        battery_pct=None,
    )


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.astimezone(UTC).date()


def _making(factor: Factor | None) -> Row:
    """Return a year's share of making one thing; unknown without a factor, or without a life to share over."""
    if factor is None or not factor.life_years:
        return dict.fromkeys(_BOUNDS)
    kg = factor.kg.times(1 / factor.life_years)
    return dict(zip(_BOUNDS, (round(bound, 6) for bound in kg), strict=True))


def _decisions(connection: Connection, period: Period) -> Iterator[Row]:
    for row in decision_rows.decisions(connection):
        taken = period.first <= row["decided_on"] <= period.last
        measured_at: datetime | None = row["measured_at"]
        measured = measured_at is not None and period.start <= measured_at < period.end
        if not taken and not measured:
            continue
        effect = (row["effect"] or {}) if measured or measured_at is None else {}
        avoided = row["expected"].get("kg_co2e_avoided")
        sentence = effect.get("sentence", {})
        yield {
            "id": row["id"],
            "of": "object" if row["service_id"] is None else "service",
            "service": row["service_id"],
            "gesture": row["gesture"],
            "objects": len(row["objects"]),
            "decided_on": row["decided_on"].isoformat(),
            "taken": taken,
            "measured": measured,
            "outcome": effect.get("outcome"),
            "saved_s_per_day": effect.get("airtime_saved_s_per_day"),
            "equipment": row["equipment"],
            **(dict.fromkeys(_BOUNDS) if avoided is None else dict(zip(_BOUNDS, avoided, strict=True))),
            "effect_fr": sentence.get("fr"),
            "effect_en": sentence.get("en"),
        }


def _goals(connection: Connection, on: date) -> Iterator[Row]:
    for goal, stands in goals(connection, on=on):
        yield {
            "id": goal["id"],
            "indicator": goal["indicator"],
            "baseline": goal["baseline"],
            "target": stands.target,
            "target_year": stands.target_year,
            "value": stands.value,
            "reached": stands.is_reached,
            "reference": goal["reference"],
            "said_fr": stands.sentence["fr"],
            "said_en": stands.sentence["en"],
        }


def _cells(connection: Connection, run_id: int) -> Iterator[Row]:
    for cell in coverage_reads.cells(connection, run_id):
        yield {
            "northing_m": cell["northing_m"],
            "easting_m": cell["easting_m"],
            "state": cell["state"],
            "basis": cell["basis"],
            "commune": cell["territory_code"],
            "km2": round(_CELL_KM2, 6),
        }


def _watches(connection: Connection, start: datetime, until: datetime) -> Iterator[Row]:
    for network in watches.networks(connection):
        spans = [(a.timestamp(), b.timestamp()) for a, b in watches.watched(connection, network)]
        whole = intervals.normalise([(start.timestamp(), max(until, start).timestamp())])
        for first_s, last_s in intervals.intersection(intervals.normalise(spans), whole).tolist():
            yield {
                "network": network,
                "started_at": plain(datetime.fromtimestamp(first_s, UTC)),
                "ended_at": plain(datetime.fromtimestamp(last_s, UTC)),
                "hours": round((last_s - first_s) / _HOUR_S, 4),
            }


def _outages(connection: Connection, start: datetime, until: datetime) -> Iterator[Row]:
    for row in outages.outages(connection, since=start):
        if row["started_at"] < until:
            yield {
                "network": row["network"],
                "cause": row["cause"],
                "started_at": plain(row["started_at"]),
                "ended_at": plain(row["ended_at"]),
                "hours": _hours(row["started_at"], row["ended_at"], start, until),
            }


def _incidents(connection: Connection, start: datetime, until: datetime) -> Iterator[Row]:
    for row in account_evidence.incidents(connection, start=start, end=until):
        yield {
            "cause": row["cause"],
            "kind": row["cause_kind"],
            "began_at": plain(row["began_at"]),
            "ended_at": plain(row["ended_at"]),
            "hours": _hours(row["began_at"], row["ended_at"], start, until),
            "devices": row["devices"],
        }


def _hours(began: datetime, ended: datetime | None, start: datetime, until: datetime) -> float:
    """Return how long of something lies within a period."""
    within = min(ended or until, until) - max(began, start)
    return round(max(within.total_seconds(), 0.0) / _HOUR_S, 4)
