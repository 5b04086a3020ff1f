"""The lines of a score: what each may bring, what it brings at least and at most, and why, in one sentence."""

from __future__ import annotations

from math import floor
from typing import Any, Final, NamedTuple

from lora_registry.usefulness.wording import Sentence

USE: Final = "use"
INFORMATION: Final = "information"
UNIQUENESS: Final = "uniqueness"
RELIABILITY: Final = "reliability"
SOBRIETY: Final = "sobriety"
DURABILITY: Final = "durability"
CAP: Final = "cap"

WEIGHTS: Final[dict[str, int]] = {
    "declared": 6,      # purpose and owner are written down
    "decision": 4,      # a decision depends on the data
    "read": 12,         # somebody reads it
    "confirmed": 8,     # its owner said within 13 months that it is needed
    "told": 10,         # what its values tell, in bits; of a sentinel, that it is alive
    "changes": 10,      # how often they change; of a sentinel, that it was seen to work
    "unique": 15,       # no neighbour tells the same
    "delivery": 8,      # what it sends is heard
    "availability": 7,  # on the days on which it should be
    "airtime": 4,       # 10 s a day or less cost nothing, 100 s all
    "cadence": 4,       # no more often than its content or its service needs
    "data_rate": 2,     # no slower than the distance asks for
    "battery": 5,       # charged, or on the mains
    "age": 5,           # within its expected life
}  # fmt: skip
"""Points of each line; they make 100. Parts after the method note's table: 30, 20, 15, 15, 10, 10."""

PARTS: Final[dict[str, str]] = {
    "declared": USE, "decision": USE, "read": USE, "confirmed": USE,
    "told": INFORMATION, "changes": INFORMATION,
    "unique": UNIQUENESS,
    "delivery": RELIABILITY, "availability": RELIABILITY,
    "airtime": SOBRIETY, "cadence": SOBRIETY, "data_rate": SOBRIETY,
    "battery": DURABILITY, "age": DURABILITY,
}  # fmt: skip


class Share(NamedTuple):
    """How much of a line's weight an object deserves, 0 to 1, between two bounds."""

    name: str
    low: float
    high: float
    sentence: Sentence
    evidence: dict[str, Any] = {}  # noqa: RUF012 - a tuple's default; nobody writes to it


class Line(NamedTuple):
    """One displayed line of a score, in whole points."""

    part: str
    name: str
    of: int
    """The most it can bring; 0 for a cap."""
    low: int
    high: int
    sentence: Sentence
    evidence: dict[str, Any]

    @property
    def lost(self) -> int:
        """Return the points that are surely lost."""
        return self.of - self.high


def known(name: str, share: float, sentence: Sentence, **evidence: Any) -> Share:  # noqa: ANN401 - JSON
    """Return a share that is known."""
    share = clipped(share)
    return Share(name, share, share, sentence, evidence)


def unknown(name: str, sentence: Sentence, **evidence: Any) -> Share:  # noqa: ANN401 - JSON
    """Return a share of which nothing is known: it widens the range, and no point is lost."""
    return Share(name, 0.0, 1.0, sentence, evidence)


def between(name: str, low: float, high: float, sentence: Sentence, **evidence: Any) -> Share:  # noqa: ANN401
    """Return a share that is known between two bounds."""
    return Share(name, clipped(low), clipped(high), sentence, evidence)


def clipped(share: float) -> float:
    """Return a share within 0 and 1."""
    return min(max(share, 0.0), 1.0)


def line_of(share: Share) -> Line:
    """Return the displayed line: halves of a point go up."""
    weight = WEIGHTS[share.name]
    return Line(
        PARTS[share.name],
        share.name,
        weight,
        floor(weight * share.low + 0.5),
        floor(weight * share.high + 0.5),
        share.sentence,
        share.evidence,
    )
