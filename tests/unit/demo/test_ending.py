"""The signals that end a program: heard, remembered, ignored while cleaning up, and given back."""

from __future__ import annotations

import signal

import pytest

from lora_registry.demo.ending import Ending

_ALL = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", _ALL)
def test_a_signal_interrupts_and_is_remembered(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Ending() as ending:
        ending.check()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        assert ending.wanted
        with pytest.raises(KeyboardInterrupt):
            ending.check()
    assert signal.getsignal(number) == before


def test_cleaning_up_is_not_interrupted() -> None:
    with Ending() as ending:
        ending.deaf()
        for number in _ALL:
            signal.raise_signal(number)
        assert not ending.wanted
