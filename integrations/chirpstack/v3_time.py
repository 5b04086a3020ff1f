"""When an event of ChirpStack 3 happened: it has no time of its own, only those of gateways with a clock.

A gateway's clock may be years behind (a satellite receiver's week rollover, a boot without network): in the
Grenoble capture one of twelve is 936 and later 766 days late, and is often the first of the list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from integrations.chirpstack.translate import instant
from lora_registry.domain.events import EPOCH, Clock, DeviceEvent, Timing

_LONE_CLOCK_TOLERANCE = timedelta(days=1)
Told = Sequence[tuple[str, str]]
"""Gateway and the time it gives."""


def agreed(told: Told) -> str | None:
    """Return the time that most gateways give, to the minute; the latest where none has a majority.

    a 09:00:01.2, b 09:00:01.3, c 2021-02-07   b's
    a 09:00:01.2, c 2021-02-07                 a's
    c 2021-02-07                               c's, see `judged`
    """
    minutes = _by_minute(told)
    if not minutes:
        return None
    best = max(minutes, key=lambda minute: (len(minutes[minute]), minute))
    return max(minutes[best].values(), key=lambda time: instant(time) or EPOCH)


def judged(event: DeviceEvent, told: Told, published_at: str | None) -> DeviceEvent:
    """Return `event`, shown at its arrival where a single gateway's clock is all there is, and is a day off it.

    Its key keeps the gateway's time: keys are of the payload alone.
    """
    timing = event.header.timing
    if published_at or timing.clock is not Clock.OWN or len(max(_by_minute(told).values(), key=len)) > 1:
        return event
    if abs(timing.shown_at - event.header.received_at) <= _LONE_CLOCK_TOLERANCE:
        return event
    suspect = Timing(timing.key_at, event.header.received_at, Clock.SUSPECT)
    return event._replace(header=event.header._replace(timing=suspect))


def _by_minute(told: Told) -> dict[int, dict[str, str]]:
    """Return the time each gateway gives, by minute since 1970."""
    minutes: dict[int, dict[str, str]] = defaultdict(dict)
    for gateway, time in told:
        minutes[((instant(time) or EPOCH) - EPOCH) // timedelta(minutes=1)][gateway] = time
    return minutes
