"""What a judgement of usefulness may see of one object: plain values, kept, so that it can be judged again.

`encoded` and `decoded` go to JSON and back without loss. None is "not known" everywhere: it widens a range and
costs no point.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Root of the parts: immutable, without what is at its default in JSON."""


class Use(Part, frozen=True):
    """What is known of who uses the data; all of it is its service's."""

    service: str | None = None
    family: str | None = None
    """A `Family`."""
    has_owner: bool = False
    has_purpose: bool = False
    has_decision: bool = False
    """The decision that its data supports is written down."""
    consumers: int = 0
    """Declared by the owner."""
    integrations: int | None = None
    """Set on its application at the network server; None: nobody has looked."""
    counted_days: int = 0
    """Days of the last 90 of which somebody counted reads, those without any included."""
    read_days: int = 0
    """Of these, days with reads."""
    read_days_30: int = 0
    """The same of the last 30."""
    reads: int = 0
    last_read_on: date | None = None
    sources: tuple[str, ...] = ()
    """Where reads were counted: `grafana`, `portal`, ..."""
    answer: str | None = None
    """The owner's last word, an `Answer`."""
    answered_on: date | None = None
    ends_on: date | None = None


class Radio(Part, frozen=True):
    """How it is heard, by the last audit."""

    state: str
    """A `RadioState`."""
    in_season: bool = True
    known_days: float = 0.0
    """Watched days since the registry knows of it."""
    silent_days: float | None = None
    """Watched days since its last uplink; None when it was never heard."""
    cadence: str = "learning"
    """A `CadenceClass`."""
    period_s: float | None = None
    need_period_s: int | None = None
    """How often its service needs data, as declared."""
    uplinks_per_day: float | None = None
    airtime_s_per_day: float | None = None
    delivery_low: float | None = None
    delivery_high: float | None = None
    days_heard: int | None = None
    days_expected: int | None = None
    """Days of the last 30 on which it should have been heard; None where that cannot be said."""
    adr: bool | None = None
    """It lets the network choose its data rate."""
    spreading_factor: int | None = None
    """The one it uses most, as the audit has it."""
    spreading_factor_enough: int | None = None
    """The lowest that would leave 10 dB, as the audit has it (`domain.sobriety`)."""
    airtime_waste: float | None = None
    """How many times longer than at that one it is on the air."""


class Channel(Part, frozen=True):
    """What the sketches say of one channel, over some weeks (`long`) and over the last ones (`recent`)."""

    name: str
    is_state: bool = False
    is_index: bool = False
    declared: bool = False
    """Its owner declared a tolerance: this channel matters."""
    tolerance: float | None = None
    values: int = 0
    changes: int = 0
    lowest: float | None = None
    highest: float | None = None
    entropy_low: float | None = None
    entropy_high: float | None = None
    useful_cadence: int | None = None
    missed: dict[int, float] = {}
    """Keeping one value in m: the share of all values that is missed by more than the tolerance."""
    recent_values: int = 0
    recent_changes: int = 0
    recent_lowest: float | None = None
    recent_highest: float | None = None


class Information(Part, frozen=True):
    """What it sent; `reason` says why nothing can be said of that."""

    reason: str | None = None
    """`class` (its privacy class allows no sketch), `unclassified`, `undecoded`, `too_few`."""
    days: int = 0
    """With sketches, in the span looked at."""
    recent_days: int = 0
    frames: int = 0
    repeats: int = 0
    """Uplinks with exactly the payload of the one before."""
    channels: tuple[Channel, ...] = ()


class Neighbours(Part, frozen=True):
    """What its neighbours know of what it measures; `reason` says why that is not judged."""

    reason: str | None = None
    """`class` (no hourly means are allowed), `position`, `too_few`, `no_tolerance`."""
    near: int = 0
    """Objects of the same quantities within reach that could be compared."""
    nearest_m: float | None = None
    error: float | None = None
    """Root mean square of what its neighbours' hours leave unexplained, in tolerances; the worst channel."""
    within: float | None = None
    """Share of days on which that stays within one tolerance; the worst channel."""
    days: int = 0
    twin: str | None = None
    """An object beside it that says the same within the tolerance, hour for hour."""
    proposed: bool = False
    """It, and none of those it is judged by, could do without: of two twins never both."""


class Equipment(Part, frozen=True):
    """The thing itself."""

    model: str | None = None
    age_years: float | None = None
    battery_pct: float | None = None
    external_power: bool = False
    has_position: bool = False
    lifecycle: str | None = None


class Facts(Part, frozen=True):
    """One object on the day it is judged."""

    dev_eui: str
    judged_on: date
    use: Use
    radio: Radio
    information: Information
    neighbours: Neighbours
    equipment: Equipment


def encoded(facts: Facts) -> dict[str, Any]:
    """Return the facts as plain JSON values."""
    plain: dict[str, Any] = msgspec.to_builtins(facts, str_keys=True)
    return plain


def decoded(plain: dict[str, Any]) -> Facts:
    """Return the facts that `encoded` wrote.

    Raises:
        ValueError: they are of another version of this program.

    """
    return msgspec.convert(plain, Facts, strict=False)
