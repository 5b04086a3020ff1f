"""Findings as the weekly mail knows them, for tests: a literal each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lora_registry.domain.findings import Severity, Status, SubjectKind
from lora_registry.domain.mail_week import mail_week
from lora_registry.report.digest import Digest, digest
from lora_registry.report.digest_item import Item

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
WEEK = mail_week(MONDAY, PARIS)
DAY = timedelta(days=1)


def item(number: int = 1, *, seen_days_ago: float = 2, cleared_days_ago: float | None = None, **more: Any) -> Item:
    """Return a silent device that was first found so many days before the mail."""
    values: dict[str, Any] = {
        "kind": "silent_device", "subject_kind": SubjectKind.DEVICE, "subject": f"{number:016x}",
        "since": WEEK.until - (seen_days_ago + 1) * DAY, "severity": Severity.WARNING,
        "explanation": {"fr": "Silencieux depuis hier.", "en": "Silent since yesterday."}, "status": Status.OPEN,
        "first_seen_at": WEEK.until - seen_days_ago * DAY, "cleared_at": None, "reopened_at": None,
        "name": f"Sonde {number}", "service": "Stationnement", "commune": "Lattes",
    }  # fmt: skip
    if cleared_days_ago is not None:
        values |= {"cleared_at": WEEK.until - cleared_days_ago * DAY, "status": Status.CLEARED}
    return Item(**(values | more))


def told(*items: Item, **more: Any) -> Digest:
    values: dict[str, Any] = {"week": WEEK, "outages": (), "last_data_at": WEEK.until - DAY, "is_first": False}
    return digest(more.pop("organisation", "Ville de Lattes"), items, **(values | more))
