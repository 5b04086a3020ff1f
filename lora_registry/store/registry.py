"""Owners' words: what objects are for, whose they are and where they stand. Ingest and sync never write here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.services import Family, NetworkKind, OrganisationKind, PositionSource, PrivacyClass
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.types import DevEuiType, GatewayIdType, Instant

SLUG = String(64)
NAME = String(200)


def one_of(column: str, words: type[Any]) -> CheckConstraint:
    """Restrict a column to the words of an enumeration; a new word needs a migration, a new table does not."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Network(Base):
    """A network whose events we hear, or whose objects are declared to us."""

    __tablename__ = "network"
    __table_args__ = (one_of("kind", NetworkKind), {"info": lives(Lives.REFERENCE)})

    id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    kind: Mapped[str] = mapped_column(String(20))


class Territory(Base):
    """A commune (or any area that counts are given for)."""

    __tablename__ = "territory"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    code: Mapped[str] = mapped_column(String(16), primary_key=True, comment="INSEE code, text: 2A004")
    name: Mapped[str] = mapped_column(NAME)
    population: Mapped[int | None] = mapped_column(Integer)
    latitude: Mapped[float | None] = mapped_column(Float, comment="centre, WGS 84")
    longitude: Mapped[float | None] = mapped_column(Float)
    boundary: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), comment="GeoJSON geometry")
    schematic: Mapped[bool] = mapped_column(default=False, comment="drawn from the centres, not surveyed")


class Organisation(Base):
    """Who takes part: the metropolis, a commune, a partner, an operator."""

    __tablename__ = "organisation"
    __table_args__ = (one_of("kind", OrganisationKind), {"info": lives(Lives.REFERENCE)})

    id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    kind: Mapped[str] = mapped_column(String(20))
    siret: Mapped[str | None] = mapped_column(String(14))
    territory_code: Mapped[str | None] = mapped_column(ForeignKey("territory.code"), comment="a commune's own")


class Service(Base):
    """What objects are for; devices inherit from it and may override."""

    __tablename__ = "service"
    __table_args__ = (
        one_of("family", Family),
        one_of("privacy", PrivacyClass),
        {"info": lives(Lives.REFERENCE)},
    )

    id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    purpose: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text, comment="the decision its data supports")
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    contact: Mapped[str | None] = mapped_column(NAME)
    consumers: Mapped[list[str]] = mapped_column(JSON, default=list)
    family: Mapped[str | None] = mapped_column(String(20))
    privacy: Mapped[str | None] = mapped_column(String(20), comment="null is treated as household")
    need_period_s: Mapped[int | None] = mapped_column(Integer, comment="how often data is needed")
    tolerance: Mapped[dict[str, float]] = mapped_column(JSON, default=dict, comment="per channel, its unit")
    calendar: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), comment="operating season")
    safety: Mapped[bool] = mapped_column(default=False, comment="people's safety depends on it: judged often")
    starts_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    confirmed_on: Mapped[date | None] = mapped_column(Date)
    cost_eur_per_year: Mapped[float | None] = mapped_column(Float, comment="as its owner counts it")


class Application(Base):
    """An application of the network server, attributed to an organisation and a service."""

    __tablename__ = "application"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012

    network_id: Mapped[str] = mapped_column(ForeignKey("network.id"), primary_key=True)
    application_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    organisation_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    service_id: Mapped[str | None] = mapped_column(ForeignKey("service.id"))


class Place(Base):
    """A place that survives the equipment installed at it."""

    __tablename__ = "place"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012

    id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    name: Mapped[str] = mapped_column(NAME)
    address: Mapped[str | None] = mapped_column(Text)
    territory_code: Mapped[str | None] = mapped_column(ForeignKey("territory.code"))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    altitude_m: Mapped[float | None] = mapped_column(Float)


class DeviceRecord(Base):
    """What owners say of a device; null means inherited from its service or still to complete."""

    __tablename__ = "device_record"
    __table_args__ = (
        one_of("lifecycle", Lifecycle),
        one_of("privacy", PrivacyClass),
        {"info": lives(Lives.DISTRIBUTED)},
    )

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    network_id: Mapped[str] = mapped_column(SLUG)
    recorded_at: Mapped[datetime] = mapped_column(Instant, comment="when it was first declared")
    service_id: Mapped[str | None] = mapped_column(SLUG)
    name: Mapped[str | None] = mapped_column(NAME)
    model: Mapped[str | None] = mapped_column(NAME)
    firmware: Mapped[str | None] = mapped_column(NAME)
    batch: Mapped[str | None] = mapped_column(NAME)
    condition: Mapped[str | None] = mapped_column(String(8), comment="bought new or reused")
    purchased_on: Mapped[date | None] = mapped_column(Date)
    warranty_until: Mapped[date | None] = mapped_column(Date)
    lifecycle: Mapped[str | None] = mapped_column(String(16))
    privacy: Mapped[str | None] = mapped_column(String(20))
    owner_id: Mapped[str | None] = mapped_column(SLUG)
    operator_id: Mapped[str | None] = mapped_column(SLUG)
    maintainer_id: Mapped[str | None] = mapped_column(SLUG)
    territory_code: Mapped[str | None] = mapped_column(String(16), comment="declared commune")


class Installation(Base):
    """A device at a place, from a day to another."""

    __tablename__ = "installation"
    __table_args__ = {"info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    until: Mapped[datetime | None] = mapped_column(Instant)
    place_id: Mapped[str] = mapped_column(SLUG)


class Position(Base):
    """Where a device is, since when, who says so and how closely."""

    __tablename__ = "position"
    __table_args__ = (one_of("source", PositionSource), {"info": lives(Lives.DISTRIBUTED)})

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    source: Mapped[str] = mapped_column(String(12), primary_key=True)
    latitude: Mapped[float] = mapped_column(Float)
    longitude: Mapped[float] = mapped_column(Float)
    altitude_m: Mapped[float | None] = mapped_column(Float)
    accuracy_m: Mapped[float | None] = mapped_column(Float)


class GatewayRecord(Base):
    """What owners say of a gateway; a third-party one is evidence, not ours to switch off."""

    __tablename__ = "gateway_record"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012

    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType, primary_key=True)
    name: Mapped[str | None] = mapped_column(NAME)
    owner_id: Mapped[str | None] = mapped_column(ForeignKey("organisation.id"))
    site: Mapped[str | None] = mapped_column(NAME)
    backhaul: Mapped[str | None] = mapped_column(NAME)
    power: Mapped[str | None] = mapped_column(NAME)
    third_party: Mapped[bool] = mapped_column(default=False)
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    altitude_m: Mapped[float | None] = mapped_column(Float)
