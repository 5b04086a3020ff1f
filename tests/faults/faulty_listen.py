"""`listen` with one fault built in, through seams of the program: nothing in the product knows of it.

Forced deaths wait for SIGUSR1: the listener first takes up what the one before it left, and dies after that.
"""

from __future__ import annotations

import functools
import os
import secrets
import signal
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Engine, event

import integrations.mqtt
from integrations.mqtt import MqttSource
from lora_registry import wiring
from lora_registry.cli import collect, main
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected, Uplink

# What is replaced, without types: they would forbid it.
_SOURCE: Any = MqttSource
_MQTT: Any = integrations.mqtt
_WIRING: Any = wiring
_COLLECT: Any = collect


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Armed:
    """Counts occasions from SIGUSR1 on; true at the one wanted."""

    def __init__(self, occasion: str) -> None:
        self._left, self._counting = int(occasion), False
        signal.signal(signal.SIGUSR1, self._arm)

    def _arm(self, *_: object) -> None:
        self._counting = True

    def now(self) -> bool:
        self._left -= self._counting
        return self._counting and self._left == 0


def die_before_acknowledging(batch: str) -> None:
    """Kill -9 ourselves between the commit of batch number `batch` and its acknowledgement."""
    _on_acknowledgement(batch, lambda _real, _source, _messages: _die())


def die_among_acknowledgements(batch: str) -> None:
    """Kill -9 ourselves when every second message of batch number `batch` has been acknowledged."""

    def half(real: Callable[..., None], source: MqttSource, messages: Sequence[RawMessage]) -> None:
        real(source, messages[::2])
        _die()

    _on_acknowledgement(batch, half)


def _on_acknowledgement(batch: str, act: Callable[..., None]) -> None:
    real, armed = MqttSource.acknowledge, _Armed(batch)

    @functools.wraps(real)
    def acknowledge(source: MqttSource, messages: Sequence[RawMessage]) -> None:
        if messages and armed.now():
            act(real, source, messages)
        real(source, messages)

    _SOURCE.acknowledge = acknowledge


def die_before_committing(commit: str) -> None:
    """Kill -9 ourselves when commit number `commit` is about to be sent: everything written, nothing kept."""
    armed = _Armed(commit)

    @event.listens_for(Engine, "commit")
    def _on_commit(_connection: Connection) -> None:
        if armed.now():
            _die()


def acknowledge_at_once() -> None:
    """Negative control: acknowledge what was received, as clients do by themselves, and not what was stored."""
    take, acknowledge = MqttSource.take, MqttSource.acknowledge

    def take_and_acknowledge(source: MqttSource, timeout_s: float) -> Sequence[RawMessage]:
        messages = take(source, timeout_s)
        acknowledge(source, messages)
        return messages

    _SOURCE.take = take_and_acknowledge
    _SOURCE.acknowledge = lambda *_: None


def no_unique_key(batch: str) -> None:
    """Negative control: each delivery is a row of its own; dies before acknowledging batch number `batch`."""
    decode = _WIRING.decode

    def decode_with_a_key_of_its_own(raw: RawMessage) -> Event | Rejected | Ignored:
        read: Event | Rejected | Ignored = decode(raw)
        if isinstance(read, Uplink):
            return read._replace(header=read.header._replace(key=secrets.randbits(62)))
        return read

    _WIRING.decode = decode_with_a_key_of_its_own
    die_before_acknowledging(batch)


def clock(offset_s: str) -> None:
    """Let this machine's clock be wrong by `offset_s`."""
    _shift(lambda: float(offset_s))


def clock_set_back(messages: str) -> None:
    """Set the clock back by an hour when that many messages have come, as a correction of a wrong clock would."""
    left, take = int(messages), MqttSource.take

    def counting(source: MqttSource, timeout_s: float) -> Sequence[RawMessage]:
        nonlocal left
        messages = take(source, timeout_s)
        left -= len(messages)
        return messages

    _SOURCE.take = counting
    _shift(lambda: 0 if left > 0 else -3600)


def _shift(offset_s: Callable[[], float]) -> None:
    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=offset_s())

    real = _COLLECT.now
    _MQTT.datetime = Shifted
    _COLLECT.now = lambda: real() + timedelta(seconds=offset_s())


_FAULTS: dict[str, Callable[..., None]] = {
    fault.__name__: fault
    for fault in (
        die_before_acknowledging,
        die_among_acknowledgements,
        die_before_committing,
        acknowledge_at_once,
        no_unique_key,
        clock,
        clock_set_back,
    )
}


def run(environ: dict[str, str], words: str, fault: str = "", *arguments: str) -> None:
    """Be `lora-registry listen` in this process, its words appended to the file `words`."""
    os.environ.clear()
    os.environ.update(environ)
    with open(words, "ab") as said:  # noqa: PTH123 - a file descriptor is what we need
        os.dup2(said.fileno(), 2)
    if fault:
        _FAULTS[fault](*arguments)
    main(["listen"])
