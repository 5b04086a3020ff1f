"""What can arrive: a raw message and the events read from it.

The vocabulary of the whole program; `integrations.chirpstack` translates into it, `store` keeps it.
Named tuples, because a busy city makes thousands of them a second and nothing may change them.
All instants are aware datetimes in UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from lora_registry.domain.identifiers import DevEui, GatewayId

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_CREDIBLE = datetime(2015, 1, 1, tzinfo=UTC)  # LoRaWAN 1.0 was published that month
_LATEST_KEY = datetime(2100, 1, 1, tzinfo=UTC)
_CLOCK_TOLERANCE = timedelta(days=1)


class RawMessage(NamedTuple):
    """One publication as it came off the wire (or out of a capture)."""

    topic: str
    payload: bytes
    received_at: datetime
    qos: int = 1
    retained: bool = False
    token: object = None
    """What the source needs to acknowledge this message; nobody else looks at it."""


class Rejected(NamedTuple):
    """A message that cannot be an event, and why; it becomes a dead letter."""

    reason: str
    """One of a small set of words (`not_json`, `wrong_type`, ...): counted in metrics."""
    detail: str
    """The value and the place, for a person."""


class Ignored(NamedTuple):
    """A message that is understood and of no use here (a gateway's raw frames, say); acknowledged."""

    reason: str


class Clock(StrEnum):
    """How far an event's own time can be trusted."""

    OWN = "own"
    ARRIVAL = "arrival"  # it carried none
    SUSPECT = "suspect"  # it carried one that cannot be


class Timing(NamedTuple):
    """The two times of an event (design, section 4 law 3 and section 5)."""

    key_at: datetime
    """From the payload alone, so that a redelivered message has the same key; 1970-01-01 without one."""
    shown_at: datetime
    """The time people see and cadence is judged on."""
    clock: Clock

    @classmethod
    def of(cls, own: datetime | None, received_at: datetime) -> Timing:
        """Decide both from the event's `own` time, if any, and its arrival.

        own                         received_at   key_at       shown_at      clock
        2023-06-23                  2026-11-22    2023-06-23   2023-06-23    OWN      (a replay: kept however old)
        2026-11-23 05:00            2026-11-22 06 2026-11-23   2026-11-23    OWN      (within a day ahead)
        2031-01-01                  2026-11-22    2031-01-01   2026-11-22    SUSPECT
        1970-01-01 or 2106-02-07    2026-11-22    1970-01-01   2026-11-22    SUSPECT
        None                        2026-11-22    1970-01-01   2026-11-22    ARRIVAL
        """
        if own is None:
            return cls(EPOCH, received_at, Clock.ARRIVAL)
        if not _EARLIEST_CREDIBLE <= own < _LATEST_KEY:
            return cls(EPOCH, received_at, Clock.SUSPECT)
        if own > received_at + _CLOCK_TOLERANCE:
            return cls(own, received_at, Clock.SUSPECT)
        return cls(own, own, Clock.OWN)


class DeviceIdentity(NamedTuple):
    """Who sent, as the network server describes it."""

    dev_eui: DevEui
    name: str
    application_id: str
    application_name: str
    profile_id: str
    profile_name: str
    tenant_id: str
    tenant_name: str
    device_class: str
    tags: tuple[tuple[str, str], ...]
    """Sorted: ChirpStack writes its maps in random order."""


class Location(NamedTuple):
    """A point in WGS 84, degrees and metres."""

    latitude: float
    longitude: float
    altitude_m: float | None = None


class Reception(NamedTuple):
    """One gateway (one antenna of it) having heard one uplink."""

    gateway_id: GatewayId
    rssi_dbm: int
    snr_db: float
    antenna: int
    location: Location | None


class Modulation(NamedTuple):
    """How the frame was sent; LoRa unless `spreading_factor` is None (FSK, LR-FHSS)."""

    spreading_factor: int | None
    bandwidth_hz: int | None
    coding_rate: int
    """The denominator minus 4: 1 is 4/5."""


class Header(NamedTuple):
    """What every device event has."""

    device: DeviceIdentity
    timing: Timing
    received_at: datetime
    key: int
    """Signed 64-bit hash of kind and deduplicationId; where there is none, of what it says, or its payload."""
    qos: int


class Uplink(NamedTuple):
    """A data uplink that the network server accepted; `mac_only` ones carry no application data."""

    header: Header
    dev_addr: int | None
    f_cnt: int
    f_port: int
    confirmed: bool
    adr: bool
    dr: int | None
    size: int
    """Application payload, bytes."""
    frequency_hz: int | None
    modulation: Modulation
    receptions: tuple[Reception, ...]
    relayed: bool
    """Through a TS011 relay: its receptions say nothing of where the device can be heard."""
    decoded: bytes = b""
    """The codec's object as JSON text, empty where there is none; sketched or dropped, never stored."""
    data: str = ""
    """The application payload in base64, for the keyed hash of a device's sketches only; never stored."""

    @property
    def mac_only(self) -> bool:
        """Radio life without service: port 0 carries MAC commands only."""
        return self.f_port == 0


class Join(NamedTuple):
    """A join-accept was scheduled: a new session."""

    header: Header
    dev_addr: int | None


class Status(NamedTuple):
    """The device's answer to DevStatusReq."""

    header: Header
    margin_db: int
    external_power: bool
    battery_pct: float | None
    """None when the device cannot measure it or is on external power: 0.0 alone is not an empty battery."""


class Ack(NamedTuple):
    """A confirmed downlink was acknowledged, or timed out."""

    header: Header
    acknowledged: bool
    f_cnt_down: int


class TxAck(NamedTuple):
    """A gateway accepted a downlink for transmission."""

    header: Header
    gateway_id: GatewayId | None
    f_cnt_down: int


class Log(NamedTuple):
    """A warning or error of the network server about one device."""

    header: Header
    level: str
    code: str
    description: str


class Located(NamedTuple):
    """The network server resolved the device's position."""

    header: Header
    location: Location
    source: str
    accuracy_m: float | None


class GatewayStats(NamedTuple):
    """A gateway's periodic report; its counters are per interval."""

    gateway_id: GatewayId
    received_at: datetime
    own_time: datetime | None
    location: Location | None
    rx_received: int
    rx_ok: int
    tx_emitted: int
    region: str


class GatewayConnection(NamedTuple):
    """A gateway's connection state; a retained one says nothing about when."""

    gateway_id: GatewayId
    received_at: datetime
    online: bool
    retained: bool
    region: str


DeviceEvent = Uplink | Join | Status | Ack | TxAck | Log | Located
GatewayEvent = GatewayStats | GatewayConnection
Event = DeviceEvent | GatewayEvent
