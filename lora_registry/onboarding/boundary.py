"""A boundary as GeoJSON (RFC 7946, section 3.1): Polygon or MultiPolygon, WGS 84, longitude first."""

from __future__ import annotations

from typing import Any

from lora_registry.onboarding import kinds
from lora_registry.onboarding.faults import Problem, WrongError, member, shown, wrong

_MOST_NAMED = 3
"""Bad corners of one ring: a file in another projection has only bad ones."""
_SHORTEST_RING = 4


def boundary(value: object) -> dict[str, Any]:
    """Return `{"type", "coordinates"}`; other members (`bbox`) say nothing more and are dropped.

    Raises:
        WrongError: not such a geometry; names every ring's first bad corners.

    """
    if not isinstance(value, dict):
        raise wrong(f"{shown(value)} is not a geometry: write a GeoJSON Polygon or MultiPolygon")
    kind, coordinates = value.get("type"), value.get("coordinates")
    problems: list[Problem] = []
    if kind == "Polygon":
        _polygon(coordinates, ".coordinates", problems)
    elif kind == "MultiPolygon":
        for at, polygon in _parts(coordinates, ".coordinates", "polygons", problems):
            _polygon(polygon, at, problems)
    else:
        raise WrongError(Problem(member("type"), f"{shown(kind)} is not one of Polygon, MultiPolygon"))
    if problems:
        raise WrongError(*problems)
    return {"type": kind, "coordinates": coordinates}


def _parts(value: object, at: str, what: str, problems: list[Problem]) -> list[tuple[str, Any]]:
    if not isinstance(value, list) or not value:
        problems.append(Problem(at, f"{shown(value)} is not a list of {what}"))
        return []
    return [(f"{at}[{index}]", part) for index, part in enumerate(value)]


def _polygon(value: object, at: str, problems: list[Problem]) -> None:
    for place, ring in _parts(value, at, "rings", problems):
        _ring(ring, place, problems)


def _ring(value: object, at: str, problems: list[Problem]) -> None:
    if not isinstance(value, list) or len(value) < _SHORTEST_RING:
        problems.append(Problem(at, "not a ring of at least four corners, the last repeating the first"))
        return
    bad: list[Problem] = []
    for index, corner in enumerate(value):
        try:
            _corner(corner)
        except WrongError as error:
            bad += [Problem(f"{at}[{index}]{place}", words) for place, words in error.problems]
        if len(bad) >= _MOST_NAMED:
            break
    if bad:
        problems += bad
    elif value[0] != value[-1]:
        problems.append(Problem(at, "not closed: repeat its first corner at its end"))


def _corner(value: object) -> None:
    if not isinstance(value, list) or len(value) not in (2, 3):
        raise wrong(f"{shown(value)} is not a corner: write [longitude, latitude]")
    problems = []
    for index, read in enumerate((kinds.longitude, kinds.latitude)):
        try:
            read(value[index])
        except WrongError as error:
            problems += [Problem(f"[{index}]", words) for _, words in error.problems]
    if problems:
        raise WrongError(*problems)
    if len(value) == 3:  # noqa: PLR2004 - an altitude
        kinds.number(-500, 9000, "metres")(value[2])
