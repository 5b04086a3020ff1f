"""What the API answers, for its description: every field is there, null where unknown or not to be seen."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Shape(BaseModel):
    """Nothing but the fields that are named."""

    model_config = ConfigDict(extra="forbid")


class Device(Shape):
    """A device, as `lora-registry devices list --format json` has it, and its position."""

    dev_eui: str = Field(pattern="^[0-9a-f]{16}$")
    name: str | None
    network: str | None
    application: str | None
    service: str | None
    organisation: str | None
    commune: str | None = Field(description="INSEE code")
    lifecycle: str | None
    state: str | None
    first_uplink_at: str | None = Field(description="UTC, ISO 8601 with Z, as every time")
    last_uplink_at: str | None
    uplinks_total: int | None
    period_s: float | None
    delivery_ratio: float | None
    delivery_low: float | None
    delivery_high: float | None
    airtime_s_per_day: float | None
    battery_pct: float | None
    gateways_30d: int | None
    usefulness_low: float | None
    usefulness_high: float | None
    latitude: float | None = Field(description="WGS 84, where the position may be seen")
    longitude: float | None


class Service(Shape):
    """A service, with counts of the devices that may be seen."""

    id: str
    name: str
    family: str | None
    privacy: str | None
    organisation: str | None
    devices: int
    silent: int | None
    need_period_s: int | None
    starts_on: str | None
    ends_on: str | None
    confirmed_on: str | None


class Gateway(Shape):
    """An antenna."""

    gateway_id: str = Field(pattern="^[0-9a-f]{16}$")
    name: str | None
    organisation: str | None
    third_party: bool | None
    latitude: float | None
    longitude: float | None
    state: str | None
    first_heard_at: str | None
    last_heard_at: str | None
    last_stats_at: str | None
    devices_30d: int
    online: bool | None


class Finding(Shape):
    """Something that the audit noticed."""

    kind: str
    subject_kind: str
    subject: str
    severity: str
    confidence: str
    since: str
    evidence: dict[str, Any]
    explanation: str
    cause: str | None
    status: str


class Outage(Shape):
    """A time in which nothing could be received."""

    network: str
    started_at: str
    ended_at: str | None
    cause: str
    evidence: dict[str, Any]


class DeadLetter(Shape):
    """A message that could not be read; its payload is redacted."""

    last_received_at: str
    reason: str
    detail: str
    topic: str
    size: int
    excerpt: str
    first_received_at: str


class Page(Shape, Generic[Item]):
    """A part of a list; `next` is the path of the following part, null at the end."""

    items: list[Item]
    next: str | None


class CountedPage(Page[Item], Generic[Item]):
    """A part of a list whose length is known."""

    total: int


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
