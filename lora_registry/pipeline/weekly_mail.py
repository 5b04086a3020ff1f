"""`report weekly`: what each organisation is told of a week, written once and put in the outbox once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.domain.mail_week import MailWeek, mail_week
from lora_registry.domain.mailing import PREVIEWS, MailState
from lora_registry.pipeline.gather_digests import Week, week_of_digests
from lora_registry.report.digest import About, Digest
from lora_registry.report.mail import Edition, edition
from lora_registry.store import outbox_writes, recipients
from lora_registry.store.engine import reading, writing

Row = dict[str, Any]


class Written(NamedTuple):
    """What one preparation put in the outbox."""

    week: MailWeek
    mails: int
    nothing: int
    """Recipients to whom there is nothing to say."""


class Shown(NamedTuple):
    """A mail as it would go out."""

    organisation: str
    digest: Digest
    edition: Edition


def prepare(engine: Engine, *, now: datetime, zone: ZoneInfo, public_url: str, sender: str) -> Written:
    """Decide on every recipient's mail of the last week; who is decided on stays as they are.

    Editions and mails go in together, in one transaction: a crash leaves all of them or none.
    """
    week = mail_week(now, zone)
    with reading(engine) as connection:
        waiting = outbox_writes.waiting_recipients(connection, week.label)
        if not waiting:
            return Written(week, 0, 0)
        told = week_of_digests(connection, week)
        before = outbox_writes.last_abouts(connection, [one["id"] for one in waiting], week.label)
        of_deputies = {one["organisation"] for one in waiting if one["deputy"]}
        told_before = {name: outbox_writes.told_to_deputies(connection, name) for name in of_deputies}
    digests: dict[tuple[str, str], Digest] = {}
    editions: dict[tuple[str, str, str], Row] = {}
    mails, baselines = [], {}
    for one in waiting:
        organisation, language = one["organisation"], one["language"]
        reader = "deputy" if one["deputy"] else "first" if one["baseline_week"] is None else "usual"
        if (organisation, reader) not in digests:
            digests[organisation, reader] = (
                told.for_deputy(organisation, told_before[organisation])
                if reader == "deputy"
                else told.digest(organisation, is_first=reader == "first")
            )
        its = digests[organisation, reader]
        said_before = its.about is About.NO_DATA and before.get(one["id"]) == About.NO_DATA
        silent = its.about is About.NOTHING or said_before
        key = (organisation, language, its.about.value)
        if not silent and key not in editions:
            made = edition(its, language=language, zone=zone, public_url=public_url)
            editions[key] = made._asdict() | {
                "organisation_id": organisation, "week": week.label, "language": language,
                "about": its.about.value, "made_at": now,
            }  # fmt: skip
        if its.about is About.BASELINE:
            baselines[one["id"]] = week.label
        mails.append(_mail(one, week, its.about, now, sender, silent=silent))
    with writing(engine) as connection:
        outbox_writes.put(connection, editions.values(), mails, baselines, _told(digests, week, now))
    silent_ones = sum(mail["state"] == MailState.NOTHING for mail in mails)
    return Written(week, len(mails) - silent_ones, silent_ones)


def _told(digests: Mapping[tuple[str, str], Digest], week: MailWeek, now: datetime) -> list[Row]:
    """Return the findings of which deputies are told by these digests."""
    return [
        {"organisation_id": organisation, "kind": item.kind, "subject_kind": item.subject_kind.value,
         "subject": item.subject, "since": item.since, "week": week.label, "told_at": now}
        for (organisation, _), its in digests.items() if its.about is About.UNANSWERED
        for _, item in its.told
    ]  # fmt: skip


def _mail(one: Row, week: MailWeek, about: About, now: datetime, sender: str, *, silent: bool) -> Row:
    identity = sha256(f"{one['id']} {one['organisation']} {week.label}".encode()).hexdigest()[:24]
    return {
        "recipient_id": one["id"],
        "week": week.label,
        "organisation_id": one["organisation"],
        "language": one["language"],
        "about": about.value,
        "state": MailState.NOTHING if silent else MailState.PENDING,
        "message_id": f"<{week.label.lower()}.{identity}@{sender.rpartition('@')[2]}>",
        "made_at": now,
        "attempts": 0,
        "next_at": now,
        "sent_at": None,
        "said": None,
    }


def show(engine: Engine, *, now: datetime, zone: ZoneInfo, language: str, public_url: str) -> list[Shown]:
    """Return every organisation's mail of changes as of `now`, as if none had gone before; nothing is written."""
    with reading(engine) as connection:
        told = week_of_digests(connection, mail_week(now, zone))
    return [
        _shown(told, organisation, language=language, zone=zone, public_url=public_url, is_first=False)
        for organisation in sorted(told.organisations)
    ]


def preview(
    engine: Engine,
    organisation: str,
    *,
    now: datetime,
    seen_at: datetime,
    zone: ZoneInfo,
    language: str,
    public_url: str,
    by: str,
) -> tuple[Shown, int]:
    """Return an organisation's mail as of `now`, and of how many weeks somebody has now looked at one.

    Raises:
        RefusedError: there is no such organisation.

    """
    week = mail_week(now, zone)
    with reading(engine) as connection:
        told = week_of_digests(connection, week)
    shown = _shown(told, organisation, language=language, zone=zone, public_url=public_url, is_first=False)
    with writing(engine) as connection:
        seen = recipients.note_preview(connection, organisation, week.label, by=by, now=seen_at)
    return shown, seen


def _shown(
    told: Week, organisation: str, *, language: str, zone: ZoneInfo, public_url: str, is_first: bool
) -> Shown:
    its = told.digest(organisation, is_first=is_first)
    made = edition(its, language=language, zone=zone, public_url=public_url)
    # Nobody gets this one, so nobody can leave it: the link leads to the pages.
    return Shown(organisation, its, made.leaving_by(f"{public_url}/"))


def switch(engine: Engine, organisation: str, *, on: bool, by: str, now: datetime) -> None:
    """Switch an organisation's mails on or off.

    Raises:
        RefusedError: there is no such organisation, or too few of its mails were looked at.

    """
    with writing(engine) as connection:
        if recipients.organisation_name(connection, organisation) is None:
            raise RefusedError(f"no organisation {organisation!r}: `lora-registry registry import` brings them")
        seen = recipients.previews(connection, organisation)
        if on and seen < PREVIEWS:
            raise RefusedError(
                f"mails of {organisation!r} stay off: {seen} of {PREVIEWS} weeks previewed; look at another with "
                f"`lora-registry recipients preview {organisation} --now T`"
            )
        recipients.switch(connection, organisation, on=on, by=by, now=now)
