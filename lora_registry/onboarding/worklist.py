"""What to attribute first: devices that lack a service or an owner, in the groups that one rule can name.

Groups of the very same devices are one line: an application whose devices all have one profile is not two tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lora_registry.onboarding.adoption import Subject

_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_BREAK = re.compile(r"[-_ ./:]")
_SMALLEST = 2
"""Devices that are worth a rule by the look of their names; any number is worth one by application or tag."""


class Kind(StrEnum):
    """By what devices are alike, the plainest first."""

    APPLICATION = "application"
    NAME = "name"
    TAG = "tag"
    PROFILE = "profile"
    TENANT = "tenant"


_ORDER = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Group:
    """Devices that one condition of a rule is about."""

    kind: Kind
    key: str
    """As a rule's `when` names it: `application`, `tag.commune`."""
    pattern: str
    devices: int
    also: tuple[tuple[str, str], ...] = ()
    """Other conditions, key and pattern, that are about the very same devices."""


@dataclass(slots=True)
class _Members:
    count: int = 0
    mark: int = 0
    """The sum of the devices' hashes: of other devices as many, it is another one in all likelihood."""


def groups(unattributed: Iterable[Subject], kind: Kind | None = None) -> list[Group]:
    """Return the groups of devices, the largest first; only those of one kind where it is said."""
    members: dict[tuple[Kind, str, str], _Members] = {}
    for subject in unattributed:
        mark = hash(("device", subject.dev_eui))
        for one in _groups_of(subject):
            held = members.setdefault(one, _Members())
            held.count += 1
            held.mark += mark
    same: dict[tuple[int, int], list[tuple[Kind, str, str]]] = {}
    for one, held in members.items():
        if held.count >= (_SMALLEST if one[0] is Kind.NAME else 1):
            same.setdefault((held.count, held.mark), []).append(one)
    found = [
        _group(sorted(ones, key=_plainest), count)
        for (count, _), ones in same.items()
    ]  # fmt: skip
    if kind is not None:
        found = [again for group in found if (again := _as_kind(group, kind)) is not None]
    return sorted(found, key=lambda group: (-group.devices, _ORDER.index(group.kind), group.pattern.casefold()))


def _plainest(one: tuple[Kind, str, str]) -> tuple[int, int, str, str]:
    kind, key, pattern = one
    # Of two patterns about the same names, the longer one says more.
    return _ORDER.index(kind), -len(pattern), key, pattern


def _group(ones: Sequence[tuple[Kind, str, str]], count: int) -> Group:
    (kind, key, pattern), *others = ones
    return Group(kind, key, pattern, count, tuple((one[1], one[2]) for one in others if one[0] is not kind))


def kind_of(key: str) -> Kind:
    """Return by what a condition of a rule finds devices."""
    return Kind.TAG if key.startswith("tag.") else Kind(key)


def _as_kind(group: Group, kind: Kind) -> Group | None:
    """Return a group by the condition of another kind that is about the same devices."""
    if group.kind is kind:
        return group
    for key, pattern in group.also:
        if kind_of(key) is kind:
            others = ((group.key, group.pattern), *(one for one in group.also if one[0] != key))
            return Group(kind, key, pattern, group.devices, others)
    return None


def _groups_of(subject: Subject) -> Iterator[tuple[Kind, str, str]]:
    for key, value in subject.said.items():
        if not value:
            continue
        if key in (Kind.APPLICATION, Kind.PROFILE, Kind.TENANT):
            yield Kind(key), key, value
        elif key == Kind.NAME:
            for pattern in patterns(value):
                yield Kind.NAME, key, pattern
        elif key.startswith("tag."):
            yield Kind.TAG, key, value


def patterns(name: str) -> tuple[str, ...]:
    """Return the patterns that a name suggests: its shape with `*` for numbers, and its first word.

    CPT-LATTES-00123 -> CPT-LATTES-*, CPT-*
    Parking 12 B     -> Parking * B, Parking *
    0018b20000001a2f -> none: there is no word to know others by
    """
    shape = _DIGITS.sub("*", name)
    first = _BREAK.search(name)
    found = {shape}
    if first is not None and first.start() > 0 and not name[: first.start()].isdigit():
        found.add(name[: first.end()] + "*")
    # What is left must say something, and name no single device.
    return tuple(sorted(one for one in found if "*" in one and _WORD.search(one)))
