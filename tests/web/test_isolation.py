"""Nobody reads what is another's: every route, for everybody, with every device. A new route needs an entry."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from typing import Final

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import Engine, select

from lora_registry.domain.access import Aspect, Right, Role, Viewer
from lora_registry.store.audits import Finding
from lora_registry.store.engine import reading
from lora_registry.store.sync_reads import Difference
from lora_registry.web.app import ROUTERS
from lora_registry.web.queries import key_of
from lora_registry.web.tables import TABLES
from maps import instalments
from tests.web import realm
from tests.web.conftest import Server, form_token, serving
from tests.web.realm import ME, METROPOLIS, NOW, OTHER, PARTNER, STRANGER, expected, objects, ties_of, viewer

OPEN, SIGNED_IN, COLLECTION, EXPORT, REGISTER, SCORE, LOCAL = (
    "everybody",
    "signed in",
    "who runs the network",
    "who may export",
    "who may say which objects there are",
    "whose role sees scores",
    "local",
)
SENDS = "only with a form of ours"
OPERATOR = "an administrator of who runs the network"
ADOPTS, MOVES = "who attributes the fleet", "who says what becomes of a device"
ROUTES: Final[dict[str, str]] = {
    "GET /": SIGNED_IN,
    "GET /map": SIGNED_IN,
    "GET /map/files/{name}": SIGNED_IN,
    "GET /map/chosen": SIGNED_IN,
    "GET /covered": SIGNED_IN,
    "GET /coverage": COLLECTION,
    "GET /coverage/switch-off": COLLECTION,
    "GET /devices": SIGNED_IN,
    "GET /devices/{dev_eui}": SIGNED_IN,
    "GET /findings": SIGNED_IN,
    "GET /findings/{key}": SIGNED_IN,
    "GET /services": SIGNED_IN,
    "GET /review": SCORE,
    "GET /services/{service}": SIGNED_IN,
    "GET /gateways": SIGNED_IN,
    "GET /incidents": COLLECTION,
    "GET /outages": COLLECTION,
    "GET /dead-letters": COLLECTION,
    "GET /adopt": ADOPTS,
    "GET /adopt/differences": ADOPTS,
    "GET /adopt/rules": ADOPTS,
    "GET /adopt/rules/new": ADOPTS,
    "GET /adopt/rules/{number}": ADOPTS,
    "GET /adopt/rules.toml": ADOPTS,
    "GET /adopt/files": ADOPTS,
    "GET /adopt/preview": ADOPTS,
    "GET /changes": SIGNED_IN,
    "GET /changes/{number}": SIGNED_IN,
    "GET /devices/{dev_eui}/move/{what}": MOVES,
    "GET /account": SIGNED_IN,
    "GET /onboard": REGISTER,
    "GET /onboard/plans/{draft}": REGISTER,
    "GET /onboard/sets/{number}": REGISTER,
    "GET /onboard/sets/{number}/labels": REGISTER,
    "GET /onboard/sample.csv": REGISTER,
    "GET /onboard/sheet.csv": REGISTER,
    "GET /onboard/one": REGISTER,
    "GET /onboard/one/{draft}/{step}": REGISTER,
    "GET /onboard/label/{dev_eui}": SIGNED_IN,
    "GET /onboard/follow": SIGNED_IN,
    "GET /accounts": SIGNED_IN,
    "GET /accounts/{kind}/{label}": SIGNED_IN,
    "GET /accounts/{kind}/{label}/communes/{code}": SIGNED_IN,
    "GET /accounts/{kind}/{label}/files/{name}": SIGNED_IN,
    "GET /site-map": SIGNED_IN,
    "GET /export/{name}.{form}": EXPORT,
    "GET /login": OPEN,
    "GET /language/{language}": OPEN,
    "GET /oidc/start": OPEN,
    "GET /oidc/back": OPEN,
    "GET /accessibility": OPEN,
    "GET /static/{name}": OPEN,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /metrics": LOCAL,
    "GET /api/v1/devices": SIGNED_IN,
    "GET /api/v1/devices/{dev_eui}": SIGNED_IN,
    "GET /api/v1/findings": SIGNED_IN,
    "GET /api/v1/services": SIGNED_IN,
    "GET /api/v1/gateways": SIGNED_IN,
    "GET /api/v1/outages": COLLECTION,
    "GET /api/v1/dead-letters": COLLECTION,
    "GET /api/v1/files/{name}.{form}": EXPORT,
    "GET /api/v1/openapi.json": OPEN,
    "GET /leave/{token}": OPEN,
    "GET /open-data": OPEN,
    "GET /schedule": OPERATOR,
    "POST /schedule/{job}": SENDS,
    "GET /open-data/{name}": OPEN,
    "POST /leave/{token}": OPEN,
    "POST /login": OPEN,
    "POST /logout": SENDS,
    "POST /findings": SENDS,
    "POST /adopt/sync": SENDS,
    "POST /adopt/rules": SENDS,
    "POST /adopt/rules/{number}/move": SENDS,
    "POST /adopt/rules/{number}/drop": SENDS,
    "POST /adopt/files": SENDS,
    "POST /adopt/files/drop": SENDS,
    "POST /adopt/apply": SENDS,
    "POST /changes/{number}/undo": SENDS,
    "POST /devices/{dev_eui}/move/{what}": SENDS,
    "POST /account/tokens": SENDS,
    "POST /account/tokens/{number}/revoke": SENDS,
    "POST /onboard": SENDS,
    "POST /onboard/plans/{draft}": SENDS,
    "POST /onboard/plans/{draft}/apply": SENDS,
    "POST /onboard/sets/{number}/undo": SENDS,
    "POST /onboard/one": SENDS,
    "POST /onboard/one/{draft}/purpose": SENDS,
    "POST /onboard/one/{draft}/where": SENDS,
    "POST /onboard/one/{draft}/label": SENDS,
    "POST /onboard/one/plans/{draft}": SENDS,
    "POST /onboard/follow": SENDS,
    "POST /views": SENDS,
    "POST /views/{number}/delete": SENDS,
}
WHO: Final = [
    *((ME, role) for role in Role),
    *((organisation, Role.ADMIN) for organisation in (METROPOLIS, OTHER, STRANGER, PARTNER)),
]
FORMS = ("csv", "xlsx", "geojson")


def paths(route: str) -> list[str]:
    """Return addresses of a route, with every device, finding, list or form of the realm in it."""
    path = route.partition(" ")[2].replace("{what}", "suspend")
    if path == "/adopt/differences":
        return [f"{path}?kind={kind}" for kind in Difference]
    if "{dev_eui}" in path:
        return [path.replace("{dev_eui}", str(one.dev_eui)) for one in objects()]
    if "{key}" in path:
        since = NOW - 30 * realm.HOUR
        about = [("silent_device", "device", str(one.dev_eui)) for one in objects()]
        about += [
            ("silent_gateway", "gateway", "b000000000000001"),
            ("to_complete", "application", "chirpstack/1"),
        ]
        return [path.replace("{key}", key_of((*one, since))) for one in about]
    if "{service}" in path:
        return [path.replace("{service}", service) for service in ("air", "no-such")]
    if "{name}.{form}" in path:
        return [path.replace("{name}.{form}", f"{name}.{form}") for name in TABLES for form in FORMS]
    if path in ("/map", "/map/chosen"):
        return [path, f"{path}?state=silent&organisation={OTHER}", f"{path}?q=canary"]
    if path.startswith("/accounts/"):
        which = [("annual", "2026"), ("monthly", "2026-09"), ("annual", "2020"), ("weekly", "2026")]
        return [
            path.format(kind=kind, label=label, code=realm.HERE, name=f"{kind}-{label}.{form}")
            for kind, label in which
            for form in ("html", "csv")
        ]
    if path == "/devices":
        return [path, "/devices?state=silent&sort=-name", "/devices?q=canary", "/devices?limit=500"]
    return [re.sub(r"\{\w+\}", "1", path)]


def test_every_route_has_an_entry(server: Server) -> None:
    assert len(server.app.routes) == len(ROUTERS), "a route that no router of ours holds"
    routes = {
        f"{method} {route.path}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert routes == set(ROUTES)


def movable(who: Viewer) -> set[str]:
    """Return the devices of which somebody says what becomes: owners and operators, by a right of their role."""
    tied = {str(one.dev_eui) for one in objects() if {"owner", "operator"} & {t.value for t in ties_of(one, who)}}
    return tied & expected(who, Aspect.EXISTENCE) if who.may(Right.MOVE) else set()


def text_of(answer: httpx.Response) -> str:
    """Return what an answer says, a workbook's text too."""
    if answer.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return answer.content.decode()


