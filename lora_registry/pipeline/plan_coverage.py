"""What a build of coverage means, worked out once and kept: pages only read it.

The exact search and the replay of a month's frames take from seconds to minutes: no page may ask for them. Each
build's questions are answered after it, and the answers replaced with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine

from lora_registry.coverage.cells import CellState
from lora_registry.coverage.switch_off import LIMIT_S
from lora_registry.pipeline.coverage_gaps import holes
from lora_registry.pipeline.coverage_model import last_run
from lora_registry.pipeline.coverage_rows import Row, commune_rows, gap_rows, gateway_rows, site_rows
from lora_registry.pipeline.coverage_siting import next_gateways
from lora_registry.pipeline.coverage_switch_off import SwitchOff, switch_off
from lora_registry.store import coverage_plans
from lora_registry.store.engine import reading, writing

MOST_GAPS: Final = 200
MOST_SITES: Final = 5
MOST_LOST: Final = 200
"""Devices told one by one; of the others the number."""


class Question(StrEnum):
    """What is asked of each build."""

    COMMUNES = "communes"
    """Each commune's squares: a list of `commune_rows`."""
    GAPS = "gaps"
    """The greatest holes: a list of `gap_rows`."""
    UNKNOWN = "unknown"
    """Where nobody has looked: a list of `gap_rows`."""
    NEXT_GATEWAY = "next_gateway"
    """The kept candidates that add most: a list of `site_rows`, in squares."""
    SWITCH_OFF = "switch_off"
    """Which gateways could go, each square keeping one: `told`."""
    SWITCH_OFF_SPARE = "switch_off_spare"
    """The same, each square keeping two, to survive any one failing."""


def plan_coverage(
    engine: Engine,
    *,
    now: datetime,
    questions: Collection[Question] = tuple(Question),
    limit_s: float = LIMIT_S,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> None:
    """Answer questions of the last build and keep the answers; asked again, they replace themselves.

    Args:
        engine: the registry.
        now: frames of the 30 days before it are replayed.
        questions: those to answer; all by default.
        limit_s: time for each of the two exact searches.
        on_progress: told questions answered and questions in all.

    Raises:
        RefusedError: coverage was never built.

    """
    for done, question in enumerate(questions, start=1):
        with reading(engine) as connection:
            run_id = last_run(connection).id
            answer = _ASKED[question](connection, now, limit_s)
        with writing(engine) as connection:
            coverage_plans.keep(connection, run_id, question.value, answer=answer, now=now)
        on_progress(done, len(questions))


def _communes(connection: Connection, _now: datetime, _limit_s: float) -> list[Row]:
    return commune_rows(holes(connection))


def _gaps(connection: Connection, _now: datetime, _limit_s: float) -> list[Row]:
    return gap_rows(holes(connection), MOST_GAPS)


def _unknown(connection: Connection, _now: datetime, _limit_s: float) -> list[Row]:
    return gap_rows(holes(connection, which=CellState.UNKNOWN), MOST_GAPS)


def _next_gateway(connection: Connection, _now: datetime, _limit_s: float) -> list[Row]:
    places = coverage_plans.candidates(connection)
    if not places or last_run(connection).network is None:
        return []
    return site_rows(next_gateways(connection, places, MOST_SITES))


def _switch_off(connection: Connection, now: datetime, limit_s: float) -> Row:
    return told(switch_off(connection, now=now, limit_s=limit_s))


def _switch_off_spare(connection: Connection, now: datetime, limit_s: float) -> Row:
    return told(switch_off(connection, now=now, each_needs=2, limit_s=limit_s))


_ASKED: Final[dict[Question, Callable[[Connection, datetime, float], Any]]] = {
    Question.COMMUNES: _communes,
    Question.GAPS: _gaps,
    Question.UNKNOWN: _unknown,
    Question.NEXT_GATEWAY: _next_gateway,
    Question.SWITCH_OFF: _switch_off,
    Question.SWITCH_OFF_SPARE: _switch_off_spare,
}


def told(found: SwitchOff) -> Row:
    """Return what could go and what it would have cost, as it is kept."""
    cover, past = found.cover, found.replayed
    return {
        "own": found.own,
        "kept": len(cover.kept),
        "bound": cover.bound,
        "exact": cover.exact,
        "lost_share": cover.lost_share,
        "days": past.days,
        "frames": past.frames,
        "frames_lost": past.frames_lost,
        "devices": past.devices,
        "devices_lost": len(past.devices_lost),
        "lost": [str(one) for one in past.devices_lost[:MOST_LOST]],
        "devices_on_one": past.devices_on_one,
        "devices_on_one_today": past.devices_on_one_today,
        "gateways": gateway_rows(found),
    }
