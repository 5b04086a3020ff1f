"""Judge of every object whether it still serves somebody, after an audit and by what that audit saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.clocks import Clocks
from lora_registry.pipeline.compare_neighbours import compare_neighbours
from lora_registry.pipeline.gather_collection import collection
from lora_registry.pipeline.gather_usefulness import gather, uses
from lora_registry.store import evidence, score_reads, score_writes
from lora_registry.store.engine import reading, writing
from lora_registry.store.score_writes import Judged
from lora_registry.usefulness.facts import Facts, encoded
from lora_registry.usefulness.figures import ALL, Figures
from lora_registry.usefulness.judgement import Judgement, judge
from lora_registry.usefulness.score import VERSION
from lora_registry.usefulness.totals import Totals

PARTITION_DEVICES = 500
"""Two months of sketches of these are some 50 MB in memory at once."""


@dataclass(slots=True)
class Said:
    """What a judgement said, in numbers."""

    run_id: int
    judged_at: datetime
    objects: int = 0
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Sums:
    """What partitions add up to."""

    figures: Figures = field(default_factory=Figures)
    services: dict[str, Totals] = field(default_factory=dict)
    whole: Totals = field(default_factory=Totals)

    def add(self, facts: Facts, judged: Judgement) -> None:
        self.figures.add(facts, judged.standing)
        self.whole.add(facts, judged)
        if facts.use.service is not None:
            self.services.setdefault(facts.use.service, Totals()).add(facts, judged)


def judge_usefulness(
    engine: Engine,
    *,
    clock: Callable[[], datetime],
    zone: ZoneInfo,
    partition_devices: int = PARTITION_DEVICES,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Said:
    """Judge by the last complete audit, as of its `now`; done twice, it writes the same rows.

    It is shown once it is complete; until then lists show the judgement before. `clock` dates its completion.

    Raises:
        RefusedError: no audit is complete.

    """
    with reading(engine) as connection:
        audit = score_reads.audit_to_judge(connection)
    if audit is None:
        raise RefusedError("no audit is complete: run `lora-registry audit run` first")
    said = Said(*audit)
    with reading(engine) as connection:
        clocks = Clocks(collection(connection, now=said.judged_at, zone=zone))
        known = uses(connection, now=said.judged_at)
        neighbours = compare_neighbours(connection, until=said.judged_at.date())
        parts = list(evidence.partitions(connection, partition_devices))
    with writing(engine) as connection:
        score_writes.start(connection, said.run_id, judged_at=said.judged_at, rule_version=VERSION)
    sums = _Sums()
    for part in parts:
        with reading(engine) as connection:
            seen = gather(
                connection,
                part,
                said.run_id,
                now=said.judged_at,
                clocks=clocks,
                known=known,
                neighbours=neighbours,
            )
            judged = [(facts, judge(facts)) for facts in seen]
        with writing(engine) as connection:
            score_writes.write_objects(connection, [_row(said.run_id, *one) for one in judged])
        for facts, judgement in judged:
            sums.add(facts, judgement)
        said.objects += len(judged)
        on_progress(said.objects)
    said.figures = sums.figures.as_json() | {"airtime_s_per_day": sums.whole.as_json()["airtime_s_per_day"]}
    with writing(engine) as connection:
        told = {service: totals.as_json() for service, totals in sums.services.items()}
        score_writes.write_services(connection, said.run_id, told)
        score_writes.complete(connection, said.run_id, figures=said.figures, completed_at=clock())
    return said


def _row(run_id: int, facts: Facts, judged: Judgement) -> Judged:
    return Judged(
        dev_eui=DevEui(facts.dev_eui),
        run_id=run_id,
        low=judged.score.low,
        high=judged.score.high,
        serves=judged.standing.serves.value,
        gesture=judged.proposal.gesture.value,
        told=judged.as_json(),
        facts=encoded(facts),
    )


def in_words(said: Said) -> str:
    """Return the one number as one English line."""
    of_100 = said.figures[ALL]["of_100"]
    return (
        f"usefulness of {said.objects} objects; of 100: {of_100['serves']} serve, {of_100['does_not']} do not, "
        f"{of_100['unknown']} unknown"
    )
