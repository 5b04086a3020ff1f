"""All messages of a city in global time order: frames and what follows from them, devices and gateways."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from lora_registry.simulate.answers import Answers
from lora_registry.simulate.columns import DAY
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.gateway_events import GatewayEvents
from lora_registry.simulate.timeline import Batch, Outage
from lora_registry.simulate.uplinks import Message, UplinkPrinter, draw_identifiers

PROCESSING = 250_000_000
"""From the antenna to the listener, ns: ChirpStack waits 200 ms for further gateways."""

_MILLISECOND = 1_000_000
_CLOCK = [b"%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60) for s in range(86_400)]


def messages(
    fleet: Fleet,
    seed: int,
    outages: tuple[Outage, ...],
    batches: Iterable[Batch],
    *,
    start: int,
    stats_interval_s: int,
) -> Iterator[Message]:
    """Give the messages of `batches`, sorted by time; `start` (ns) is the beginning of the history."""
    printer = UplinkPrinter(fleet, start)
    answers = Answers(fleet, printer)
    gateways = GatewayEvents(fleet, outages, start=start, interval_s=stats_interval_s)
    rng, span = np.random.default_rng([seed, 3]), -1
    later: list[tuple[int, int, bytes, bytes]] = []
    number = 0
    for batch in batches:
        if batch.span != span:
            span = batch.span
            rng = np.random.default_rng([seed, 3, span])
        ids = draw_identifiers(rng, len(batch.at))
        uplinks = printer.print(rng, batch, ids, np.nonzero(batch.heard_by)[0])
        for source in (answers.of(rng, batch, ids), gateways.of(rng, batch)):
            for at, topic, payload in source:
                number += 1  # breaks ties, so that the order never depends on the text
                heapq.heappush(later, (at, number, topic, payload))
        for uplink in uplinks:
            at = uplink[0]
            while later and later[0][0] < at:
                due = heapq.heappop(later)
                yield due[0], due[2], due[3]
            yield uplink
        while later and later[0][0] < batch.until:
            due = heapq.heappop(later)
            yield due[0], due[2], due[3]


def line(message: Message) -> bytes:
    """Return `message` as a line of a capture (NDJSON): topic, received_at, payload."""
    at, topic, payload = message
    seconds, ms = divmod((at + PROCESSING) // _MILLISECOND, 1000)
    day, second = divmod(seconds, 86_400)
    return b'{"topic":"%b","received_at":"%bT%b.%03d+00:00","payload":%b}\n' % (
        topic,
        _date(day),
        _CLOCK[second],
        ms,
        payload,
    )  # fmt: skip  (in the order of the template)


@lru_cache(maxsize=8)
def _date(day: int) -> bytes:
    return str(np.datetime64(day * DAY, "ns"))[:10].encode()
