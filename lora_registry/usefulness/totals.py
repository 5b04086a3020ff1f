"""A service as the sum of its objects: states, airtime, defects, and a score whose lines are their averages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import floor
from typing import Any

from lora_registry.usefulness.decided import Gesture
from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.judgement import Judgement
from lora_registry.usefulness.lines import CAP, PARTS, WEIGHTS
from lora_registry.usefulness.standing import in_the_park


@dataclass(slots=True)
class Totals:
    """What a service's objects add up to; totals of partitions add up."""

    objects: int = 0
    lows: Counter[str] = field(default_factory=Counter)
    highs: Counter[str] = field(default_factory=Counter)
    """Sums of the points of each line; of caps under `cap`, which are negative."""
    states: Counter[str] = field(default_factory=Counter)
    serves: Counter[str] = field(default_factory=Counter)
    defects: Counter[str] = field(default_factory=Counter)
    gestures: Counter[str] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    airtime_s_per_day: float = 0.0
    airtime_saved_s_per_day: float = 0.0
    """By what is proposed."""
    airtime_known: int = 0

    def add(self, facts: Facts, judged: Judgement) -> None:
        """Count one object, when it is in the park."""
        if not in_the_park(facts):
            return
        self.objects += 1
        for line in judged.score.lines:
            name = CAP if line.part == CAP else line.name
            self.lows[name] += line.low
            self.highs[name] += line.high
        self.states[facts.radio.state] += 1
        self.serves[judged.standing.serves.value] += 1
        self.defects.update(defect.value for defect in judged.standing.defects)
        self.gestures[judged.proposal.gesture.value] += 1
        self.models[facts.equipment.model or ""] += 1
        spent = facts.radio.airtime_s_per_day
        if spent is not None:
            self.airtime_s_per_day += spent
            self.airtime_known += 1
        self.airtime_saved_s_per_day += judged.proposal.airtime_saved_s_per_day or 0.0

    def plus(self, other: Totals) -> None:
        """Add another part's totals."""
        self.objects += other.objects
        for name in ("lows", "highs", "states", "serves", "defects", "gestures", "models"):
            mine: Counter[str] = getattr(self, name)
            for key, count in getattr(other, name).items():  # `update` is fine with negatives, `+` is not
                mine[key] += count
        self.airtime_s_per_day += other.airtime_s_per_day
        self.airtime_saved_s_per_day += other.airtime_saved_s_per_day
        self.airtime_known += other.airtime_known

    def lines(self) -> list[dict[str, Any]]:
        """Return the average line of each kind, in whole points: the service's score is their sum."""
        if not self.objects:
            return []
        told = [
            {
                "part": PARTS[name],
                "name": name,
                "of": weight,
                "low": _average(self.lows[name], self.objects),
                "high": _average(self.highs[name], self.objects),
            }
            for name, weight in WEIGHTS.items()
        ]
        if self.lows[CAP] or self.highs[CAP]:
            low, high = (_average(sums[CAP], self.objects) for sums in (self.lows, self.highs))
            told.append({"part": CAP, "name": CAP, "of": 0, "low": low, "high": high})
        return told

    def gesture(self) -> Gesture:
        """Return what is proposed for most of its objects: of equals, what goes furthest."""
        order = list(Gesture)
        return max(order, key=lambda one: (self.gestures[one.value], -order.index(one)))

    def as_json(self) -> dict[str, Any]:
        """Return what is stored and shown."""
        lines = self.lines()
        return {
            "objects": self.objects,
            "low": sum(line["low"] for line in lines) if lines else None,
            "high": sum(line["high"] for line in lines) if lines else None,
            "lines": lines,
            "states": dict(sorted(self.states.items())),
            "serves": dict(sorted(self.serves.items())),
            "defects": dict(sorted(self.defects.items())),
            "gestures": dict(sorted(self.gestures.items())),
            "models": dict(sorted(self.models.items())),
            "gesture": self.gesture().value if lines else None,
            "airtime_s_per_day": round(self.airtime_s_per_day, 3) if self.airtime_known else None,
            "airtime_saved_s_per_day": round(self.airtime_saved_s_per_day, 3),
        }


def _average(points: int, objects: int) -> int:
    return floor(points / objects + 0.5)
