"""Signing in: who gets in, who does not, and that the answer does not say why."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine, select

from lora_registry.domain.access import Role
from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.pipeline import passwords
from lora_registry.pipeline.sign_in import (
    LONGEST_WAIT,
    Opened,
    Refused,
    add_person,
    change_password,
    disable_person,
    hash_of,
    sign_in,
)
from lora_registry.settings import Settings
from lora_registry.store import people, sessions
from lora_registry.store.engine import reading
from tests.web import realm
from tests.web.conftest import Server, form_token, serving
from tests.web.realm import ME, METROPOLIS, NOW, OTHER, PASSWORD, email

WRONG = "quite another password"
SOMEBODY = email(ME, Role.READER)


def attempt(
    engine: Engine, password: str, *, who: str = SOMEBODY, at: timedelta = timedelta(), **more: str
) -> object:
    address = more.get("address", "192.0.2.1")
    return sign_in(engine, email=who, password=password, address=address, now=NOW + at, alone=False)


def test_a_thousand_wrong_passwords_open_nothing_and_lock_nobody_out(realm_engine: Engine) -> None:
    """One a second: most are refused unread; a minute after the last, the right one gets in."""
    waits = []
    for second in range(1000):
        refused = attempt(realm_engine, f"{WRONG} {second}", at=timedelta(seconds=second))
        assert isinstance(refused, Refused)
        waits.append(refused.wait)
    assert max(waits) <= LONGEST_WAIT
    assert sum(wait > timedelta() for wait in waits) > 900
    elsewhere = attempt(realm_engine, PASSWORD, at=timedelta(seconds=1000), address="192.0.2.2")
    assert isinstance(elsewhere, Opened), "from another address at once"
    after = attempt(realm_engine, PASSWORD, at=timedelta(seconds=1000) + LONGEST_WAIT)
    assert isinstance(after, Opened), "from the same one a minute later"


def test_unknown_people_are_answered_as_known_ones_are(server: Server) -> None:
    def answers(who: str) -> list[tuple[int, str, str | None]]:
        client = server.client()
        found = []
        for number in range(8):
            data = {"email": who, "password": f"{WRONG} {number}"}
            answer = client.post("/login", data=data, headers={"Origin": server.url})
            found.append((answer.status_code, answer.text.replace(who, "WHO"), answer.headers.get("Retry-After")))
        return found

    known, unknown = answers(SOMEBODY), answers("nobody@lattes.example.org")
    assert [one[0] for one in known] == [401] * 8
    assert known[-1][2] is not None, "the last had to wait"
    assert known == unknown


def test_one_address_cannot_try_every_account(realm_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spray: another account each time, always from the same address."""
    monkeypatch.setattr("lora_registry.pipeline.sign_in.FREE_OF_ADDRESS", 12)
    for number in range(12):
        attempt(realm_engine, WRONG, who=f"somebody{number}@example.org", at=timedelta(milliseconds=number))
    refused = attempt(realm_engine, PASSWORD, at=timedelta(seconds=1))
    assert isinstance(refused, Refused)
    assert timedelta() < refused.wait <= LONGEST_WAIT


def test_a_cookie_that_scripts_and_other_sites_cannot_use(server: Server) -> None:
    client = server.client()
    data = {"email": SOMEBODY.upper(), "password": PASSWORD}
    answer = client.post("/login", data=data, headers={"Origin": server.url})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert client.get("/").status_code == 200


def test_over_https_the_cookie_is_of_this_host_alone(realm_engine: Engine) -> None:
    with serving(realm_engine, Settings(public_url="https://registry.example.org")) as server:
        headers = {"Host": "registry.example.org", "Origin": "https://registry.example.org"}
        data = {"email": SOMEBODY, "password": PASSWORD}
        answer = server.client().post("/login", data=data, headers=headers)
        assert re.match(r"__Host-session=[\w-]{43}; .*Path=/;.*Secure", answer.headers["set-cookie"])
        assert "max-age" in answer.headers["strict-transport-security"]


def test_what_is_stored_opens_nothing(realm_engine: Engine) -> None:
    opened = attempt(realm_engine, PASSWORD)
    assert isinstance(opened, Opened)
    with reading(realm_engine) as connection:
        stored = [
            str(row) for table in people.Base.metadata.tables.values() for row in connection.execute(select(table))
        ]
    assert not [row for row in stored if opened.secret in row or PASSWORD in row]
    assert [row for row in stored if hash_of(opened.secret) in row]


def test_a_session_ends_idle_or_old_or_with_its_person(server: Server, realm_engine: Engine) -> None:
    def status(client: httpx.Client) -> int:
        return client.get("/").status_code

    client = server.signed_in()
    server.clock.now = NOW + sessions.IDLE + timedelta(seconds=1)
    assert status(client) == 303, "idle"
    server.clock.now = NOW
    client = server.signed_in()
    for hours in range(0, 176, 7):
        server.clock.now = NOW + timedelta(hours=hours)
        status(client)
    assert status(client) == 303, "a week old, however busy"
    server.clock.now = NOW
    client = server.signed_in()
    disable_person(realm_engine, email=SOMEBODY, now=NOW)
    assert status(client) == 303
    assert isinstance(attempt(realm_engine, PASSWORD), Refused)


