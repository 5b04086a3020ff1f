"""Coverage from the store and back: evidence, states, answers, plans; and what cannot be believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert, select

from lora_registry.coverage.candidates_file import Candidate
from lora_registry.coverage.cells import CellState
from lora_registry.domain.errors import LoraRegistryError, RefusedError
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.pipeline import coverage_tiles
from lora_registry.pipeline.build_coverage import BuiltCoverage, build_coverage
from lora_registry.pipeline.coverage_answers import Answer, covered_at
from lora_registry.pipeline.coverage_gaps import holes
from lora_registry.pipeline.coverage_siting import Worth, next_gateways, territory_box
from lora_registry.pipeline.coverage_switch_off import switch_off
from lora_registry.pipeline.gather_coverage import gather
from lora_registry.store import coverage_reads, coverage_writes, migrations
from lora_registry.store.coverage import CoverageCell
from lora_registry.store.engine import make_engine, reading, writing
from lora_registry.store.registry import DeviceRecord, GatewayRecord, Position, Service, Territory
from tests.audited import HOUR, START, store, uplinks

WEST, EAST = "a840410000000001", "a840410000000002"
WEST_AT, EAST_AT = (43.505, 3.81), (43.505, 3.84)
DAYS = 5
NOW = START + timedelta(days=DAYS)
SQUARE = [[3.8, 43.49], [3.85, 43.49], [3.85, 43.52], [3.8, 43.52], [3.8, 43.49]]


def eui(number: int) -> str:
    return f"70b3d57ed00000{number:02x}"


def heard(gateway_id: str, rssi: int = -90, at: tuple[float, float] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"gatewayId": gateway_id, "rssi": rssi, "snr": 5.0}
    return told if at is None else told | {"location": {"latitude": at[0], "longitude": at[1], "altitude": 20.0}}


def declare(engine: Engine, table: Any, *rows: dict[str, Any]) -> None:
    with writing(engine) as connection:
        connection.execute(insert(table), list(rows))


def place(
    engine: Engine, number: int, latitude: float, longitude: float, service: str = "lamps", **more: Any
) -> None:
    name = DevEui(eui(number))
    record = {
        "dev_eui": name, "network_id": "chirpstack", "service_id": service, "lifecycle": "in_service",
        "recorded_at": START - timedelta(days=30),
    }  # fmt: skip
    declare(engine, DeviceRecord, record)
    spot = {"dev_eui": name, "since": START - timedelta(days=30), "source": "surveyed"}
    declare(engine, Position, spot | {"latitude": latitude, "longitude": longitude} | more)


def described_territory(engine: Engine) -> Engine:
    """Describe one commune, two gateways of ours, a public and a household service."""
    boundary = {"type": "Polygon", "coordinates": [SQUARE]}
    declare(engine, Territory, {"code": "34000", "name": "Ici", "boundary": boundary, "schematic": False})
    for service, privacy in (("lamps", "public"), ("water", "household")):
        declare(
            engine, Service, {"id": service, "name": service, "privacy": privacy, "consumers": [], "tolerance": {}}
        )
    declare(
        engine,
        GatewayRecord,
        {"gateway_id": GatewayId(WEST), "name": "Ouest", "latitude": WEST_AT[0], "longitude": WEST_AT[1]},
        {"gateway_id": GatewayId(EAST), "name": "Est", "latitude": EAST_AT[0], "longitude": EAST_AT[1]},
    )
    return engine


def heard_city(territory: Engine) -> Engine:
    """Have ten public devices in the west heard, by one gateway or both; two in the far east hardly."""
    messages = []
    for number in range(10):
        place(territory, number, 43.496 + 0.002 * number, 3.805 + 0.0015 * number)
        by = [heard(WEST), heard(EAST, -112)] if number % 2 else [heard(WEST)]
        messages += uplinks(eui(number), range(24 * DAYS), rxInfo=by)
    for number in (10, 11):
        place(territory, number, 43.493 + 0.001 * number, 3.8481)
        messages += uplinks(eui(number), range(0, 24 * DAYS, 6), rxInfo=[heard(EAST, -118)])
    store(territory, messages, watched_hours=24 * DAYS)
    return territory


@pytest.fixture
def file_engine(tmp_path: Path) -> Iterator[Engine]:
    """Return an engine on SQLite: what differs on PostgreSQL has a test of its own."""
    engine = make_engine(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def territory(file_engine: Engine) -> Engine:
    return described_territory(file_engine)


@pytest.fixture
def city(territory: Engine) -> Engine:
    return heard_city(territory)


def build(engine: Engine, now: datetime = NOW, **options: Any) -> BuiltCoverage:
    return build_coverage(engine, now=now, clock=lambda: now, processes=1, **options)


def cells(engine: Engine) -> dict[tuple[int, int], dict[str, Any]]:
    with reading(engine) as connection:
        run = coverage_reads.last_run(connection)
        assert run is not None
        rows = coverage_reads.cells(connection, run["id"])
    return {(row["northing_m"], row["easting_m"]): row for row in rows}


def ask(engine: Engine, *points: tuple[float, float]) -> list[Answer]:
    with reading(engine) as connection:
        return covered_at(connection, list(points))


def test_evidence_cells_answers_and_plans_on_each_database(engine: Engine) -> None:
    heard_city(described_territory(engine))
    place(engine, 30, 43.5181, 3.8451)
    built = build(engine)
    assert built.devices == 13
    west, east = ask(engine, (43.502, 3.8095), (43.503, 3.8481))
    assert (west.state, east.state) == (CellState.COVERED, CellState.GAP)
    with reading(engine) as connection:
        assert holes(connection).accounts[0].polygon == "34000"
        assert switch_off(connection, now=NOW).replayed.devices == 12
        far = Candidate("au loin", 43.512, 3.847, 0.0)
        assert next_gateways(connection, [far], 1).ranked[0].candidate == far
    assert build(engine).states == built.states


def test_where_devices_are_heard_it_is_covered_where_they_are_not_it_is_not(city: Engine) -> None:
    built = build(city)
    assert built.states.total() == len(cells(city))
    west, east, nowhere = ask(city, (43.502, 3.8095), (43.503, 3.8481), (43.7, 3.9))
    assert (west.state, west.basis, west.devices) == (CellState.COVERED, "measured", 1)
    assert (east.state, east.basis) == (CellState.GAP, "measured")
    assert (west.commune, west.last_on) == ("34000", (NOW - HOUR).date())
    assert west.heard_by[0].name == "Ouest"
    assert west.heard_by[0].probability > 0.5
    assert nowhere.state is CellState.UNKNOWN
    assert nowhere.basis == "outside"
    assert "objets" in west.explanation["fr"]


def test_building_twice_gives_the_same_cells_whatever_the_tiles_were_built_on(city: Engine) -> None:
    build(city)
    first = cells(city)
    build(city)
    second = cells(city)
    assert [row | {"run_id": 0} for row in first.values()] == [row | {"run_id": 0} for row in second.values()]


def test_the_build_before_is_shown_until_the_next_is_complete(city: Engine) -> None:
    shown = build(city).run_id
    with writing(city) as connection:
        begun = coverage_writes.start_run(connection, built_at=NOW, target=0.9, network=None, rejected={})
    with reading(city) as connection:
        run = coverage_reads.last_run(connection)
    assert run is not None
    assert (run["id"], run["id"] < begun) == (shown, True)
    later = build(city).run_id
    assert build(city).run_id > later > begun
    with reading(city) as connection:
        kept = set(connection.scalars(select(CoverageCell.run_id)))
    assert shown not in kept, "of older builds nothing is left"
    assert later in kept


@pytest.mark.parametrize(("meters", "basis"), [(2, "withheld"), (3, "measured")])
def test_fewer_than_three_household_devices_alone_are_not_told(territory: Engine, meters: int, basis: str) -> None:
    messages = []
    for number in range(meters):
        place(territory, number, 43.5021, 3.8095 + 0.00001 * number, service="water")
        messages += uplinks(eui(number), range(24 * DAYS), rxInfo=[heard(WEST)])
    store(territory, messages, watched_hours=24 * DAYS)
    build(territory)
    (answer,) = ask(territory, (43.5021, 3.8095))
    assert answer.basis == basis
    if basis == "withheld":
        assert (answer.state, answer.devices, answer.last_on, answer.heard_by) == (CellState.UNKNOWN, 0, None, ())
        assert answer.confidence is None


def test_a_gateway_that_moved_is_told_by_what_came_after(city: Engine) -> None:
    place(city, 40, 43.51, 3.82)
    moved_to = (43.505, 3.83)
    early = uplinks(eui(40), range(24 * 2), rxInfo=[heard(WEST, at=WEST_AT)])
    late = uplinks(eui(40), range(24 * 3, 24 * DAYS), rxInfo=[heard(WEST, at=moved_to)])
    store(city, early + late, watched_hours=24 * DAYS)
    with reading(city) as connection:
        gathered = gather(connection, now=NOW)
    assert gathered is not None
    west = next(one for one in gathered.gateways if one.name == "Ouest")
    assert west.place == moved_to, "the owner's word is of where it stood before"
    assert west.since == START + timedelta(days=2)
    number = gathered.gateways.index(west)
    assert gathered.links.sent[gathered.links.gateway == number].max() < 24 * 4, "days before do not count"


def test_a_device_that_moved_is_told_from_its_new_place_alone(city: Engine) -> None:
    spot = {"dev_eui": DevEui(eui(0)), "since": START + timedelta(days=2), "source": "surveyed"}
    declare(city, Position, spot | {"latitude": 43.5151, "longitude": 3.8201})
    build(city)
    old, new = ask(city, (43.496, 3.805), (43.5151, 3.8201))
    assert old.basis == "predicted"
    assert new.devices == 1
    assert new.frames is not None
    assert new.frames < 24 * 2 + 1


def test_what_nobody_heard_is_evidence(city: Engine) -> None:
    place(city, 30, 43.5181, 3.8451)  # in service for a month, never heard
    build(city)
    (before,) = ask(city, (43.5181, 3.8451))
    assert (before.basis, before.devices, before.last_on) == ("measured", 1, None)
    visit = {"visited_on": NOW.date(), "latitude": 43.5181, "longitude": 3.8451, "said_at": NOW, "said_by": "Ana"}
    with writing(city) as connection:
        coverage_writes.add_visit(connection, heard=False, note="no join", **visit)
    build(city)
    (after,) = ask(city, (43.5181, 3.8451))
    assert after.state is CellState.GAP
    assert after.confidence is not None
    assert before.confidence is not None
    assert after.confidence < before.confidence


def test_positions_that_cannot_be_are_left_out_and_counted(city: Engine) -> None:
    wrong = ((0.0, 0.0), (3.8, 43.5), (6_268_000.0, 764_000.0), (48.85, 2.35))
    for number, at in enumerate(wrong, start=50):
        place(city, number, *at)
    declare(city, GatewayRecord, {"gateway_id": GatewayId("a840410000000009"), "latitude": 0.0, "longitude": 0.0})
    built = build(city)
    assert built.rejected == {
        "no position (0, 0)": 2,
        "latitude and longitude are swapped": 1,
        "metres instead of degrees": 1,
        "outside the territory": 1,
    }
    assert built.unplaced == 1
    assert built.devices == 12


def test_gateways_without_a_position_hear_but_are_not_drawn(territory: Engine) -> None:
    place(territory, 0, 43.502, 3.8095)
    store(
        territory, uplinks(eui(0), range(24 * DAYS), rxInfo=[heard("a840410000000077")]), watched_hours=24 * DAYS
    )
    built = build(territory)
    assert built.unplaced == 1
    (answer,) = ask(territory, (43.502, 3.8095))
    assert answer.heard_by == ()
    assert answer.state is not CellState.GAP, "its device is heard"


@pytest.mark.parametrize("heard_hours", [range(24 * DAYS), range(0)])
def test_one_device_all_heard_or_none(territory: Engine, heard_hours: range) -> None:
    place(territory, 0, 43.502, 3.8095)
    store(territory, uplinks(eui(0), heard_hours, rxInfo=[heard(WEST)]), watched_hours=24 * DAYS)
    built = build(territory)
    far = [row for row in cells(territory).values() if row["basis"] == "predicted"]
    assert built.states["covered"] <= 1 + len(far) // 2
    if not heard_hours:
        assert built.states == {"unknown": len(cells(territory))}, "nothing was ever heard: nothing is known"


def test_a_registry_without_any_place_says_so(file_engine: Engine) -> None:
    with pytest.raises(LoraRegistryError, match="has a place"):
        build(file_engine)
    with pytest.raises(ValueError, match="not a share"):
        build(file_engine, target=1.5)


def test_before_a_build_every_question_says_what_to_do(file_engine: Engine) -> None:
    with reading(file_engine) as connection:
        for question in (
            lambda: covered_at(connection, [(43.5, 3.8)]),
            lambda: holes(connection),
            lambda: switch_off(connection, now=NOW),
            lambda: next_gateways(connection, [Candidate("A", 43.5, 3.8, 0.0)], 1),
        ):
            with pytest.raises(RefusedError, match="coverage build"):
                question()
        assert territory_box(connection) is None


def test_impossible_points_are_told_apart(city: Engine) -> None:
    build(city)
    answers = ask(city, (3.81, 43.5), (0.0, 0.0), (6_268_000.0, 764_000.0), (-43.5, -3.81))
    assert [answer.basis for answer in answers] == ["impossible", "impossible", "impossible", "outside"]
    assert {answer.state for answer in answers} == {CellState.UNKNOWN}


def test_holes_are_ranked_by_need_and_communes_have_their_account(city: Engine) -> None:
    build(city)
    with writing(city) as connection:
        everywhere = [(*key, 10.0) for key in cells_of(connection)]
        coverage_writes.replace_population(connection, everywhere)
    with reading(city) as connection:
        found = holes(connection)
    assert [one.rank for one in found.ranked] == list(range(1, len(found.ranked) + 1))
    needs = [one.gap.need for one in found.ranked]
    assert needs == sorted(needs, reverse=True)
    assert found.has_population
    (ici,) = [one for one in found.accounts if one.polygon == "34000"]
    assert ici.cells == ici.covered + ici.gap + ici.unknown
    assert ici.population == 10.0 * ici.cells


def cells_of(connection: Any) -> list[tuple[int, int]]:
    rows = connection.execute(select(CoverageCell.northing_m, CoverageCell.easting_m)).all()
    return sorted({(row[0], row[1]) for row in rows})


def test_the_next_gateway_is_the_one_where_nothing_is_heard(city: Engine) -> None:
    build(city)
    beside, far = Candidate("à côté", *WEST_AT, 0.0), Candidate("au loin", 43.512, 3.847, 0.0)
    with reading(city) as connection:
        found = next_gateways(connection, [beside, far], 2)
        with pytest.raises(RefusedError, match="population"):
            next_gateways(connection, [far], 1, worth=Worth.POPULATION)
    assert found.ranked[0].candidate == far
    assert found.ranked[0].gain.low <= found.ranked[0].gain.median <= found.ranked[0].gain.high
    assert found.ranked[0].nearest_km == pytest.approx(0.97, abs=0.2)


def test_switching_off_is_replayed_on_recorded_frames(city: Engine) -> None:
    build(city)
    with reading(city) as connection:
        found = switch_off(connection, now=NOW)
    by_name = {one.name: one for one in found.gateways}
    assert by_name["Ouest"].devices_alone == 5
    assert by_name["Ouest"].frames_alone == 5 * 24 * DAYS
    assert by_name["Est"].devices_alone == 2
    assert found.replayed.devices == 12
    lost = {str(one) for one in found.replayed.devices_lost}
    gone = {name for name, one in by_name.items() if one.candidate}
    expected = set()
    if "Ouest" in gone:
        expected |= {eui(number) for number in range(0, 10, 2)}
    if "Est" in gone:
        expected |= {eui(10), eui(11)}
    assert lost == expected


def test_a_third_party_gateway_hears_but_is_not_relied_on(city: Engine) -> None:
    with writing(city) as connection:
        connection.execute(GatewayRecord.table().update().values(third_party=True))
    build(city)
    assert {row["without_worst"] for row in cells(city).values()} == {0.0}
    with reading(city) as connection:
        found = switch_off(connection, now=NOW)
    assert found.own == 0
    assert len(found.cover.candidates) == 0


def test_nothing_after_now_is_looked_at(city: Engine) -> None:
    build(city, now=START + timedelta(days=1))
    (answer,) = ask(city, (43.502, 3.8095))
    assert answer.last_on == START.date() or answer.last_on == (START + timedelta(days=1)).date()
    assert answer.built_at == datetime(2026, 9, 2, tzinfo=UTC)
    assert np.isfinite(answer.frames or 0.0)


def test_processes_give_the_tiles_that_one_gives(city: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    build(city)
    alone = cells(city)
    monkeypatch.setattr(coverage_tiles, "WORTH_PROCESSES", 0)
    build_coverage(city, now=NOW, clock=lambda: NOW, processes=2)
    assert [row | {"run_id": 0} for row in cells(city).values()] == [row | {"run_id": 0} for row in alone.values()]