def told(text: str, path: str = "") -> tuple[set[str], set[str]]:
    """Return the devices that a text betrays: to exist, and where they are.

    The identifier that `path` asks for may be said back, in the address that changes the language.
    """
    names = {str(one.dev_eui) for one in objects() if re.search(rf"{re.escape(one.name)}\b(?!-)", text)}
    euis = {str(one.dev_eui) for one in objects() if str(one.dev_eui) in text and str(one.dev_eui) not in path}
    placed = {
        str(one.dev_eui) for one in objects() if re.search(one.latitude.replace(".", "[.,]"), text) is not None
    }
    return names | euis, placed


@pytest.mark.parametrize(("organisation", "role"), WHO)
def test_no_page_export_or_answer_tells_what_is_not_to_be_seen(
    realm_engine: Engine, caplog: pytest.LogCaptureFixture, organisation: str, role: Role
) -> None:
    caplog.set_level(logging.DEBUG)
    who = viewer(organisation, role)
    may_exist, may_be_placed = expected(who, Aspect.EXISTENCE), expected(who, Aspect.POSITION)
    may_move = movable(who)
    seen_exist: set[str] = set()
    seen_placed: set[str] = set()
    with serving(realm_engine, fresh=False) as server:
        client = server.signed_in(organisation, role)
        for route, entry in ROUTES.items():
            if not route.startswith("GET"):
                continue
            for path in _with_map_files(client, route):
                answer = client.get(path, headers={"Accept-Encoding": "gzip"})
                _check_status(entry, who, path, answer)
                if "{dev_eui}" in route:
                    _check_device(client, path, answer, may_move if entry is MOVES else may_exist)
                exist, placed = told(text_of(answer), path)
                assert exist <= may_exist, (path, exist - may_exist)
                assert placed <= may_be_placed, (path, placed - may_be_placed)
                if "dead-letters" not in path:
                    assert "Canary-letter" not in text_of(answer)
                seen_exist |= exist
                seen_placed |= placed
    assert seen_exist == may_exist, "else this test would see nothing"
    assert seen_placed == (may_be_placed if role is not Role.FIELD else seen_placed)
    assert "Canary" not in caplog.text


