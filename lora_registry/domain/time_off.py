"""What announced maintenance takes off clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from lora_registry.domain import intervals
from lora_registry.domain.intervals import Spans
from lora_registry.domain.maintenance import Maintenance, Under

Concerned = tuple[Under, str]
"""What, and which: ("service", "parking")."""


@dataclass(frozen=True, slots=True)
class TimeOff:
    """The time of all maintenance, by what it concerns."""

    spans: Mapping[Concerned, Spans] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, announced: Iterable[Maintenance]) -> Self:
        """Gather what was announced; stretches of one subject may overlap."""
        found: dict[Concerned, list[tuple[float, float]]] = {}
        for one in announced:
            if one.starts_at < one.ends_at:
                stretch = (one.starts_at.timestamp(), one.ends_at.timestamp())
                found.setdefault((one.under, one.subject), []).append(stretch)
        return cls({concerned: intervals.normalise(stretches) for concerned, stretches in found.items()})

    def taken_from(self, clock: Spans, *concerned: Concerned) -> Spans:
        """Return what is left of a clock that stands still while any of these is under maintenance."""
        for one in concerned:
            if (off := self.spans.get(one)) is not None:
                clock = intervals.difference(clock, off)
        return clock
