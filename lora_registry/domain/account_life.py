"""What becomes of an account that nobody uses: a notice, then no entry, then nothing is left of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

NOTICE: Final = timedelta(days=30)
"""Between the notice and the end of entry."""
LINGERS: Final = timedelta(days=90)
"""Between the end of entry and the deletion: time to come back and ask."""


class Fate(StrEnum):
    """What is to be done with an account now."""

    KEEP = "keep"
    NOTICE = "notice"
    DISABLE = "disable"
    DELETE = "delete"


class Use(NamedTuple):
    """What is known of an account's use."""

    seen_at: datetime
    """When its person last signed in; when it was made, where they never did."""
    noticed_at: datetime | None
    disabled_at: datetime | None


def fate(use: Use, *, inactive: timedelta, now: datetime) -> Fate:
    """Return what is to be done, first line that applies.

    unused for less than `inactive` less the notice                              keep
    disabled for 90 days, by whomever                                            delete
    disabled since                                                               keep
    no notice since it was last used                                             notice
    unused for `inactive`, and the notice was given 30 days ago                  disable
    otherwise                                                                    keep
    """
    unused = now - use.seen_at
    if unused < inactive - NOTICE:
        return Fate.KEEP
    if use.disabled_at is not None:
        return Fate.DELETE if now - use.disabled_at >= LINGERS and unused >= inactive else Fate.KEEP
    if use.noticed_at is None or use.noticed_at < use.seen_at:
        return Fate.NOTICE
    return Fate.DISABLE if unused >= inactive and now - use.noticed_at >= NOTICE else Fate.KEEP
