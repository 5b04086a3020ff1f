"""Coverage on the page: what is written without a script, and what a real Chromium draws of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from lora_registry.coverage.grid import SIZE_M, Cell, cells_of, centres_of, degrees_of_corners, ring_of
from lora_registry.domain.mapcoverage import (
    Lattice,
    MapCandidate,
    MapCommuneCoverage,
    MapCoverage,
    MapGap,
    MapReach,
    MapSquare,
    MapTruth,
)
from lora_registry.domain.mapdata import MapData
from maps import coverage
from maps.page import render
from maps.wording import Wording
from tests.maps.conftest import NOW
from tests.maps.test_browser import ARGUMENTS, HOSTILE, NARROW, WIDE, Visit

SIDE = 30
FIRST = cells_of(np.array([43.02]), np.array([3.02]))[0]


def square(column: int, row: int) -> MapSquare:
    """Covered in the west, a gap in the middle, unknown in the east."""
    state = ("covered", "gap", "unknown")[column * 3 // SIDE]
    basis = "withheld" if (column, row) == (SIDE - 1, 0) else "measured" if row == 3 else "predicted"
    heard_by = (0, 1) if column < 5 else (0,) if state == "covered" else ()
    return MapSquare(column, row, state, basis, int(row == 3), date(2026, 3, 1) if row == 3 else None, 1.2,
                     column in (5, 6), heard_by)  # fmt: skip


@pytest.fixture(scope="module")
def covered_city(city: MapData) -> MapData:
    cells = [
        Cell(FIRST.northing_m + r * SIZE_M, FIRST.easting_m + c * SIZE_M) for r in range(SIDE) for c in range(SIDE)
    ]
    longitude, latitude = degrees_of_corners(cells)
    shown = MapCoverage(
        built_at=NOW,
        target=0.95,
        lattice=Lattice(longitude, latitude),  # type: ignore[arg-type]
        squares=tuple(square(c, r) for r in range(SIDE) for c in range(SIDE)),
        reaches=(MapReach("a0", "Antenne 0", third_party=False, squares=300, alone=150),
                 MapReach("a1", None, third_party=True, squares=150, alone=0)),
        gaps=(MapGap(("Brissac",), 300, None, 2, 1, 0, 43.02, 3.04), MapGap((), 3, 12.0, 0, 0, 1, 43.04, 3.05)),
        candidates=(MapCandidate(HOSTILE, 43.03, 3.05, 120.4, 30.0, 200.0, measure_first=True),
                    MapCandidate("École", 43.05, 3.05, 20.0, 15.0, 25.0, measure_first=False)),
        communes=(MapCommuneCoverage("99001", 300, 100, 0), MapCommuneCoverage(None, 0, 200, 300)),
        truth=MapTruth(0.93, 0.88, 0.3),
    )  # fmt: skip
    return replace(city, cells=(), coverage=shown)


def test_the_lattice_gives_the_corners_to_a_metre() -> None:
    cells = [Cell(2_298_000 + r * 5_000, 3_800_000 + c * 5_000) for r in range(9) for c in range(9)]
    longitude, latitude = degrees_of_corners(cells)
    worst = 0.0
    for cell in cells:
        c, r = (cell.easting_m - cells[0].easting_m) / SIZE_M, (cell.northing_m - cells[0].northing_m) / SIZE_M
        terms = np.array([1.0, c, r, c * c, c * r, r * r])
        lon, lat = ring_of(cell)[0]
        worst = max(worst, abs(terms @ longitude - lon) * 81_000, abs(terms @ latitude - lat) * 111_000)
    assert worst < 1.0
    with pytest.raises(ValueError, match="no cell"):
        degrees_of_corners([])


def test_what_to_do_next_is_told_without_a_script(covered_city: MapData) -> None:
    page = render(covered_city, language="fr")
    assert "où aller ensuite" in page
    assert "33 % couverts, 33 % non couverts, 33 % inconnus".replace(" %", "\N{NARROW NO-BREAK SPACE}%") in page
    assert "Brissac : 300 carrés ; 2 objets silencieux, 1 objet qui perd des messages." in page
    assert "trop incertain pour acheter" in page
    assert "93\N{NARROW NO-BREAK SPACE}% des carrés dits couverts" in page
    assert HOSTILE not in page
    english = render(covered_city, language="en")
    assert "A gateway at École would cover some 20 more squares (between 15 and 25)." in english
    for table in ("coverage", "reaches", "gaps", "candidates"):
        assert f'<table id="{table}">' in page


def test_a_city_without_holes_or_sites_says_how_much_is_covered(covered_city: MapData) -> None:
    assert covered_city.coverage is not None
    bare = replace(covered_city.coverage, gaps=(), candidates=(), truth=None)
    page = render(replace(covered_city, coverage=bare), language="fr")
    assert "carrés de 200 m" in page
    assert '<table id="gaps">' not in page


def test_squares_travel_as_columns(covered_city: MapData) -> None:
    assert covered_city.coverage is not None
    told = coverage.payload(covered_city.coverage, Wording.of("fr", "Europe/Paris"))
    assert sum(told["steps"]) == SIDE * SIDE - 1
    assert len(told["state"]) == len(told["basis"]) == len(told["set"]) == SIDE * SIDE
    assert told["state"][:SIDE] == "c" * 10 + "g" * 10 + "u" * 10
    assert told["basis"][SIDE - 1] == "w"
    assert told["sets"] == [[], [0], [0, 1]]
    assert told["hanging"].count("1") == 2 * SIDE


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield running
        running.close()


def shown(browser: Browser, folder: Path, data: MapData, size: tuple[int, int]) -> Visit:
    path = folder / "page.html"
    path.write_text(render(data, language="fr"), encoding="utf-8")
    return Visit(browser, path, size)


_SHARES = """async () => {
    for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
    const canvas = document.querySelector('canvas.leaflet-zoom-animated');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let blue = 0, red = 0, violet = 0;
    for (let i = 0; i < data.length; i += 4) {
        const [r, g, b, a] = data.slice(i, i + 4);
        if (a < 200) continue;
        if (b > r + 25 && g > r) blue++;
        if (r > g + 25 && r > b + 25) red++;
        if (b > g + 25 && r > g + 15) violet++;
    }
    return {blue, red, violet};
}"""


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_squares_are_painted_asked_and_hidden(
    browser: Browser, tmp_path: Path, covered_city: MapData, size: tuple[int, int]
) -> None:
    visit = shown(browser, tmp_path, covered_city, size)
    page = visit.page
    assert visit.complaints == []
    both = page.evaluate(_SHARES)
    assert both["blue"] > 60
    assert both["red"] > 60
    page.get_by_label(re.compile(r"^\s*Couvert 300")).uncheck()
    assert page.evaluate(_SHARES)["blue"] < both["blue"] / 4
    page.get_by_label("Montrer ce qu'entend une passerelle").select_option("Antenne 0")
    assert page.evaluate(_SHARES)["violet"] > 60
    assert visit.asked == [visit.address]
    page.close()


def test_a_square_tells_what_it_rests_on(browser: Browser, tmp_path: Path, covered_city: MapData) -> None:
    visit = shown(browser, tmp_path, covered_city, WIDE)
    page = visit.page
    (latitude,), (longitude,) = centres_of([Cell(FIRST.northing_m + 3 * SIZE_M, FIRST.easting_m + 5 * SIZE_M)])
    # Leaflet's own map object is folium's global; its name stands in the page.
    point = page.evaluate(
        """([lat, lng]) => {
            const name = Object.keys(window).find(k => /^map_/.test(k) && window[k].latLngToContainerPoint);
            window[name].setView([lat, lng], 15, {animate: false});
            const at = window[name].latLngToContainerPoint([lat, lng]);
            const box = window[name].getContainer().getBoundingClientRect();
            return [box.left + at.x, box.top + at.y];
        }""",
        [float(latitude), float(longitude)],
    )
    page.mouse.click(*point)
    card = page.locator(".leaflet-popup .card")
    expect(card).to_contain_text("Couvert")
    expect(card).to_contain_text("des objets y ont été entendus")
    expect(card).to_contain_text("01/03/2026")
    expect(card).to_contain_text("Antenne 0")
    expect(card).to_contain_text("N'est plus couvert")
    page.close()


def test_holes_and_sites_are_reached_by_keyboard(browser: Browser, tmp_path: Path, covered_city: MapData) -> None:
    visit = shown(browser, tmp_path, covered_city, WIDE)
    page = visit.page
    page.locator("#gaps tbody button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-popup .card")).to_contain_text("Brissac")
    page.keyboard.press("Escape")
    assert visit.focus_name() == "go"
    page.locator("#candidates tbody button").first.press("Enter")
    expect(page.locator(".leaflet-popup .card h4").last).to_have_text(HOSTILE)
    assert visit.complaints == []
    page.close()
