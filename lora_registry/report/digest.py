"""The weekly mail as values: what has changed for one organisation, worst first, and no more than can be read.

One line first, then changes before stock. Findings of one rule, service and commune are one line once they are
more than three: five hundred become twenty and a link. Pure: what goes in was read, what comes out is drawn by
`mail`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from lora_registry.domain.findings import Severity
from lora_registry.domain.mail_week import MailWeek
from lora_registry.report.digest_item import Change, Item, change_of

LINES = 20
_NAMED = 3
"""So many of one kind at one place are told one by one; of more, so many are named."""
_INCIDENT, _TO_COMPLETE = "incident", "to_complete"


class About(StrEnum):
    """What a mail is for."""

    BASELINE = "baseline"
    """The first: what there is, one figure a service."""
    CHANGES = "changes"
    NO_DATA = "no_data"
    """Nothing was received all week: said once."""
    UNANSWERED = "unanswered"
    """To a deputy: what nobody has answered for four weeks, once."""
    NOTHING = "nothing"
    """There is nothing to say; no mail."""


class Part(StrEnum):
    """A part of the mail, in the order in which they are told."""

    INCIDENTS = "incidents"
    NEW = "new"
    RESOLVED = "resolved"
    TO_COMPLETE = "to_complete"
    ONGOING = "ongoing"


_MOST: Final = {Part.INCIDENTS: 5, Part.RESOLVED: 4, Part.TO_COMPLETE: 2}
"""Lines that a part may take of `LINES`; the others take what is left, in their order."""


class Line(NamedTuple):
    """One thing to read: one finding, or several of one rule, service and commune."""

    change: Change
    kind: str
    severity: Severity
    items: tuple[Item, ...]
    """Worst first, never empty."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the first few; none for objects that are somebody else's affair."""
        return tuple(one.label for one in self.items[:_NAMED] if not one.is_private)

    @property
    def since(self) -> datetime:
        """Return when the first of them began."""
        return min(one.since for one in self.items)


class Group(NamedTuple):
    """Lines of one service in one commune."""

    service: str | None
    commune: str | None
    lines: tuple[Line, ...]


class Section(NamedTuple):
    """A part with what is shown of it."""

    part: Part
    total: int
    """Findings in it."""
    groups: tuple[Group, ...]
    left_out: int
    """Findings that no line tells."""


class Trend(NamedTuple):
    """A count of the week, and of each of the two full weeks before it."""

    week: int
    before: int
    two_before: int


class Stock(NamedTuple):
    """One figure a service."""

    service: str | None
    standing: int
    critical: int


