"""Who sees what: the table, said again in sentences."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lora_registry.domain.access import Aspect, Relation, Right, Role, Viewer, classes, privacy_of, seen
from lora_registry.domain.services import OrganisationKind, PrivacyClass

HOUSEHOLD, MOBILE = PrivacyClass.HOUSEHOLD, PrivacyClass.MOBILE_PERSON


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("privacy", [HOUSEHOLD, MOBILE])
def test_a_mayor_counts_the_meters_of_her_territory_and_sees_none(role: Role, privacy: PrivacyClass) -> None:
    assert seen(Relation.TERRITORY, privacy, role) == {Aspect.COUNTED}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("privacy", [HOUSEHOLD, MOBILE])
def test_only_the_owner_sees_where_a_household_s_object_is(role: Role, privacy: PrivacyClass) -> None:
    """Design, section 3: outside its owner, only as a commune."""
    where = {relation for relation in Relation if Aspect.POSITION in seen(relation, privacy, role)}
    assert where == {Relation.OWNER}


def test_nobody_s_word_is_taken_for_household() -> None:
    assert privacy_of(None) is HOUSEHOLD
    assert privacy_of("public") is PrivacyClass.PUBLIC


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("privacy", PrivacyClass)
def test_what_is_seen_of_an_object_needs_that_it_is_seen_to_exist(
    relation: Relation, privacy: PrivacyClass
) -> None:
    for role in Role:
        aspects = seen(relation, privacy, role)
        assert Aspect.COUNTED in aspects
        if aspects - {Aspect.COUNTED}:
            assert Aspect.EXISTENCE in aspects
        if Aspect.FINDINGS in aspects or Aspect.SCORE in aspects:
            assert Aspect.RADIO in aspects


def test_a_stricter_class_never_shows_more() -> None:
    strictness = list(PrivacyClass)
    for relation in Relation:
        for role in Role:
            shown = [seen(relation, privacy, role) for privacy in strictness]
            assert all(later <= earlier for earlier, later in pairwise(shown))


def test_the_table_is_also_read_by_column() -> None:
    assert classes(Relation.TERRITORY, Aspect.EXISTENCE, Role.READER) == (
        PrivacyClass.PUBLIC,
        PrivacyClass.INTERNAL,
    )
    assert classes(Relation.OWNER, Aspect.POSITION, Role.FIELD) == tuple(PrivacyClass)
    assert classes(Relation.OWNER, Aspect.SCORE, Role.FIELD) == ()


def viewer(role: Role, kind: OrganisationKind = OrganisationKind.COMMUNE, territory: str | None = None) -> Viewer:
    return Viewer(name="x", organisation="o", organisation_kind=kind, role=role, territory=territory)


def test_an_auditor_reads_all_organisations_and_changes_nothing() -> None:
    assert viewer(Role.AUDITOR).relations == (Relation.AUDITOR,)
    assert not viewer(Role.AUDITOR).may(Right.SPEAK)
    assert not viewer(Role.AUDITOR).may(Right.PEOPLE)
    assert viewer(Role.AUDITOR).sees_collection


def test_an_organisation_without_territory_has_no_relation_by_territory() -> None:
    assert Relation.TERRITORY not in viewer(Role.READER).relations
    assert Relation.TERRITORY in viewer(Role.READER, territory="34172").relations


def test_the_network_s_troubles_are_those_of_who_runs_it() -> None:
    assert viewer(Role.READER, OrganisationKind.METROPOLIS).sees_collection
    assert not viewer(Role.ADMIN).sees_collection
    assert not viewer(Role.ADMIN, OrganisationKind.OPERATOR).sees_collection