def test_signing_out_ends_it_on_the_server(server: Server) -> None:
    client = server.signed_in()
    cookies = dict(client.cookies)
    data = {"form_token": form_token(client)}
    assert client.post("/logout", data=data, headers={"Origin": server.url}).status_code == 303
    assert server.client(cookies=cookies).get("/").status_code == 303


def test_another_password_ends_the_sessions_of_the_old(server: Server, realm_engine: Engine) -> None:
    client = server.signed_in()
    change_password(realm_engine, email=SOMEBODY, password="an otter wearing seven hats")  # noqa: S106
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=["no origin", "another site", "a hidden one", "the browser says so"],
)
def test_a_form_of_another_site_changes_nothing(server: Server, headers: dict[str, str]) -> None:
    client = server.signed_in()
    data = {"form_token": form_token(client)}
    if "Sec-Fetch-Site" in headers:
        headers = headers | {"Origin": server.url}
    assert client.post("/logout", data=data, headers=headers).status_code == 403
    assert (
        client.post("/login", data={"email": SOMEBODY, "password": PASSWORD}, headers=headers).status_code == 403
    )
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "é" * 43])
def test_a_form_without_the_session_s_token_changes_nothing(server: Server, token: str) -> None:
    client = server.signed_in()
    answer = client.post("/logout", data={"form_token": token}, headers={"Origin": server.url})
    assert answer.status_code == 403


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/\r\nx"])
def test_after_signing_in_one_stays_here(server: Server, back: str) -> None:
    data = {"email": SOMEBODY, "password": PASSWORD, "back": back}
    answer = server.client().post("/login", data=data, headers={"Origin": server.url})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "password",
    [
        "too short",
        "azertyuiop12345",
        "passwordpassword",
        "aaaaaaaaaaaaaaaaaaaa",
        "anne@lattes.example.org",
        "motdepasse12345",
        "x" * 300,
    ],
)
def test_a_guessable_password_is_refused(password: str) -> None:
    with pytest.raises(UsageError):
        passwords.hashed(password, about=("anne@lattes.example.org", "Anne"))


def test_a_long_one_of_any_composition_will_do() -> None:
    stored = passwords.hashed("quatre moulins sous la neige")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches("quatre moulins sous la neige", stored)
    assert not passwords.matches("quatre moulins sous la pluie", stored)
    assert not passwords.matches("", None)


def test_people_are_added_once_and_to_known_organisations(realm_engine: Engine) -> None:
    def add(address: str, organisation: str) -> None:
        add_person(
            realm_engine, email=address, name="x", organisation=organisation, role=Role.READER, password=PASSWORD,
            now=NOW,
        )  # fmt: skip

    with pytest.raises(RefusedError, match=r"'nowhere' is not in the registry .known: juvignac, lattes"):
        add("new@example.org", "nowhere")
    with pytest.raises(RefusedError, match="may sign in already"):
        add(SOMEBODY.upper(), ME)
    with pytest.raises(UsageError, match="not an e-mail address"):
        add("somebody", ME)


def test_tokens_read_for_an_organisation_until_they_end(server: Server) -> None:
    admin = server.signed_in(role=Role.ADMIN)
    data = {"form_token": form_token(admin), "name": "QGIS", "days": "30"}
    page = admin.post("/account/tokens", data=data, headers={"Origin": server.url})
    token = re.search(r"lr_[\w-]{43}", page.text)
    assert token is not None
    assert token[0] not in admin.get("/account").text, "shown once"
    client = server.client(headers={"Authorization": f"Bearer {token[0]}"})
    listed = client.get("/api/v1/devices").json()
    assert listed["total"] == server.signed_in().get("/api/v1/devices").json()["total"] > 0
    data = {"form_token": "x", "action": "resolve", "key": "x"}
    assert client.post("/findings", data=data, headers={"Origin": server.url}).status_code == 403, "it only reads"
    server.clock.now = NOW + timedelta(days=31)
    assert client.get("/api/v1/devices").status_code == 401
    server.clock.now = NOW
    number = re.search(r"/account/tokens/(\d+)/revoke", admin.get("/account").text)
    assert number is not None
    stranger = server.signed_in(OTHER, Role.ADMIN)
    data = {"form_token": form_token(stranger)}
    assert stranger.post(number[0], data=data, headers={"Origin": server.url}).status_code == 404
    data = {"form_token": form_token(admin)}
    assert admin.post(number[0], data=data, headers={"Origin": server.url}).status_code == 303
    assert client.get("/api/v1/devices").status_code == 401


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_administrator_makes_tokens(server: Server, role: Role) -> None:
    client = server.signed_in(role=role)
    data = {"form_token": form_token(client), "name": "x", "days": "1"}
    assert client.post("/account/tokens", data=data, headers={"Origin": server.url}).status_code == 403


def test_one_organisation_alone_sees_everything(realm_engine: Engine) -> None:
    with serving(realm_engine, Settings(organisation=ME, language="en")) as server:
        total = server.signed_in().get("/api/v1/devices").json()["total"]
    assert total == len(realm.objects())
    with serving(realm_engine, Settings(language="en")) as server:
        assert server.signed_in(METROPOLIS, Role.ADMIN).get("/api/v1/devices").json()["total"] < total
