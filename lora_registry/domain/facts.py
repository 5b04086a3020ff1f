"""What a rule may see of one subject: plain values, counted beforehand, so that a judgement can be re-made.

Instants are aware datetimes in UTC (fields ending in `_at`); `as_json` and `from_json` go to plain JSON and back
without loss, so that the facts of a run can be stored and judged again byte for byte. "Watched" seconds leave out
the time when the collection was deaf.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

_AS_THEY_ARE = frozenset({str, int, float, bool, type(None)})


@cache
def _names(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a class of facts
    return tuple(one.name for one in fields(kind))


class _Plain:
    """To JSON and back, for flat frozen dataclasses."""

    __slots__ = ()

    def as_json(self) -> dict[str, Any]:
        """Return the facts as JSON values."""
        kind: Any = type(self)
        values = [(name, getattr(self, name)) for name in _names(kind)]
        return {name: value if type(value) in _AS_THEY_ARE else _plain(value) for name, value in values}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the facts that `as_json` wrote.

        Raises:
            TypeError: a field is missing or unknown.

        """
        return cls(**{name: _restored(name, value) for name, value in values.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts(_Plain):
    """One device at the instant of the audit."""

    dev_eui: str
    network_kind: str
    """A `NetworkKind`: `declared` devices are inventoried, never judged."""
    known_at: datetime
    """When the registry first knew of it."""
    application: str | None = None
    service: str | None = None
    lifecycle: str | None = None
    """A `Lifecycle`, None when nobody has said."""
    collection_alive: bool = True
    """The watched time reaches the instant of the audit (see `radio_state.is_collection_alive`)."""
    network_heard: bool = True
    """At least one uplink of its network was received since `known_at`."""
    in_season: bool = True
    """Its service's calendar of the year expects it to work now."""
    season_opened_at: datetime | None = None
    """When the present season began; None out of season, and for services that work all year."""
    season_opened_on: str | None = None
    """The same as a local date, ISO 8601, for people."""
    watched_since_opened_s: float | None = None
    watched_since_known_s: float = 0.0
    uplinks_total: int = 0
    first_uplink_at: datetime | None = None
    last_uplink_at: datetime | None = None
    """Data uplinks: a join alone is not data."""
    server_seen_at: datetime | None = None
    """Its last uplink by the network server's own list, of a device that we have never heard."""
    watched_since_last_s: float | None = None
    cadence_class: str = "learning"
    """A `CadenceClass`."""
    period_s: float | None = None
    gaps_learnt: int = 0
    declared_period_s: float | None = None
    late_after_s: float | None = None
    """Watched seconds since the last uplink after which it is late, as the cadence allowed at that uplink."""
    silent_after_s: float | None = None
    delivery_ratio: float | None = None
    delivery_low: float | None = None
    delivery_high: float | None = None
    delivery_frames: int = 0
    delivery_reason: str | None = None
    airtime_s_per_day: float | None = None
    """A mean over the 30 days before it was last learnt, as is the next."""
    gateways_30d: int = 0
    """By how many gateways it was heard."""
    battery_pct: float | None = None
    battery_at: datetime | None = None
    external_power: bool = False
    spreading_factor: int | None = None
    """The one it uses most, over 30 days (`domain.sobriety.margin`)."""
    adr: bool | None = None
    """It lets the network choose its data rate: the flag of its last uplink."""
    margin_p10_db: float | None = None
    """Nine of ten uplinks were this far above the floor of that spreading factor, at the best gateway."""
    margin_uplinks: int = 0
    spreading_factor_enough: int | None = None
    """The lowest that would leave 10 dB (`domain.sobriety.sobriety`)."""
    airtime_waste: float | None = None
    """How many times longer than at that one it is on the air."""
    battery_years_low: float | None = None
    battery_years_high: float | None = None
    """How long a new battery lasts as it sends now (`domain.energy.life_years`); None on external power."""
    battery_years_sober_low: float | None = None
    battery_years_sober_high: float | None = None
    """The same at the spreading factor that is enough."""
    duty_cycle_of_limit: float | None = None
    """Of the most used sub-band, in the busiest hour of 7 days; 1 is all it may (`domain.duty_cycle.uses`)."""
    duty_cycle_band: str | None = None
    """That sub-band, MHz: `865-868`."""
    could_send_every: int | None = None
    """One uplink in this many would do, by its sketches (`domain.channel_measures`); None: not known."""
    uplinks_sketched: int = 0
    """Uplinks that this rests on."""
    needed_period_s: float | None = None
    """How often its service needs data, by its owner's word."""
    shared_cause: str | None = None
    """The incident that explains its silence (`audit.causes`): `gateway:7276ff000b031f00`."""
    last_weeks: dict[str, Any] | None = None
    """What may explain a silence of its own (`domain.own_causes.LastWeeks`), as of its last uplink."""
    open_since: dict[str, datetime] = field(default_factory=dict)
    """Finding kind -> since, for what the previous run left open: identity and hysteresis of standing findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFacts(_Plain):
    """One gateway at the instant of the audit."""

    gateway_id: str
    known_at: datetime
    third_party: bool = False
    collection_alive: bool = True
    ever_sent_stats: bool = False
    last_stats_at: datetime | None = None
    stats_interval_s: float | None = None
    """Usual (median) seconds between two stats."""
    watched_since_stats_s: float | None = None
    last_heard_at: datetime | None = None
    """The last uplink received through it."""
    watched_since_heard_s: float | None = None
    devices_30d: int = 0
    """Devices heard through it in 30 days."""
    unheard_s: float | None = None
    """Watched seconds since the last uplink through it, maintenance or not: what shared causes are judged by."""
    name: str | None = None
    backhaul: str | None = None
    """What carries it, with others, by its owner's word."""
    shared_cause: str | None = None
    """The incident that it is, or is part of."""
    open_since: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts(_Plain):
    """How complete the owners' words are for the devices of one application."""

    application: str
    """As people know it: its name, or its id."""
    known_at: datetime
    devices: int
    without_service: int
    without_owner: int
    open_since: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts(_Plain):
    """One shared cause of several silences, as the search found it (`audit.causes.Incident`)."""

    cause_kind: str
    """A `CauseKind`."""
    key: str
    name: str
    """What people call the thing that failed."""
    began_at: datetime
    silent_s: float
    """Watched seconds since."""
    devices: int
    """Devices whose silence it explains."""
    members: int
    """Devices that it might have silenced."""
    expected: float
    """Uplinks that should have come through it since."""
    gain: float
    """How much better than by chance it explains them, as a natural logarithm, prior included."""


Facts = DeviceFacts | GatewayFacts | ApplicationFacts | IncidentFacts


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    return value


def _restored(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if name == "open_since":
        return {kind: datetime.fromisoformat(text) for kind, text in value.items()}
    if name.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    return value
