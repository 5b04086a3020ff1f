"""The words owners use for what objects are for, to whom they belong and how private they are."""

from __future__ import annotations

from enum import StrEnum


class Family(StrEnum):
    """What kind of information a service draws from its objects; each is judged differently."""

    MEASURE = "measure"
    METER = "meter"
    STATE = "state"
    SENTINEL = "sentinel"
    POSITION = "position"
    ACTUATOR = "actuator"


class PrivacyClass(StrEnum):
    """Who may see an object; an unclassified one is treated as `HOUSEHOLD`."""

    PUBLIC = "public"
    INTERNAL = "internal"
    HOUSEHOLD = "household"
    MOBILE_PERSON = "mobile_person"

    @property
    def hides_position(self) -> bool:
        """True when the position is shown outside the owner only as a commune."""
        return self in (PrivacyClass.HOUSEHOLD, PrivacyClass.MOBILE_PERSON)

    @property
    def allows_sketches(self) -> bool:
        """True when sketches of an object's channels may be kept; without a class, none may."""
        return self in (PrivacyClass.PUBLIC, PrivacyClass.INTERNAL)


class OrganisationKind(StrEnum):
    """Who takes part."""

    METROPOLIS = "metropolis"
    COMMUNE = "commune"
    PARTNER = "partner"
    OPERATOR = "operator"


class NetworkKind(StrEnum):
    """A network we hear, or one whose objects are only declared to us."""

    CHIRPSTACK = "chirpstack"
    DECLARED = "declared"


class PositionSource(StrEnum):
    """Where a position comes from, best first."""

    SURVEYED = "surveyed"
    IMPORTED = "imported"
    TAG = "tag"
    GEOCODED = "geocoded"
    ESTIMATED = "estimated"
    NONE = "none"
