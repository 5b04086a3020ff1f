"""A digest as a mail: subject, HTML without images, plain text, and a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from lora_registry.domain.findings import SubjectKind
from lora_registry.domain.plain import harmless
from lora_registry.i18n import translator
from lora_registry.report.digest import About, Digest, Line, Part
from lora_registry.report.mail_terms import ABOUT, CAUSES, CHANGES, KINDS, PARTS, SEVERITIES, TO_DO
from lora_registry.report.wording import Words

CSV_COLUMNS: Final = (
    "change", "severity", "kind", "subject_kind", "subject", "name", "service", "commune", "since",
    "first_seen_at", "explanation",
)  # fmt: skip
LEAVE_HERE: Final = "\x1fLEAVE\x1f"
"""Stands in texts for the address by which one reader leaves, each mail's its own; no name can hold it."""
_LONGEST_NAME, _LONGEST_SENTENCE = 60, 220
"""Bytes: a mail is to stay small whatever its letters."""
_MOST_SERVICES = 20
_CUT = "\N{HORIZONTAL ELLIPSIS}"


class Edition(NamedTuple):
    """One organisation's mail of one week in one language."""

    subject: str
    html: str
    text: str
    csv: str

    def leaving_by(self, url: str) -> Edition:
        """Return the mail with the recipient's own link to leave it; what is only looked at leads to the pages."""
        return self._replace(html=self.html.replace(LEAVE_HERE, url), text=self.text.replace(LEAVE_HERE, url))


def edition(told: Digest, *, language: str, zone: ZoneInfo, public_url: str) -> Edition:
    """Return the mail; without `public_url` it has no links."""
    terms = _Terms(language, zone, public_url)
    values = {"digest": told, "language": language, "t": terms, "leave": LEAVE_HERE, "most": _MOST_SERVICES}
    html = _templates(markup=True).get_template("digest.html.j2").render(values)
    text = _templates(markup=False).get_template("digest.txt.j2").render(values)
    return Edition(terms.subject(told), html, text, _table(told, language))


@cache
def _templates(*, markup: bool) -> Environment:
    return Environment(
        loader=PackageLoader("lora_registry.report"),
        autoescape=markup,  # noqa: S701 - plain text has no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def one_line(text: str, longest: int = _LONGEST_NAME) -> str:
    """Return a text of anybody's as a piece of one line: no control or direction character, no endless name.

    `longest` is in bytes of UTF-8.
    """
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    written = plain.encode()
    if len(written) <= longest:
        return plain
    return written[: longest - len(_CUT.encode())].decode(errors="ignore").rstrip() + _CUT


class _Terms:
    """What the templates call: words of one language, and names of anybody's cut to size."""

    def __init__(self, language: str, zone: ZoneInfo, public_url: str) -> None:
        self._words = Words(translator(language, "mail"), language, zone)
        self._zone, self._url, self._language = zone, public_url, language
        self.text, self.many, self.number, self.day = (
            self._words.text, self._words.many, self._words.number, self._words.day,
        )  # fmt: skip

    @property
    def colon(self) -> str:
        return " : " if self._language == "fr" else ": "

    def subject(self, told: Digest) -> str:
        return f"{one_line(told.organisation)}{self.colon}{self.headline(told)}"

    def headline(self, told: Digest) -> str:
        """Return the one line that comes first."""
        if told.about is About.NO_DATA:
            return self.text("no data received since {day}", day=self.day(told.last_data_at))
        if told.about is About.UNANSWERED:
            return self.many("{n} finding without an answer", "{n} findings without an answer", told.standing)
        if told.about is About.BASELINE:
            return self.many("{n} thing to look at", "{n} things to look at", told.standing)
        words = [
            self.many("{n} new", "{n} new (many)", told.new.week),
            self.many("{n} resolved", "{n} resolved (many)", told.resolved.week),
            self.many("{n} to look at", "{n} to look at (many)", told.standing),
        ]
        return ", ".join(words)

    def about(self, told: Digest) -> str:
        return self.text(ABOUT[told.about])

    def part(self, part: Part) -> str:
        return self.text(PARTS[part])

    def kind(self, kind: str) -> str:
        return self.text(KINDS[kind]) if kind in KINDS else kind

    def to_do(self, kind: str) -> str:
        return self.text(TO_DO[kind]) if kind in TO_DO else ""

    def severity(self, line: Line) -> str:
        return self.text(SEVERITIES[line.severity])

    def change(self, line: Line) -> str:
        return self.text(CHANGES[line.change])

    def cause(self, cause: str) -> str:
        return self.text(CAUSES[cause]) if cause in CAUSES else cause

    def place(self, service: str | None, commune: str | None) -> str:
        """Return where a group is: its service and commune."""
        shown = one_line(service) if service else self.text("no service")
        return f"{shown} \N{MIDDLE DOT} {one_line(commune)}" if commune else shown

    def service(self, service: str | None) -> str:
        return one_line(service) if service else self.text("no service")

    def name(self, text: str) -> str:
        return one_line(text)

    def who(self, line: Line) -> str:
        """Return whom a line is about."""
        count = len(line.items)
        if line.items[0].is_private:
            return self.many("{n} object in homes", "{n} objects in homes", count)
        names = ", ".join(one_line(name) for name in line.names)
        more = count - len(line.names)
        return self.text("{names} and {n} more", names=names, n=self.number(more)) if more else names

    def first(self, line: Line) -> str:
        """Return what a link is called: the only object, or the kind of all."""
        return one_line(line.names[0]) if len(line.items) == 1 and line.names else self.kind(line.kind)

    def why(self, line: Line) -> str:
        """Return the sentence of the audit, where a line is about one finding that may be told."""
        if len(line.items) > 1 or line.items[0].is_private:
            return ""
        return one_line(line.items[0].explanation.get(self._language, ""), _LONGEST_SENTENCE)

    def moment(self, at: datetime | None) -> str:
        """Return an instant as people read it."""
        if at is None:
            return self.text("now")
        return f"{self.day(at)} {at.astimezone(self._zone):%H:%M}"

    def link(self, line: Line) -> str:
        """Return where the registry tells more; empty where nobody can go there."""
        item = line.items[0]
        if not self._url:
            return ""
        if item.subject_kind is SubjectKind.DEVICE and len(line.items) == 1 and not item.is_private:
            return f"{self._url}/devices/{item.subject}"
        return f"{self._url}/findings?{urlencode({'kind': item.kind})}"

    @property
    def link_to_all(self) -> str:
        return f"{self._url}/findings" if self._url else ""


def _table(told: Digest, language: str) -> str:
    """Return a row a finding, worst first; of objects in somebody else's homes without who they are."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for change, item in told.told:
        hidden: dict[str, str | None] = (
            {"subject": None, "name": None, "explanation": None} if item.is_private else {}
        )
        row = {
            "change": change.value, "severity": item.severity.value, "kind": item.kind,
            "subject_kind": item.subject_kind.value, "subject": item.subject, "name": item.name,
            "service": item.service, "commune": item.commune, "since": _instant(item.since),
            "first_seen_at": _instant(item.first_seen_at), "explanation": item.explanation.get(language),
        } | hidden  # fmt: skip
        writer.writerow([harmless(_printable(row[name])) for name in CSV_COLUMNS])
    return out.getvalue()


def _printable(value: Any) -> Any:  # noqa: ANN401 - what a row holds
    return one_line(value, _LONGEST_SENTENCE) if isinstance(value, str) else value


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
