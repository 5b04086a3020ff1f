"""Coverage on the page: its signs, its sentences, its tables, and its squares as compact columns."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from lora_registry.domain.mapcoverage import MapCandidate, MapCoverage, MapGap
from maps import palette
from maps.tables import Column, Entry, Table
from maps.wording import NOTHING, Wording

STATES = ("covered", "gap", "unknown")
TOLD_FIRST = 5
"""Holes in the list above the tables."""


def layer_name(kind: str, words: Wording) -> str:
    """Return the word of a layer of coverage: `covered`, `gap`, `unknown`, `hanging`, `gaps`, `candidates`."""
    return {
        "covered": words.text("Covered"),
        "gap": words.text("Not covered"),
        "unknown": words.text("Unknown: nobody has looked"),
        "hanging": words.text("Covered by a single gateway"),
        "gaps": words.text("Holes, by need"),
        "candidates": words.text("Proposed sites"),
    }[kind]


def meaning(kind: str, coverage: MapCoverage, words: Wording) -> str:
    """Return what a sign of coverage means, for the legend."""
    return {
        "covered": words.text(
            "Nine times in ten, an object put there has {share} of its messages received.",
            share=words.percent(coverage.target),
        ),
        "gap": words.text("Nine times in ten, an object put there loses more than that."),
        "unknown": words.text("Nobody has looked there, or what was seen does not agree: it may be either."),
        "hanging": words.text("If the gateway that hears best there fails, too many messages are lost."),
        "gaps": words.text(
            "Numbered by need: objects that fail or are silent, announced needs, inhabitants, size."
        ),
        "candidates": words.text("Where a new gateway would add most, best first."),
    }[kind]


def layers(coverage: MapCoverage) -> dict[str, int]:
    """Return the layers that have something to show, in the order of the control, each with how many."""
    counts = {
        "candidates": len(coverage.candidates),
        "gaps": len(coverage.gaps),
        "covered": coverage.count("covered"),
        "gap": coverage.count("gap"),
        "unknown": coverage.count("unknown"),
        "hanging": coverage.hanging(),
    }
    return {kind: count for kind, count in counts.items() if count}


def summary(coverage: MapCoverage, words: Wording) -> str:
    """Return how much is covered, in one sentence."""
    whole = len(coverage.squares)
    return words.text(
        "Of {n} squares of 200 m: {covered} covered, {gap} not covered, {unknown} unknown (build of {moment}).",
        n=words.number(whole),
        covered=words.percent(coverage.count("covered") / whole),
        gap=words.percent(coverage.count("gap") / whole),
        unknown=words.percent(coverage.count("unknown") / whole),
        moment=words.moment(coverage.built_at),
    )


def truth(coverage: MapCoverage, words: Wording) -> str:
    """Return how the map agrees with the hidden truth of a simulated city; empty for a real one."""
    told = coverage.truth
    if told is None or told.covered_right is None or told.gaps_right is None:
        return ""
    return words.text(
        "The truth of this simulated city was not given to the calculation: {covered} of the squares called "
        "covered and {gaps} of those called not covered are rightly so.",
        covered=words.percent(told.covered_right),
        gaps=words.percent(told.gaps_right),
    )


def where_next(coverage: MapCoverage, words: Wording) -> list[tuple[str, list[str]]]:
    """Return what to do first and why: lists with their titles, numbered as on the map."""
    told = [
        (
            words.text("Proposed sites (violet squares on the map)"),
            [_site_sentence(s, words) for s in coverage.candidates],
        ),
        (
            words.text("Holes (red circles on the map)"),
            [_gap_sentence(gap, words) for gap in coverage.gaps[:TOLD_FIRST]],
        ),
    ]
    return [(title, sentences) for title, sentences in told if sentences]


def _site_sentence(site: MapCandidate, words: Wording) -> str:
    figures = {
        "name": site.name,
        "adds": words.number(site.adds),
        "low": words.number(site.low),
        "high": words.number(site.high),
    }
    if site.measure_first:
        return words.text(
            "A gateway at {name} would cover some {adds} more squares (between {low} and {high}): too uncertain "
            "to buy; try a temporary one for a week first.",
            **figures,
        )
    return words.text(
        "A gateway at {name} would cover some {adds} more squares (between {low} and {high}).", **figures
    )


def _gap_sentence(gap: MapGap, words: Wording) -> str:
    where = ", ".join(gap.communes) or words.text("outside all communes")
    squares = words.many("{n} square", "{n} squares", gap.squares)
    people = round(gap.population or 0)
    reasons = [
        *([words.many("{n} silent object", "{n} silent objects", gap.silent)] if gap.silent else []),
        *(
            [words.many("{n} object that loses messages", "{n} objects that lose messages", gap.failing)]
            if gap.failing
            else []
        ),
        *([words.many("{n} announced need", "{n} announced needs", gap.declared)] if gap.declared else []),
        *([words.many("{n} inhabitant", "{n} inhabitants", people)] if people else []),
    ]
    why = ", ".join(reasons) or words.text("no known need")
    return words.text("{where}: {squares}; {why}.", where=where, squares=squares, why=why)


def gaps_table(coverage: MapCoverage, words: Wording) -> Table:
    """Return the holes by need; rows in the order of the data."""
    columns = (
        Column("name", words.text("Hole")),
        Column("communes", words.text("Communes")),
        Column("squares", words.text("Squares of 200 m"), numeric=True),
        Column("population", words.text("Inhabitants"), numeric=True),
        Column("silent", words.text("Silent objects"), numeric=True),
        Column("failing", words.text("Objects that lose messages"), numeric=True),
        Column("declared", words.text("Announced needs"), numeric=True),
        Column("position", words.text("Latitude, longitude")),
    )
    rows = tuple(
        (
            Entry(words.text("Hole {rank}", rank=rank), rank, "gap"),
            Entry(", ".join(gap.communes) or NOTHING),
            Entry(words.number(gap.squares), gap.squares),
            Entry(NOTHING if gap.population is None else words.number(gap.population), gap.population or 0),
            *(Entry(words.number(count), count) for count in (gap.silent, gap.failing, gap.declared)),
            Entry(f"{gap.latitude:.5f}, {gap.longitude:.5f}"),
        )
        for rank, gap in enumerate(coverage.gaps, start=1)
    )
    return Table("gaps", words.text("Holes in coverage, by need"), columns, rows)


def candidates_table(coverage: MapCoverage, words: Wording) -> Table:
    """Return the sites that would add most; rows in the order of the data."""
    columns = (
        Column("name", words.text("Site")),
        Column("adds", words.text("Squares it would add"), numeric=True),
        Column("low", words.text("One time in ten, fewer than"), numeric=True),
        Column("high", words.text("One time in ten, more than"), numeric=True),
        Column("advice", words.text("Advice")),
        Column("position", words.text("Latitude, longitude")),
    )
    first, good = words.text("Measure first, with a temporary gateway"), words.text("The estimate is firm enough")
    rows = tuple(
        (
            Entry(site.name, rank, "candidate"),
            Entry(words.number(site.adds), site.adds),
            Entry(words.number(site.low), site.low),
            Entry(words.number(site.high), site.high),
            Entry(first if site.measure_first else good),
            Entry(f"{site.latitude:.5f}, {site.longitude:.5f}"),
        )
        for rank, site in enumerate(coverage.candidates)
    )
    return Table("candidates", words.text("Proposed sites for a gateway, best first"), columns, rows)


def communes_table(coverage: MapCoverage, names: dict[str, str], words: Wording) -> Table:
    """Return each commune's squares."""
    columns = (
        Column("commune", words.text("Commune")),
        Column("squares", words.text("Squares of 200 m"), numeric=True),
        Column("covered", layer_name("covered", words), numeric=True),
        Column("gap", layer_name("gap", words), numeric=True),
        Column("unknown", layer_name("unknown", words), numeric=True),
    )

    def share(count: int, whole: int) -> Entry:
        return Entry(f"{words.number(count)} ({words.percent(count / whole)})" if whole else "0", count)

    rows = tuple(
        (
            Entry(words.text("Outside all communes") if one.code is None else names.get(one.code, one.code)),
            Entry(words.number(whole), whole),
            *(share(count, whole) for count in (one.covered, one.gap, one.unknown)),
        )
        for one in coverage.communes
        if (whole := one.covered + one.gap + one.unknown)
    )
    return Table("coverage", words.text("Coverage by commune"), columns, rows)


