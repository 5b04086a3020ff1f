"""What one message says never changes what another does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.chirpstack import decode
from integrations.chirpstack.topics import DeviceTopic, parse_topic
from lora_registry.domain.events import DeviceIdentity, RawMessage, Uplink

_AT = datetime(2026, 9, 10, 9, 0, 2, tzinfo=UTC)
_EUI = "70b3d57ed0000042"


def identity(**info: Any) -> DeviceIdentity:
    payload = {"time": "2026-09-10T09:00:01Z", "deviceInfo": {"devEui": _EUI, **info}, "fCnt": 1}
    event = decode(RawMessage(f"application/1/device/{_EUI}/event/up", json.dumps(payload).encode(), _AT))
    assert isinstance(event, Uplink)
    return event.header.device


def test_a_renamed_device_has_its_new_name_at_once_and_its_old_one_back() -> None:
    assert [identity(deviceName=name).name for name in ("a", "a", "b", "a")] == ["a", "a", "b", "a"]


def test_the_order_of_tags_changes_nothing() -> None:
    first = identity(deviceName="c", tags={"x": "1", "y": "2"})
    assert identity(deviceName="c", tags={"y": "2", "x": "1"}) == first


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"floor": 1}, (("floor", "1"),)),
        ({"floor": True}, (("floor", "True"),)),
        ({"floor": 1.0}, (("floor", "1.0"),)),
        ({"floor": None}, ()),
        ({}, ()),
        ({"floor": "1"}, (("floor", "1"),)),
    ],
)
def test_tags_that_compare_equal_are_told_apart(tags: dict[str, Any], expected: tuple[Any, ...]) -> None:
    for other in ({"floor": 1}, {"floor": True}, {"floor": "1"}, tags):
        found = identity(deviceName="d", tags=other).tags
    assert found == expected


def test_a_topic_of_any_length_says_the_same() -> None:
    long = "x" * 300
    assert parse_topic(f"application/{long}/device/{_EUI}/event/up") == DeviceTopic("up", _EUI)
    assert parse_topic(f"application/1/device/{_EUI}/event/up") == DeviceTopic("up", _EUI)
