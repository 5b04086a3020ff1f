"""What words of a file may refer to, by identifier or by name: organisations, services, communes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

USUAL_VERSION: Final = "1.0.3"
"""Of LoRaWAN, for devices of which nobody says: what most objects sold speak, and 1.0.4 ones are understood in."""


class ServiceWords(NamedTuple):
    """What is said of a service, as far as its devices inherit it."""

    id: str
    name: str
    owner_id: str | None
    purpose: str | None
    privacy: str | None


def folded(text: str) -> str:
    """Return a name as people recognise it: no case, no accents, no punctuation."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


@dataclass(frozen=True, slots=True)
class References:
    """What the registry holds."""

    organisations: Mapping[str, str] = field(default_factory=dict)
    """Identifier -> name."""
    services: Mapping[str, ServiceWords] = field(default_factory=dict)
    territories: Mapping[str, str] = field(default_factory=dict)
    """Code -> name."""
    networks: Mapping[str, str] = field(default_factory=dict)
    """Identifier -> kind."""
    sirets: Mapping[str, str] = field(default_factory=dict)
    """SIRET -> organisation."""
    profiles: Mapping[str, str] = field(default_factory=dict)
    """Name of a device profile of the network server -> its LoRaWAN version."""
    nameable: frozenset[str] | None = None
    """The services that may be named: those that who asks knows of; None: all."""
    _by_name: dict[str, dict[str, set[str]]] = field(default_factory=dict, init=False, repr=False)

    def version_of(self, version: str | None, profile: str | None) -> str:
        """Return the LoRaWAN version of a device: as told, else its profile's, else the usual one."""
        return version or self.profiles.get(profile or "") or USUAL_VERSION

    def organisation(self, text: str) -> str | None:
        """Return the identifier of the organisation of that name or SIRET; None when none or several have it."""
        siret = text.replace(" ", "")
        return self.sirets.get(siret) or self._find("organisations", text, self.organisations.items())

    def service(self, text: str) -> str | None:
        """Return the identifier of the service called `text`."""
        return self._find("services", text, ((one.id, one.name) for one in self._known()))

    def territory(self, text: str) -> str | None:
        """Return the code of the commune called `text`, or with that code."""
        return self._find("territories", text, self.territories.items())

    def _known(self) -> Iterable[ServiceWords]:
        return (one for one in self.services.values() if self.nameable is None or one.id in self.nameable)

    def owner_of(self, owner_id: str | None, service_id: str | None) -> str | None:
        """Return whose a device is: of whom it is said, else its service's owner."""
        service = self.services.get(service_id or "")
        return owner_id or (service.owner_id if service is not None else None)

    def _find(self, kind: str, text: str, named: Iterable[tuple[str, str]]) -> str | None:
        names = self._by_name.get(kind)
        if names is None:
            names = {}
            for identifier, name in named:
                for key in (folded(identifier), folded(name)):
                    names.setdefault(key, set()).add(identifier)
            self._by_name[kind] = names
        found = names.get(folded(text), set())
        return next(iter(found)) if len(found) == 1 else None
