"""Every fault of a file, with its place, told at once; what the database may lift is told only if it does not.

A place is a JSON path: `devices[3].position.latitude`.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lora_registry.domain.errors import ImportFileError

MOST_SHOWN = 20
_WIDEST = 60


class Problem(NamedTuple):
    """What is wrong below some place; `place` is `""` for the value itself, else `.key` or `[index]`, nested."""

    place: str
    words: str


class WrongError(Exception):
    """A value cannot be taken: every problem in it, with value and remedy."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


def wrong(words: str) -> WrongError:
    """Return the error of a value that has no parts."""
    return WrongError(Problem("", words))


def shown(value: object) -> str:
    """Return a value as JSON in less than a line; nothing that could write over a terminal."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) > 10**30:
        return "a number of more than 30 digits"
    if isinstance(value, str) and len(value) > _WIDEST:
        value = value[: _WIDEST - 3] + "..."
    return "".join(c if c.isprintable() else "\ufffd" for c in json.dumps(value, ensure_ascii=False))


def member(key: str) -> str:
    """Return the place of a key below its object: `.key`, or `["any text"]`."""
    return f".{key}" if key.isascii() and key.isidentifier() and len(key) <= _WIDEST else f"[{shown(key)}]"


@dataclass(slots=True)
class _Doubt:
    """A fault unless the database lifts it."""

    order: int
    place: str
    by_file: bool
    count: int = 1


@dataclass(slots=True)
class Faults:
    """What is wrong with one file, in its order."""

    count: int = 0
    """Certain faults; only the first are kept, a file may hold millions."""
    _kept: list[tuple[int, str]] = field(default_factory=list)
    _doubts: dict[tuple[str, Hashable, str], _Doubt] = field(default_factory=dict)
    _order: int = 0

    def add(self, place: str, words: str) -> None:
        """Record a fault."""
        self.count += 1
        self._order += 1
        if len(self._kept) < MOST_SHOWN:
            self._kept.append((self._order, _line(place, words)))

    def add_all(self, place: str, problems: tuple[Problem, ...] | list[Problem]) -> None:
        """Record the problems of the value at `place`."""
        for problem in problems:
            self.add(place + problem.place, problem.words)

    def add_unless(self, place: str, words: str, section: str, key: Hashable, *, by_file: bool) -> None:
        """Record a fault that stands unless the database has `key` in `section` (or, `by_file`, the file has).

        The same words about the same key are told once, with a count.
        """
        self._order += 1
        doubt = self._doubts.get((section, key, words))
        if doubt is None:
            self._doubts[section, key, words] = _Doubt(self._order, place, by_file)
        else:
            doubt.count += 1

    def lift(self, declared: Mapping[str, AbstractSet[Any]]) -> None:
        """Forget the doubts that the file itself settles."""
        self._doubts = {
            (section, key, words): doubt
            for (section, key, words), doubt in self._doubts.items()
            if not (doubt.by_file and key in declared.get(section, ()))
        }

    def asked(self) -> dict[str, set[Any]]:
        """Return the keys whose existence decides, by section."""
        keys: dict[str, set[Any]] = {}
        for section, key, _ in self._doubts:
            keys.setdefault(section, set()).add(key)
        return keys

    def raise_any(self, known: Mapping[str, AbstractSet[Any]]) -> None:
        """Raise what stands, given the keys that exist.

        Raises:
            ImportFileError: lists the faults, the first twenty in full.

        """
        lines = [(order, 1, line) for order, line in self._kept]
        count = self.count
        for (section, key, words), doubt in self._doubts.items():
            if key not in known.get(section, ()):
                more = f" (and in {doubt.count - 1} more places)" if doubt.count > 1 else ""
                lines.append((doubt.order, doubt.count, _line(doubt.place, words + more)))
                count += doubt.count
        if not count:
            return
        told = sorted(lines)[:MOST_SHOWN]
        text = "\n".join(line for _, _, line in told)
        if beyond := count - sum(faults for _, faults, _ in told):
            text += f"\n  and {beyond} more"
        raise ImportFileError(f"{count} {'faults' if count > 1 else 'fault'}, nothing was imported\n{text}")


def _line(place: str, words: str) -> str:
    return f"  {place.removeprefix('.') or 'the file'}: {words}"
