"""Values in a file that have parts: lists and objects; every problem of every part is told."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from lora_registry.onboarding.document import RepeatedKeys
from lora_registry.onboarding.faults import Problem, WrongError, member, shown, wrong
from lora_registry.onboarding.kinds import Reader, text


class Null(StrEnum):
    """What `null` means for a key that cannot be without a value."""

    REFUSED = "refused"


class Field(NamedTuple):
    """One key of an object."""

    key: str
    name: str
    """As the registry calls it."""
    read: Reader
    null: Any = None
    """The value that `null` stands for."""


def each(read: Reader, *, most: int, least: int = 0, unique: bool = False) -> Reader:
    """Read a list of `least` to `most` items, every one by `read`."""

    def read_list(value: object) -> list[Any]:
        if not isinstance(value, list):
            raise wrong(f"{shown(value)} is not a list: write [...]")
        if not least <= len(value) <= most:
            raise wrong(f"a list of {len(value)}: write {least} to {most} items, or null")
        items, problems = [], []
        for index, item in enumerate(value):
            try:
                items.append(read(item))
            except WrongError as error:
                problems += [Problem(f"[{index}]{at}", words) for at, words in error.problems]
        if not problems and unique and len(set(items)) < len(items):
            raise wrong("an item is there twice: leave one out")
        if problems:
            raise WrongError(*problems)
        return items

    return read_list


def mapping(read: Reader, *, most: int) -> Reader:
    """Read an object whose keys are names of the owner's choice, every value by `read`."""

    def read_mapping(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(f"{shown(value)} is not an object: write {{...}}")
        fields = [Field(key, key, read, Null.REFUSED) for key in value]
        if len(fields) > most:
            raise wrong(f"{len(fields)} keys: {most} are enough")
        problems = [Problem(member(key), error) for key in value if (error := _name_problem(key))]
        values, more = read_fields(value, fields)
        if problems or more:
            raise WrongError(*problems, *more)
        return values

    return read_mapping


def _name_problem(key: str) -> str | None:
    try:
        text(200)(key)
    except WrongError as error:
        return error.problems[0].words
    return None


def record(fields: Sequence[Field]) -> Reader:
    """Read an object of known keys; those absent are absent from the result."""

    def read(value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(f"{shown(value)} is not an object: write {{...}}")
        values, problems = read_fields(value, fields)
        if problems:
            raise WrongError(*problems)
        return values

    return read


def read_fields(value: dict[str, Any], fields: Sequence[Field]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the values of the keys that are there, by the registry's names, and every problem."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    known = 0
    for key, name, read, null in fields:
        if key not in value:
            continue
        known += 1
        given = value[key]
        if given is None:
            if null is Null.REFUSED:
                problems.append(Problem(member(key), "null: it cannot be without a value"))
            else:
                values[name] = null
            continue
        try:
            values[name] = read(given)
        except WrongError as error:
            problems += [Problem(member(key) + at, words) for at, words in error.problems]
    if known < len(value):
        keys = [one.key for one in fields]
        problems += [
            Problem(member(key), f"unknown key: the keys here are {', '.join(keys)}")
            for key in value
            if key not in keys
        ]
    if isinstance(value, RepeatedKeys):
        problems += [Problem(member(key), "this key is there twice: keep one") for key in value.repeated]
    return values, problems
