"""From the registry to each organisation's digest of a week: everything is read once, then divided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from lora_registry.domain.errors import IdentifierError, RefusedError
from lora_registry.domain.findings import Severity, Status, SubjectKind
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.mail_week import MailWeek
from lora_registry.domain.services import OrganisationKind, PrivacyClass
from lora_registry.report.digest import Deafness, Digest, digest, without_detail
from lora_registry.report.digest_item import REVIEWED_AFTER, Item, is_unanswered
from lora_registry.report.unanswered import Key, for_deputy
from lora_registry.store import digest_reads, outages

_NOBODY: Mapping[str, Any] = {"parties": frozenset()}


@dataclass(frozen=True, slots=True)
class _Known:
    """A finding, whom it concerns, and whether others may know of whom it is."""

    item: Item
    parties: Collection[str]
    is_of_a_home: bool


@dataclass(frozen=True, slots=True)
class Week:
    """What is known of a week, for all organisations."""

    week: MailWeek
    organisations: Mapping[str, Mapping[str, Any]]
    known: tuple[_Known, ...]
    outages: tuple[Deafness, ...]
    last_data_at: Any

    def digest(self, organisation: str, *, is_first: bool) -> Digest:
        """Return what an organisation is told.

        Raises:
            RefusedError: there is none of that identifier.

        """
        if organisation not in self.organisations:
            raise RefusedError(
                f"no organisation {organisation!r}: choose from {', '.join(sorted(self.organisations)) or 'none'}"
            )
        its = self.organisations[organisation]
        return digest(
            its["name"],
            _of(self.known, organisation, sees_all=its["kind"] == OrganisationKind.METROPOLIS),
            week=self.week,
            outages=self.outages,
            last_data_at=self.last_data_at,
            is_first=is_first,
        )

    def for_deputy(self, organisation: str, told_before: Collection[Key]) -> Digest:
        """Return what the deputies of an organisation are told."""
        its = self.organisations[organisation]
        sees_all = its["kind"] == OrganisationKind.METROPOLIS
        items = _of(self.known, organisation, sees_all=sees_all)
        return for_deputy(its["name"], items, week=self.week, told_before=told_before)

    def for_review(self) -> list[Item]:
        """Return what has waited for a word for five weeks, worst first; objects of homes without who they are."""
        items = [without_detail(one.item) if one.is_of_a_home else one.item for one in self.known]
        waiting = [one for one in items if is_unanswered(one, self.week.until, REVIEWED_AFTER)]
        return sorted(waiting, key=lambda one: (-one.severity.rank, one.since, one.kind, one.subject))


def _of(known: Collection[_Known], organisation: str, *, sees_all: bool) -> Iterator[Item]:
    """Yield the findings that concern an organisation; who sees all sees those of others' homes as counts."""
    for one in known:
        if organisation in one.parties:
            yield one.item
        elif sees_all:
            yield without_detail(one.item) if one.is_of_a_home else one.item


def week_of_digests(connection: Connection, week: MailWeek) -> Week:
    """Return what is known of a week: of it and of the two before, to compare with."""
    rows = digest_reads.findings(connection, since=week.two_before, until=week.until)
    deaf = [
        Deafness(row["started_at"], row["ended_at"], str(row["cause"]))
        for row in outages.outages(connection, since=week.since)
    ]
    return Week(
        week=week,
        organisations=digest_reads.organisations(connection),
        known=tuple(_known(connection, rows)),
        outages=tuple(deaf),
        last_data_at=digest_reads.last_arrival(connection, until=week.until),
    )


def _known(connection: Connection, rows: Collection[Mapping[str, Any]]) -> Iterator[_Known]:
    devices = digest_reads.devices(connection, list(_dev_euis(rows)))
    gateways = digest_reads.gateways(connection)
    applications = digest_reads.applications(connection)
    incidents = digest_reads.incidents(connection)
    for row in rows:
        kind, subject = SubjectKind(row["subject_kind"]), row["subject"]
        of_a_home = False
        if row["kind"] == "incident":
            about = incidents.get((kind.value, subject, row["since"]), _NOBODY)
        elif kind is SubjectKind.DEVICE:
            about = devices.get(subject, _NOBODY)
            privacy = about.get("privacy")
            of_a_home = privacy is None or PrivacyClass(privacy).hides_position
        elif kind is SubjectKind.GATEWAY:
            about = gateways.get(subject, _NOBODY)
        else:
            about = applications.get(subject, _NOBODY)
        yield _Known(_item(row, kind, about), about["parties"], of_a_home)


def _dev_euis(rows: Collection[Mapping[str, Any]]) -> Iterator[DevEui]:
    for subject in {row["subject"] for row in rows if row["subject_kind"] == SubjectKind.DEVICE}:
        try:
            yield DevEui.parse(subject)
        except IdentifierError:
            continue


def _item(row: Mapping[str, Any], kind: SubjectKind, about: Mapping[str, Any]) -> Item:
    return Item(
        kind=row["kind"],
        subject_kind=kind,
        subject=row["subject"],
        since=row["since"],
        severity=Severity(row["severity"]),
        explanation=row["explanation"],
        status=Status(row["status"]),
        first_seen_at=row["first_seen_at"],
        cleared_at=row["cleared_at"],
        reopened_at=row["reopened_at"],
        name=about.get("name"),
        service=about.get("service"),
        commune=about.get("commune"),
    )
