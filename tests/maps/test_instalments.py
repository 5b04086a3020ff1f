"""A long map in two files: nothing is lost, and what calls for somebody comes first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lora_registry.domain.mapdata import MapData
from maps import instalments
from maps.layers import draw
from maps.page import all_tables
from maps.payload import payload
from maps.wording import Wording


def told(city: MapData) -> dict[str, Any]:
    words = Wording.of("en", "Europe/Paris")
    return payload(city, all_tables(city, words), draw(city, words).labels, words)


def rows(columns: list[dict[str, Any]], values: list[list[Any]], states: list[int]) -> Counter[tuple[str, ...]]:
    """Return what each row says, its state among it."""
    texts = [
        [column["texts"][value] for value in some] if "index" in column else some
        for column, some in zip(columns, values, strict=True)
    ]
    return Counter(zip(*texts, map(str, states), strict=True))


def values_of(part: dict[str, Any]) -> list[list[Any]]:
    return [column.get("index", column["texts"]) for column in part["tables"]["devices"]["columns"]]


def test_a_map_of_few_objects_comes_whole(city: MapData) -> None:
    assert instalments.instalments(told(city)) == (told(city), None)


def test_the_two_parts_say_what_the_whole_said(city: MapData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instalments, "AT_ONCE", 5)
    whole = told(city)
    first, rest = instalments.instalments(whole)
    assert rest is not None
    columns = whole["tables"]["devices"]["columns"]
    said = rows(columns, values_of(first), first["device_states"])
    said += rows(columns, rest["columns"], rest["device_states"])
    assert said == rows(columns, values_of(whole), whole["device_states"])
    assert [*first["device_states"], *rest["device_states"]] == sorted(whole["device_states"])
    assert len(first["device_states"]) == 5
    assert first["tables"]["devices"]["length"] == len(whole["device_states"]), "how many there are in all"
    assert (first["cells"], rest["cells"]) == ([], whole["cells"])
    untouched = {"tables", "device_states", "cells"}
    assert {key: one for key, one in first.items() if key not in untouched} == {
        key: one for key, one in whole.items() if key not in untouched
    }
