"""Everything that is said of one object, from its facts alone, and as JSON whose bytes can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.gesture import Proposal, proposal
from lora_registry.usefulness.score import Score, score
from lora_registry.usefulness.standing import Standing, standing


class Judgement(NamedTuple):
    """One object, judged."""

    score: Score
    standing: Standing
    proposal: Proposal

    def as_json(self) -> dict[str, Any]:
        """Return what is stored and shown."""
        return {
            "low": self.score.low,
            "high": self.score.high,
            "lines": [dict(line._asdict()) for line in self.score.lines],
            "serves": self.standing.serves.value,
            "reason": self.standing.reason,
            "defects": [defect.value for defect in self.standing.defects],
            "proposal": dict(self.proposal._asdict()) | {"gesture": self.proposal.gesture.value},
        }


def judge(facts: Facts) -> Judgement:
    """Judge one object."""
    return Judgement(score(facts), standing(facts), proposal(facts))


def as_bytes(told: Mapping[str, Any]) -> bytes:
    """Return a judgement's JSON in one way only: the same judgement, the same bytes."""
    return msgspec.json.encode(told, order="deterministic")
