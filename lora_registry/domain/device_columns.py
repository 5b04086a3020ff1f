"""A fleet as columns, to sort and filter lists by: forty thousand devices in about a millisecond.

Which devices a page shows is chosen here; what it shows of them is read anew by a scoped query (`store.scope`),
so that columns that are a minute old can put a row in an old place, never show what may no longer be seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.access import Aspect, Relation, Viewer, classes
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.radio_state import RadioState

Mask = NDArray[np.bool_]
NEVER: Final = np.iinfo(np.int64).max
"""As the last uplink of a device that was never heard."""
FACETS: Final = ("state", "lifecycle", "service", "commune", "organisation", "model", "network")
"""Columns of a few words each, by which lists are filtered."""
TIES: Final = ("owner", "operator", "maintainer", "territory", "privacy")
BY_CONCERN: Final = (
    RadioState.SILENT, RadioState.LATE, RadioState.NEVER_SEEN, RadioState.LEARNING, RadioState.ACTIVE,
    RadioState.UNDETERMINED, RadioState.NOT_JUDGED,
)  # fmt: skip
"""What calls for somebody first."""


class Sort(StrEnum):
    """What a list is ordered by; a leading minus in an address turns it round."""

    SILENCE = "silence"
    """The longest without a message first; the never heard last."""
    STATE = "state"
    NAME = "name"
    SERVICE = "service"
    COMMUNE = "commune"


class Words(NamedTuple):
    """A column of words: each device's number of a word, -1 for none."""

    words: tuple[str, ...]
    numbers: NDArray[np.int32]

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Words:
        """Return the column of these values."""
        words = tuple(sorted({value for value in values if value is not None}))
        number = {word: k for k, word in enumerate(words)} | {None: -1}
        return cls(words, np.fromiter((number[value] for value in values), np.int32, len(values)))

    def equal(self, wanted: Iterable[str]) -> Mask:
        """Return where the word is one of `wanted`; "" stands for none."""
        numbers = [k for k, word in enumerate(self.words) if word in set(wanted)]
        if "" in set(wanted):
            numbers.append(-1)
        return np.isin(self.numbers, numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to: any of the words of a facet, all of the facets. Empty says nothing."""

    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    """`key=value`, all of them."""
    text: str = ""
    """Part of the name or of the DevEUI."""


class Slice(NamedTuple):
    """A page of a list."""

    dev_euis: list[DevEui]
    total: int
    after: DevEui | None
    """The last one, where more follow."""


@dataclass(slots=True)
class DeviceColumns:
    """The fleet; all columns are of the same length and in one order."""

    dev_eui: NDArray[np.int64]
    """As stored (`DevEui.from_int64`)."""
    last_uplink_us: NDArray[np.int64]
    """Microseconds since 1970, `NEVER` for none."""
    text: list[str]
    """Name and DevEUI, casefolded."""
    facets: Mapping[str, Words]
    ties: Mapping[str, Words]
    """`owner`, `operator` and `maintainer` are identifiers, `territory` a code, `privacy` a class."""
    tags: Mapping[str, NDArray[np.int64]]
    """`key=value` -> rows."""
    _orders: dict[Sort, NDArray[np.int64]] = field(default_factory=dict)
    _masks: dict[tuple[Viewer, Aspect], Mask] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many devices there are."""
        return len(self.dev_eui)

    def rows_of(self, dev_euis: Sequence[int | None]) -> NDArray[np.int64]:
        """Return the row of each device, by its number as stored; -1 for None, and for one that is not here."""
        if not len(self):
            return np.full(len(dev_euis), -1, dtype=np.int64)
        order = np.argsort(self.dev_eui)
        wanted = np.array([0 if eui is None else eui for eui in dev_euis], dtype=np.int64)
        found = order[np.minimum(np.searchsorted(self.dev_eui, wanted, sorter=order), len(self) - 1)]
        here = (self.dev_eui[found] == wanted) & np.array([eui is not None for eui in dev_euis], dtype=np.bool_)
        return np.where(here, found, -1)

    def sees(self, viewer: Viewer, aspect: Aspect) -> Mask:
        """Return the devices of which a viewer sees an aspect: `store.scope.sees` over columns."""
        key = viewer.alike, aspect
        if (known := self._masks.get(key)) is None:
            known = self._masks[key] = self._sees(*key)
        return known

    def _sees(self, viewer: Viewer, aspect: Aspect) -> Mask:
        relations = (Relation.OWNER,) if viewer.alone else viewer.relations
        mask = np.zeros(len(self), dtype=np.bool_)
        for relation in relations:
            shown = classes(relation, aspect, viewer.role)
            mask |= self._related(viewer, relation) & self.ties["privacy"].equal(shown)
        return mask

    def _related(self, viewer: Viewer, relation: Relation) -> Mask:
        if viewer.alone or relation is Relation.AUDITOR:
            return np.ones(len(self), dtype=np.bool_)
        if relation is Relation.TERRITORY:
            return self.ties["territory"].equal((viewer.territory or "\0",))
        wanted = [viewer.organisation]
        if relation is Relation.OPERATOR and viewer.runs_the_network:
            wanted.append("")
        return self.ties[relation.value].equal(wanted)

    def chosen(self, viewer: Viewer, which: Filter) -> Mask:
        """Return the devices that exist for a viewer and are not filtered out.

        A filter by what a viewer does not see of a device leaves it out: an answer is not a way to ask.
        """
        mask = self.sees(viewer, Aspect.EXISTENCE)
        for facet, words in which.facets.items():
            mask = mask & self.facets[facet].equal(words)
            if facet == "state":
                mask = mask & self.sees(viewer, Aspect.RADIO)
        for tag in which.tags:
            tagged = np.zeros(len(self), dtype=np.bool_)
            tagged[self.tags.get(tag, np.zeros(0, np.int64))] = True
            mask = mask & tagged
        if part := which.text.casefold().strip():
            mask = mask & np.fromiter((part in one for one in self.text), np.bool_, len(self))
        return mask

    def page(
        self, viewer: Viewer, which: Filter, *, sort: Sort, falling: bool, after: DevEui | None, size: int
    ) -> Slice:
        """Return a page of the list, after a device; an unknown device starts at the beginning."""
        order = self._order(sort)
        if falling:
            order = order[::-1]
        mask = self.chosen(viewer, which)
        listed = order[mask[order]]
        start = 0
        if after is not None:
            place = np.flatnonzero(self.dev_eui[listed] == after.to_int64())
            start = int(place[0]) + 1 if len(place) else 0
        shown = [DevEui.from_int64(int(eui)) for eui in self.dev_eui[listed[start : start + size]]]
        more = start + size < len(listed)
        return Slice(shown, len(listed), shown[-1] if more else None)

    def _order(self, sort: Sort) -> NDArray[np.int64]:
        if (known := self._orders.get(sort)) is None:
            last = self.last_uplink_us
            keys: dict[Sort, NDArray[np.int64]] = {
                Sort.SILENCE: last,
                Sort.STATE: self._concern(),
                Sort.NAME: np.argsort(np.argsort(np.array(self.text, dtype=object), kind="stable")),
                Sort.SERVICE: self.facets["service"].numbers.astype(np.int64),
                Sort.COMMUNE: self.facets["commune"].numbers.astype(np.int64),
            }
            known = self._orders[sort] = np.lexsort((self.dev_eui, last, keys[sort]))
        return known

    def _concern(self) -> NDArray[np.int64]:
        state = self.facets["state"]
        rank = [BY_CONCERN.index(RadioState(word)) for word in state.words]
        return np.array([*rank, len(BY_CONCERN)], dtype=np.int64)[state.numbers]

    def counts(self, facet: str, mask: Mask) -> Counter[str]:
        """Return how many of some devices have each word; "" counts those without."""
        column = self.facets[facet]
        numbers = np.bincount(column.numbers[mask] + 1, minlength=len(column.words) + 1)
        names = ("", *column.words)
        return Counter({name: int(n) for name, n in zip(names, numbers, strict=True) if n})

    def counts_by(self, facet: str, other: str, mask: Mask) -> dict[str, Counter[str]]:
        """Return those counts for each word of another facet."""
        column = self.facets[other]
        found = {}
        for number, word in enumerate(("", *column.words), start=-1):
            part = mask & (column.numbers == number)
            if part.any():
                found[word] = self.counts(facet, part)
        return found
