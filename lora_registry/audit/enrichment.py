"""What silent devices have in common: an attribute found among them far more often than in the fleet.

A street, a building, a service: no cause by itself, but where to look. Hypergeometric tests, and over all of them
the procedure of Benjamini and Hochberg (1995), so that of the clusters told one in twenty at most is chance.
"""

from __future__ import annotations

from collections.abc import Collection
from math import exp, lgamma
from typing import NamedTuple

import numpy as np

from lora_registry.audit.cause_evidence import Summary

FALSE_DISCOVERIES = 0.05
_FEWEST = 3


class Cluster(NamedTuple):
    """Devices with an attribute in common, silent more often than the rest."""

    attribute: str
    value: str
    devices: tuple[int, ...]
    """Stored DevEUIs of the silent ones, ascending."""
    members: int
    """All devices with it, silent or not."""
    chance: float
    """How likely so many would be by chance."""


def clusters(summary: Summary, explained: Collection[int] = ()) -> list[Cluster]:
    """Return the clusters among silent devices that no shared cause has `explained`, the least likely first."""
    quiet = summary.quiet
    rows = np.flatnonzero(quiet.silent & ~np.isin(quiet.dev_eui, np.array(sorted(explained), dtype=np.int64)))
    if not len(rows):
        return []
    tested: list[Cluster] = []
    for (attribute, value), members in summary.attributes.items():
        shared = rows[quiet.attributes[attribute][rows] == value]
        if members < _FEWEST:
            continue
        chance = upper_tail(len(shared), drawn=len(rows), marked=members, whole=summary.devices)
        devices = tuple(np.sort(quiet.dev_eui[shared]).tolist())
        tested.append(Cluster(attribute, value, devices, members, chance))
    tested.sort(key=lambda one: (one.chance, one.attribute, one.value))
    passed = [rank for rank, one in enumerate(tested, 1) if one.chance <= FALSE_DISCOVERIES * rank / len(tested)]
    return [one for one in tested[: max(passed, default=0)] if len(one.devices) >= _FEWEST]


def upper_tail(found: int, *, drawn: int, marked: int, whole: int) -> float:
    """Return P(at least `found` of `drawn` are among the `marked` of a `whole`): the hypergeometric upper tail."""
    most = min(drawn, marked)
    total = sum(
        exp(_log_ways(marked, hits) + _log_ways(whole - marked, drawn - hits) - _log_ways(whole, drawn))
        for hits in range(max(found, drawn + marked - whole, 0), most + 1)
    )
    return min(total, 1.0)


def _log_ways(whole: int, chosen: int) -> float:
    return lgamma(whole + 1) - lgamma(chosen + 1) - lgamma(whole - chosen + 1)
