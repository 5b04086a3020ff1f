from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest

from lora_registry.domain.errors import ImportFileError
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.declared import Position, Registry, Section
from lora_registry.onboarding.registry_file import read_registry
from lora_registry.simulate import simulate
from tests.conftest import ROOT

EUI = "70b3d57ed0000042"
NETWORK = {"id": "chirpstack", "name": "ChirpStack", "kind": "chirpstack"}
RING = [[3.8, 43.5], [3.9, 43.5], [3.9, 43.6], [3.8, 43.5]]


def given(**sections: Any) -> bytes:
    return json.dumps(sections).encode()


def settled(**sections: Any) -> Registry:
    return read_registry(given(**sections)).settle({})


def faults(data: bytes, **known: set[Any]) -> list[str]:
    """Return the lines of the refusal."""
    with pytest.raises(ImportFileError) as caught:
        read_registry(data).settle(known)
    return [line.strip() for line in str(caught.value).splitlines()]


def device(**values: Any) -> dict[str, Any]:
    return {"dev_eui": EUI, "network": "chirpstack"} | values


def fault_of_device(**values: Any) -> str:
    head, line = faults(given(networks=[NETWORK], devices=[device(**values)]))
    assert head == "1 fault, nothing was imported"
    return line


def test_the_documented_example_is_read_whole() -> None:
    text = (ROOT / "docs" / "registry-file.md").read_text(encoding="utf-8")
    example, calendar = re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)
    whole = settled(services=[{"id": "air", "name": "Air", "calendar": json.loads(calendar)}])
    assert whole.sections[Section.SERVICES][0].values["calendar"] == json.loads(calendar)
    registry = read_registry(example.encode()).settle({})
    assert [len(registry.sections[section]) for section in Section] == [1] * 6
    (service,) = registry.sections[Section.SERVICES]
    assert service.key == "qualite-air"
    assert service.values["owner_id"] == "3m"
    assert service.values["need_period_s"] == 3600
    assert service.values["tolerance"] == {"pm25": 2.0}
    assert service.values["starts_on"] == date(2023, 1, 1)
    assert registry.positions == (
        Position(DevEui(EUI), datetime(2023, 1, 1, tzinfo=UTC), "surveyed", 43.61, 3.87, None, 5.0),
    )


@pytest.mark.parametrize("devices", [13, 60])
def test_what_the_simulation_writes_is_read(devices: int) -> None:
    written: Any = simulate(devices, 1, 3, datetime(2026, 10, 3, 6, tzinfo=UTC)).registry()
    registry = settled(**written)
    assert [len(registry.sections[section]) for section in Section] == [len(written[s]) for s in Section]
    placed = {d["dev_eui"]: d["position"] for d in written["devices"] if d["position"]}
    assert {p.dev_eui: p.latitude for p in registry.positions} == {e: p["latitude"] for e, p in placed.items()}


def test_an_absent_key_says_nothing_and_null_says_that_there_is_nothing() -> None:
    registry = settled(
        organisations=[],
        services=[
            {"id": "air", "name": "Air", "ends_on": None, "calendar": None, "need": None, "consumers": None}
        ],
        gateways=[{"gateway_id": EUI, "third_party": None, "latitude": None}],
    )
    (service,), (gateway,) = registry.sections[Section.SERVICES], registry.sections[Section.GATEWAYS]
    assert dict(service.values) == {
        "name": "Air", "ends_on": None, "calendar": None, "need_period_s": None, "consumers": [],
    }  # fmt: skip
    assert dict(gateway.values) == {"third_party": False, "latitude": None}


