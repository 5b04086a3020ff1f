"""What is wrong with some devices, and since when: drawn once, written to the truth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import DAY, Bools, Ints
from lora_registry.simulate.services import INDEX

NEVER = np.iinfo(np.int64).max

_MEASURES = ("qualite-air", "ilots-chaleur", "air-ecoles")
_CHANGING = (*_MEASURES, "dechets", "eau-compteurs", "logements-chaleur", "crues", "comptage-passages")
_TALKERS = ("eclairage", "dechets", "fuites-batiments")
_WIRED = ("eclairage", "proprete-vehicules")

OVERTALK_PERIOD_S = 120
STORM_PERIOD_S = 8 * 3600


class Share(NamedTuple):
    """How common a defect is, and whom it can strike."""

    of_devices: float
    services: tuple[str, ...] | None
    """None: any but vehicles."""


SHARES = {
    "dead": Share(0.030, None),
    "flat_battery": Share(0.010, None),
    "twin": Share(0.010, _MEASURES),
    "stuck": Share(0.015, _CHANGING),
    "never_seen": Share(0.012, None),
    "bad_keys": Share(0.004, None),
    "overtalking": Share(0.003, _TALKERS),
    "sf12": Share(0.010, None),
    "rejoin_storm": Share(0.004, None),
    "rejoin": Share(0.030, None),
    "newcomer": Share(0.015, None),
}
"""A device has one of these at most; `dead` and `flat_battery` together make 4 % that stop in the period."""


class Defects(NamedTuple):
    """Columns, one entry per device."""

    kind: list[str | None]
    installed_at: Ints
    """When it joined; instants are ns, `NEVER` where there is none."""
    dead_at: Ints
    stuck_since: Ints
    rejoin_at: Ints
    twin_of: Ints
    """Index of the device it stands beside, or -1."""
    silent: Bools
    """It never sends a data frame."""


def draw_defects(rng: np.random.Generator, service: Ints, reached: Bools, *, start: int, end: int) -> Defects:
    """Decide what is wrong with each device of `service` (indices) during [start, end) ns."""
    n = len(service)
    span = end - start
    kind: list[str | None] = [None if r else "out_of_reach" for r in reached.tolist()]
    joined = start + (rng.uniform(0.0, min(0.25 * DAY, 0.02 * span), n)).astype(np.int64)
    dead_at, stuck_since, rejoin_at = (np.full(n, NEVER, dtype=np.int64) for _ in range(3))
    twin_of = np.full(n, -1, dtype=np.int64)
    for name, share in SHARES.items():
        struck = _struck(rng, name, share, service, kind)
        for d in struck:
            kind[d] = name
        for d in struck:
            moment = start + int(span * rng.uniform(0.3, 0.9))
            if name in ("dead", "flat_battery"):
                dead_at[d] = moment
            elif name == "stuck":
                stuck_since[d] = start + int(span * rng.uniform(0.1, 0.6))
            elif name == "rejoin":
                rejoin_at[d] = start + int(span * rng.uniform(0.15, 0.7))
            elif name == "newcomer":
                joined[d] = end - int(min(3 * DAY, 0.2 * span) * rng.uniform(0.4, 1.0))
            elif name == "twin":
                twin_of[d] = _partner(rng, d, service, kind)
                kind[twin_of[d]] = "has_twin"
    silent = np.array([k in ("never_seen", "bad_keys", "out_of_reach") for k in kind])
    return Defects(kind, joined, dead_at, stuck_since, rejoin_at, twin_of, silent)


def _struck(rng: np.random.Generator, name: str, share: Share, service: Ints, kind: list[str | None]) -> list[int]:
    """Return which sound devices get the defect `name`: at least one while there are enough of them."""
    if share.services is None:
        excluded = {INDEX["proprete-vehicules"]}
        if name in ("flat_battery", "rejoin", "rejoin_storm"):
            excluded |= {INDEX[s] for s in _WIRED}
        sound = [d for d, s in enumerate(service.tolist()) if kind[d] is None and s not in excluded]
    else:
        allowed = {INDEX[s] for s in share.services}
        sound = [d for d, s in enumerate(service.tolist()) if kind[d] is None and s in allowed]
    if name == "twin":
        # A twin takes two devices of one service: never so many that the second is missing.
        return _spread(rng, sound, service, round(share.of_devices * len(service)) or 1)
    count = min(max(1, round(share.of_devices * len(service))), len(sound))
    return [int(d) for d in rng.permutation(sound)[:count]]


def _spread(rng: np.random.Generator, sound: list[int], service: Ints, count: int) -> list[int]:
    """Return up to `count` devices such that each can be given a partner of its own service."""
    left = dict.fromkeys(service[sound].tolist(), 0)
    for d in sound:
        left[int(service[d])] += 1
    chosen: list[int] = []
    for d in rng.permutation(sound).tolist():
        if len(chosen) < count and left[int(service[d])] >= 2:  # noqa: PLR2004 - a pair
            left[int(service[d])] -= 2
            chosen.append(int(d))
    return chosen


def _partner(rng: np.random.Generator, twin: int, service: Ints, kind: list[str | None]) -> int:
    same = [d for d in np.nonzero(service == service[twin])[0].tolist() if kind[d] is None]
    return int(rng.choice(same))