def reaches_table(coverage: MapCoverage, words: Wording) -> Table:
    """Return what each gateway is to the territory."""
    columns = (
        Column("name", words.text("Gateway")),
        Column("squares", words.text("Squares in which it hears every other message"), numeric=True),
        Column("alone", words.text("Covered squares that it alone reaches so"), numeric=True),
        Column("operator", words.text("Operated by")),
    )
    ranked = sorted(coverage.reaches, key=lambda reach: (-reach.alone, -reach.squares, reach.gateway_id))
    rows = tuple(
        (
            Entry(reach.name or reach.gateway_id),
            Entry(words.number(reach.squares), reach.squares),
            Entry(words.number(reach.alone), reach.alone),
            Entry(words.text("A third party") if reach.third_party else words.text("Our network")),
        )
        for reach in ranked
    )
    return Table("reaches", words.text("What each gateway covers, and covers alone"), columns, rows)


def payload(coverage: MapCoverage, words: Wording) -> dict[str, Any]:
    """Return the squares as columns: what repeats is written once, positions as steps from one to the next."""
    columns = [square.column for square in coverage.squares]
    least = min(columns, default=0)
    wide = max(columns, default=0) - least + 1
    squares = sorted(coverage.squares, key=lambda square: (square.row, square.column))
    places = [square.row * wide + square.column - least for square in squares]
    days = sorted({square.last_on for square in squares if square.last_on is not None})
    day_index = {day: number for number, day in enumerate(days)}
    sets = sorted({square.heard_by for square in squares})
    set_index = {heard_by: number for number, heard_by in enumerate(sets)}
    return {
        "longitude": [float(f"{c:.12g}") for c in coverage.lattice.longitude],
        "latitude": [float(f"{c:.12g}") for c in coverage.lattice.latitude],
        "wide": wide,
        "least": least,
        "steps": [places[0], *(after - before for before, after in pairwise(places))] if places else [],
        "state": "".join(square.state[0] for square in squares),
        "basis": "".join(square.basis[0] for square in squares),
        "hanging": "".join("1" if square.hangs_on_one else "0" for square in squares),
        "devices": [square.devices for square in squares],
        "day": [-1 if square.last_on is None else day_index[square.last_on] for square in squares],
        "days": [words.day(day) for day in days],
        "gateways": [round(square.gateways, 1) for square in squares],
        "sets": [list(heard_by) for heard_by in sets],
        "set": [set_index[square.heard_by] for square in squares],
        "names": [reach.name or reach.gateway_id for reach in coverage.reaches],
        "words": _words(words),
        "looks": {kind: palette.HATCHES[kind] for kind in (*STATES, "hanging", "reach")},
    }


def _words(words: Wording) -> dict[str, str]:
    return {
        "c": layer_name("covered", words),
        "g": layer_name("gap", words),
        "u": layer_name("unknown", words),
        "because": words.text("Because"),
        "m": words.text("objects there were, or were not, heard"),
        "p": words.text("of what is heard, or not, around it"),
        "w": words.text("fewer than three household objects alone could tell: not told"),
        "objects": words.text("Objects that tell"),
        "last_on": words.text("Last day"),
        "gateways": words.text("Gateways that hear there, on average"),
        "names": words.text("Which"),
        "hangs": words.text("If the best gateway fails"),
        "lost": words.text("No longer covered"),
        "none": words.text("None"),
        "reach": words.text("Show what one gateway hears"),
    }
