"""Judge the facts that an audit has kept once more: the same findings, byte for byte, or something is wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.audit import RULES, Rule
from lora_registry.audit import run as judge
from lora_registry.domain.errors import RefusedError
from lora_registry.domain.facts import Facts
from lora_registry.domain.findings import Finding
from lora_registry.pipeline.explain_silences import shared_causes
from lora_registry.store import evidence, verdict_reads
from lora_registry.store.engine import reading

PARTITION_DEVICES = 5000
NOT_FOUND_AGAIN = "not_found_again"
NOT_FOUND_THEN = "not_found_then"
_Identity = tuple[str, str, datetime]


class Difference(NamedTuple):
    """A finding of which the two judgements do not say the same."""

    kind: str
    subject: str
    since: datetime
    differs: str
    """`not_found_again`, `not_found_then`, or the names of the fields."""


@dataclass(slots=True)
class Rejudged:
    """What came of judging a run again."""

    run: verdict_reads.Run
    subjects: int = 0
    same: int = 0
    """Findings that are the same."""
    differences: list[Difference] = field(default_factory=list)
    not_compared: Counter[str] = field(default_factory=Counter)
    """The run's findings by rules that are no longer the version that judged then, by rule."""


def rejudge(
    engine: Engine,
    *,
    run_id: int | None = None,
    rules: Iterable[Rule] = RULES,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Rejudged:
    """Judge the facts of a run again, of the last one where none is given. Writes nothing.

    Raises:
        RefusedError: the run's facts are not kept, or are another version's.

    """
    with reading(engine) as connection:
        rejudged = Rejudged(_run(verdict_reads.runs(connection), run_id))
        run = rejudged.run
        rules = [rule for rule in rules if run.rules.get(rule.name) == rule.version]
        comparable = {rule.name for rule in rules}
        then: dict[_Identity, Mapping[str, Any]] = {}
        for row in verdict_reads.found(connection, run):
            if row["kind"] in comparable:
                then[row["kind"], row["subject"], row["since"]] = row
            else:
                rejudged.not_compared[row["kind"]] += 1
        for part in evidence.partitions(connection, PARTITION_DEVICES):
            _compare(rejudged, rules, verdict_reads.device_facts(connection, run, part), then)
            on_progress(rejudged.subjects)
        _compare(rejudged, rules, verdict_reads.other_facts(connection, run), then)
        _compare(rejudged, rules, _incidents(connection, run), then)
    rejudged.differences += [Difference(*identity, NOT_FOUND_AGAIN) for identity in then]
    rejudged.differences.sort()
    return rejudged


def _incidents(connection: Connection, run: verdict_reads.Run) -> Iterator[Facts]:
    """Yield the shared causes, looked for once more in what the run's partitions have kept."""
    found = shared_causes(connection, run.id, verdict_reads.gateway_facts(connection, run))
    yield from (one.facts for one in found.incidents)


def _run(kept: list[verdict_reads.Run], run_id: int | None) -> verdict_reads.Run:
    if not kept:
        raise RefusedError("no audit is complete: run `lora-registry audit run` first")
    if run_id is None:
        return kept[0]
    for run in kept:
        if run.id == run_id:
            return run
    numbers = " and ".join(str(run.id) for run in kept)
    raise RefusedError(f"the facts of run {run_id} are not kept: those of {numbers} are")


def _compare(
    rejudged: Rejudged, rules: Iterable[Rule], facts: Iterator[Facts], then: dict[_Identity, Mapping[str, Any]]
) -> None:
    """Judge `facts` and take what is found out of what was found `then`."""
    for outcome in judge(rules, _counted(rejudged, facts), rejudged.run.judged_at):
        if not isinstance(outcome, Finding):
            continue
        row = then.pop(outcome.identity, None)
        if row is None:
            rejudged.differences.append(Difference(*outcome.identity, NOT_FOUND_THEN))
            continue
        now = outcome._asdict()
        differing = [name for name in row if _bytes(row[name]) != _bytes(now[name])]
        if differing:
            rejudged.differences.append(Difference(*outcome.identity, ", ".join(differing)))
        else:
            rejudged.same += 1


def _counted(rejudged: Rejudged, facts: Iterator[Facts]) -> Iterator[Facts]:
    try:
        for one in facts:
            rejudged.subjects += 1
            yield one
    except TypeError as error:
        raise RefusedError(
            f"the facts of run {rejudged.run.id} are of another version of this program ({error}): "
            "run `lora-registry audit run` and judge that one again"
        ) from error


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - a finding's field
    if isinstance(value, datetime):
        value = value.astimezone(UTC).isoformat()
    return json.dumps(value, ensure_ascii=False).encode()