def _with_map_files(client: httpx.Client, route: str) -> list[str]:
    if route != "GET /map/files/{name}":
        return paths(route)
    return re.findall(r"/map/files/[\w.]+", client.get("/map").text)


def _check_device(client: httpx.Client, path: str, answer: httpx.Response, may_exist: set[str]) -> None:
    """Another's device answers as one that is none would, to the letter."""
    prefix, eui, rest = re.split(r"([0-9a-f]{16})", path)
    assert answer.status_code == (200 if eui in may_exist else 404), path
    if eui not in may_exist and eui.endswith("0001"):
        nothing = client.get(f"{prefix}a0ffffffffffff01{rest}")
        assert (nothing.status_code, nothing.text) == (404, answer.text.replace(eui, "a0ffffffffffff01"))


def _check_status(entry: str, who: Viewer, path: str, answer: httpx.Response) -> None:
    allowed = {
        COLLECTION: who.sees_collection,
        EXPORT: who.may(Right.EXPORT),
        OPERATOR: who.runs_the_network and who.may(Right.PEOPLE),
        ADOPTS: who.adopts,
        SCORE: who.role is not Role.FIELD,
        REGISTER: who.may(Right.REGISTER),
    }.get(entry, True)
    if not allowed:
        assert answer.status_code in (403, 404), path
    assert answer.status_code < 500, (path, answer.text)


