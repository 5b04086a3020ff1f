"""A service's sheet: what it is for, who uses it, what it costs, what is said of it, decided and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection

from lora_registry.store import decision_rows, score_reads, service_reads, usage_reads
from lora_registry.store.reads import Row
from lora_registry.usefulness import carbon, use
from lora_registry.usefulness.carbon import Factor
from lora_registry.usefulness.facts import Use

_WORST = 20


def summaries(
    connection: Connection, *, on: date, factors: Sequence[Factor] = carbon.DEFAULTS
) -> dict[str, dict[str, Any]]:
    """Return every service by id: its sheet, what its objects add up to, carbon, whether to ask its owner."""
    judged = score_reads.of_services(connection)
    answers = usage_reads.answers(connection, until=_end_of(on))
    findings = service_reads.findings_by_service(connection)
    told = {}
    for row in service_reads.sheets(connection):
        totals = judged.get(row["id"], {})
        answer = _last_answer(row["confirmed_on"], answers.get(row["id"]))
        told[row["id"]] = {
            **row,
            **{name: totals.get(name) for name in _TOTALS},
            "answer": answer,
            "review_due": _is_due(row["id"], answer, on),
            "findings": findings.get(row["id"], {}),
            "carbon": _carbon(totals, factors),
        }
    return told


_TOTALS = (
    "objects", "low", "high", "lines", "states", "serves", "defects", "gestures", "gesture", "airtime_s_per_day",
    "airtime_saved_s_per_day",
)  # fmt: skip


def _end_of(on: date) -> datetime:
    return datetime.combine(on, time.max, UTC)


def _last_answer(confirmed: date | None, said: Row | None) -> Row | None:
    """Return the owner's last word: an answer, or a newer confirmation on the sheet."""
    if said is not None and (confirmed is None or said["answered_on"] >= confirmed):
        return said
    if confirmed is None:
        return None
    return {"answered_on": confirmed, "answer": use.Answer.NEEDED.value, "text": None, "said_by": None}


def _is_due(service: str, answer: Row | None, on: date) -> bool:
    told = Use(service=service) if answer is None else Use(service=service, answered_on=answer["answered_on"])
    return use.is_review_due(told, on)


def _carbon(totals: Mapping[str, Any], factors: Sequence[Factor]) -> dict[str, Any]:
    models = [model or None for model, count in totals.get("models", {}).items() for _ in range(count)]
    footprint = carbon.footprint(models, factors)
    return {
        "kg_per_year": [round(bound, 1) for bound in footprint.kg_per_year] if footprint.known else None,
        "known": footprint.known,
        "unknown": footprint.unknown,
        "factors": list(footprint.factors),
    }


def sheet(
    connection: Connection, service: str, *, on: date, factors: Sequence[Factor] = carbon.DEFAULTS
) -> dict[str, Any]:
    """Return one service, by id, with its evidence of use, its worst objects and its decisions.

    Objects of homes and people are counted, not listed.
    """
    told = summaries(connection, on=on, factors=factors)[service]
    homes = service in decision_rows.homes_of(connection)
    worst = [] if homes else score_reads.objects_of(connection, service, limit=_WORST)
    return told | {
        "usage": usage_reads.usage_rows(connection, service, until=on),
        "worst_objects": [_object(row) for row in worst],
        "homes": homes,
        "decisions": decision_rows.decisions(connection, service=service),
    }


def losing_lines(told: Mapping[str, Any], limit: int = 3) -> list[Mapping[str, Any]]:
    """Return the lines of a judgement that cost most points: caps first, then by what is surely lost."""
    losing = [line for line in told["lines"] if line["of"] > line["high"]]
    return sorted(losing, key=lambda line: (line["of"] > 0, line["high"] - line["of"]))[:limit]


def last_answer(connection: Connection, service: str, *, on: date) -> Row | None:
    """Return the last word of a service's owner, by its id; None where nobody said anything."""
    return _last_answer(*usage_reads.last_word(connection, service, until=on))


def _object(row: Row) -> dict[str, Any]:
    told = row["told"]
    return {
        "dev_eui": str(row["dev_eui"]),
        "name": row["name"],
        "model": row["model"],
        "low": row["low"],
        "high": row["high"],
        "serves": row["serves"],
        "gesture": row["gesture"],
        "reasons": losing_lines(told),
        "proposal": told["proposal"],
        "lines": told["lines"],
    }