@pytest.mark.parametrize("writing", ["70B3D57ED0000042", "70-b3-d5-7e-d0-00-00-42", "0x70b3d57ed0000042"])
def test_an_eui_is_read_in_any_usual_writing(writing: str) -> None:
    registry = settled(networks=[NETWORK], devices=[device(dev_eui=writing)])
    assert [entry.key for entry in registry.sections[Section.DEVICES]] == [EUI]


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ({"latitude": 43.6, "longitude": 3.9}, (None, "imported", 43.6, 3.9, None, None)),
        (
            {"latitude": 43, "longitude": 3, "since": "2023-01-31T06:00:00+02:00", "source": "tag"},
            (datetime(2023, 1, 31, 4, tzinfo=UTC), "tag", 43.0, 3.0, None, None),
        ),
        ({"source": "none"}, None),
        ({"latitude": None, "longitude": None, "source": "surveyed"}, None),
        (None, None),
    ],
)  # fmt: skip
def test_a_position_is_dated_and_has_a_source_or_is_none(
    position: dict[str, Any] | None, expected: tuple[Any, ...] | None
) -> None:
    registry = settled(networks=[NETWORK], devices=[device(position=position)])
    assert [tuple(p[1:]) for p in registry.positions] == ([] if expected is None else [expected])


def test_a_boundary_that_is_not_said_to_be_schematic_is_surveyed() -> None:
    drawn = {"type": "MultiPolygon", "coordinates": [[RING]], "bbox": [3.8, 43.5, 3.9, 43.6]}
    registry = settled(territories=[{"code": "2A004", "name": "Ajaccio", "boundary": drawn}])
    (entry,) = registry.sections[Section.TERRITORIES]
    assert entry.values["boundary"] == {"type": "MultiPolygon", "coordinates": [[RING]]}
    assert entry.values["schematic"] is False


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"latitud": 3}, "devices[0].latitud: unknown key: the keys here are dev_eui, network, service, name,"),
        ({"a b": 3}, 'devices[0]["a b"]: unknown key'),
        ({"name": 5}, 'devices[0].name: 5 is not a text: write it between quotes: "..."'),
        ({"name": " "}, "devices[0].name: empty: write null"),
        ({"name": "x" * 201}, "has 201 characters: shorten it to 200"),
        ({"name": "a\u0000b"}, 'devices[0].name: "a\\u0000b" holds control characters'),
        ({"name": "\ud800"}, "holds control characters"),
        ({"name": ["x"]}, "devices[0].name: a list is not a text"),
        ({"network": None}, "devices[0].network: null: it cannot be without a value"),
        ({"lifecycle": "idle"}, 'devices[0].lifecycle: "idle" is not one of planned, provisioned, in_service,'),
        ({"lifecycle": ["planned"]}, "devices[0].lifecycle: a list is not one of"),
        ({"privacy": "secret"}, '"secret" is not one of public, internal, household, mobile_person'),
        ({"condition": "old"}, 'devices[0].condition: "old" is not one of new, reused'),
        ({"purchased_on": "31/01/2023"}, 'purchased_on: "31/01/2023" is not a date: write it like 2023-01-31'),
        ({"purchased_on": "2023-02-30"}, '"2023-02-30" is not a date'),
        ({"purchased_on": "20230131"}, '"20230131" is not a date'),
        ({"purchased_on": "0023-01-31"}, "is not between 1990-01-01 and 2100-12-31"),
        ({"purchased_on": "2023-02-01", "warranty_until": "2022-02-01"}, "warranty_until: 2022-02-01 is before"),
        ({"territory": 34172}, "devices[0].territory: 34172 is not a text"),
        ({"territory": "34172"}, 'devices[0].territory: "34172" is no territory of the registry or of this file'),
        ({"service": "air"}, 'devices[0].service: "air" is no service of the registry or of this file'),
        ({"owner": "3m"}, 'devices[0].owner: "3m" is no organisation'),
        ({"operator": "3m"}, 'devices[0].operator: "3m" is no organisation'),
        ({"maintainer": "3m"}, 'devices[0].maintainer: "3m" is no organisation'),
        ({"network": "other"}, 'devices[0].network: "other" is no network'),
        ({"network": "Réseau"}, 'devices[0].network: "Réseau" is not an identifier: use lower-case letters'),
        ({"dev_eui": "70b3"}, "devices[0].dev_eui: DevEui '70b3' is not 16 hexadecimal digits"),
        ({"dev_eui": "0000000000000000"}, "is a reserved value"),
        ({"dev_eui": 7}, "devices[0].dev_eui: 7 is not a text"),
        ({"position": 3}, "devices[0].position: 3 is not an object"),
        ({"position": {"latitude": 43.6}}, "devices[0].position.longitude: missing: latitude and longitude go"),
        ({"position": {"latitude": 0, "longitude": 0.0}}, "devices[0].position.latitude: 0, 0 is what a GPS"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_value_and_remedy(values: dict[str, Any], line: str) -> None:
    assert line in fault_of_device(**values)


@pytest.mark.parametrize(
    ("latitude", "words"),
    [
        ("NaN", "NaN is not between -90 and 90: write WGS 84 decimal degrees"),
        ("-Infinity", "-Infinity is not between"),
        ("1e400", "Infinity is not between"),
        ("9" * 400, "a number of more than 30 digits is not between"),
        ("-90.001", "-90.001 is not between -90 and 90: were latitude and longitude swapped?"),
        ("6278000.5", "6278000.5 is not between -90 and 90: it looks like metres of a projection"),
        ('"43.6"', '"43.6" is not a number: write it without quotes, with a decimal point'),
        ("true", "true is not a number"),
        ("[43.6]", "a list is not a number"),
    ],
)
def test_a_latitude_that_cannot_be(latitude: str, words: str) -> None:
    data = f'{{"gateways": [{{"gateway_id": "{EUI}", "latitude": {latitude}, "longitude": 3.9}}]}}'
    _, line = faults(data.encode())
    assert line.startswith(f"gateways[0].latitude: {words}")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"need": {"period_s": 0}}, "services[0].need.period_s: 0 is not a whole number between 1 and"),
        ({"need": {"period_s": 0.5}}, "services[0].need.period_s: 0.5 is not a whole number"),
        ({"need": {"every": 5}}, "services[0].need.every: unknown key: the keys here are period_s"),
        ({"tolerance": {"pm25": 0}}, "services[0].tolerance.pm25: 0 is not above 0"),
        ({"tolerance": {"pm 2.5": -1}}, 'services[0].tolerance["pm 2.5"]: -1 is not above 0'),
        ({"tolerance": {"pm25": None}}, "services[0].tolerance.pm25: null: it cannot be without a value"),
        ({"tolerance": 2}, "services[0].tolerance: 2 is not an object"),
        ({"calendar": {"months": [13]}}, "services[0].calendar.months[0]: 13 is not a whole number between 1"),
        ({"calendar": {"months": [1, 1]}}, "services[0].calendar.months: an item is there twice"),
        ({"calendar": {"months": []}}, "services[0].calendar.months: a list of 0: write 1 to 12 items, or null"),
        ({"calendar": {"weekdays": [0]}}, "services[0].calendar.weekdays[0]: 0 is not a whole number"),
        ({"calendar": {"hours": [6, 6]}}, "services[0].calendar.hours: [6, 6] is not [from, to): write [8, 18]"),
        ({"calendar": {"hours": [24, 6]}}, "services[0].calendar.hours: [24, 6] is not [from, to)"),
        ({"calendar": {"zone": "Paris"}}, 'services[0].calendar.zone: "Paris" is not a time zone: write one like'),
        ({"calendar": {"zone": "Europe"}}, 'services[0].calendar.zone: "Europe" is not a time zone'),
        ({"calendar": {"zone": "../etc/x"}}, 'services[0].calendar.zone: "../etc/x" is not a time zone'),
        ({"calendar": {"open": [{"from": "04-01"}]}}, "services[0].calendar.open[0].to: missing: a range has"),
        ({"calendar": {"open": [{"from": "04-31", "to": "09-01"}]}}, '[0].from: "04-31" is not a day of the year'),
        ({"calendar": {"open": [{"from": "April", "to": "09-01"}]}}, "2023-01-31, or like 07-14 for every year"),
        ({"calendar": {"closed": [{"from": "2026-07-04", "to": "08-31"}]}}, "closed[0]: from 2026-07-04 to 08-31"),
        ({"calendar": {"closed": [{"from": "2026-07-04", "to": "2026-07-01"}]}}, "[0].to: 2026-07-01 is before"),
        ({"calendar": {"closed": [{"from": "07-04", "to": None}]}}, "closed[0].to: null: it cannot be without"),
        ({"calendar": {"closed": [{"from": "01-01", "to": "12-31"}]}}, "services[0].calendar: no day is open"),
        (
            {"calendar": {"months": [7], "closed": [{"from": "07-01", "to": "08-31"}]}},
            "services[0].calendar: no day is open: widen months or open",
        ),
        ({"calendar": {"hours": [6]}}, "services[0].calendar.hours: a list of 1"),
        ({"calendar": "summer"}, 'services[0].calendar: "summer" is not an object'),
        ({"consumers": "portal"}, 'services[0].consumers: "portal" is not a list'),
        ({"consumers": ["portal", 5]}, "services[0].consumers[1]: 5 is not a text"),
        ({"family": "sensor"}, '"sensor" is not one of measure, meter, state, sentinel, position, actuator'),
        ({"starts_on": "2023-05-01", "ends_on": "2022-05-01"}, "services[0].ends_on: 2022-05-01 is before"),
        ({"name": None}, "services[0].name: null: it cannot be without a value"),
    ],
)  # fmt: skip
def test_a_fault_of_a_service(values: dict[str, Any], line: str) -> None:
    _, told = faults(given(services=[{"id": "air", "name": "Air"} | values]))
    assert line in told


