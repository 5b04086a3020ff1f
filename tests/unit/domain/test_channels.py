"""Whatever a codec answers becomes a few named numbers, or is left out and counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.channels import LARGEST, LONGEST_NAME, MOST_CHANNELS, Channels, channels


def code(word: str) -> int:
    return len(word)


@pytest.mark.parametrize(
    ("decoded", "values", "left_out"),
    [
        ({"temperature": 7.1, "vdd": 3616}, {"temperature": 7.1, "vdd": 3616.0}, 0),
        ({"digital": [0, {"in": 1}]}, {"digital.0": 0.0, "digital.1.in": 1.0}, 0),
        ({"door": "open", "leak": False}, {"=door": 4.0, "=leak": 0.0}, 0),
        ({"t": None, "u": {}, "v": []}, {}, 0),
        ({"raw": "x" * 65, "t": 1}, {"t": 1.0}, 1),
        ({"t": float("nan"), "u": float("inf"), "v": 10**400, "w": -LARGEST}, {"w": -LARGEST}, 3),
        ({"n" * LONGEST_NAME: 1, "n" * (LONGEST_NAME + 1): 1}, {"n" * LONGEST_NAME: 1.0}, 1),
        ({"": 1, "a\nb": 1, "a\x00": 1, "=a": 1, "\ud800": 1}, {}, 5),
        (21.5, {}, 1),
        ("open", {}, 1),
        (None, {}, 0),
        ([1, 2], {"0": 1.0, "1": 2.0}, 0),
    ],
)
def test_what_becomes_of_values(decoded: object, values: dict[str, float], left_out: int) -> None:
    assert channels(decoded, code) == Channels(values, left_out)


def test_the_first_names_in_order_are_kept_and_the_rest_is_counted() -> None:
    many = {f"c{number:03}": number for number in reversed(range(200))}
    found = channels(many, code)
    assert sorted(found.values) == [f"c{number:03}" for number in range(MOST_CHANNELS)]
    assert found.left_out == 200 - MOST_CHANNELS


def test_states_and_numbers_share_the_order_of_names() -> None:
    many: dict[str, Any] = {f"z{number}": number for number in range(MOST_CHANNELS)}
    assert "=a" in channels(many | {"a": True}, code).values


def test_what_is_nested_too_deeply_is_left_out() -> None:
    nested: Any = 1
    for _ in range(400):
        nested = {"a": nested}
    assert channels({"t": 2, "deep": nested}, code) == Channels({"t": 2.0}, 1)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=70)),
    lambda children: st.lists(children, max_size=8) | st.dictionaries(st.text(max_size=70), children, max_size=8),
    max_leaves=60,
)


@settings(max_examples=300, deadline=None)
@given(_JSON)
def test_anything_gives_few_finite_numbers_under_printable_names(decoded: object) -> None:
    values, left_out = channels(decoded, code)
    assert len(values) <= MOST_CHANNELS
    assert left_out >= 0
    assert all(-LARGEST <= value <= LARGEST for value in values.values())
    assert all(key.isprintable() and len(key) <= LONGEST_NAME + 1 for key in values)
