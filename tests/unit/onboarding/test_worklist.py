"""The largest groups of devices first, each by a condition that a rule can have."""

from __future__ import annotations

import pytest

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption import Subject
from lora_registry.onboarding.adoption_rules import Pattern
from lora_registry.onboarding.worklist import Kind, groups, patterns


def subject(number: int, **said: str) -> Subject:
    names = {name.replace("__", "."): value for name, value in said.items()}
    return Subject(DevEui(f"70b3d57e{number:08x}"), "chirpstack", names)


FLEET = [
    *(subject(i, name=f"CPT-LATTES-{i:03}", application="Water", profile="M1") for i in range(5)),
    *(subject(i, name=f"CPT-PIGNAN-{i:03}", application="Water", profile="M2") for i in range(5, 8)),
    *(subject(i, name=f"Bin {i}", application="Bins", profile="B", tag__commune="34129") for i in range(8, 12)),
    subject(12, name="alone", application="Tests", profile="B"),
]


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("CPT-LATTES-00123", ("CPT-*", "CPT-LATTES-*")),
        ("Bin 12", ("Bin *",)),
        ("Parking 12 B", ("Parking *", "Parking * B")),
        ("0018b20000001a2f", ()),
        ("12-34", ()),
        ("alone", ()),
        ("", ()),
    ],
)
def test_a_name_suggests_patterns_that_are_about_it(name: str, suggested: tuple[str, ...]) -> None:
    assert patterns(name) == suggested
    assert all(Pattern.of(one).captures(name) is not None for one in suggested)


def test_the_largest_group_comes_first_and_the_same_devices_are_one_line() -> None:
    found = groups(FLEET)
    assert [(one.key, one.pattern, one.devices) for one in found] == [
        ("application", "Water", 8),
        ("name", "CPT-LATTES-*", 5),
        ("profile", "B", 5),
        ("application", "Bins", 4),
        ("name", "CPT-PIGNAN-*", 3),
        ("application", "Tests", 1),
    ]
    assert found[0].also == (("name", "CPT-*"),)
    assert found[3].also == (("name", "Bin *"), ("tag.commune", "34129"))


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (Kind.APPLICATION, ("application", "Water", 8)),
        (Kind.NAME, ("name", "CPT-*", 8)),
        (Kind.TAG, ("tag.commune", "34129", 4)),
        (Kind.PROFILE, ("profile", "B", 5)),
    ],
)
def test_one_kind_is_shown_alone(kind: Kind, first: tuple[str, str, int]) -> None:
    found = groups(FLEET, kind)
    assert {one.kind for one in found} == {kind}
    assert (found[0].key, found[0].pattern, found[0].devices) == first


def test_nothing_to_attribute_is_no_group() -> None:
    assert groups([]) == []
