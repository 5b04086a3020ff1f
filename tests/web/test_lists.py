"""Lists, their files and the API: the same rows, in every form, for little."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import openpyxl
import pytest
from sqlalchemy import Engine, update

from lora_registry.cli.inventory import DEVICE_COLUMNS
from lora_registry.domain.access import Aspect, Role
from lora_registry.domain.device_columns import FACETS, TIES, DeviceColumns, Filter, Sort, Words
from lora_registry.domain.plain import harmless
from lora_registry.store.engine import writing
from lora_registry.store.registry import DeviceRecord
from lora_registry.web import files, tables
from lora_registry.web.queries import key_of
from lora_registry.web.rate import Limits
from tests.web import realm
from tests.web.conftest import Server, form_token, serving
from tests.web.realm import HOUR, ME, METROPOLIS, NOW, expected, objects, viewer

EXISTING = expected(viewer(), Aspect.EXISTENCE)


def test_every_form_of_the_list_holds_the_same_devices(server_on_each: Server) -> None:
    client = server_on_each.signed_in()
    items = client.get("/api/v1/devices?limit=500").json()["items"]
    page = client.get("/devices").text
    machine = list(csv.DictReader(io.StringIO(client.get("/api/v1/files/devices.csv").text)))
    human = client.get("/export/devices.csv")
    people = list(csv.DictReader(io.StringIO(human.content.decode("utf-8-sig")), delimiter=";"))
    sheet = openpyxl.load_workbook(io.BytesIO(client.get("/export/devices.xlsx").content)).active
    assert sheet is not None
    lines = list(sheet.iter_rows(values_only=True))
    order = [item["dev_eui"] for item in items]
    assert set(order) == EXISTING
    assert re.findall(r'<a href="/devices/(\w{16})"', page) == order
    assert [row["dev_eui"] for row in machine] == [row["dev_eui"] for row in people] == order
    assert [line[0] for line in lines[1:]] == order
    assert list(machine[0]) == list(people[0]) == list(lines[0]) == list(items[0])
    places = json.loads(client.get("/export/devices.geojson").text)["features"]
    assert {one["properties"]["dev_eui"] for one in places} == expected(viewer(), Aspect.POSITION)
    assert places[0]["geometry"]["coordinates"][0] == 3.9, "longitude first"


def test_the_api_has_the_columns_of_the_command_line() -> None:
    assert tables.DEVICES == DEVICE_COLUMNS


def test_a_french_spreadsheet_reads_numbers_and_a_program_does(server: Server) -> None:
    client = server.signed_in()
    human = client.get("/export/devices.csv").content
    assert human.startswith("\ufeffdev_eui;name;".encode())
    assert b";0,91;0,88;" in human
    machine = client.get("/api/v1/files/devices.csv").content
    assert machine.startswith(b"dev_eui,name,")
    assert b",0.91,0.88," in machine
    assert machine.count(b"\r\n") == len(EXISTING) + 1
    assert "2026-10-04T01:30:00.000Z" in machine.decode()
    assert "2026-10-04 03:30:00" in human.decode(), "in Paris"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\0"])
def test_what_a_spreadsheet_would_run_is_quoted_in_every_file(start: str) -> None:
    name = f"{start}cmd|' /C calc'!A1"
    row = {"name": name, "longitude": -1.5}
    for lines in (
        files.csv_for_programs([row], ("name", "longitude")),
        files.csv_for_people([row], ("name", "longitude"), ZoneInfo("Europe/Paris")),
    ):
        text = "".join(lines).lstrip("\ufeff")
        (read,) = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in text else ",")
        assert read["name"] == "'" + name
        assert read["longitude"].replace(",", ".") == "-1.5", "a number stays one"
    sheet = openpyxl.load_workbook(io.BytesIO(files.xlsx([row], ("name", "longitude"), "x"))).active
    assert sheet is not None
    assert sheet["A2"].data_type == "s"
    assert str(sheet["A2"].value).startswith("'")
    assert sheet["B2"].value == -1.5
    assert harmless(-1.5) == -1.5


def test_pages_of_a_list_follow_each_other_without_gap_or_repetition(server: Server) -> None:
    client = server.signed_in()
    for sort in [sign + sort for sort in Sort for sign in ("", "-")]:
        seen, path = [], f"/api/v1/devices?limit=4&sort={sort}"
        while path:
            answer = client.get(path).json()
            seen += [item["dev_eui"] for item in answer["items"]]
            path = answer["next"]
        assert len(seen) == len(set(seen)) == len(EXISTING) == answer["total"], sort
        assert seen == [
            item["dev_eui"] for item in client.get(f"/api/v1/devices?limit=500&sort={sort}").json()["items"]
        ]


def test_pages_of_findings_follow_each_other(server_on_each: Server) -> None:
    client = server_on_each.signed_in(METROPOLIS, Role.ADMIN)
    seen, path = [], "/api/v1/findings?limit=1"
    while path:
        answer = client.get(path).json()
        seen += [item["subject"] for item in answer["items"]]
        path = answer["next"]
    assert seen == [item["subject"] for item in client.get("/api/v1/findings").json()["items"]]
    assert len(seen) == len(set(seen)) > 1
    assert seen[0] == "b000000000000001", "the worst first"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", len(EXISTING)),
        ("service=air", len(EXISTING)),
        ("service=water", 0),
        ("state=silent", len(EXISTING)),
        ("state=silent&state=late", len(EXISTING)),
        ("state=late", 0),
        ("q=OWNER-PUBLIC", 1),
        ("q=a00000000000", 5),
        ("tag=street%3DTag+Canary-owner-public", 1),
        ("tag=street%3Dnowhere", 0),
        ("model=Model+Canary-owner-internal", 1),
        ("organisation=lattes", 5),
        ("commune=34129", len(expected(viewer(), Aspect.EXISTENCE)) - 10),
        ("lifecycle=-", len(EXISTING)),
        ("lifecycle=removed", 0),
    ],
)
def test_filters_stand_in_the_address(server: Server, query: str, count: int) -> None:
    client = server.signed_in()
    assert client.get(f"/api/v1/devices?{query}").json()["total"] == count
    assert f'role="status">{count} object' in client.get(f"/devices?{query}").text


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/api/v1/devices?sort=size", "sort is 'size'"),
        ("/api/v1/devices?limit=0", "limit is '0'"),
        ("/api/v1/devices?limit=1e9", "limit is '1e9'"),
        ("/api/v1/devices?after=x", "is not 16 hexadecimal digits"),
        ("/api/v1/devices?q=%00", "a character that no name has"),
        ("/api/v1/findings?severity=bad", "severity is 'bad'"),
        ("/api/v1/findings?status=bad", "status is 'bad'"),
        ("/api/v1/findings?after=bad", "names no place"),
        ("/api/v1/findings?kind=a%00b", "a character that no name has"),
    ],
)
def test_a_value_that_cannot_be_is_named(server: Server, path: str, what: str) -> None:
    answer = server.signed_in().get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert what in answer.json()["detail"]


OF_COLLECTION = ("/outages", "/dead-letters")
STATEMENTS = {
    "/": 4,
    "/devices": 3,
    "/devices?state=silent&sort=-name": 3,
    f"/devices/{objects()[0].dev_eui}": 22,  # 12 of the radio, 3 of its use, 7 of the journal and its names
    "/findings": 4,
    "/findings?status=all": 6,
    "/findings/" + key_of(("silent_device", "device", str(objects()[0].dev_eui), NOW - 30 * HOUR)): 10,
    "/services": 4,
    "/review": 8,
    "/map?state=silent": 6,
    "/outages": 2,
    "/dead-letters": 2,
    "/account": 2,
    "/api/v1/findings": 8,
    "/api/v1/services": 4,
}
"""Statements of a page once the fleet's columns are read; a row more would be one for each row of a table."""


