"""`onboard check|apply|undo`: a commune's sheet: a plan first, then the registry and the network, or neither."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.access import Viewer
from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.domain.services import NetworkKind
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding import plan as planning
from lora_registry.onboarding.changes import Change, State, Verb
from lora_registry.onboarding.columns import ATTRIBUTE, BY_KEY, Use
from lora_registry.onboarding.lines import Line
from lora_registry.onboarding.places import Bounds, Place
from lora_registry.onboarding.plan import Draft, Plan, Wish
from lora_registry.onboarding.references import References, folded
from lora_registry.onboarding.registry_facts import Covered, Facts
from lora_registry.onboarding.sheet import read_sheet
from lora_registry.pipeline.adopt import read_file
from lora_registry.store import journal, onboarding_reads, reference_reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal import About, Undone


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a file, for whom, and what holds for all its lines."""

    path: Path
    network: str
    organisation: str | None = None
    """By identifier or name."""
    service: str | None = None
    model: str | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    """What the file's own headings mean: heading -> column."""
    provision: bool = False
    data: bytes | None = field(default=None, repr=False)
    """The file's content where it was sent to us; `path` then is its name alone."""
    viewer: Viewer | None = None
    """Who asks, and is told of nothing that they may not see; None: who runs this program."""
    services: frozenset[str] | None = None
    """The services that the file may name; None: all."""
    shown: str | None = None
    """The fingerprint of the plan that somebody agreed to: another one is not applied."""


class PlanChangedError(RefusedError):
    """What would be applied is not what was shown: the file is another, or the registry has moved on."""


class Checked(NamedTuple):
    """A plan, and what is needed to apply it."""

    plan: Plan
    wish: Wish
    content: str
    """SHA-256 of the sheet without its keys: the same file is recognised."""
    references: References
    drafted: Draft

    @property
    def fingerprint(self) -> str:
        """Return what tells this plan from any other: each value that it writes, and each remark, but no time."""
        told = [
            [one.line.number, one.line.dev_eui, one.verdict, [
                [change.field, change.before, change.after if change.field != fields.RECORD else None]
                for change in one.changes
            ]]
            for one in self.plan.lines
        ]  # fmt: skip
        remarks = [(remark.line, remark.column, remark.code) for remark in self.plan.all_remarks]
        known = [line.dev_eui for line in self.to_provision]
        return hashlib.sha256(json.dumps([self.content, told, remarks, known]).encode()).hexdigest()

    @property
    def mark(self) -> str:
        """Return what this work is called in the network server; the same at every attempt."""
        return self.content[:16]

    @property
    def to_provision(self) -> list[Line]:
        """Return the lines whose devices the network server is to know: with keys, on a network we write to."""
        kinds = self.references.networks
        return [
            one.line
            for one in self.plan.lines
            if one.line.keys
            and kinds.get(one.line.known.get(fields.NETWORK, ""), NetworkKind.CHIRPSTACK) != NetworkKind.DECLARED
        ]


class Applied(NamedTuple):
    """What was written."""

    plan: Plan
    number: int | None
    """To undo it by; None when nothing changed."""


def check(engine: Engine, request: Request, *, now: datetime) -> Checked:
    """Return what a file would change, with everything there is to know of it; nothing is written.

    Raises:
        ImportFileError: it is no sheet at all.
        RefusedError: the organisation, service or a column that was named is not known.

    """
    with reading(engine) as connection:
        return planned(connection, request, now=now)


def apply(
    engine: Engine,
    request: Request,
    *,
    by: str,
    now: datetime,
    why: str | None = None,
    state: State = State.APPLIED,
) -> tuple[Applied, Checked]:
    """Write a file into the registry, all of it or nothing.

    Raises:
        ImportFileError: as `check`; or lines are refused: nothing was written.
        PlanChangedError: it would do something else than what was shown.
        RefusedError: as `check`.

    """
    with writing(engine) as connection:
        checked = planned(connection, request, now=now, lock=True)
        plan = checked.plan
        if request.shown is not None and request.shown != checked.fingerprint:
            raise PlanChangedError(
                f"{request.path.name}: the plan is no longer the one that was shown: look again"
            )
        if not plan.can_be_applied:
            refused = plan.counts[planning.Verdict.REFUSED]
            raise ImportFileError(
                f"{request.path}: {refused} lines cannot be applied, nothing was written: "
                "`lora-registry onboard check` tells each with its remedy"
            )
        said = {folded(heading): column for heading, column in request.headings.items()}
        onboarding_reads.keep_mapping(connection, checked.wish.organisation, said)
        added = _to_provision(connection, checked, request)
        if not plan.changes and not added:
            return Applied(plan, None), checked
        about = About(Verb.ONBOARD, by, why, request.path.name, checked.content, checked.wish.organisation)
        number = journal.apply(connection, about, [*plan.changes, *added], now=now, state=state)
        return Applied(plan, number), checked


def _to_provision(connection: Connection, checked: Checked, request: Request) -> list[Change]:
    """Return what notes that devices are to be made known, unless an earlier try of the same file noted it."""
    if not request.provision:
        return []
    earlier = journal.sets(connection, Verb.ONBOARD, states=(State.APPLIED, State.PROVISIONING))
    if not checked.plan.changes and any(row["content"] == checked.content for row in earlier):
        return []
    source = f"{request.path.name}"
    return [
        Change(line.dev_eui, fields.PROVISIONED, None, checked.mark, source)
        for line in checked.to_provision
        if line.dev_eui is not None
    ]