def test_a_whole_calendar_is_kept_as_it_was_told() -> None:
    told = {
        "months": [4, 5, 6, 7, 8, 9],
        "weekdays": [1, 2, 3, 4, 5],
        "hours": [22, 6],
        "open": [
            {"from": "04-15", "to": "09-30"},
            {"from": "2026-03-01", "to": "2026-04-14", "why": "dry spring"},
        ],
        "closed": [{"from": "12-20", "to": "01-05"}, {"from": "02-29", "to": "02-29"}],
        "zone": "Indian/Reunion",
    }
    registry = read_registry(given(services=[{"id": "air", "name": "Air", "calendar": told}])).settle({})
    kept = registry.sections[Section.SERVICES][0].values["calendar"]
    assert kept == json.loads(json.dumps(kept)) == told
    empty = {"id": "air", "name": "Air", "calendar": {"months": None, "open": None}}
    registry = read_registry(given(services=[empty])).settle({})
    assert registry.sections[Section.SERVICES][0].values["calendar"] == {}


@pytest.mark.parametrize(
    ("boundary", "line"),
    [
        ({"type": "Point", "coordinates": [3.8, 43.5]}, '.type: "Point" is not one of Polygon, MultiPolygon'),
        ("POLYGON((0 0))", ': "POLYGON((0 0))" is not a geometry'),
        ({"type": "Polygon", "coordinates": []}, ".coordinates: a list is not a list of rings"),
        ({"type": "Polygon", "coordinates": [RING[:2]]}, ".coordinates[0]: not a ring of at least four corners"),
        ({"type": "Polygon", "coordinates": [[*RING[:3], [3.7, 43.4]]]}, ".coordinates[0]: not closed"),
        (
            {"type": "MultiPolygon", "coordinates": [[RING], [[*RING, [700_000, 43.5]]]]},
            ".coordinates[1][0][4][0]: 700000 is not between -180 and 180: it looks like metres",
        ),
        ({"type": "Polygon", "coordinates": [[[3.8], *RING]]}, ".coordinates[0][0]: a list is not a corner"),
    ],
)
def test_a_fault_of_a_boundary(boundary: Any, line: str) -> None:
    _, told = faults(given(territories=[{"code": "34172", "name": "Montpellier", "boundary": boundary}]))
    assert told.startswith(f"territories[0].boundary{line}")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"[]", "the file: a list, not an object"),
        (b'{"version": 2}', "version: 2 is not 1"),
        (b'{"version": true}', "version: true is not 1"),
        (b'{"device": []}', "device: unknown key: the keys here are version, networks, territories,"),
        (b'{"devices": {}}', "devices: an object is not a list"),
        (b'{"devices": [3]}', "devices[0]: 3 is not an object"),
        (b'{"devices": [{}]}', "devices[0].dev_eui: missing: it says which device is meant"),
        (b'{"gateways": [], "gateways": []}', "gateways: this key is there twice: keep one"),
    ],
)
def test_a_fault_of_the_file(data: bytes, line: str) -> None:
    _, told = faults(data)
    assert told.startswith(line)


