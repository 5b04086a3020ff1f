"""Publish a capture to a broker, as the network server would have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from lora_registry.pipeline.capture import BadLine, read_capture
from lora_registry.ports import Publisher


class Replayed(NamedTuple):
    """What was published and what could not be."""

    published: int
    bad_lines: list[BadLine]


def replay(
    path: Path,
    publisher: Publisher,
    *,
    rate: float | None,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    on_progress: Callable[[int], None] = lambda _: None,
) -> Replayed:
    """Publish each message at QoS 1, at most `rate` a second; returns once the broker has confirmed all.

    Raises:
        CaptureError: the file is damaged; what came before was published.
        UnavailableError: the broker stopped taking or confirming messages.

    """
    published, bad_lines = 0, []
    started = monotonic()
    try:
        for line in read_capture(path):
            if isinstance(line, BadLine):
                bad_lines.append(line)
                continue
            if rate is not None and (ahead_s := published / rate - (monotonic() - started)) > 0:
                sleep(ahead_s)
            publisher.publish(line.topic, line.payload)
            published += 1
            on_progress(published)
    finally:
        publisher.flush()
    return Replayed(published, bad_lines)
