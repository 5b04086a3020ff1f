"""What a build means, kept for pages: the same words as the commands say, of the last build only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from lora_registry.coverage.candidates_file import Candidate
from lora_registry.domain.errors import RefusedError
from lora_registry.pipeline.build_coverage import build_coverage
from lora_registry.pipeline.coverage_gaps import holes
from lora_registry.pipeline.coverage_rows import commune_rows, gap_rows
from lora_registry.pipeline.coverage_switch_off import switch_off
from lora_registry.pipeline.map_coverage import map_coverage
from lora_registry.pipeline.plan_coverage import MOST_GAPS, Question, plan_coverage
from lora_registry.store import coverage_plans
from lora_registry.store.coverage import CoveragePlan
from lora_registry.store.engine import reading, writing
from tests.pipeline import test_build_coverage as made

SITES = [Candidate("Mairie", 43.492, 3.849, 0.0), Candidate("Au loin", 43.6, 3.9, 3.0)]


@pytest.fixture
def planned(engine: Engine) -> Engine:
    made.heard_city(made.described_territory(engine))
    with writing(engine) as connection:
        coverage_plans.replace_candidates(connection, SITES)
    build_coverage(engine, now=made.NOW, clock=lambda: made.NOW, processes=1)
    plan_coverage(engine, now=made.NOW, limit_s=5.0)
    return engine


def test_answers_are_those_of_the_commands(planned: Engine) -> None:
    with reading(planned) as connection:
        kept = coverage_plans.answers(connection)
        found, off = holes(connection), switch_off(connection, now=made.NOW, limit_s=5.0)
        assert set(kept) == set(Question)
        assert kept[Question.COMMUNES] == commune_rows(found)
        assert kept[Question.GAPS] == gap_rows(found, MOST_GAPS)
        assert coverage_plans.candidates(connection) == SITES
        shown = map_coverage(connection)
    assert kept[Question.SWITCH_OFF]["kept"] == len(off.cover.kept)
    assert kept[Question.SWITCH_OFF]["frames"] == off.replayed.frames > 0
    assert kept[Question.SWITCH_OFF_SPARE]["kept"] >= kept[Question.SWITCH_OFF]["kept"]
    assert [row["name"] for row in kept[Question.NEXT_GATEWAY]][:1] == ["Mairie"]
    assert shown is not None
    assert [one.name for one in shown.candidates] == [row["name"] for row in kept[Question.NEXT_GATEWAY]]


def test_asked_again_they_replace_themselves_and_a_new_build_replaces_them_all(planned: Engine) -> None:
    plan_coverage(planned, now=made.NOW, limit_s=5.0)
    later = made.NOW + timedelta(days=1)
    build_coverage(planned, now=later, clock=lambda: later, processes=1)
    with reading(planned) as connection:
        assert coverage_plans.answers(connection) == {}, "those of the build before say nothing of this one"
    plan_coverage(planned, now=later, limit_s=5.0)
    with reading(planned) as connection:
        assert connection.scalar(select(func.count()).select_from(CoveragePlan)) == len(Question)


def test_without_candidates_there_is_no_next_gateway(planned: Engine) -> None:
    with writing(planned) as connection:
        coverage_plans.replace_candidates(connection, [])
    plan_coverage(planned, now=made.NOW, limit_s=5.0)
    with reading(planned) as connection:
        assert coverage_plans.answers(connection)[Question.NEXT_GATEWAY] == []


def test_before_a_build_it_is_refused_with_the_way_out(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="coverage build"):
        plan_coverage(engine, now=made.NOW)
