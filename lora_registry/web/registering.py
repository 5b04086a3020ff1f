"""Who may say which objects an organisation has, and what of a sheet's plan a page shows."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Any

from fastapi import Depends, UploadFile

from lora_registry.domain.access import Right
from lora_registry.domain.errors import RefusedError
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.changes import Change
from lora_registry.onboarding.plan import Plan, Verdict
from lora_registry.onboarding.tell import Gravity, Remark, Told
from lora_registry.pipeline.onboard import Checked, Request
from lora_registry.web.errors import ForbiddenError
from lora_registry.web.pages.inventory import services_of
from lora_registry.web.visits import FromForm, Someone, Visit

MOST_LINES = 2000
"""Of a sheet that is sent to a page; the command line takes a hundred times as many."""
_LONGEST_NAME = 100
_OF_THE_FILE = ("attributes", "left_columns", "session_keys", "no_eui_column")
"""Remarks on the line of the headings that are about all of them."""


def _registrar(who: Someone) -> Visit:
    if not who.signed_in.may(Right.REGISTER):
        raise ForbiddenError
    return who


def _registrar_s_form(who: FromForm) -> Visit:
    return _registrar(who)


Registrar = Annotated[Visit, Depends(_registrar)]
"""Somebody who may say which objects their organisation has."""
FromRegistrar = Annotated[Visit, Depends(_registrar_s_form)]
"""The same, by one of our own forms."""


class TooManyLinesError(RefusedError):
    """A sheet that is too long for a page; the command line takes it."""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a plan as a page shows it; no key is in it."""

    number: int
    dev_eui: str | None
    name: str | None
    verdict: Verdict
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ShownRemark:
    """One thing to know, of however many lines it is true."""

    gravity: Gravity
    column: str | None
    words: Told
    lines: tuple[int, ...]
    """Empty: of the whole file."""

    def ranges(self) -> list[tuple[int, int]]:
        """Return the lines as first and last of each run: (2, 4), (6, 6)."""
        found: list[tuple[int, int]] = []
        for line in self.lines:
            if found and line == found[-1][1] + 1:
                found[-1] = found[-1][0], line
            else:
                found.append((line, line))
        return found


@dataclass(frozen=True, slots=True)
class SheetDraft:
    """A sheet that was checked, and what would become of it."""

    file: str
    data: bytes | None
    """None: it holds keys or owner tokens, and has to be chosen again."""
    mark: str
    """What only this file has, keys included; made with the visitor's own secret."""
    headings: Mapping[str, str]
    service: str | None
    model: str | None
    fingerprint: str
    counts: Mapping[str, int]
    remarks: tuple[ShownRemark, ...]
    errors: int
    """Of all lines; the same mistake in two lines is two."""
    lines: tuple[ShownLine, ...]
    unknown: tuple[str, ...]
    """Headings that would be kept as attributes."""
    to_provision: int
    can_be_applied: bool
    one: str | None = None
    """The draft of the path for one sensor that it comes from; a key is then asked for by itself."""

    @property
    def is_one(self) -> bool:
        """True when it comes from the path for one sensor."""
        return self.one is not None

    @property
    def does_something(self) -> bool:
        """False when the registry says all of it already."""
        return self.to_write + self.to_provision > 0

    @property
    def to_write(self) -> int:
        """Return how many lines change the registry."""
        return self.counts["create"] + self.counts["update"]

    @property
    def size(self) -> int:
        """Return about how many bytes it holds."""
        return len(self.data or b"") + 1000 * len(self.lines) + 400 * len(self.remarks)


def owner_of(visit: Visit) -> str:
    """Return whose drafts these are: a person's, or the demonstration's visitor's."""
    return f"{visit.signed_in.organisation}/{visit.person if visit.person is not None else visit.form_token}"


