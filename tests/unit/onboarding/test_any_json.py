"""Whatever stands at whatever place of a file: it is taken, or refused with its place; nothing else happens."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.declared import Draft
from lora_registry.onboarding.registry_file import read_registry
from lora_registry.onboarding.territory_file import read_territories
from lora_registry.simulate import simulate

CITY: Any = simulate(13, 1, 3, datetime(2026, 10, 3, 6, tzinfo=UTC)).registry()
BOUNDARIES: Any = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"code": t["code"], "nom": t["name"]}, "geometry": t["boundary"]}
        for t in CITY["territories"][:3]
    ],
}
STRANGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def replaced(data: st.DataObject, document: Any) -> bytes:
    """Return `document` with a strange value at some place."""
    changed = copy.deepcopy(document)
    at = changed
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.integers(0, 3)) == 0:
            at[key] = data.draw(STRANGE)
            return json.dumps(changed).encode()
        at = at[key]


def refusal(read: Callable[[bytes], Draft], data: bytes) -> str | None:
    """Return the words of the refusal, None when `data` is taken."""
    try:
        read(data).settle({})
    except ImportFileError as error:
        return str(error)
    return None


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_a_registry_file_with_anything_anywhere(data: st.DataObject) -> None:
    said = refusal(read_registry, replaced(data, CITY))
    if said is not None:
        head, *lines = said.splitlines()
        assert head.endswith("nothing was imported")
        assert all(line.isprintable() and ": " in line for line in lines[:20])


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_a_file_of_boundaries_with_anything_anywhere(data: st.DataObject) -> None:
    said = refusal(read_territories, replaced(data, BOUNDARIES))
    assert said is None or said.splitlines()[0].endswith("nothing was imported")


@settings(derandomize=True)
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    assert refusal(read_territories, data), "no bytes this short are boundaries"
    assert refusal(read_registry, data) != ""
