"""The page in a real Chromium: what an agent sees, types and hears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from lora_registry.domain.mapdata import MapData
from lora_registry.domain.radio_state import RadioState
from maps.page import render

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = (1280, 800), (360, 740)
ACTIVE = "#1a7f37"
# Leaflet redraws in the next frame.
COLOURS = """async () => {
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
    const canvas = document.querySelector('canvas.leaflet-zoom-animated'), found = new Set();
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255)
        found.add('#' + [data[i], data[i + 1], data[i + 2]].map(v => v.toString(16).padStart(2, '0')).join(''));
    return [...found];
}"""
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>"


class Visit:
    """A page opened from a file, with everything it asked for or complained of."""

    def __init__(self, browser: Browser, path: Path, size: tuple[int, int]) -> None:
        self.page: Page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._refuse)
        self.address = path.as_uri()
        self.page.goto(self.address)
        self.page.wait_for_selector("html[data-ready]")

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def texts(self, selector: str) -> list[str]:
        """Return the text of every element found."""
        return [text.strip() for text in self.page.locator(selector).all_text_contents()]

    def colours(self) -> set[str]:
        """Return the opaque colours of the canvas, as `#rrggbb`, once what was asked is drawn."""
        return set(self.page.evaluate(COLOURS))

    def focus_name(self) -> str:
        """Return what has the keyboard: id, else class, else tag."""
        return str(self.page.evaluate("(e => e.id || e.className || e.tagName)(document.activeElement)"))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


def visit(
    browser: Browser, folder: Path, data: MapData, *, language: str = "fr", size: tuple[int, int] = WIDE
) -> Visit:
    path = folder / "page.html"
    path.write_text(render(data, language=language), encoding="utf-8")
    return Visit(browser, path, size)


@pytest.mark.parametrize("size", [WIDE, NARROW, (320, 640)])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_opens_in_silence_and_fits(
    browser: Browser, folder: Path, city: MapData, language: str, size: tuple[int, int]
) -> None:
    seen = visit(browser, folder, city, language=language, size=size)
    assert seen.complaints == []
    assert seen.asked == [seen.address]
    assert seen.page.evaluate("document.documentElement.scrollWidth") == size[0]
    assert seen.page.locator("#layers input:checked").count() == 10
    seen.page.close()


def test_every_row_is_in_the_tables_and_every_count_in_the_legend(
    browser: Browser, folder: Path, city: MapData
) -> None:
    seen = visit(browser, folder, city)
    assert seen.texts("#devices tbody td:nth-child(2)") == [device.dev_eui for device in city.devices]
    assert seen.texts("#gateways tbody td:nth-child(2)") == [gateway.gateway_id for gateway in city.gateways]
    assert seen.texts("#communes tbody td:nth-child(2)")[:3] == [commune.code for commune in city.communes]
    counts = city.state_counts()
    order = ("silent", "late", "never_seen", "learning", "active", "undetermined", "not_judged")
    assert seen.texts(".legend .count")[:7] == [str(counts[RadioState(state)]) for state in order]
    placed = [sum(d.state == state and d.position is not None for d in city.devices) for state in order]
    assert seen.texts("#layers .count") == ["3", *map(str, placed), "1", "2"]
    seen.page.close()


def test_shapes_are_painted_in_the_colours_of_their_states(browser: Browser, folder: Path, city: MapData) -> None:
    seen = visit(browser, folder, city)
    assert {ACTIVE, "#9a5b00", "#b3261e", "#4a6580", "#12355b"} <= seen.colours()
    seen.page.close()


def test_hiding_a_layer_takes_its_objects_off_the_map(browser: Browser, folder: Path, city: MapData) -> None:
    seen = visit(browser, folder, city)
    assert ACTIVE in seen.colours()
    seen.page.locator("#layers label", has_text="Actif").click()
    assert ACTIVE not in seen.colours()
    seen.page.locator("#layers label", has_text="Actif").click()
    assert ACTIVE in seen.colours()
    seen.page.close()


@pytest.mark.parametrize("kind", ["communes", "gateways", "devices"])
def test_a_hostile_name_is_read_as_it_is_written(browser: Browser, folder: Path, city: MapData, kind: str) -> None:
    hostile = replace(
        city,
        communes=(replace(city.communes[0], name=HOSTILE), *city.communes[1:]),
        gateways=(replace(city.gateways[0], name=HOSTILE), *city.gateways[1:]),
        devices=(replace(city.devices[1], name=HOSTILE, service=HOSTILE, reason=HOSTILE), *city.devices[2:]),
    )
    seen = visit(browser, folder, hostile)
    seen.page.locator(f"#{kind} tbody button").first.click()
    assert seen.texts(".leaflet-popup h4") == [HOSTILE]
    assert seen.page.locator(".leaflet-popup img, .leaflet-popup script").count() == 0
    assert seen.texts(f"#{kind} tbody tr:first-child th") == [HOSTILE]
    assert HOSTILE in seen.texts(".commune-name div div")
    assert seen.complaints == []
    assert seen.asked == [seen.address]
    seen.page.close()


def test_a_popup_says_what_the_row_says_and_gives_the_keyboard_back(
    browser: Browser, folder: Path, city: MapData
) -> None:
    seen = visit(browser, folder, city)
    row = seen.page.locator("#devices tbody tr", has_text="Sonde 04")
    expected = [text.strip() for text in row.locator("td").all_text_contents()]
    row.locator("button").focus()
    seen.page.keyboard.press("Enter")
    assert seen.texts(".leaflet-popup dd") == expected
    assert seen.focus_name() == "card"
    seen.page.keyboard.press("Escape")
    seen.page.locator(".leaflet-popup").wait_for(state="detached")
    assert seen.page.evaluate("document.activeElement.textContent") == "Sonde 04"
    seen.page.close()


def test_a_commune_shows_its_household_objects_as_counts(browser: Browser, folder: Path, city: MapData) -> None:
    seen = visit(browser, folder, city)
    assert "+ 14 à domicile" in seen.texts(".commune-name .household")
    seen.page.locator("#communes tbody button", has_text="Brissac").click()
    pairs = dict(zip(seen.texts(".leaflet-popup dt"), seen.texts(".leaflet-popup dd"), strict=True))
    assert pairs["Objets"] == "12 (dont 5 à domicile)"
    assert pairs["En retard"] == "6 (dont 5 à domicile)"
    seen.page.close()


def test_the_keyboard_reaches_the_tables_the_map_and_its_layers(
    browser: Browser, folder: Path, city: MapData
) -> None:
    seen = visit(browser, folder, city)
    walk = []
    for _ in range(18):
        seen.page.keyboard.press("Tab")
        walk.append(seen.focus_name())
    assert walk[0] == walk[1] == "skip"
    assert walk[2].startswith("map_")
    assert [name for name in walk if "leaflet-control-zoom" in name] == [
        "leaflet-control-zoom-in",
        "leaflet-control-zoom-out",
    ]
    assert walk.count("leaflet-control-layers-selector") == 10
    seen.page.goto(seen.address)
    seen.page.wait_for_selector("html[data-ready]")
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    assert seen.focus_name() == "tables"
    seen.page.close()


@pytest.mark.parametrize(
    ("heading", "first", "last"),
    [
        ("Objet", "Sonde 00", "Sonde 20"),
        ("Dernier message", "Jamais", "02/03/2026 08:25"),
        ("Temps habituel", "Inconnu", "5 h"),
        ("État", "Silencieux", "Non jugé"),
    ],
)
def test_a_heading_sorts_by_value_and_says_so(
    browser: Browser, folder: Path, city: MapData, *, heading: str, first: str, last: str
) -> None:
    seen = visit(browser, folder, city)
    head = seen.page.locator("#devices thead th", has_text=heading)
    column = 1 + int(head.evaluate("e => e.cellIndex"))
    for direction, expected in (("ascending", first), ("descending", last)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == direction
        assert seen.texts(f"#devices tbody tr:first-child > :nth-child({column})") == [expected]
    seen.page.close()


def test_numbers_of_a_written_table_sort_as_numbers(browser: Browser, folder: Path, city: MapData) -> None:
    seen = visit(browser, folder, city)
    seen.page.locator("#gateways thead th", has_text="Objets entendus").locator("button").click()
    assert seen.texts("#gateways tbody td:nth-child(5)") == ["0", "700", "1\N{NARROW NO-BREAK SPACE}400"]
    seen.page.close()


def test_choices_filter_the_table_and_say_how_many_remain(browser: Browser, folder: Path, city: MapData) -> None:
    seen = visit(browser, folder, city)
    assert seen.texts("#shown") == ["Objets affichés : 21 sur 21"]
    seen.page.select_option("#filter select[name=state]", "Silencieux")
    assert seen.texts("#devices tbody td:nth-child(3)") == ["Silencieux"] * 3
    assert seen.texts("#shown") == ["Objets affichés : 3 sur 21"]
    seen.page.fill("#filter input", "sonde 11")
    assert seen.texts("#devices tbody th") == ["Sonde 11"]
    seen.page.click("#filter button[type=reset]")
    expect(seen.page.locator("#devices tbody tr")).to_have_count(21)
    seen.page.close()


def test_a_large_city_opens_compressed_and_lists_its_objects_by_pages(
    browser: Browser, folder: Path, large_city: MapData
) -> None:
    seen = visit(browser, folder, replace(large_city, devices=large_city.devices[:6000]))
    rows = seen.page.locator("#devices tbody tr")
    assert rows.count() == 500
    seen.page.click("#more")
    assert rows.count() == 1000
    seen.page.fill("#filter input", large_city.devices[5999].dev_eui)
    assert seen.texts("#devices tbody th") == [large_city.devices[5999].name or ""]
    seen.page.locator("#devices tbody button").click()
    assert seen.texts(".leaflet-popup h4") == [large_city.devices[5999].name or ""]
    assert seen.complaints == []
    seen.page.close()


def test_without_javascript_the_tables_still_say_everything(browser: Browser, folder: Path, city: MapData) -> None:
    path = folder / "plain.html"
    path.write_text(render(city, language="fr"), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("#devices tbody tr").count() == len(city.devices)
    assert page.locator("noscript p").first.is_visible()
    assert not page.locator("#filter").is_visible()
    context.close()


def test_an_empty_registry_opens_in_silence(browser: Browser, folder: Path, city: MapData) -> None:
    seen = visit(browser, folder, MapData("Nulle part", city.generated_at, judged_at=None))
    assert seen.complaints == []
    assert seen.page.locator("#devices tbody tr").count() == 0
    seen.page.close()
