"""Findings as columns, beside the fleet's (`domain.device_columns`): which a page lists, and how many there are.

As with devices, columns only choose: what a page shows of a finding is read anew by a scoped query.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain.access import Aspect, Viewer
from lora_registry.domain.device_columns import DeviceColumns, Mask, Words
from lora_registry.domain.finding_place import Place
from lora_registry.domain.findings import Severity, Status, SubjectKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Some findings: those of which all that is said is true. None says nothing."""

    statuses: Collection[Status] | None = None
    severity: Severity | None = None
    kind: str | None = None
    services: Collection[str] | None = None
    """Those of devices of any of these services, by identifier."""
    commune: str | None = None
    """Those of devices in this commune, by INSEE code."""


class Week(NamedTuple):
    """Findings of the last days."""

    new: int
    """First seen since."""
    cleared: int
    """Last seen since, and gone."""


@dataclass(slots=True)
class FindingColumns:
    """Findings in the order of lists; all columns are of the same length."""

    devices: DeviceColumns
    """The fleet that some of them are about."""
    places: Sequence[Place]
    """Ascending."""
    device: NDArray[np.int64]
    """The row of the fleet that it is about; -1 for another subject, or a device that is not in it."""
    severity: Words
    status: Words
    kind: Words
    subject_kind: Words
    owner: Words
    """Of the gateway that it is about: an organisation's identifier."""
    first_seen_us: NDArray[np.int64]
    """Microseconds since 1970."""
    last_seen_us: NDArray[np.int64]
    _masks: dict[Viewer, Mask] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)

    def seen(self, viewer: Viewer) -> Mask:
        """Return those that a viewer sees: as `store.finding_reads` has it, over columns."""
        key = viewer.alike
        if (known := self._masks.get(key)) is None:
            known = self._masks[key] = self._seen(key)
        return known

    def _seen(self, viewer: Viewer) -> Mask:
        of_devices = self._of_devices(self.devices.sees(viewer, Aspect.FINDINGS))
        if viewer.sees_collection:
            return of_devices | ~self.subject_kind.equal((SubjectKind.DEVICE,))
        return of_devices | self.subject_kind.equal((SubjectKind.GATEWAY,)) & self.owner.equal(
            (viewer.organisation,)
        )

    def _of_devices(self, mask: Mask) -> Mask:
        """Return the findings about the devices of a mask."""
        about = self.device >= 0
        found = np.zeros(len(self), dtype=np.bool_)
        found[about] = mask[self.device[about]]
        return found

    def chosen(self, viewer: Viewer, wanted: Wanted) -> Mask:
        """Return those that a viewer sees, of which all that is wanted is true."""
        mask = self.seen(viewer)
        if wanted.statuses is not None:
            mask = mask & self.status.equal(wanted.statuses)
        if wanted.severity is not None:
            mask = mask & self.severity.equal((wanted.severity,))
        if wanted.kind is not None:
            mask = mask & self.kind.equal((wanted.kind,))
        if wanted.services is not None:
            mask = mask & self._of_devices(self.devices.facets["service"].equal(wanted.services))
        if wanted.commune is not None:
            mask = mask & self._of_devices(self.devices.facets["commune"].equal((wanted.commune,)))
        return mask

    def page(self, mask: Mask, *, after: Place | None, size: int) -> list[Place]:
        """Return `size` findings of a mask that follow a place; from the beginning without one."""
        start = 0 if after is None else bisect_right(self.places, after)
        return [self.places[row] for row in start + np.flatnonzero(mask[start:])[:size]]

    def counts(self, column: Words, mask: Mask) -> Counter[str]:
        """Return how many of some findings have each word of a column."""
        numbers = np.bincount(column.numbers[mask] + 1, minlength=len(column.words) + 1)[1:]
        return Counter({word: int(n) for word, n in zip(column.words, numbers, strict=True) if n})

    def moved(self, viewer: Viewer, *, since: datetime) -> Week:
        """Return how many that a viewer sees came and went since an instant."""
        seen, since_us = self.seen(viewer), (since - _EPOCH) // _MICROSECOND
        gone = self.status.equal((Status.CLEARED,)) & (self.last_seen_us >= since_us)
        return Week(int((seen & (self.first_seen_us >= since_us)).sum()), int((seen & gone).sum()))