class Deafness(NamedTuple):
    """A collection outage that touched the week."""

    since: datetime
    until: datetime | None
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What one organisation is told of one week."""

    organisation: str
    week: MailWeek
    about: About
    new: Trend
    resolved: Trend
    standing: int
    """Findings that stand at the end of the week and are not put off."""
    critical: int
    hidden: int
    """Put off by somebody, or said to be done: counted, not told."""
    sections: tuple[Section, ...]
    stock: tuple[Stock, ...]
    outages: tuple[Deafness, ...]
    last_data_at: datetime | None
    """When something was last received, whatever it was."""
    told: tuple[tuple[Change, Item], ...]
    """Everything, worst first: what is attached."""


def digest(
    organisation: str,
    items: Iterable[Item],
    *,
    week: MailWeek,
    outages: Sequence[Deafness],
    last_data_at: datetime | None,
    is_first: bool,
) -> Digest:
    """Return what an organisation is told of a week; `items` are its findings of the last weeks, in any order."""
    # Told once for all: the order is that of every list below.
    known = sorted(items, key=lambda one: (-one.severity.rank, one.since, one.kind, one.subject))
    told = [(change, one) for one in known if (change := change_of(one, week)) is not None]
    standing = [one for change, one in told if change.stands]
    shown = sections(told)
    deaf = tuple(
        one for one in outages if one.since <= week.until and (one.until is None or one.until > week.since)
    )
    changed = any(change in (Change.NEW, Change.AGAIN, Change.RESOLVED) for change, _ in told)
    return Digest(
        organisation=organisation,
        week=week,
        about=_about(week, last_data_at, is_first=is_first, has_news=changed or bool(deaf)),
        new=Trend(*(sum(_between(one.first_seen_at, *span) for one in known) for span in _spans(week))),
        resolved=Trend(*(sum(_between(one.cleared_at, *span) for one in known) for span in _spans(week))),
        standing=len(standing),
        critical=sum(one.severity is Severity.CRITICAL for one in standing),
        hidden=sum(change is Change.HIDDEN for change, _ in told),
        sections=shown,
        stock=_stock(standing),
        outages=deaf,
        last_data_at=last_data_at,
        told=tuple((change, one) for change, one in told if change is not Change.HIDDEN),
    )


def _about(week: MailWeek, last_data_at: datetime | None, *, is_first: bool, has_news: bool) -> About:
    if last_data_at is None or last_data_at <= week.since:
        return About.NO_DATA
    if is_first:
        return About.BASELINE
    return About.CHANGES if has_news else About.NOTHING


def _spans(week: MailWeek) -> tuple[tuple[datetime, datetime], ...]:
    return (week.since, week.until), (week.before, week.since), (week.two_before, week.before)


def _between(at: datetime | None, since: datetime, until: datetime) -> bool:
    return at is not None and since < at <= until


def _part(change: Change, item: Item) -> Part:
    if item.kind == _INCIDENT:
        return Part.INCIDENTS
    if change is Change.RESOLVED:
        return Part.RESOLVED
    if item.kind == _TO_COMPLETE:
        return Part.TO_COMPLETE
    return Part.ONGOING if change is Change.ONGOING else Part.NEW


def sections(told: Iterable[tuple[Change, Item]]) -> tuple[Section, ...]:
    """Return what is shown, part by part; `told` comes worst first."""
    by_part: dict[Part, list[tuple[Change, Item]]] = defaultdict(list)
    for change, item in told:
        if change is not Change.HIDDEN:
            by_part[_part(change, item)].append((change, item))
    left, found = LINES, []
    for part in Part:
        if part in by_part:
            lines = _lines(by_part[part])
            shown = lines[: min(left, _MOST.get(part, left))]
            left -= len(shown)
            total = len(by_part[part])
            groups = _groups(shown)
            found.append(Section(part, total, groups, total - sum(len(line.items) for line in shown)))
    return tuple(found)


def _lines(told: Iterable[tuple[Change, Item]]) -> list[Line]:
    """Return lines, worst first."""
    alike: dict[tuple[object, ...], list[tuple[Change, Item]]] = defaultdict(list)
    for change, item in told:
        alike[change, item.kind, item.service, item.commune, item.is_private].append((change, item))
    lines = []
    for several in alike.values():
        if len(several) > _NAMED or several[0][1].is_private:
            change, worst = several[0]
            lines.append(Line(change, worst.kind, worst.severity, tuple(item for _, item in several)))
        else:
            lines += [Line(change, item.kind, item.severity, (item,)) for change, item in several]
    return sorted(lines, key=lambda line: (-line.severity.rank, -len(line.items), line.since, line.kind))


def _groups(lines: Iterable[Line]) -> tuple[Group, ...]:
    """Return lines by service and commune; the group with the worst line first, as they come worst first."""
    found: dict[tuple[str | None, str | None], list[Line]] = defaultdict(list)
    for line in lines:
        found[line.items[0].service, line.items[0].commune].append(line)
    return tuple(Group(service, commune, tuple(of_it)) for (service, commune), of_it in found.items())


def _stock(standing: Iterable[Item]) -> tuple[Stock, ...]:
    """Return the figures of services, the worst first."""
    counted: Counter[str | None] = Counter()
    critical: Counter[str | None] = Counter()
    for one in standing:
        counted[one.service] += 1
        critical[one.service] += one.severity is Severity.CRITICAL
    rows = [Stock(service, count, critical[service]) for service, count in counted.items()]
    return tuple(sorted(rows, key=lambda row: (-row.critical, -row.standing, row.service or "")))


def without_detail(item: Item) -> Item:
    """Return a finding as it may be told outside the owner of an object in a home: counted, by commune."""
    return replace(item, is_private=True)
