"""What gateways say of themselves: periodic statistics, and their connection's state."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from lora_registry.simulate.columns import SECOND, Ints
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.local_time import from_ns
from lora_registry.simulate.radio import CHANNELS_HZ
from lora_registry.simulate.timeline import Batch, Outage
from lora_registry.simulate.uplinks import Message

REGION = "eu868"
NOTICED_AFTER = 65 * SECOND
"""How long the bridge waits before it declares a gateway offline (UDP time-out of a minute)."""
_FOREIGN_PER_HOUR = 6.0
"""Frames of others' devices and broken ones that a gateway counts and nobody here sees."""


class GatewayEvents:
    """Prints gateways' events and keeps their counters between two statistics."""

    def __init__(self, fleet: Fleet, outages: tuple[Outage, ...], *, start: int, interval_s: int) -> None:
        """Statistics come every `interval_s` seconds; `start` (ns) is the beginning of the history."""
        self._fleet, self._outages, self._start = fleet, outages, start
        self._interval = interval_s * SECOND
        n = len(fleet.gateways)
        self._by_channel = np.zeros((n, len(CHANNELS_HZ)), dtype=np.int64)
        self._by_factor = np.zeros((n, 6), dtype=np.int64)

    def of(self, rng: np.random.Generator, batch: Batch) -> Iterator[Message]:
        """Give the messages of the time that `batch` covers, in no order."""
        yield from self._connections(batch)
        frame, gateway = batch.receptions.frame, batch.receptions.gateway
        for g in range(len(self._fleet.gateways)):
            mine = frame[gateway == g]
            yield from self._statistics(rng, batch, g, mine)

    def _connections(self, batch: Batch) -> Iterator[Message]:
        changes = [(self._start, g, True) for g in range(len(self._fleet.gateways))]
        for outage in self._outages:
            changes.append((outage.begin + NOTICED_AFTER, outage.gateway, False))
            changes.append((outage.until, outage.gateway, True))
        for at, g, online in changes:
            if batch.begin <= at < batch.until:
                name = self._fleet.gateways[g].gateway_id.encode()
                # OFFLINE is value 0 of its enumeration, so it is not printed.
                state = b',"state":"ONLINE"' if online else b""
                yield (
                    at,
                    b"%b/gateway/%b/state/conn" % (REGION.encode(), name),
                    b'{"gatewayId":"%b"%b}' % (name, state),
                )

    def _statistics(self, rng: np.random.Generator, batch: Batch, g: int, frames: Ints) -> Iterator[Message]:
        # Gateways do not report all at once: each has its own second.
        offset = g * self._interval // len(self._fleet.gateways) // SECOND * SECOND
        first = batch.begin + (offset - batch.begin) % self._interval
        ticks = np.arange(first, batch.until, self._interval, dtype=np.int64)
        slot = np.searchsorted(ticks, batch.at[frames])
        factor = self._fleet.spreading_factor[batch.device[frames]] - 7
        by_channel = _histogram(slot, batch.channel[frames], len(ticks) + 1, len(CHANNELS_HZ))
        by_factor = _histogram(slot, factor, len(ticks) + 1, 6)
        by_channel[0] += self._by_channel[g]
        by_factor[0] += self._by_factor[g]
        self._by_channel[g], self._by_factor[g] = by_channel[-1], by_factor[-1]
        foreign = rng.poisson(_FOREIGN_PER_HOUR * self._interval / (3600 * SECOND), len(ticks))
        for k, at in enumerate(ticks.tolist()):
            if not any(o.gateway == g and o.begin <= at < o.until for o in self._outages):
                yield at, self._topic(g), self._payload(g, at, by_channel[k], by_factor[k], int(foreign[k]))

    def _topic(self, g: int) -> bytes:
        return f"{REGION}/gateway/{self._fleet.gateways[g].gateway_id}/event/stats".encode()

    def _payload(self, g: int, at: int, by_channel: Ints, by_factor: Ints, foreign: int) -> bytes:
        site = self._fleet.gateways[g]
        heard = int(by_channel.sum())
        stats: dict[str, object] = {"gatewayId": site.gateway_id, "time": from_ns(at).isoformat()}
        if site.has_gps:
            stats["location"] = {
                "latitude": site.latitude,
                "longitude": site.longitude,
                "altitude": site.altitude_m,
                "source": "GPS",
            }
        if heard + foreign:
            stats["rxPacketsReceived"] = heard + foreign
        if heard:
            stats["rxPacketsReceivedOk"] = heard
        stats["metadata"] = {"model": "demo-gw", "backhaul": site.backhaul}
        if heard:
            stats["rxPacketsPerFrequency"] = {
                str(hz): int(n) for hz, n in zip(CHANNELS_HZ, by_channel, strict=True) if n
            }
            stats["rxPacketsPerModulation"] = [
                {
                    "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7 + i, "codeRate": "CR_4_5"}},
                    "count": int(n),
                }
                for i, n in enumerate(by_factor)
                if n
            ]
        return msgspec.json.encode(stats)


def _histogram(rows: Ints, columns: Ints, height: int, width: int) -> Ints:
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)
