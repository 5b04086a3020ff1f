"""What the registry recognises in the network's names becomes a suggestion, and nothing else does."""

from __future__ import annotations

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption import Subject
from lora_registry.onboarding.references import References, ServiceWords
from lora_registry.onboarding.suggestions import Suggestion, suggestions

REFERENCES = References(
    organisations={"regie": "Régie des eaux"},
    services={"eau": ServiceWords("eau", "Eau potable", "regie", None, None)},
    territories={"34129": "Lattes"},
)


def subject(number: int, **said: str) -> Subject:
    return Subject(
        DevEui(f"70b3d57e{number:08x}"), "chirpstack", {k.replace("__", "."): v for k, v in said.items()}
    )


def test_known_names_are_suggested_the_most_devices_first() -> None:
    fleet = [
        *(subject(i, application="EAU-POTABLE", tenant="Regie des Eaux", tag__ville="lattes") for i in range(3)),
        subject(3, application="Essais", tenant="Regie des Eaux", tag__ville="34129", tag__x=""),
    ]
    assert suggestions(fleet, REFERENCES) == [
        Suggestion("tag.ville", "territory", 4),
        Suggestion("tenant", "organisation", 4),
        Suggestion("application", "service", 3),
    ]


def test_a_value_known_by_chance_is_no_suggestion() -> None:
    fleet = [subject(i, tag__rue="Lattes" if i == 0 else f"rue {i}") for i in range(5)]
    assert suggestions(fleet, REFERENCES) == []
