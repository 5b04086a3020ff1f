"""A device's messages a day as bars: the coordinates of an SVG picture, and the words that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lora_registry.store.device_pages import Day
from lora_registry.web.words import Words

WIDTH, HEIGHT = 720.0, 120.0
_TOP, _FOOT = 8.0, 18.0
_LABELS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One day with messages."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars in a box of `WIDTH` by `HEIGHT`, with days below them."""

    bars: tuple[Bar, ...]
    labels: tuple[tuple[float, str], ...]
    most: int
    base: float
    sentence: str
    rows: tuple[tuple[date, int], ...]
    """The same as a table: each day of the span."""


def picture(days: Sequence[Day], *, until: date, span_days: int, words: Words) -> Picture:
    """Return the picture of the `span_days` days up to `until`."""
    first = until - timedelta(days=span_days - 1)
    uplinks = {one.day: one.uplinks for one in days}
    most = max(uplinks.values(), default=0)
    step, base = WIDTH / span_days, HEIGHT - _FOOT
    bars = []
    for number in range(span_days):
        day = first + timedelta(days=number)
        count = uplinks.get(day, 0)
        if count:
            height = max(1.5, (base - _TOP) * count / most)
            title = f"{words.day(day)} ({words.many('{n} message', '{n} messages', count)})"
            bars.append(Bar(number * step, base - height, step * 0.8, height, title))
    every = max(1, span_days // _LABELS)
    labels = tuple(
        (number * step, words.day(first + timedelta(days=number))) for number in range(0, span_days, every)
    )
    empty = span_days - len(bars)
    sentence = words.text(
        "{messages} in {days} days; {empty} days without any; at most {most} in a day.",
        messages=words.many("{n} message", "{n} messages", sum(uplinks.values())),
        days=span_days,
        empty=empty,
        most=words.number(most),
    )
    rows = tuple((day, uplinks.get(day, 0)) for day in (until - timedelta(days=k) for k in range(span_days)))
    return Picture(tuple(bars), labels, most, base, sentence, rows)