def test_an_entry_that_is_there_twice_is_refused_however_it_is_written() -> None:
    twice = [device(), device(dev_eui="70-B3-D5-7E-D0-00-00-42")]
    _, line = faults(given(networks=[NETWORK], devices=twice))
    assert line == f'devices[1].dev_eui: "{EUI}" is devices[0] already: make one of the two'


def test_all_faults_are_told_in_the_order_of_the_file() -> None:
    lines = faults(
        given(
            networks=[{"id": "chirpstack", "kind": "mqtt"}],
            services=[{"id": "air", "owner": "3m"}],
            devices=[device(service="air", lifecycle="idle"), {"dev_eui": "70b3d57ed0000043", "batch": 4}],
        )
    )
    assert lines[0] == "7 faults, nothing was imported"
    assert [line.split(": ")[0] for line in lines[1:]] == [
        "networks[0].kind", "networks[0].name", "services[0].owner", "services[0].name", "devices[0].lifecycle",
        "devices[1].batch", "devices[1].network",
    ]  # fmt: skip


def test_twenty_faults_are_shown_and_the_others_counted() -> None:
    lines = faults(given(networks=[NETWORK], devices=[device(batch=n) for n in range(50)]))
    # 50 wrong batches, and 49 times the same device again.
    assert lines[0] == "99 faults, nothing was imported"
    assert len(lines) == 22
    assert lines[-1] == "and 79 more"