def test_a_page_costs_few_statements_however_long_its_list(realm_engine: Engine) -> None:
    with serving(realm_engine, fresh=False) as server:
        client = server.signed_in(METROPOLIS, Role.ADMIN)
        mine = server.signed_in(ME, Role.ADMIN)
        client.get("/gateways")
        counted = {}
        for path in STATEMENTS:
            whose = client if path in OF_COLLECTION else mine
            whose.get(path)
            with server.counted() as statements:
                assert whose.get(path).status_code == 200
            counted[path] = len(statements)
    assert {path: n for path, n in counted.items() if n > STATEMENTS[path]} == {}, counted


def test_a_page_that_the_browser_has_is_not_sent_again(server: Server) -> None:
    client = server.signed_in()
    first = client.get("/devices")
    again = client.get("/devices", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["cache-control"] == "private, no-cache"
    other = client.get("/devices?q=x", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_a_page_is_light_and_asks_little(server: Server) -> None:
    """Compressed bytes: list <= 100 kB and <= 10 requests, map <= 300 kB before its data."""
    client = server.signed_in()

    def weight(path: str) -> tuple[int, int]:
        with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            body = b"".join(answer.iter_raw())
            text = httpx.Response(200, headers=answer.headers, content=body).text
        parts = re.findall(r'(?:src|href)="(/(?:static|map/files)/[^"]+)"', text)
        total = len(body)
        for part in parts:
            with client.stream("GET", part, headers={"Accept-Encoding": "gzip"}) as answer:
                total += len(b"".join(answer.iter_raw()))
                assert "immutable" in answer.headers["cache-control"]
        return total, len(parts) + 1

    listed, of_map = weight("/devices"), weight("/map")
    assert listed[0] <= 100_000
    assert listed[1] <= 10
    assert of_map[0] <= 300_000
    assert of_map[1] <= 20


def test_every_answer_carries_the_policy(server: Server) -> None:
    client = server.signed_in()
    for path in ("/", "/map", "/nothing", "/api/v1/devices", "/static/none.js", "/login"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    text = client.get("/map").text
    assert "<script>" not in text
    assert "<style" not in text
    assert not re.search(r"\son\w+=|\sstyle=", text)


def test_foreign_host_names_and_long_bodies_are_refused(server: Server) -> None:
    client = server.client()
    assert client.get("/login", headers={"Host": "evil.example"}).status_code == 421
    assert client.post("/login", content=b"x" * 300_000, headers={"Origin": server.url}).status_code == 413


def test_costly_things_have_a_rate(realm_engine: Engine) -> None:
    with serving(realm_engine, limits=Limits(export=2, api=3)) as server:
        client = server.signed_in()
        answers = [client.get("/export/services.csv") for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert int(answers[2].headers["retry-after"]) > 0
        assert [client.get("/api/v1/services").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert server.signed_in(METROPOLIS, Role.ADMIN).get("/api/v1/services").status_code == 200


def test_a_view_is_saved_shared_and_forgotten(server: Server) -> None:
    client = server.signed_in()
    data = {"form_token": form_token(client, "/account"), "name": "Silent ones", "query": "state=silent&sort=name"}
    headers = {"Origin": server.url}
    assert client.post("/views", data=data | {"shared": "yes"}, headers=headers).headers["location"] == (
        "/devices?state=silent&sort=name"
    )
    colleague = server.signed_in(role=Role.CONTRIBUTOR)
    assert "Silent ones" in colleague.get("/devices").text
    assert "Silent ones" not in server.signed_in(METROPOLIS, Role.ADMIN).get("/devices").text
    number = re.search(r"/views/(\d+)/delete", client.get("/devices").text)
    assert number is not None
    theirs = {"form_token": form_token(colleague, "/account")}
    assert colleague.post(number[0], data=theirs, headers=headers).status_code == 404
    assert client.post(number[0], data=data, headers=headers).status_code == 303
    assert "Silent ones" not in colleague.get("/devices").text


def test_lists_follow_owners_words_at_once(realm_engine: Engine) -> None:
    """Columns may be a minute old: what they choose is read anew, and what may no longer be seen is not shown."""
    owned = objects()[0]
    with serving(realm_engine, fresh=False) as kept:
        client = kept.signed_in()
        for path in ("/devices", "/findings", "/"):
            assert owned.name in client.get(path).text, path
        with writing(realm_engine) as connection:
            mine = DeviceRecord.dev_eui == owned.dev_eui
            connection.execute(
                update(DeviceRecord).where(mine).values(owner_id=realm.STRANGER, operator_id="regie")
            )
        lists = ("/devices", "/api/v1/devices", "/export/devices.csv", "/findings", "/api/v1/findings", "/")
        for path in (*lists, f"/devices/{owned.dev_eui}"):
            # The choices of the filter's form follow within a minute.
            told = re.sub(r"(?s)<select.*?</select>", "", client.get(path).text)
            assert owned.name not in told, path


def test_lists_and_counts_follow_what_people_say_of_findings_at_once(realm_engine: Engine) -> None:
    said = key_of(("silent_device", "device", str(objects()[0].dev_eui), NOW - 30 * HOUR))
    with serving(realm_engine, fresh=False) as kept:
        client = kept.signed_in(role=Role.ADMIN)
        before = _findings_by_status(client)
        data = {"form_token": form_token(client, "/account"), "key": said}
        word = data | {"action": "snooze", "until": "2026-10-20"}
        assert client.post("/findings", data=word, headers={"Origin": kept.url}).status_code == 303
        after = _findings_by_status(client)
        assert after - before == Counter(snoozed=1)
        assert before - after == Counter(open=1)
        assert said not in client.get("/findings").text
        assert said in client.get("/findings?status=snoozed").text


def _findings_by_status(client: httpx.Client) -> Counter[str]:
    text = client.get("/findings").text
    return Counter({word: int(n) for word, n in re.findall(r'<option value="(\w+)"[^>]*>[^<(]*\((\d+)\)', text)})


def test_columns_and_filter_of_an_empty_fleet() -> None:
    nothing = Words.of([])
    empty = DeviceColumns(
        np.zeros(0, np.int64), np.zeros(0, np.int64), [], dict.fromkeys(FACETS, nothing),
        dict.fromkeys(TIES, nothing), {},
    )  # fmt: skip
    for sort in Sort:
        assert empty.page(viewer(), Filter(text="x"), sort=sort, falling=True, after=None, size=5).total == 0