def test_who_is_not_signed_in_reads_nothing(server: Server) -> None:
    client = server.client()
    for route, entry in ROUTES.items():
        if not route.startswith("GET"):
            continue
        for path in paths(route):
            answer = client.get(path)
            assert told(text_of(answer), path) == (set(), set()), path
            if entry not in (OPEN, LOCAL):
                assert answer.status_code == (401 if path.startswith("/api/") else 303), path
                assert path.startswith("/api/") or answer.headers["location"].startswith("/login?back=")
    assert client.get("/map/files/map.0.json").status_code == 303


def test_what_comes_later_of_a_map_is_as_closed_as_the_map(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instalments, "AT_ONCE", 3)
    client = server.signed_in()
    files = re.findall(r"/map/files/\w+\.\w+\.json", client.get("/map").text)
    assert len(files) == 2
    texts = [text_of(client.get(path)) for path in files]
    _, placed = zip(*map(told, texts), strict=True)
    assert placed[0] | placed[1] == expected(viewer(), Aspect.POSITION)
    assert not placed[0] & placed[1]
    for path in files:
        assert server.signed_in(STRANGER, Role.ADMIN).get(path).status_code == 404
        assert server.client().get(path).status_code == 303


def test_nobody_else_s_browser_is_given_the_files_of_a_map(server: Server) -> None:
    mine = re.findall(r"/map/files/map\.\w+\.json", server.signed_in().get("/map").text)
    assert len(mine) == 1
    assert server.signed_in(STRANGER, Role.ADMIN).get(mine[0]).status_code == 404


@pytest.mark.parametrize(("organisation", "role"), WHO)
def test_a_word_is_taken_only_from_whom_it_counts(realm_engine: Engine, organisation: str, role: Role) -> None:
    who = viewer(organisation, role)
    since = NOW - 30 * realm.HOUR
    with serving(realm_engine, fresh=False) as server:
        client = server.signed_in(organisation, role)
        token = form_token(client, "/account")
        for one in objects():
            data = {"form_token": token, "key": key_of(("silent_device", "device", str(one.dev_eui), since))}
            answer = client.post(
                "/findings", data=data | {"action": "acknowledge"}, headers={"Origin": server.url}
            )
            tied = {tie.value for tie in ties_of(one, who)} - {"territory", "auditor"}
            counts = who.may(Right.SPEAK) and bool(tied) and str(one.dev_eui) in expected(who, Aspect.FINDINGS)
            assert answer.status_code == (303 if counts else 409), one
            with reading(realm_engine) as connection:
                status = connection.scalar(select(Finding.status).where(Finding.subject == str(one.dev_eui)))
            assert status == ("acknowledged" if counts else "open"), one


@pytest.mark.parametrize("route", [route for route, entry in ROUTES.items() if entry == SENDS])
def test_every_form_needs_our_own_token_and_origin(server: Server, route: str) -> None:
    client, path = server.signed_in(role=Role.ADMIN), paths(route)[0]
    token = form_token(client, "/account")
    ours, theirs = {"Origin": server.url}, {"Origin": "https://evil.example"}
    assert client.post(path, data={"form_token": token}, headers=theirs).status_code == 403
    assert client.post(path, data={"form_token": "0" * 43}, headers=ours).status_code == 403
    assert client.post(path, data={"form_token": token}).status_code == 403
    assert client.get("/").status_code == 200, "still signed in"
