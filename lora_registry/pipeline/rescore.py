"""Judge the facts that a judgement of usefulness has kept again: the same bytes, or something is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.store import evidence, score_reads
from lora_registry.store.engine import reading
from lora_registry.usefulness.facts import decoded
from lora_registry.usefulness.judgement import as_bytes, judge
from lora_registry.usefulness.score import VERSION

PARTITION_DEVICES = 5000


@dataclass(slots=True)
class Rescored:
    """What came of it."""

    run_id: int
    same: int = 0
    differing: list[str] = field(default_factory=list)
    """DevEUIs of which the two judgements do not say the same."""


def rescore(engine: Engine) -> Rescored:
    """Judge the last run's snapshot again. Writes nothing.

    Raises:
        RefusedError: nothing was judged, or by another version of the rules.

    """
    with reading(engine) as connection:
        run = score_reads.last(connection)
        if run is None:
            raise RefusedError("nothing has been judged: run `lora-registry audit run` first")
        if run.rule_version != VERSION:
            raise RefusedError(
                f"run {run.run_id} was judged by version {run.rule_version} of the rules and this program has "
                f"{VERSION}: run `lora-registry audit run` and judge that one again"
            )
        told = Rescored(run.run_id)
        for part in evidence.partitions(connection, PARTITION_DEVICES):
            for facts, then in score_reads.snapshots(connection, run.run_id, part):
                if as_bytes(judge(decoded(facts)).as_json()) == as_bytes(then):
                    told.same += 1
                else:
                    told.differing.append(facts["dev_eui"])
    return told
