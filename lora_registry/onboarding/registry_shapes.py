"""What the entries of a registry file look like, section by section: keys, kinds, references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.services import Family, NetworkKind, OrganisationKind, PositionSource, PrivacyClass
from lora_registry.onboarding import kinds
from lora_registry.onboarding.boundary import boundary
from lora_registry.onboarding.calendar_shape import calendar
from lora_registry.onboarding.composites import Field, Null, each, mapping, record
from lora_registry.onboarding.declared import Section
from lora_registry.onboarding.kinds import eui, number, slug, text, whole, word

_MOST_PEOPLE = 2_000_000_000
_YEAR_S = 366 * 86_400
NAME, TERRITORY_CODE, PEOPLE = text(200), text(16), whole(0, _MOST_PEOPLE, "people")
_PROSE = text(10_000, lines=True)
_ALTITUDE = number(-500, 9000, "metres")
_CONDITIONS = ("new", "reused")

_PLACE = (
    Field("latitude", "latitude", kinds.latitude),
    Field("longitude", "longitude", kinds.longitude),
    Field("altitude_m", "altitude_m", _ALTITUDE),
)
_POSITION = (
    *_PLACE,
    Field("accuracy_m", "accuracy_m", number(0, 1_000_000, "metres")),
    Field("source", "source", word(PositionSource)),
    Field("since", "since", kinds.since),
)


class Reference(NamedTuple):
    """A key that names an entry of a section."""

    key: str
    name: str
    """As the registry calls it."""
    section: Section


@dataclass(frozen=True)
class Shape:
    """What an entry of a section looks like."""

    noun: str
    key: Field
    fields: tuple[Field, ...]
    needed: tuple[str, ...] = ()
    """Keys without which nothing new can be created."""
    refers: Mapping[str, Section] = field(default_factory=dict)
    """Key -> the section it names an entry of."""

    @property
    def references(self) -> list[Reference]:
        """Return every key that names an entry."""
        return [
            Reference(one.key, one.name, self.refers[one.key]) for one in self.fields if one.key in self.refers
        ]


SHAPES: dict[Section, Shape] = {
    Section.NETWORKS: Shape(
        "network",
        Field("id", "id", slug, Null.REFUSED),
        (
            Field("name", "name", NAME, Null.REFUSED),
            Field("kind", "kind", word(NetworkKind), Null.REFUSED),
        ),
        needed=("name", "kind"),
    ),
    Section.TERRITORIES: Shape(
        "territory",
        Field("code", "code", TERRITORY_CODE, Null.REFUSED),
        (
            Field("name", "name", NAME, Null.REFUSED),
            Field("population", "population", PEOPLE),
            *_PLACE[:2],
            Field("schematic", "schematic", kinds.flag, null=False),
            Field("boundary", "boundary", boundary),
        ),
        needed=("name",),
    ),
    Section.ORGANISATIONS: Shape(
        "organisation",
        Field("id", "id", slug, Null.REFUSED),
        (
            Field("name", "name", NAME, Null.REFUSED),
            Field("kind", "kind", word(OrganisationKind), Null.REFUSED),
            Field("siret", "siret", kinds.matching(r"\d{14}", "a SIRET: write its 14 digits between quotes")),
            Field("territory", "territory_code", TERRITORY_CODE),
        ),
        needed=("name", "kind"),
        refers={"territory": Section.TERRITORIES},
    ),
    Section.SERVICES: Shape(
        "service",
        Field("id", "id", slug, Null.REFUSED),
        (
            Field("name", "name", NAME, Null.REFUSED),
            Field("purpose", "purpose", _PROSE),
            Field("decision", "decision", _PROSE),
            Field("owner", "owner_id", slug),
            Field("contact", "contact", NAME),
            Field("consumers", "consumers", each(NAME, most=1000), null=[]),
            Field("family", "family", word(Family)),
            Field("privacy", "privacy", word(PrivacyClass)),
            Field(
                "need",
                "need",
                record((Field("period_s", "need_period_s", whole(1, _YEAR_S, "seconds")),)),
                null={"need_period_s": None},
            ),
            Field(
                "tolerance",
                "tolerance",
                mapping(number(0, 1e12, "(its channel's unit)", above=True), most=1000),
                null={},
            ),
            Field("calendar", "calendar", calendar),
            Field("safety", "safety", kinds.flag, null=False),
            Field("starts_on", "starts_on", kinds.day),
            Field("ends_on", "ends_on", kinds.day),
            Field("confirmed_on", "confirmed_on", kinds.day),
            Field("cost_eur_per_year", "cost_eur_per_year", number(0, 1e9, "euros")),
        ),
        needed=("name",),
        refers={"owner": Section.ORGANISATIONS},
    ),
    Section.GATEWAYS: Shape(
        "gateway",
        Field("gateway_id", "gateway_id", eui(GatewayId), Null.REFUSED),
        (
            Field("name", "name", NAME),
            Field("owner", "owner_id", slug),
            Field("site", "site", NAME),
            Field("backhaul", "backhaul", NAME),
            Field("power", "power", NAME),
            Field("third_party", "third_party", kinds.flag, null=False),
            *_PLACE,
        ),
        refers={"owner": Section.ORGANISATIONS},
    ),
    Section.DEVICES: Shape(
        "device",
        Field("dev_eui", "dev_eui", eui(DevEui), Null.REFUSED),
        (
            Field("network", "network_id", slug, Null.REFUSED),
            Field("service", "service_id", slug),
            Field("name", "name", NAME),
            Field("model", "model", NAME),
            Field("firmware", "firmware", NAME),
            Field("batch", "batch", NAME),
            Field("condition", "condition", word(_CONDITIONS)),
            Field("purchased_on", "purchased_on", kinds.day),
            Field("warranty_until", "warranty_until", kinds.day),
            Field("lifecycle", "lifecycle", word(Lifecycle)),
            Field("privacy", "privacy", word(PrivacyClass)),
            Field("owner", "owner_id", slug),
            Field("operator", "operator_id", slug),
            Field("maintainer", "maintainer_id", slug),
            Field("territory", "territory_code", TERRITORY_CODE),
            Field("position", "position", record(_POSITION)),
        ),
        needed=("network",),
        refers={
            "network": Section.NETWORKS,
            "service": Section.SERVICES,
            "owner": Section.ORGANISATIONS,
            "operator": Section.ORGANISATIONS,
            "maintainer": Section.ORGANISATIONS,
            "territory": Section.TERRITORIES,
        },
    ),
}
