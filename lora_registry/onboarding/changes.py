"""Owners' words about one device as a flat set of fields, and what changes between two of them.

A field is a column of the device's record (`service_id`, `model`, ...), `position`, or `attribute:HEADING` for
what the registry has no column for. Values are plain, as JSON has them: texts, numbers, days as `2026-01-31`; a
position is an object. None is nothing said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from lora_registry.domain.identifiers import DevEui

Words = Mapping[str, Any]
"""What is said of a device, by field; absent is None."""

RECORD = "recorded_at"
"""The field that stands for the record itself: its change from None is the device's first declaration."""
NETWORK = "network_id"
POSITION = "position"
ATTRIBUTE = "attribute:"
PROVISIONED = "provisioned"
"""No word of the registry: a set of changes makes the device known to its network server, under this mark."""
LIFECYCLE = "lifecycle"
COLUMNS = (
    "name", "service_id", "model", "firmware", "batch", "condition", "purchased_on", "warranty_until", LIFECYCLE,
    "privacy", "owner_id", "operator_id", "maintainer_id", "territory_code",
)  # fmt: skip
"""Fields that are columns of the record and may be empty."""
_PLACE = ("latitude", "longitude", "altitude_m", "accuracy_m", "source")


class Verb(StrEnum):
    """What people do to many devices at once, or to one."""

    ADOPT = "adopt"
    ONBOARD = "onboard"
    TRANSFER = "transfer"
    SUSPEND = "suspend"
    RESUME = "resume"
    SWAP = "swap"
    CONFIRM = "confirm"


class State(StrEnum):
    """How far a set of changes is."""

    PROVISIONING = "provisioning"
    """The registry has it; the network server does not yet have all of it."""
    APPLIED = "applied"
    UNDOING = "undoing"
    """Being taken back from the network server; the registry still has it."""
    UNDONE = "undone"


class Change(NamedTuple):
    """One value of one device."""

    dev_eui: DevEui
    field: str
    before: Any
    after: Any
    source: str
    """Where the new value comes from: a rule, a file's line, a person's order."""


def differences(dev_eui: DevEui, before: Words, after: Words, sources: Mapping[str, str]) -> list[Change]:
    """Return what `after` changes; fields it does not name stay. `sources`: where values come from, by field."""
    return [
        Change(dev_eui, field, before.get(field), value, sources[field])
        for field, value in after.items()
        if not same(field, before.get(field), value)
    ]


def same(field: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - plain values
    """Tell whether two values say the same; a position does whenever it began."""
    if field == POSITION and isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(one.get(key) == other.get(key) for key in _PLACE)
    return bool(one == other)


def devices(changes: Iterable[Change]) -> list[DevEui]:
    """Return the devices concerned, once each."""
    return sorted({change.dev_eui for change in changes})


def is_column(field: str) -> bool:
    """Tell whether a field is a column of the record."""
    return field in COLUMNS or field == NETWORK
