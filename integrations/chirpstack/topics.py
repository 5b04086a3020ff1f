"""ChirpStack's MQTT topics: which to subscribe to, and what one says.

A site may rewrite its event topics, so identifiers come from the message; the topic gives the event's name,
and where it has the usual shape, the identifiers the message must agree with.
"""

from __future__ import annotations

import re
from typing import NamedTuple

DEVICE_TOPICS = ("application/+/device/+/event/+",)
# Without and with a region prefix. Only what is used: a gateway's `event/up` is every frame of the air.
GATEWAY_TOPICS = (
    "gateway/+/event/stats",
    "+/gateway/+/event/stats",
    "gateway/+/state/conn",
    "+/gateway/+/state/conn",
)
SUBSCRIPTIONS = DEVICE_TOPICS + GATEWAY_TOPICS

_DEVICE = re.compile(r"(?:.*/)?application/[^/]*/device/(?P<eui>[^/]*)/(?:event/)?(?P<event>[a-z]+)")
_GATEWAY = re.compile(
    r"(?:(?P<region>.+)/)?gateway/(?P<id>[^/]*)/(?:event/(?P<event>[a-z]+)|state/(?P<state>[a-z]+))"
)

_LEVELS = 6  # of the usual topic; what has more is not it
_USUAL_EVENTS = frozenset({"up", "join", "status", "ack", "txack", "log", "location"})

# Names of version 3 (and of servers before 3.11) for what version 4 calls otherwise.
_OLD_NAMES = {"rx": "up", "error": "log"}


class DeviceTopic(NamedTuple):
    """A topic that announces a device event."""

    event: str
    dev_eui: str | None
    """As written; None where the site's topic does not carry it."""


class GatewayTopic(NamedTuple):
    """A topic that announces a gateway event or its connection state."""

    event: str
    """`stats`, `conn`, or an event that is of no use here."""
    gateway_id: str
    region: str


def parse_topic(topic: str) -> DeviceTopic | GatewayTopic | None:
    """Say what `topic` announces; None when it is not one of ChirpStack's.

    application/5f0c/device/70b3d57ed0000042/event/up  DeviceTopic(up, 70b3d57ed0000042)
    application/1/device/70b3d57ed0000042/rx           DeviceTopic(up, 70b3d57ed0000042)     before 3.11
    city/lora/70b3d57ed0000042/event/up                DeviceTopic(up, None)                 rewritten by the site
    eu868/gateway/7276ff000b031f00/event/stats         GatewayTopic(stats, ..., eu868)
    gateway/7276ff000b031f00/state/conn                GatewayTopic(conn, ..., "")
    """
    match topic.split("/", _LEVELS):
        case ["application", _, "device", dev_eui, "event", event] if event in _USUAL_EVENTS:
            return DeviceTopic(event, dev_eui)
    if (match := _GATEWAY.fullmatch(topic)) is not None:
        event = match["event"] or match["state"]
        return GatewayTopic(event, match["id"], match["region"] or "")
    if (match := _DEVICE.fullmatch(topic)) is not None:
        event = match["event"]
        return DeviceTopic(_OLD_NAMES.get(event, event), match["eui"])
    head, separator, event = topic.rpartition("/event/")
    if separator and head and event.isalpha():
        return DeviceTopic(_OLD_NAMES.get(event, event), None)
    return None
