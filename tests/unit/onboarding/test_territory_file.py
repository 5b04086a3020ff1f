from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.declared import Section
from lora_registry.onboarding.territory_file import read_territories

SQUARE = {"type": "Polygon", "coordinates": [[[3.8, 43.5], [3.9, 43.5], [3.9, 43.6], [3.8, 43.5]]]}


def feature(geometry: Any = SQUARE, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features} | more).encode()


def faults(data: bytes, *known: str) -> list[str]:
    with pytest.raises(ImportFileError) as caught:
        read_territories(data).settle({Section.TERRITORIES: set(known)})
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_the_communes_of_montpellier_are_read(real_data: Path) -> None:
    registry = read_territories((real_data / "montpellier_communes.geojson").read_bytes()).settle({})
    entries = {entry.key: entry.values for entry in registry.sections[Section.TERRITORIES]}
    assert len(entries) == 31
    assert entries["34172"]["name"] == "Montpellier"
    assert entries["34172"]["population"] > 250_000
    assert not any(values["schematic"] for values in entries.values())
    assert {values["boundary"]["type"] for values in entries.values()} <= {"Polygon", "MultiPolygon"}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"code": "34172", "nom": "Montpellier", "population": 1}, {"name": "Montpellier", "population": 1}),
        ({"insee": "34172", "name": "Montpellier", "siren": 5}, {"name": "Montpellier"}),
        ({"code_insee": "34172", "code": None, "nom": "Montpellier"}, {"name": "Montpellier"}),
    ],
)
def test_properties_go_by_their_usual_names(properties: dict[str, Any], expected: dict[str, Any]) -> None:
    (entry,) = read_territories(collection(feature(**properties))).settle({}).sections[Section.TERRITORIES]
    assert entry.key == "34172"
    assert dict(entry.values) == {"boundary": SQUARE, "schematic": False} | expected


def test_only_a_new_territory_needs_a_name() -> None:
    data = collection(feature(code="34172"))
    draft = read_territories(data)
    (entry,) = draft.settle(draft.asked).sections[Section.TERRITORIES]
    assert "name" not in entry.values
    (line,) = faults(data)
    assert line.startswith('features[0].properties: missing "nom": "34172" is not in the registry')


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"{}", "the file: not a GeoJSON FeatureCollection"),
        (b"[1]", "the file: not a GeoJSON FeatureCollection"),
        (json.dumps(feature(code="34172")).encode(), "the file: not a GeoJSON FeatureCollection"),
        (collection(3), "features[0]: not a feature with properties"),
        (collection(feature(nom="Montpellier")), "features[0].properties: no code: name the territory by code or"),
        (collection(feature(code=34172, nom="x")), "features[0].properties.code: 34172 is not a text"),
        (collection(feature(code="34172", nom=5)), "features[0].properties.nom: 5 is not a text"),
        (
            collection(feature(code="34172", nom="x", population=-1)),
            "features[0].properties.population: -1 is not a whole number",
        ),
        (
            collection(feature(None, code="34172", nom="x")),
            "features[0].geometry: null is not a geometry: write a GeoJSON Polygon or MultiPolygon",
        ),
        (
            collection(feature(code="34172", nom="x"), feature(code="34172", nom="x")),
            'features[1].properties: "34172" is features[0] already: join the two as a MultiPolygon',
        ),
        (
            collection(
                feature(code="34172", nom="x"),
                crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}},
            ),
            "crs: not WGS 84: export the file in EPSG:4326",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place(data: bytes, line: str) -> None:
    (told,) = faults(data)
    assert told.startswith(line)


def test_lambert_93_is_recognised_and_not_told_corner_by_corner() -> None:
    metres = [[770_000.0 + n, 6_279_000.0 + n] for n in range(500)]
    lines = faults(collection(feature({"type": "Polygon", "coordinates": [metres]}, code="34172", nom="x")))
    assert len(lines) < 10
    assert lines[0].startswith("features[0].geometry.coordinates[0][0][0]: 770000.0 is not between -180 and 180")
    assert "Lambert-93: convert it to WGS 84" in lines[0]
