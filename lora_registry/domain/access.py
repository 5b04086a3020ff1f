"""Who sees what: one literal table of relation and privacy class, narrowed by the role of the person who looks.

`store.scope` applies it in one condition of each query; nothing else decides. Whatever is not in the table is not
seen: of another organisation's object not even that it exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from lora_registry.domain.services import OrganisationKind, PrivacyClass


class Relation(StrEnum):
    """What ties an organisation to an object."""

    OWNER = "owner"
    """Of the object, else of its service."""
    OPERATOR = "operator"
    """Who runs it on the network; where nobody is named, the metropolis, whose network it is."""
    MAINTAINER = "maintainer"
    """Who goes there with a ladder."""
    TERRITORY = "territory"
    """Its commune."""
    AUDITOR = "auditor"
    """None of these: it audits all organisations."""


class Aspect(StrEnum):
    """Something that can be known of an object."""

    COUNTED = "counted"
    """It is a unit in the counts of its commune."""
    EXISTENCE = "existence"
    """It is listed, with its name, service and commune."""
    POSITION = "position"
    """Where it stands; without it, its commune only."""
    RADIO = "radio"
    """State, last message, cadence, delivery."""
    FINDINGS = "findings"
    SCORE = "score"


class Role(StrEnum):
    """What a person does for their organisation."""

    READER = "reader"
    CONTRIBUTOR = "contributor"
    ADMIN = "admin"
    AUDITOR = "auditor"
    """Reads all organisations, changes nothing, sees no key."""
    FIELD = "field"
    """Works at the objects: sees where and why, says what was done."""


class Right(StrEnum):
    """What a role lets a person do with what they see."""

    SPEAK = "speak"
    """Say something of a finding."""
    EXPORT = "export"
    """Take a whole list home."""
    MOVE = "move"
    """Say what becomes of an object: suspended, back in service, another in its place."""
    GIVE = "give"
    """Say whose an object is, one or many at once."""
    REGISTER = "register"
    """Say which objects the organisation has, and take that back."""
    PEOPLE = "people"
    """Give and take back tokens of the organisation."""


_C, _E, _P, _R, _F, _S = Aspect
_COUNT = frozenset({_C})
_NO_PLACE = frozenset({_C, _E, _R, _F, _S})
_ALL = frozenset(Aspect)

SEEN: Final[Mapping[Relation, tuple[frozenset[Aspect], ...]]] = {
    # privacy class:      public                          internal                        household  mobile_person
    Relation.OWNER:      (_ALL,                           _ALL,                           _ALL,      _ALL),
    Relation.OPERATOR:   (_ALL,                           _ALL,                           _NO_PLACE, _NO_PLACE),
    Relation.MAINTAINER: (frozenset({_C, _E, _P, _R, _F}), frozenset({_C, _E, _P, _R, _F}),
                          frozenset({_C, _E, _R, _F}),    frozenset({_C, _E, _R, _F})),
    Relation.TERRITORY:  (_ALL,                           frozenset({_C, _E, _P, _R}),    _COUNT,    _COUNT),
    Relation.AUDITOR:    (_ALL,                           _ALL,                           _NO_PLACE, _NO_PLACE),
}  # fmt: skip
"""A person sees the union over the relations of their organisation."""

_EVERYTHING = frozenset(Aspect)
ROLE_SEES: Final[Mapping[Role, frozenset[Aspect]]] = {
    Role.READER: _EVERYTHING,
    Role.CONTRIBUTOR: _EVERYTHING,
    Role.ADMIN: _EVERYTHING,
    Role.AUDITOR: _EVERYTHING,
    Role.FIELD: _EVERYTHING - {Aspect.SCORE},
}
"""What remains of it for a role."""

MAY: Final[Mapping[Role, frozenset[Right]]] = {
    Role.READER: frozenset({Right.EXPORT}),
    Role.CONTRIBUTOR: frozenset({Right.EXPORT, Right.SPEAK, Right.MOVE, Right.REGISTER}),
    Role.ADMIN: frozenset({Right.EXPORT, Right.SPEAK, Right.MOVE, Right.GIVE, Right.REGISTER, Right.PEOPLE}),
    Role.AUDITOR: frozenset({Right.EXPORT}),
    Role.FIELD: frozenset({Right.SPEAK}),
}

MAY_SPEAK_AS: Final = frozenset({Relation.OWNER, Relation.OPERATOR, Relation.MAINTAINER})
"""Whose word on a finding counts; a commune that is only the territory has none."""


MAY_MOVE_AS: Final = frozenset({Relation.OWNER, Relation.OPERATOR})
"""Who says what becomes of an object; its journal is theirs too."""


def privacy_of(declared: str | None) -> PrivacyClass:
    """Return the class of an object by what is declared of it; nobody's word is taken for `household`."""
    return PrivacyClass(declared) if declared is not None else PrivacyClass.HOUSEHOLD


def seen(relation: Relation, privacy: PrivacyClass, role: Role) -> frozenset[Aspect]:
    """Return what a person in `role` sees of an object of that class, through one relation."""
    return SEEN[relation][tuple(PrivacyClass).index(privacy)] & ROLE_SEES[role]


def classes(relation: Relation, aspect: Aspect, role: Role) -> tuple[PrivacyClass, ...]:
    """Return the classes whose objects show `aspect` through a relation: the table, read by column."""
    return tuple(privacy for privacy in PrivacyClass if aspect in seen(relation, privacy, role))


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody who is signed in, as far as access is concerned."""

    name: str
    """As the journal of a finding writes it."""
    organisation: str
    organisation_kind: OrganisationKind
    role: Role
    territory: str | None = None
    """The commune of the organisation, INSEE code."""
    alone: bool = False
    """One organisation uses this registry: everything in it is its own."""

    @property
    def alike(self) -> Viewer:
        """The same viewer without a name: people of one organisation and role see the same."""
        return replace(self, name="")

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The relations through which this viewer may see objects."""
        if self.role is Role.AUDITOR:
            return (Relation.AUDITOR,)
        four = (Relation.OWNER, Relation.OPERATOR, Relation.MAINTAINER)
        return (*four, Relation.TERRITORY) if self.territory is not None else four

    @property
    def runs_the_network(self) -> bool:
        """True for the metropolis, and for an organisation alone: what belongs to nobody yet is theirs to sort."""
        return self.alone or self.organisation_kind is OrganisationKind.METROPOLIS

    @property
    def sees_collection(self) -> bool:
        """True when outages and messages set aside concern them: these are of the network, not of an object."""
        return self.runs_the_network or self.role is Role.AUDITOR

    @property
    def adopts(self) -> bool:
        """True for who attributes what nobody has attributed yet."""
        return self.runs_the_network and self.may(Right.GIVE)

    def may(self, right: Right) -> bool:
        """Tell whether the role has this right."""
        return right in MAY[self.role]
