"""How much of the radio spectrum's common rules a transmitter uses: its duty cycle in each sub-band.

The limits are per transmitter and sub-band, over an hour. Europe's are those of ETSI EN 300 220-2, annex B; other
regions are given by setting, as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

OBSERVED_S = 3600.0
_BAND = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")
_EXAMPLE = "865-868:1,869.4-869.65:10"


class SubBand(NamedTuple):
    """Frequencies with one limit, [low, high) in Hz."""

    low_hz: int
    high_hz: int
    share: float
    """Of the time that a transmitter may be on the air."""

    @property
    def name(self) -> str:
        """As people write it, MHz."""
        return f"{self.low_hz / 1e6:g}-{self.high_hz / 1e6:g}"


EU868 = (
    SubBand(863_000_000, 865_000_000, 0.001),
    SubBand(865_000_000, 868_000_000, 0.01),
    SubBand(868_000_000, 868_600_000, 0.01),
    SubBand(868_700_000, 869_200_000, 0.001),
    SubBand(869_400_000, 869_650_000, 0.1),
    SubBand(869_700_000, 870_000_000, 0.01),
)


class Use(NamedTuple):
    """What a transmitter took of one sub-band."""

    band: SubBand
    airtime_s: float
    of_limit: float
    """1: all that it may."""


def uses(
    frames: Iterable[tuple[int, float]], over_s: float, bands: tuple[SubBand, ...] = EU868
) -> tuple[list[Use], float]:
    """Return what `frames` (frequency in Hz, seconds on air) take of each sub-band's limit, the most used first.

    Beside it the seconds sent outside all sub-bands: no limit is known for them.

    Args:
        frames: every transmission, repetitions too.
        over_s: the time they were sent in; the rule's own is an hour (`OBSERVED_S`), longer times are means.
        bands: not overlapping.

    Raises:
        ValueError: `over_s` is not positive.

    """
    if not over_s > 0:
        raise ValueError(f"over_s {over_s} must be positive: it is the time in which the frames were sent")
    airtime_s, outside_s = [0.0] * len(bands), 0.0
    for frequency_hz, seconds in frames:
        for index, band in enumerate(bands):
            if band.low_hz <= frequency_hz < band.high_hz:
                airtime_s[index] += seconds
                break
        else:
            outside_s += seconds
    used = [
        Use(band, seconds, seconds / (band.share * over_s))
        for band, seconds in zip(bands, airtime_s, strict=True)
        if seconds
    ]
    return sorted(used, key=lambda one: (-one.of_limit, one.band.low_hz)), outside_s


def sub_bands(text: str) -> tuple[SubBand, ...]:
    """Read the sub-bands of another region: `low-high:percent`, MHz, separated by commas.

    Raises:
        ValueError: names the part that cannot be read, or two that overlap.

    """
    bands: list[SubBand] = []
    for part in text.split(","):
        found = _BAND.fullmatch(part.strip())
        if found is None:
            raise ValueError(f"sub-band {part.strip()!r} is not low-high:percent in MHz: write it like {_EXAMPLE}")
        low, high, percent = (float(number) for number in found.groups())
        if low >= high or not 0 < percent <= 100:  # noqa: PLR2004 - percent
            raise ValueError(f"sub-band {part.strip()!r}: low must be below high, and the limit above 0 to 100 %")
        bands.append(SubBand(round(low * 1e6), round(high * 1e6), percent / 100.0))
    bands.sort()
    for one, other in pairwise(bands):
        if other.low_hz < one.high_hz:
            raise ValueError(f"sub-bands {one.name} and {other.name} overlap: a frequency has one limit")
    return tuple(bands)