def test_a_name_that_leads_nowhere_is_told_once() -> None:
    devices = [device(dev_eui=f"70b3d57ed00000{n:02x}", service="air") for n in range(40)]
    lines = faults(given(networks=[NETWORK], devices=devices))
    assert lines[0] == "40 faults, nothing was imported"
    assert len(lines) == 2
    assert lines[1].startswith('devices[0].service: "air" is no service')
    assert lines[1].endswith("(and in 39 more places)")


def test_what_the_registry_holds_already_need_not_be_in_the_file() -> None:
    data = given(services=[{"id": "air", "owner": "3m"}], devices=[{"dev_eui": EUI, "service": "air"}])
    draft = read_registry(data)
    assert draft.asked == {
        Section.ORGANISATIONS: {"3m"}, Section.SERVICES: {"air"}, Section.DEVICES: {DevEui(EUI)},
    }  # fmt: skip
    known = draft.asked
    (service,) = draft.settle(known).sections[Section.SERVICES]
    assert dict(service.values) == {"owner_id": "3m"}
    for section, keys in known.items():
        (line,) = faults(data, **(known | {section: keys - keys}))[1:]
        assert line.startswith({"organisations": "services[0].owner", "services": "services[0].name",
                                "devices": "devices[0].network"}[section])  # fmt: skip


def test_an_entry_with_a_fault_is_still_there_for_those_that_name_it() -> None:
    _, line = faults(given(networks=[NETWORK | {"kind": "mqtt"}], devices=[device()]))
    assert line.startswith("networks[0].kind")


def test_a_refusal_cannot_write_over_the_terminal() -> None:
    line = fault_of_device(**{"\u001b[2J\u202e": 1, "name": None})
    assert line.isprintable()
