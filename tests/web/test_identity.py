"""Signing in through an identity provider that signs real tokens; and every way in which one may lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import Engine, select

from lora_registry import wiring
from lora_registry.domain.access import Role
from lora_registry.pipeline.sign_in import add_person, disable_person
from lora_registry.settings import Settings
from lora_registry.store.engine import reading
from lora_registry.store.people import Person
from tests.web import realm
from tests.web.conftest import Server, serving
from tests.web.issuer import CLIENT, SECRET, Issuer, issuing
from tests.web.realm import ME, NOW, OTHER, SIRET

SOMEBODY = {
    "sub": "a1", "email": "Lea@lattes.example.org", "given_name": "Léa", "usual_name": "Roux", "siret": SIRET,
}  # fmt: skip


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(dict(SOMEBODY)) as running:
        yield running


@pytest.fixture
def site(realm_engine: Engine, issuer: Issuer) -> Iterator[Server]:
    settings = Settings(language="en", oidc_issuer=issuer.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET)
    with serving(realm_engine, settings, identity=wiring.identity_provider(settings)) as running:
        yield running


def come_back(site: Server, issuer: Issuer, **changed: str) -> tuple[httpx.Client, httpx.Response]:
    """Go away and come back as a browser does."""
    client = site.client()
    away = client.get("/oidc/start?back=/findings")
    assert away.status_code == 303
    back = httpx.URL(issuer.authorize(away.headers["location"]))
    return client, client.get(back.copy_merge_params(changed) if changed else back)


def people(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(connection.execute(select(Person).where(Person.oidc_subject.is_not(None))))


def test_an_agent_comes_in_by_the_siret_of_their_town_as_a_reader(
    site: Server, issuer: Issuer, realm_engine: Engine
) -> None:
    client, answer = come_back(site, issuer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/findings")
    assert "Léa Roux" in client.get("/account").text
    (person,) = people(realm_engine)
    assert (person.organisation_id, person.role, person.email) == (ME, "reader", "lea@lattes.example.org")
    assert issuer.asked["code_challenge_method"] == "S256"
    come_back(site, issuer)
    assert len(people(realm_engine)) == 1, "the second time they are known"


@pytest.mark.parametrize("siret", ["", "11111111111111", None])
def test_an_unknown_organisation_has_no_access_and_reads_whom_to_ask(
    site: Server, issuer: Issuer, realm_engine: Engine, siret: str | None
) -> None:
    issuer.person["siret"] = siret
    client, answer = come_back(site, issuer)
    assert answer.headers["location"] == "/login?refused=unknown"
    assert "ask the smart-city team" in client.get(answer.headers["location"]).text
    assert people(realm_engine) == []


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"nonce": "of another signing-in"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_token_that_is_not_for_this_signing_in_opens_nothing(
    site: Server, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.claims = claims
    client, answer = come_back(site, issuer)
    assert answer.headers["location"] == "/login?refused=proof"
    assert client.get("/").status_code == 303


def test_a_token_signed_by_another_key_opens_nothing(site: Server, issuer: Issuer) -> None:
    issuer.signs_with = RSAKey.generate_key(2048, {"kid": "1"}, auto_kid=False)
    assert come_back(site, issuer)[1].headers["location"] == "/login?refused=proof"


def test_new_keys_of_the_provider_are_read_when_they_are_needed(site: Server, issuer: Issuer) -> None:
    assert come_back(site, issuer)[1].headers["location"] == "/findings"
    issuer.key = RSAKey.generate_key(2048, {"kid": "2"}, auto_kid=False)
    issuer.header["kid"] = "2"
    assert come_back(site, issuer)[1].headers["location"] == "/findings"


def test_what_the_user_endpoint_says_of_somebody_else_opens_nothing(site: Server, issuer: Issuer) -> None:
    issuer.told = {"sub": "b2"}
    assert come_back(site, issuer)[1].headers["location"] == "/login?refused=proof"


@pytest.mark.parametrize("changed", [{"state": "x"}, {"code": ""}, {"iss": "https://evil.example"}], ids=str)
def test_an_answer_that_is_not_to_our_question_opens_nothing(
    site: Server, issuer: Issuer, changed: dict[str, str]
) -> None:
    assert come_back(site, issuer, **changed)[1].headers["location"] == "/login?refused=state"


def test_a_code_serves_once_and_only_the_browser_that_asked(site: Server, issuer: Issuer) -> None:
    client = site.client()
    back = issuer.authorize(client.get("/oidc/start").headers["location"])
    assert site.client().get(back).headers["location"] == "/login?refused=state", "another browser"
    cookies = dict(client.cookies)
    assert client.get(back).headers["location"] == "/"
    again = site.client(cookies=cookies).get(back)
    assert again.headers["location"] == "/login?refused=state"


def test_a_provider_that_names_another_issuer_is_not_used(site: Server, issuer: Issuer) -> None:
    issuer.announced = "https://evil.example"
    assert site.client().get("/oidc/start").headers["location"] == "/login?refused=away"


def test_who_was_added_without_password_keeps_their_role(
    site: Server, issuer: Issuer, realm_engine: Engine
) -> None:
    add_person(
        realm_engine, email=SOMEBODY["email"], name="Léa", organisation=ME, role=Role.ADMIN, password=None, now=NOW
    )
    assert come_back(site, issuer)[1].headers["location"] == "/findings"
    (person,) = people(realm_engine)
    assert person.role == "admin"
    disable_person(realm_engine, email=SOMEBODY["email"], now=NOW)
    assert come_back(site, issuer)[1].headers["location"] == "/login?refused=unknown"


@pytest.mark.parametrize(("organisation", "verified"), [(OTHER, None), (OTHER, False)])
def test_an_address_that_nobody_has_proved_takes_over_no_account(
    site: Server, issuer: Issuer, realm_engine: Engine, organisation: str, verified: object
) -> None:
    add_person(
        realm_engine, email=SOMEBODY["email"], name="x", organisation=organisation, role=Role.ADMIN, password=None,
        now=NOW,
    )  # fmt: skip
    issuer.person["email_verified"] = verified
    assert come_back(site, issuer)[1].headers["location"] == "/login?refused=unknown"
    assert people(realm_engine) == []


def test_an_account_with_a_password_is_never_taken_over(site: Server, issuer: Issuer) -> None:
    issuer.person |= {"email": realm.email(ME, Role.ADMIN), "email_verified": True}
    assert come_back(site, issuer)[1].headers["location"] == "/login?refused=unknown"


def test_without_a_provider_there_is_no_such_way(server: Server) -> None:
    assert server.client().get("/oidc/start").status_code == 404
    assert server.client().get("/oidc/back?code=x&state=y").status_code == 404
