"""The page as text: what it holds, what it forbids itself, what it never shows."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser

import pytest

from lora_registry.domain import mapdata
from lora_registry.domain.mapdata import GatewayState, MapCommune, MapData
from lora_registry.domain.radio_state import RadioState
from lora_registry.i18n import CatalogueError
from maps import assets
from maps.page import WRITTEN_ROWS, gateway_summary, legend, render, summary
from maps.wording import Wording

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&{{7*7}}"


class Elements(HTMLParser):
    """The page's elements, and its text by element id for tables and data."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.cells: dict[str, list[list[str]]] = {}
        self._table = ""
        self._in_cell = self._in_script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and where its text goes."""
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._table = dict(attrs)["id"] or ""
            self.cells[self._table] = []
        elif tag == "tr":
            self.cells[self._table].append([])
        elif tag in ("td", "th"):
            self._in_cell = True
            self.cells[self._table][-1].append("")
        elif tag == "script":
            self._in_script = True
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        """Stop collecting."""
        if tag in ("td", "th"):
            self._in_cell = False
        elif tag == "script":
            self._in_script = False

    def handle_data(self, data: str) -> None:
        """Collect text of cells and scripts."""
        if self._in_script:
            self.scripts[-1] += data
        elif self._in_cell:
            self.cells[self._table][-1][-1] += data

    def attribute(self, tag: str, name: str) -> list[str]:
        """Return the values of one attribute on one kind of element."""
        return [
            value
            for found, attrs in self.tags
            if found == tag
            for key, value in attrs.items()
            if key == name and value
        ]


def payload_of(page: Elements) -> dict[str, object]:
    kinds = [attrs.get("type") for tag, attrs in page.tags if tag == "script"]
    body = page.scripts[kinds.index(next(kind for kind in kinds if kind))]
    found = json.loads(body if "application/json" in kinds else zlib.decompress(base64.b64decode(body)))
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def french(city: MapData) -> str:
    return render(city, language="fr")


def test_every_commune_gateway_and_object_has_its_row(city: MapData, french: str) -> None:
    cells = Elements(french).cells
    assert [row[1] for row in cells["communes"][1:4]] == [commune.code for commune in city.communes]
    assert [row[1] for row in cells["gateways"][1:]] == [gateway.gateway_id for gateway in city.gateways]
    assert [row[1] for row in cells["devices"][1:]] == [device.dev_eui for device in city.devices]
    assert len(cells["cells"]) == len(cells["outages"]) == 2


def test_household_objects_are_counted_by_commune_and_state(french: str) -> None:
    cells = Elements(french).cells
    heading, *rows = cells["households"]
    assert heading[:5] == ["Commune", "Code", "Objets", "Silencieux", "En retard"]
    counted = {row[0]: row[2:5] for row in rows}
    assert counted["Aubenas-le-Lac"] == ["14", "2", "0"]
    assert counted["Brissac"] == ["5", "0", "5"]
    assert counted["Commune inconnue"] == ["4", "0", "0"]
    assert counted["Total"] == ["23", "2", "5"]


def test_every_number_adds_up_to_all_objects(city: MapData, french: str) -> None:
    *_, total = Elements(french).cells["communes"]
    assert total[2] == "44"
    assert sum(int(number) for number in total[3:]) == 44 == sum(city.state_counts().values())
    words = Wording.of("fr", city.timezone)
    states = [line for line in legend(city, words) if line.symbol in list(RadioState)]
    assert {line.symbol: line.count for line in states} == {
        state.value: str(city.state_counts()[state]) for state in RadioState
    }


def test_no_type_can_hold_the_place_of_a_household_object() -> None:
    holders = {
        name
        for name in dir(mapdata)
        if is_dataclass(getattr(mapdata, name))
        for field in fields(getattr(mapdata, name))
        if "Position" in str(field.type)
    }
    assert holders == {"MapGateway", "MapDevice"}
    household = {
        str(field.type) for kind in (MapCommune, MapData) for field in fields(kind) if "household" in field.name
    }
    assert household == {"StateCounts"}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_asks_nothing_of_anybody(city: MapData, language: str) -> None:
    page = Elements(render(city, language=language))
    addresses = [
        value
        for tag, attrs in page.tags
        for key, value in attrs.items()
        if key in ("src", "href", "action", "srcset", "data", "poster", "style") and value
    ]
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
    assert re.findall(r"url\((?!#|data:)[^)]*\)|@import", assets.leaflet_style() + assets.own_style()) == []
    (policy,) = [content for content in page.attribute("meta", "content") if "default-src" in content]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


def test_only_the_scripts_of_the_page_may_run(french: str) -> None:
    page = Elements(french)
    (policy,) = [content for content in page.attribute("meta", "content") if "default-src" in content]
    run = [
        script
        for script, (_, attrs) in zip(page.scripts, (tag for tag in page.tags if tag[0] == "script"), strict=True)
        if not attrs.get("type")
    ]
    sums = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in run]
    assert re.findall(r"'sha256-([^']+)'", policy) == sums
    assert "unsafe-inline" not in policy.split(";")[1]
    assert [key for _, attrs in page.tags for key in attrs if key.startswith("on")] == []


def test_a_hostile_name_is_shown_as_written(city: MapData) -> None:
    hostile = replace(
        city,
        territory=HOSTILE,
        communes=(replace(city.communes[0], name=HOSTILE), *city.communes[1:]),
        gateways=(replace(city.gateways[0], name=HOSTILE), *city.gateways[1:]),
        devices=(replace(city.devices[0], name=HOSTILE, service=HOSTILE, reason=HOSTILE), *city.devices[1:]),
        outages=(replace(city.outages[0], cause=HOSTILE),),
    )
    text = render(hostile, language="fr")
    page = Elements(text)
    assert "img" not in [tag for tag, _ in page.tags]
    assert len(page.scripts) == len(Elements(render(city, language="fr")).scripts)
    assert page.cells["communes"][1][0] == HOSTILE
    assert page.cells["gateways"][1][0] == HOSTILE
    assert page.cells["outages"][1][3] == HOSTILE
    assert [page.cells["devices"][1][column] for column in (0, 3, 4)] == [HOSTILE] * 3
    assert HOSTILE in json.dumps(payload_of(page), ensure_ascii=False)
    assert "<img" not in text


def test_the_same_data_give_the_same_page(city: MapData, french: str) -> None:
    assert render(city, language="fr") == french


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("fr", "Objets connectés de Communauté du Lac : carte du 02/03/2026 09:25"),
        ("en", "Connected objects of Communauté du Lac: map of 2 Mar 2026 09:25"),
    ],
)
def test_the_page_says_its_language_and_title(city: MapData, language: str, title: str) -> None:
    text = render(city, language=language)
    page = Elements(text)
    assert page.attribute("html", "lang") == [language]
    assert f"<title>{title}</title>" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert [content for content in page.attribute("meta", "content") if "width" in content] == [
        "width=device-width, initial-scale=1"
    ]


def test_an_unknown_language_is_refused_by_name(city: MapData) -> None:
    with pytest.raises(CatalogueError, match="'tlh': choose from en, fr"):
        render(city, language="tlh")


def test_the_page_of_an_empty_registry_can_be_made(city: MapData) -> None:
    empty = MapData("Nulle part", city.generated_at, judged_at=None)
    text = render(empty, language="fr")
    assert "0 objet dans 0 commune." in text
    assert "aucun audit n&#39;a eu lieu" in text
    assert len(text.encode()) < 300_000


def test_a_city_of_40000_objects_stays_under_two_megabytes(large_city: MapData) -> None:
    assert len(large_city.devices) > WRITTEN_ROWS
    text = render(large_city, language="fr")
    assert len(text.encode()) < 2_000_000
    page = Elements(text)
    assert len(page.cells["devices"]) == 1
    tables = payload_of(page)["tables"]
    assert isinstance(tables, dict)
    columns = {column["key"]: column for column in tables["devices"]["columns"]}
    assert columns["dev_eui"]["texts"] == [device.dev_eui for device in large_city.devices]
    service = columns["service"]
    assert [service["texts"][index] for index in service["index"]] == [
        device.service or "Inconnu" for device in large_city.devices
    ]


@pytest.mark.parametrize(
    ("language", "states", "sentence"),
    [
        ("fr", [], "0 objet dans 3 communes."),
        ("fr", ["silent"], "1 objet dans 3 communes : 1 silencieux."),
        ("fr", ["never_seen", "never_seen", "active"], "3 objets dans 3 communes : 2 jamais vus, 1 actif."),
        ("en", ["late"], "1 object in 3 communes: 1 late."),
        ("en", ["active", "silent", "active"], "3 objects in 3 communes: 1 silent, 2 active."),
    ],
)
def test_one_sentence_sums_up(city: MapData, language: str, states: list[str], sentence: str) -> None:
    devices = tuple(replace(city.devices[0], state=RadioState(state)) for state in states)
    communes = tuple(replace(commune, household={}) for commune in city.communes)
    data = replace(city, devices=devices, communes=communes, household_elsewhere={})
    found = summary(data, Wording.of(language, city.timezone))
    assert found.replace("\N{NO-BREAK SPACE}", " ") == sentence


@pytest.mark.parametrize(
    ("language", "states", "sentence"),
    [
        ("fr", [], "0 passerelle (antenne)."),
        ("fr", ["heard"], "1 passerelle (antenne)."),
        (
            "fr",
            ["silent", "silent", "unknown"],
            "3 passerelles (antennes), dont 2 non entendues, 1 dans un état inconnu.",
        ),
        ("en", ["heard", "silent"], "2 gateways (antennas), of which 1 not heard."),
    ],
)
def test_one_sentence_says_how_the_antennas_are(
    city: MapData, language: str, states: list[str], sentence: str
) -> None:
    gateways = tuple(replace(city.gateways[0], state=GatewayState(state)) for state in states)
    assert gateway_summary(replace(city, gateways=gateways), Wording.of(language, city.timezone)) == sentence
