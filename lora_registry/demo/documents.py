"""What the demonstration gives to read beside its pages: this year's account, and this week's mails as files."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from lora_registry.domain.services import OrganisationKind
from lora_registry.pipeline.make_account import make_account
from lora_registry.pipeline.weekly_mail import show
from lora_registry.report.account.files import files_of
from lora_registry.report.account.period import Kind, Period
from lora_registry.simulate import City

_WEEK = timedelta(days=7)


class Documents(NamedTuple):
    """Where they are."""

    account: str
    """Path of the year's page in the application."""
    files: Path
    """Folder of the accounts as files."""
    mails: Path
    mail: Path | None
    """That of the commune with most to look at; None: no commune has a mail."""
    commune: str


def write_documents(
    engine: Engine, city: City, folder: Path, *, now: datetime, zone: ZoneInfo, language: str, url: str
) -> Documents:
    """Make the drafts of this year and month, and write them and every organisation's mail of the week."""
    files, mails = folder / "accounts", folder / "mails"
    files.mkdir(exist_ok=True)
    mails.mkdir(exist_ok=True)
    year = Period.of(Kind.ANNUAL, now.date())
    for period in (year, Period.of(Kind.MONTHLY, now.date())):
        for name, text in files_of(make_account(engine, period, now=now), zone=zone):
            (files / name).write_text(text, encoding="utf-8")
    communes, best = _communes(city), None
    # All was judged just now: the mail of this week goes out next Monday.
    for one in show(engine, now=now + _WEEK, zone=zone, language=language, public_url=url.rstrip("/")):
        page = mails / f"{one.organisation}.html"
        page.write_text(one.edition.html, encoding="utf-8")
        page.with_suffix(".txt").write_text(one.edition.text, encoding="utf-8")
        page.with_suffix(".csv").write_text(one.edition.csv, encoding="utf-8-sig")
        told = (one.digest.standing, page, one.digest.organisation)
        if one.organisation in communes and (best is None or told > best):
            best = told
    mail, name = (None, "") if best is None else best[1:]
    return Documents(f"accounts/{year.kind}/{year.label}", files, mails, mail, name)


def _communes(city: City) -> set[str]:
    told = city.registry()["organisations"]
    assert isinstance(told, list)  # noqa: S101 - narrows what JSON leaves open
    return {str(one["id"]) for one in told if one["kind"] == OrganisationKind.COMMUNE}
