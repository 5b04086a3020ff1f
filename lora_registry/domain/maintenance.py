"""Maintenance that people announce: time in which a silence is explained, off the clocks of what it concerns."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Under(StrEnum):
    """What is under maintenance: with it all that depends on it, but for the devices that a gateway hears."""

    DEVICE = "device"
    GATEWAY = "gateway"
    """Its own reports alone: devices may be heard by others, and causes are judged apart."""
    SERVICE = "service"
    APPLICATION = "application"
    NETWORK = "network"


class Maintenance(NamedTuple):
    """One stretch of it, UTC."""

    under: Under
    subject: str
    starts_at: datetime
    ends_at: datetime
    """As planned, or when somebody ended it sooner; not after `starts_at` where it was called off."""
