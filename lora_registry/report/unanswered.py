"""What a deputy is told: findings of which nobody has said a word for four weeks, each once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from lora_registry.domain.findings import Severity
from lora_registry.domain.mail_week import MailWeek
from lora_registry.report.digest import About, Digest, Trend, sections
from lora_registry.report.digest_item import Change, Item, is_unanswered

Key = tuple[str, str, str, datetime]
"""Kind, subject kind, subject, since."""
_NONE = Trend(0, 0, 0)


def key_of(item: Item) -> Key:
    """Return what makes it the same finding."""
    return item.kind, item.subject_kind.value, item.subject, item.since


def for_deputy(
    organisation: str, items: Iterable[Item], *, week: MailWeek, told_before: Collection[Key]
) -> Digest:
    """Return what an organisation's deputies are told with a week's mails; nothing where there is nothing."""
    waiting = [one for one in items if is_unanswered(one, week.until) and key_of(one) not in told_before]
    worst_first = sorted(waiting, key=lambda one: (-one.severity.rank, one.since, one.kind, one.subject))
    told = tuple((Change.ONGOING, one) for one in worst_first)
    return Digest(
        organisation=organisation,
        week=week,
        about=About.UNANSWERED if told else About.NOTHING,
        new=_NONE,
        resolved=_NONE,
        standing=len(told),
        critical=sum(one.severity is Severity.CRITICAL for one in worst_first),
        hidden=0,
        sections=sections(told),
        stock=(),
        outages=(),
        last_data_at=None,
        told=told,
    )
