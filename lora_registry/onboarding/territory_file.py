"""A file of boundaries: a GeoJSON FeatureCollection (RFC 7946), as registers of communes publish them.

Of a feature's properties, the code (`code`, `code_insee` or `insee`), the name (`nom` or `name`) and `population`
are read; others are left alone, they are another publisher's.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from lora_registry.onboarding.boundary import boundary
from lora_registry.onboarding.declared import Draft, Entry, Registry, Section
from lora_registry.onboarding.document import load
from lora_registry.onboarding.faults import Faults, WrongError, member, shown
from lora_registry.onboarding.kinds import Reader
from lora_registry.onboarding.registry_shapes import NAME, PEOPLE, TERRITORY_CODE

_CODES = ("code", "code_insee", "insee")
_NAMES = ("nom", "name")
_WGS_84 = ("crs84", "4326")


def read_territories(data: bytes) -> Draft:
    """Return the surveyed boundaries that `data` gives; a territory that is new needs a name.

    Raises:
        ImportFileError: it is no FeatureCollection at all; other faults wait in the draft for `Draft.settle`.

    """
    document = load(data)
    faults = Faults()
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        faults.add("", "not a GeoJSON FeatureCollection: export the boundaries as GeoJSON, WGS 84")
        faults.raise_any({})
    if not _is_wgs_84(document.get("crs")):
        faults.add("crs", "not WGS 84: export the file in EPSG:4326 (longitude, latitude in degrees)")
    entries = tuple(_entries(features or [], faults))
    return Draft(Registry({Section.TERRITORIES: entries}), faults)


def _is_wgs_84(crs: object) -> bool:
    """Tell whether a `crs` of GeoJSON before 2016 is the one that has been the only one since."""
    if crs is None:
        return True
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = str(properties.get("name")) if isinstance(properties, dict) else ""
    return name.lower().endswith(_WGS_84)


def _entries(features: list[Any], faults: Faults) -> Iterator[Entry]:
    first: dict[str, int] = {}
    for index, feature in enumerate(features):
        place = f"features[{index}]"
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            faults.add(place, "not a feature with properties: each needs its code and a geometry")
            continue
        code = _read(place, properties, _CODES, TERRITORY_CODE, faults)
        if all(properties.get(key) is None for key in _CODES):
            faults.add(f"{place}.properties", f"no code: name the territory by {' or '.join(_CODES)}")
        name = _read(place, properties, _NAMES, NAME, faults)
        population = _read(place, properties, ("population",), PEOPLE, faults)
        drawn = _boundary(feature, place, code, faults)
        if code is None:
            continue
        if first.setdefault(code, index) != index:
            words = f"{shown(code)} is features[{first[code]}] already: join the two as a MultiPolygon"
            faults.add(f"{place}.properties", words)
        if all(properties.get(key) is None for key in _NAMES):
            words = f'missing "nom": {shown(code)} is not in the registry, and a new territory needs a name'
            faults.add_unless(f"{place}.properties", words, Section.TERRITORIES, code, by_file=False)
        told = {"name": name, "population": population}
        values = {"boundary": drawn, "schematic": False} | {k: v for k, v in told.items() if v is not None}
        yield Entry(code, MappingProxyType(values))


def _read(place: str, properties: dict[str, Any], keys: tuple[str, ...], read: Reader, faults: Faults) -> Any:  # noqa: ANN401 - whatever `read` gives
    """Return the value of the first of `keys` that has one; None when none has, or it is wrong."""
    key = next((key for key in keys if properties.get(key) is not None), None)
    if key is None:
        return None
    try:
        return read(properties[key])
    except WrongError as error:
        faults.add_all(f"{place}.properties{member(key)}", error.problems)
        return None


def _boundary(feature: dict[str, Any], place: str, code: str | None, faults: Faults) -> dict[str, Any] | None:
    try:
        return boundary(feature.get("geometry"))
    except WrongError as error:
        whose = "" if code is None else f" (territory {shown(code)})"
        for problem in error.problems:
            faults.add(f"{place}.geometry{problem.place}", problem.words + whose)
        return None
