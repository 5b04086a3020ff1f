"""A real object judged: its leak channel is not called useless, and its advice agrees with the file itself.

Nine months of the Elsys EMS of the Tour Perret (CampusIoT, ODbL), as `test_tour_perret` puts them into a registry.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lora_registry.domain.interpolation import CADENCES
from lora_registry.pipeline.judge_usefulness import judge_usefulness
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.store import score_reads
from lora_registry.store.engine import make_engine, reading
from lora_registry.usefulness.cadence import MISSED_AT_MOST, by_content
from lora_registry.usefulness.facts import Facts, decoded
from lora_registry.usefulness.standing import Defect, defects
from tests.e2e.program import run
from tests.e2e.test_tour_perret import EUI, at, capture, registry_file, values

_WEEKS = 12


@pytest.fixture(scope="module")
def frames(real_data: Path) -> list[dict[str, Any]]:
    with gzip.open(real_data / "grenoble" / "ems-tourperret-b1c1.ndjson.gz") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def stored(frames: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("perret")
    return capture(frames, folder / "perret.ndjson.gz"), folder


def judged(
    stored: tuple[Path, Path], frames: list[dict[str, Any]], family: str, tolerance: dict[str, float]
) -> Facts:
    """Return the facts of the object on the day of its last message, under these words of its owner."""
    file, folder = stored
    url = f"sqlite:///{folder / family}-{len(tolerance)}.sqlite"
    registry = registry_file(folder / "registry.json", "public", tolerance)
    told = json.loads(registry.read_text())
    told["services"][0]["family"] = family
    registry.write_text(json.dumps(told))
    run("registry", "import", str(registry), database_url=url)
    run("backfill", str(file), database_url=url)
    now = max(at(frame) for frame in frames) + timedelta(minutes=5)
    engine = make_engine(url)
    run_audit(engine, now=now, clock=lambda: now, zone=ZoneInfo("Europe/Paris"))
    judge_usefulness(engine, clock=lambda: now, zone=ZoneInfo("Europe/Paris"))
    with reading(engine) as connection:
        row = score_reads.of_object(connection, EUI)
    engine.dispose()
    assert row is not None
    return decoded(row["facts"])


def of_the_last_weeks(frames: list[dict[str, Any]], channel: str) -> tuple[Any, Any]:
    """Return (seconds, values) of the weeks that the judgement looks at."""
    last = max(at(frame) for frame in frames).date()
    monday = last - timedelta(weeks=_WEEKS)
    monday -= timedelta(days=monday.weekday())
    since = datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp()
    rows = np.array([(at_s, value) for at_s, value in values(frames, channel) if at_s >= since])
    order = np.argsort(rows[:, 0], kind="stable")
    return rows[order, 0], rows[order, 1]


def missed(at_s: Any, value: Any, every: int, delta: float) -> float:
    """Return the share of all values missed by straight lines between every m-th one, over all phases."""
    found = []
    for phase in range(every):
        kept = np.arange(phase, len(at_s), every)
        drawn = np.interp(at_s, at_s[kept], value[kept])
        inside = slice(kept[0], kept[-1] + 1)
        found.append(np.mean(np.abs(drawn - value)[inside] > delta * (1 + 1e-6)))
    return float(np.mean(found))


def allowed(frames: list[dict[str, Any]], channel: str, delta: float) -> Iterator[int]:
    at_s, value = of_the_last_weeks(frames, channel)
    for every in CADENCES:
        if missed(at_s, value, every, delta) > MISSED_AT_MOST:
            return
        yield every


def test_the_leak_detector_is_a_sentinel_and_not_useless(
    stored: tuple[Path, Path], frames: list[dict[str, Any]]
) -> None:
    facts = judged(stored, frames, "sentinel", {"waterleak": 1.0})
    (leak,) = [one for one in facts.information.channels if one.name == "waterleak"]
    assert leak.changes == 0, "nine months without a leak"
    assert not {Defect.CONSTANT, Defect.STUCK} & set(defects(facts))


def test_one_still_channel_does_not_make_it_constant_and_the_advice_is_what_the_file_allows(
    stored: tuple[Path, Path], frames: list[dict[str, Any]]
) -> None:
    tolerance = {"temperature": 1.0, "humidity": 3.0}
    facts = judged(stored, frames, "measure", tolerance)
    assert not {Defect.CONSTANT, Defect.STUCK} & set(defects(facts))
    told = by_content(facts)
    assert told is not None
    direct = min(max(allowed(frames, channel, delta), default=1) for channel, delta in tolerance.items())
    # Blocks of 25 values are not all phases: within one step of the ladder, and never past what the file forgives.
    ladder = [1, *CADENCES]
    assert abs(ladder.index(told.every) - ladder.index(direct)) <= 1, (told, direct)
    for channel, delta in tolerance.items():
        assert missed(*of_the_last_weeks(frames, channel), told.every, delta) <= 0.05
