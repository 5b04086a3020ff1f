"""From days to evidence: what each device sent and each gateway heard while it was up, faded by its age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import erf

from lora_registry.coverage.cells import NEVER, Evidence
from lora_registry.coverage.links import Links
from lora_registry.coverage.pairs import Floats, Indices

DAYS = 90
"""Older days are not read."""
HALF_LIFE_DAYS = 30.0
"""A frame of a month ago counts half: trees grow, walls are built, antennas slip."""
MAX_KM = 15.0
"""A gateway farther away that did not hear a device is no evidence: nobody expected it to."""
_CELL_HALF_M = 100.0
_BEARABLE = 0.1
"""Of what is heard of a device, what may be missing on a day that still counts."""


class Devices(NamedTuple):
    """Devices that stand somewhere, (n,) each."""

    xy_km: Floats
    """(n, 2)."""
    cell: Indices
    trust: Floats
    """See `within_cell`."""
    household: Indices
    demand_db: Floats
    """How much more than SF12 its frames needed, on average."""
    sent: Floats
    """(n, D) frames sent each day, NaN where that is not known."""
    heard: Floats
    """(n, D) of these, frames that any gateway heard, NaN as above."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What gateways heard, one row a device and gateway that ever heard it: (r,) each."""

    device: Indices
    gateway: Indices
    frames: Floats
    """Faded by age."""
    level_dbm: Floats
    """Their mean; NaN where none was measured."""


def fading(days: int) -> Floats:
    """Return what a frame of each day is worth, (D,), the last day 1."""
    fading: Floats = 0.5 ** (np.arange(days)[::-1] / HALF_LIFE_DAYS)
    return fading


def within_cell(accuracy_m: Floats) -> Floats:
    """Return the chance that a device stands in the cell around the place it is said to be at, (n,).

    `accuracy_m` is taken as the radius that holds 68 % of a circular normal error.
    """
    sd_m = np.maximum(accuracy_m, 1.0) / np.sqrt(-2.0 * np.log(1.0 - 0.68))
    inside: Floats = erf(_CELL_HALF_M / (sd_m * np.sqrt(2.0))) ** 2
    return inside


def links(devices: Devices, heard: Heard, mast_km: Floats, up: Floats) -> Links:
    """Return one row a device and gateway that heard it, or was up in reach of it and did not.

    Args:
        devices: (n,).
        heard: what was heard by gateways where they stand now.
        mast_km: (G, 2) where they stand, NaN where that is not known.
        up: (G, D) share of each day in which a gateway was up where it stands now.

    """
    weight = np.where(np.isnan(devices.sent), 0.0, devices.sent) * fading(up.shape[1])
    apart = np.hypot(*(devices.xy_km[:, None, :] - mast_km[None, :, :]).transpose(2, 0, 1))
    sent = weight @ up.T
    counted = np.zeros(sent.shape)
    counted[heard.device, heard.gateway] = heard.frames
    level = np.full(sent.shape, np.nan)
    level[heard.device, heard.gateway] = heard.level_dbm
    placed = np.isfinite(apart)
    device, gateway = np.nonzero(placed & ((counted > 0) | ((sent > 0) & (apart <= MAX_KM))))
    return Links(
        xy_km=devices.xy_km[device],
        gateway=gateway.astype(np.int64),
        distance_km=apart[device, gateway],
        sent=sent[device, gateway],
        heard=counted[device, gateway],
        level_dbm=level[device, gateway],
        demand_db=devices.demand_db[device],
        trust=devices.trust[device],
    )


def evidence(devices: Devices, heard_by: Heard, up: Floats, first_day: int) -> Evidence:
    """Return what devices showed of their cells.

    Days on which a gateway that a device relies on was down are left out: they say nothing of the place.

    Args:
        devices: (n,).
        heard_by: what each gateway heard.
        up: (G, D) as in `links`.
        first_day: of the first column, days since 1970.

    """
    faded = fading(devices.sent.shape[1])
    known = ~np.isnan(devices.sent) & (_exposed(len(devices.cell), heard_by, up) <= _BEARABLE)
    sent, heard = np.where(known, devices.sent, 0.0), np.where(known, devices.heard, 0.0)
    spoke = heard > 0
    last = np.where(spoke.any(axis=1), spoke.shape[1] - 1 - spoke[:, ::-1].argmax(axis=1) + first_day, NEVER)
    told = (sent.sum(axis=1) > 0) & (devices.cell >= 0)
    return Evidence(
        cell=devices.cell[told],
        sent=(sent @ faded)[told],
        heard=(heard @ faded)[told],
        day=last[told].astype(np.int64),
        household=devices.household[told].astype(np.bool_),
        trust=devices.trust[told],
    )


def _exposed(devices: int, heard_by: Heard, up: Floats) -> Floats:
    """Return the share of what gateways heard of each device that was heard by gateways down that day, (n, D)."""
    total = np.bincount(heard_by.device, weights=heard_by.frames, minlength=devices)
    relies = np.zeros((devices, len(up)))
    relies[heard_by.device, heard_by.gateway] = heard_by.frames / np.maximum(total[heard_by.device], 1e-9)
    exposed: Floats = relies @ (1.0 - up)
    return exposed


def joined(*parts: Evidence) -> Evidence:
    """Return the evidence of all parts."""
    names = Evidence.__dataclass_fields__
    return Evidence(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def joined_links(*parts: Links) -> Links:
    """Return the links of all parts."""
    names = Links.__dataclass_fields__
    return Links(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
