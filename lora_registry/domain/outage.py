"""A collection outage as a value: when we were deaf, and how we know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why we were deaf."""

    NOT_LISTENING = "not_listening"
    """No listener was connected, and no late history covers it."""
    MEMBER_AWAY = "member_away"
    """One of several listeners that share the messages was not there: the broker may hold its share."""
    COUNTERS_JUMP = "counters_jump"
    """Most devices' frame counters show messages, sent at the same time, that never came."""
    GATEWAYS_GONE = "gateways_gone"
    """Nothing came from any gateway, of those that send statistics, nor from any device."""


@dataclass(frozen=True, slots=True)
class Deaf:
    """A stretch in which we were deaf, epoch seconds; `ended_s` is None while it lasts."""

    cause: Cause
    started_s: float
    ended_s: float | None
    evidence: Mapping[str, float | str]