def undo(engine: Engine, path: Path, *, by: str, now: datetime) -> tuple[int, Undone]:
    """Take the last application of a file back out of the registry; return its number too.

    Raises:
        RefusedError: it was not applied, or all of it was undone.

    """
    with writing(engine) as connection:
        number = last(connection, path, (State.APPLIED, State.PROVISIONING, State.UNDOING))
        return number, journal.undo(connection, number, by=by, now=now)


def last(connection: Connection, path: Path, states: tuple[State, ...]) -> int:
    """Return the number of the last application of a file that is in one of these states.

    Raises:
        RefusedError: there is none.

    """
    made = journal.sets(connection, Verb.ONBOARD, states=states)
    numbers = [int(row["id"]) for row in made if row["source"] == path.name]
    if not numbers:
        raise RefusedError(
            f"{path.name!r} was not applied, or all was undone: `lora-registry changes list` shows what was"
        )
    return numbers[0]


def planned(connection: Connection, request: Request, *, now: datetime, lock: bool = False) -> Checked:
    """Return the plan of a file, on one state of the registry."""
    try:
        sheet = read_sheet(read_file(request.path) if request.data is None else request.data)
    except ImportFileError as error:
        if str(error).startswith(str(request.path)):
            raise
        raise ImportFileError(f"{request.path}: {error}") from error
    references = replace(reference_reads.references(connection), nameable=request.services)
    wish = _wish(request, references)
    own = onboarding_reads.column_mapping(connection, wish.organisation) | _said(request)
    drafted = planning.draft(sheet, own, Facts(references=references))
    facts = _facts(connection, drafted, references, request.viewer, lock=lock)
    plan = planning.settle(drafted, facts, wish, file=request.path.name, recorded_at=now.isoformat())
    return Checked(plan, wish, _content(drafted), references, drafted)


def _said(request: Request) -> dict[str, str]:
    for heading, column in request.headings.items():
        if column not in BY_KEY and column != ATTRIBUTE:
            known = ", ".join(key for key, one in BY_KEY.items() if one.use not in (Use.LEFT, Use.REFUSED))
            raise RefusedError(f"--map {heading}={column}: no such column: {known}, or {ATTRIBUTE}")
    return {folded(heading): column for heading, column in request.headings.items()}


def _wish(request: Request, references: References) -> Wish:
    organisation = service = None
    if request.organisation is not None:
        organisation = references.organisation(request.organisation)
        if organisation is None:
            raise RefusedError(f"no organisation is called {request.organisation!r}: registry import adds it")
    if request.service is not None:
        service = references.service(request.service)
        if service is None:
            raise RefusedError(
                f"no service is called {request.service!r}: `lora-registry services list` shows what is"
            )
    provision = request.provision and references.networks.get(request.network) != NetworkKind.DECLARED
    claims = request.viewer is None or request.viewer.runs_the_network
    return Wish(request.network, organisation, service, request.model, claims=claims, provision=provision)


def _facts(
    connection: Connection, drafted: Draft, references: References, viewer: Viewer | None, *, lock: bool
) -> Facts:
    # shapely, a fifth of a second: not for whoever only listens.
    from lora_registry.coverage.territories import Territories  # noqa: PLC0415

    asked = drafted.asked
    drawn = onboarding_reads.boundaries(connection)
    territories = Territories(drawn)
    places = [line.place for line in drafted.lines if line.place is not None]
    around = (
        Bounds(
            min(one.latitude for one in places), min(one.longitude for one in places),
            max(one.latitude for one in places), max(one.longitude for one in places),
        )
        if places
        else None
    )  # fmt: skip
    return Facts(
        references=references,
        said=journal.words(connection, asked, lock=lock),
        listed=onboarding_reads.listed(connection, asked),
        installed=onboarding_reads.installed(connection, around, viewer) if around is not None else (),
        stock=onboarding_reads.stock(connection, viewer),
        bounds=onboarding_reads.bounds(drawn),
        tenants=onboarding_reads.tenants(connection),
        makers=onboarding_reads.makers(connection),
        commune_of=lambda latitude, longitude: territories.of([(longitude, latitude)])[0],
        covered=_covered(connection, places),
    )


def _covered(connection: Connection, places: Sequence[Place]) -> Callable[[float, float], Covered] | None:
    """Return the last coverage build's word for each place of a file; None before a build."""
    if not places:
        return None
    # numpy and pyproj: not for whoever only listens.
    from lora_registry.pipeline.coverage_answers import covered_at  # noqa: PLC0415
    from lora_registry.store import coverage_reads  # noqa: PLC0415

    if coverage_reads.last_run(connection) is None:
        return None
    points = list(dict.fromkeys((place.latitude, place.longitude) for place in places))
    answers = covered_at(connection, points)
    words = {"covered": Covered.COVERED, "gap": Covered.GAP}
    said = {
        point: words.get(answer.state, Covered.NOT_MEASURED) for point, answer in zip(points, answers, strict=True)
    }
    return lambda latitude, longitude: said[latitude, longitude]


def _content(drafted: Draft) -> str:
    """Return what the same sheet is recognised by; keys are no part of it."""
    digest = hashlib.sha256()
    kept = [
        place
        for place, column in enumerate(drafted.headings.columns)
        if column is None or column.use not in (Use.SECRET, Use.REFUSED)
        if column is None or column.key != "qr"
    ]
    for cells in (drafted.sheet.headings, *(row.cells for row in drafted.sheet.rows)):
        digest.update("\x1f".join(cells[place] for place in kept).encode() + b"\x1e")
    return digest.hexdigest()