def request_of(
    visit: Visit, file: str, data: bytes, *, service: str | None, model: str | None, headings: Mapping[str, str]
) -> Request:
    """Return what is asked of a sheet that was sent: for the visitor's organisation, and no other."""
    return Request(
        path=Path(file),
        network=visit.site.settings.network,
        organisation=visit.signed_in.organisation,
        service=service,
        model=model,
        headings=headings,
        provision=visit.site.settings.provisioning == "on",
        data=data,
        viewer=visit.signed_in,
        services=frozenset(row["id"] for row in services_of(visit)),
    )


def sent(file: UploadFile | None) -> tuple[str, bytes] | None:
    """Return the name and the content of a file that a form sent; None when none was chosen.

    The content stays in memory: a body longer than what Starlette spools to a disk is refused before.
    """
    if file is None or not file.filename:
        return None
    plain = "".join(letter for letter in PurePath(file.filename.replace("\\", "/")).name if letter.isprintable())
    return plain[-_LONGEST_NAME:] or "sheet", file.file.read()


def mark_of(visit: Visit, data: bytes) -> str:
    """Return what recognises a file that is sent again; without the visitor's secret it tells nothing of a key."""
    return hmac.new(visit.form_token.encode(), data, hashlib.sha256).hexdigest()


def draft_of(visit: Visit, request: Request, checked: Checked, *, one: str | None = None) -> SheetDraft:
    """Return what a page shows of a plan, without its secrets.

    Raises:
        TooManyLinesError: more than a page takes.

    """
    plan: Plan = checked.plan
    if len(plan.lines) > MOST_LINES:
        raise TooManyLinesError(f"{len(plan.lines)} lines: a page takes {MOST_LINES}; cut the sheet into several")
    data = request.data or b""
    return SheetDraft(
        file=request.path.name,
        data=None if checked.drafted.holds_secrets else data,
        mark=mark_of(visit, data),
        headings=request.headings,
        service=request.service,
        model=request.model,
        fingerprint=checked.fingerprint,
        counts=plan.counts,
        remarks=_grouped(plan.all_remarks),
        errors=sum(remark.gravity is Gravity.ERROR for remark in plan.all_remarks),
        lines=tuple(
            ShownLine(
                one.line.number, one.line.dev_eui, one.line.known.get("name"), one.verdict, _told(one.changes)
            )
            for one in plan.lines
        ),
        unknown=tuple(
            heading
            for heading, column in zip(
                checked.drafted.sheet.headings, checked.drafted.headings.columns, strict=True
            )
            if column is None and heading
        ),
        to_provision=len(checked.to_provision) if request.provision else 0,
        can_be_applied=plan.can_be_applied,
        one=one,
    )


def _grouped(remarks: Iterable[Remark]) -> tuple[ShownRemark, ...]:
    """Return remarks, the gravest first, each once with the lines of which it is true."""
    lines: dict[tuple[Gravity, str | None, str], tuple[Told, list[int]]] = {}
    for one in remarks:
        _, those = lines.setdefault((one.gravity, one.column, one.words["en"]), (one.words, []))
        if one.line is not None and one.code not in _OF_THE_FILE:
            those.append(one.line)
    found = [
        ShownRemark(gravity, column, words, tuple(sorted(set(those))))
        for (gravity, column, _), (words, those) in lines.items()
    ]
    return tuple(sorted(found, key=lambda one: (list(Gravity).index(one.gravity), one.lines)))


def _told(changes: list[Change]) -> tuple[Change, ...]:
    """Return the changes that a person understands: the record's own beginning and its network are not."""
    return tuple(one for one in changes if one.field not in (fields.RECORD, fields.NETWORK))


def value_shown(change: Change, names: Mapping[str, Mapping[str, str]]) -> Any:  # noqa: ANN401 - plain values
    """Return a new value as people read it: names for identifiers, a place as two numbers."""
    if change.field == fields.POSITION and change.after is not None:
        return f"{change.after['latitude']:.5f}, {change.after['longitude']:.5f}"
    return names.get(change.field, {}).get(change.after, change.after)
