"""Logs and txacks: one event is one key, however it is written, and two are two."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf import json_format

from tests.integrations.samples import DEV_EUI, LOG, TX_ACK, changed, read
from tests.integrations.test_encodings_through_a_broker import _MESSAGES

SAMPLES: dict[str, dict[str, Any]] = {"log": LOG, "txack": TX_ACK}


def key(kind: str, event: dict[str, Any] | bytes) -> int:
    outcome: Any = read(kind, event)
    found: int = outcome.header.key
    return found


@pytest.mark.parametrize("kind", SAMPLES)
def test_another_order_of_its_maps_is_the_same_event(kind: str) -> None:
    event = SAMPLES[kind]
    turned = {name: dict(reversed(v.items())) if isinstance(v, dict) else v for name, v in reversed(event.items())}
    assert json.dumps(turned) != json.dumps(event)
    assert key(kind, turned) == key(kind, event)


@pytest.mark.parametrize("kind", SAMPLES)
def test_protobuf_and_json_are_the_same_event(kind: str) -> None:
    event = SAMPLES[kind]
    message = json_format.Parse(json.dumps(event), _MESSAGES[kind]())
    assert key(kind, message.SerializeToString()) == key(kind, event)


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        ("log", {"level": "ERROR"}),
        ("log", {"code": "UPLINK_F_CNT_RESET"}),
        ("log", {"description": "frame counter reset"}),
        ("log", {"context": {"f_cnt_up": "1181"}}),
        ("log", {"context": {}}),
        ("txack", {"queueItemId": "8b0a7d2c-7ad1-4f7c-9a53-0d7a5e2b6f15"}),
    ],
)
def test_what_says_something_else_is_another(kind: str, other: dict[str, Any]) -> None:
    assert key(kind, changed(SAMPLES[kind], **other)) != key(kind, SAMPLES[kind])


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("time", [..., None, "1970-01-01T00:00:00Z", "soon"])
def test_without_a_time_it_is_known_by_its_bytes(kind: str, time: Any) -> None:
    """The device repeats itself: what says the same at unknown times is not the same."""
    once, again = (changed(SAMPLES[kind], time=time, more=n) for n in (1, 2))
    assert key(kind, once) != key(kind, again)
    assert key(kind, once) == key(kind, once)


def test_without_a_queue_item_or_context_it_is_known_by_its_bytes() -> None:
    """Servers before 4.1 leave out what is empty; others' servers whatever they like."""
    for kind, said in (("txack", "queueItemId"), ("log", "context")):
        once, again = (changed(SAMPLES[kind], **{said: ...}, more=n) for n in (1, 2))
        assert key(kind, once) != key(kind, again)


def test_version_3_is_known_by_its_bytes() -> None:
    once, again = ({"devEUI": DEV_EUI, "type": "UPLINK_MIC", "error": "invalid MIC", "fCnt": n} for n in (1, 2))
    assert key("log", once) != key("log", again)
