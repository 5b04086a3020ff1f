"""Record what people decided of a service or an object, and measure after a time what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.import_usage import service_named
from lora_registry.store import decision_rows, score_reads
from lora_registry.store.engine import writing
from lora_registry.store.reads import Row
from lora_registry.usefulness import carbon
from lora_registry.usefulness.carbon import Factor
from lora_registry.usefulness.decided import Equipment, Gesture
from lora_registry.usefulness.effect import Effect, Measured, effect

EFFECT_DAYS = 60
"""After which the effect of a decision is measured, where the settings say nothing else."""
_COMPARED_DAYS = 28
"""Four whole weeks before, and after."""
_YEAR_DAYS = 365.25


class Decided(NamedTuple):
    """What people decided."""

    gesture: Gesture
    reason: str
    on: date
    by: str
    service: str | None = None
    """Id or name; else one object."""
    dev_eui: DevEui | None = None
    equipment: Equipment = Equipment.UNKNOWN
    saves_s_per_day: float | None = None
    """Airtime that those who decide expect to be saved; None: as the last judgement expects it."""


def record_decision(
    engine: Engine,
    decided: Decided,
    *,
    now: datetime,
    factors: Sequence[Factor] = carbon.DEFAULTS,
    effect_days: int = EFFECT_DAYS,
) -> int:
    """Record a decision, with the saving that the last judgement expects of it; return its number.

    Raises:
        UsageError: neither a service nor an object, or both; a day yet to come; no reason.
        RefusedError: no such service or object.

    """
    if (decided.service is None) == (decided.dev_eui is None):
        raise UsageError("a decision is of one service or of one object: name one of the two")
    if decided.on > now.date():
        raise UsageError(f"{decided.on.isoformat()} is yet to come: a decision is recorded once it is taken")
    if not decided.reason.strip():
        raise UsageError("a decision has a reason: say why")
    with writing(engine) as connection:
        service = None if decided.service is None else service_named(connection, decided.service)
        objects, told = _subject(connection, service, decided)
        return decision_rows.add_decision(
            connection,
            {
                "service_id": service,
                "dev_eui": decided.dev_eui,
                "gesture": decided.gesture.value,
                "reason": decided.reason.strip(),
                "decided_on": decided.on,
                "decided_by": decided.by,
                "recorded_at": now,
                "objects": [str(eui) for eui in objects],
                "expected": _expected(connection, decided, objects, told, factors),
                "score_low": told.get("low"),
                "score_high": told.get("high"),
                "equipment": decided.equipment.value,
                "measure_on": decided.on + timedelta(days=effect_days),
            },
        )


def _subject(connection: Connection, service: str | None, decided: Decided) -> tuple[list[DevEui], dict[str, Any]]:
    """Return the objects concerned and what the last judgement says of the service or the object."""
    if service is not None:
        return decision_rows.objects_of(connection, service), score_reads.of_services(connection).get(service, {})
    assert decided.dev_eui is not None  # noqa: S101 - `record_decision` looked
    row = score_reads.of_object(connection, decided.dev_eui)
    if row is None and decided.dev_eui not in decision_rows.models_of(connection, [decided.dev_eui]):
        raise RefusedError(f"no object {decided.dev_eui}: `lora-registry devices list` shows what there is")
    if row is None:
        return [decided.dev_eui], {}
    spent = row["facts"]["radio"].get("airtime_s_per_day")
    return [decided.dev_eui], row["told"] | {"airtime_s_per_day": spent}


def _expected(
    connection: Connection,
    decided: Decided,
    objects: list[DevEui],
    told: dict[str, Any],
    factors: Sequence[Factor],
) -> dict[str, Any]:
    saved = decided.saves_s_per_day
    if saved is not None:
        pass  # people's own word
    elif decided.gesture is Gesture.RETIRE:
        saved = told.get("airtime_s_per_day")
    elif decided.gesture is Gesture.REDUCE_CADENCE:
        saved = told.get("airtime_saved_s_per_day", told.get("proposal", {}).get("airtime_saved_s_per_day"))
    things = [
        (model, None if bought is None else max((decided.on - bought).days, 0) / _YEAR_DAYS)
        for model, bought in decision_rows.models_of(connection, objects).values()
    ]
    avoided = carbon.avoided(things, factors, is_bought_otherwise=decided.equipment.avoids)
    return {
        "airtime_saved_s_per_day": saved,
        "kg_co2e_avoided": None if avoided is None else [round(bound, 2) for bound in avoided],
        "factors": list(carbon.footprint([model for model, _ in things], factors).factors),
    }


def measure_effects(engine: Engine, *, now: datetime) -> dict[int, Effect]:
    """Measure the effect of each decision that is due, once and for all; return those that were."""
    found = {}
    with writing(engine) as connection:
        services = score_reads.of_services(connection)
        for row in decision_rows.due(connection, on=now.date()):
            told = effect(Gesture(row["gesture"]), _before(connection, row), _after(connection, row, services))
            decision_rows.write_effect(connection, row["id"], told.as_json(), now=now)
            found[row["id"]] = told
    return found


def _before(connection: Connection, row: Row) -> Measured:
    last = row["decided_on"] - timedelta(days=1)
    measured = _measured(connection, row, last - timedelta(days=_COMPARED_DAYS - 1), last)
    return measured._replace(score_low=row["score_low"], score_high=row["score_high"])


def _after(connection: Connection, row: Row, services: dict[str, dict[str, Any]]) -> Measured:
    last = row["measure_on"] - timedelta(days=1)
    first = max(last - timedelta(days=_COMPARED_DAYS - 1), row["decided_on"] + timedelta(days=1))
    if row["dev_eui"] is None:
        told = services.get(row["service_id"], {})
    else:
        told = score_reads.of_object(connection, row["dev_eui"]) or {}
    return _measured(connection, row, first, last)._replace(score_low=told.get("low"), score_high=told.get("high"))


def _measured(connection: Connection, row: Row, first: date, last: date) -> Measured:
    """Sum up the objects' days; days on which nothing at all was heard, we were deaf: they do not count."""
    objects = [DevEui(text) for text in row["objects"]]
    rows = decision_rows.days_of(connection, objects, first=first, last=last) if objects else []
    days = decision_rows.heard_days(connection, first=first, last=last)
    return Measured(
        objects=len(objects),
        heard=len({eui for eui, _, _, _ in rows}),
        uplinks_per_day=round(sum(uplinks for _, _, uplinks, _ in rows) / days, 3) if days else 0.0,
        airtime_s_per_day=round(sum(airtime for _, _, _, airtime in rows) / days, 3) if days else 0.0,
        days=days,
    )
