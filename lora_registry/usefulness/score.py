"""The score: 0 to 100 as a range, exactly the sum of its displayed lines.

Lines bring whole points; what is not known brings between nothing and all. Then caps, each a line of its own with
negative points: only on what is known. `VERSION` goes up whenever the same facts would give other lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

from lora_registry.usefulness import information, running, uniqueness, use
from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.lines import CAP, WEIGHTS, Line, Share, line_of
from lora_registry.usefulness.standing import Defect, defects
from lora_registry.usefulness.wording import Sentence, dated, days

VERSION: Final = 1

CAPS: Final[dict[Defect, int]] = {
    Defect.SILENT: 20,
    Defect.NEVER_HEARD: 20,
    Defect.ENDED: 20,
    Defect.NOT_NEEDED: 40,
    Defect.UNREAD: 40,
    Defect.STUCK: 50,
}
"""The most that an object may have of which this is known."""


class Score(NamedTuple):
    """A score and the lines it is the sum of."""

    low: int
    high: int
    lines: tuple[Line, ...]

    @property
    def middle(self) -> float:
        """Return the middle of the range, for ranking alone."""
        return (self.low + self.high) / 2

    def reasons(self, most: int = 3) -> list[Line]:
        """Return the lines that cost most, at most three; a cap first."""
        losing = [one for one in self.lines if one.lost > 0]
        return sorted(losing, key=lambda one: (one.part != CAP, -one.lost))[:most]


def shares(facts: Facts) -> Iterator[Share]:
    """Yield what each line deserves, in the order of `WEIGHTS`."""
    return chain(
        use.shares(facts.use, facts.judged_on),
        information.shares(facts),
        uniqueness.shares(facts),
        running.shares(facts),
    )


def score(facts: Facts) -> Score:
    """Return an object's score."""
    lines = [line_of(share) for share in shares(facts)]
    low, high = sum(line.low for line in lines), sum(line.high for line in lines)
    for defect in defects(facts):
        limit = CAPS.get(defect)
        if limit is None or high <= limit:
            continue
        cap = Line(CAP, defect.value, 0, min(0, limit - low), limit - high, _cap_sentence(defect, facts), {})
        low, high = low + cap.low, high + cap.high
        lines.append(cap)
    return Score(low, high, tuple(lines))


def weighted(facts: Facts, weights: Mapping[str, float]) -> float:
    """Return the middle of the range under other weights, unrounded and without caps."""
    total = sum(weights.values())
    return 100 / total * sum(weights[one.name] * (one.low + one.high) / 2 for one in shares(facts))


def _cap_sentence(defect: Defect, facts: Facts) -> Sentence:
    limit = CAPS[defect]
    french, english = _CAUSES[defect](facts)
    return {
        "fr": f"{french} : {limit} points au plus.",
        "en": f"{english}: at most {limit} points.",
    }


def _silent(facts: Facts) -> tuple[str, str]:
    span = days(facts.radio.silent_days or 0)
    return f"Silencieux depuis {span['fr']}", f"Silent for {span['en']}"


def _never(facts: Facts) -> tuple[str, str]:
    span = days(facts.radio.known_days)
    return f"Jamais entendu en {span['fr']}", f"Never heard in {span['en']}"


def _ended(facts: Facts) -> tuple[str, str]:
    if facts.use.ends_on is None:  # `Defect.ENDED` has one
        return "Service terminé", "Its service has ended"
    on = dated(facts.use.ends_on)
    return f"Service terminé le {on['fr']}", f"Its service ended on {on['en']}"


_CAUSES: Final[dict[Defect, Any]] = {
    Defect.SILENT: _silent,
    Defect.NEVER_HEARD: _never,
    Defect.ENDED: _ended,
    Defect.NOT_NEEDED: lambda _: (
        "Son propriétaire dit ne plus en avoir besoin",
        "Its owner says it is no longer needed",
    ),
    Defect.UNREAD: lambda facts: (
        f"Nul ne l'a consulté en {facts.use.counted_days} jours comptés",
        f"Nobody has read it in {facts.use.counted_days} counted days",
    ),
    Defect.STUCK: lambda _: ("Figé", "Stuck"),
}

if sum(WEIGHTS.values()) != 100:  # noqa: PLR2004 - the scale
    raise ValueError("the weights of the score do not make 100: correct `lines.WEIGHTS`")
