"""What the last build of coverage means, as it was worked out; and where gateways could stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from lora_registry.coverage.candidates_file import Candidate
from lora_registry.store.coverage import CoverageCandidate, CoveragePlan, CoverageRun


def keep(connection: Connection, run_id: int, question: str, *, answer: Any, now: datetime) -> None:  # noqa: ANN401 - JSON
    """Keep an answer in place of the one before, and forget those of older builds."""
    same = (CoveragePlan.run_id == run_id) & (CoveragePlan.question == question)
    connection.execute(delete(CoveragePlan).where(same | (CoveragePlan.run_id < run_id)))
    row = {"run_id": run_id, "question": question, "worked_out_at": now, "answer": answer}
    connection.execute(insert(CoveragePlan).values(**row))


def answers(connection: Connection) -> Mapping[str, Any]:
    """Return the answers about the last complete build by question; those not worked out yet are missing."""
    newest = select(func.max(CoverageRun.id)).where(CoverageRun.completed_at.is_not(None)).scalar_subquery()
    query = select(CoveragePlan.question, CoveragePlan.answer).where(CoveragePlan.run_id == newest)
    return {row.question: row.answer for row in connection.execute(query)}


def replace_candidates(connection: Connection, places: Sequence[Candidate]) -> None:
    """Make these the places where a gateway could stand."""
    connection.execute(delete(CoverageCandidate))
    if places:
        rows = [one._asdict() | {"name": one.name[:200], "id": number} for number, one in enumerate(places, 1)]
        connection.execute(insert(CoverageCandidate), rows)


def candidates(connection: Connection) -> list[Candidate]:
    """Return the places where a gateway could stand, in the order of their file."""
    query = select(
        CoverageCandidate.name, CoverageCandidate.latitude, CoverageCandidate.longitude, CoverageCandidate.gain_db
    ).order_by(CoverageCandidate.id)
    return [Candidate(*row) for row in connection.execute(query)]
