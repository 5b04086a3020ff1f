"""Accounts that nobody uses: a notice, a month later no entry, a quarter later nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from lora_registry.domain.account_life import NOTICE, Fate, fate
from lora_registry.domain.errors import MailDelayedError, MailRefusedError, UnavailableError
from lora_registry.ports import Mailer
from lora_registry.report.account_notice import notice
from lora_registry.store import account_life, forgotten, sessions
from lora_registry.store import accounts as people
from lora_registry.store.engine import reading, writing


@dataclass(slots=True)
class Retired:
    """Addresses, by what became of their accounts."""

    noticed: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    """To whom no notice could be given: these accounts stay as they are."""
    why: str = ""
    """What the mail server said, where it took none."""


def planned(engine: Engine, *, inactive: timedelta, now: datetime) -> dict[Fate, list[str]]:
    """Return what `retire_accounts` would do, by address; changes nothing."""
    found: dict[Fate, list[str]] = {one: [] for one in Fate}
    with reading(engine) as connection:
        for one in account_life.accounts(connection):
            found[fate(one.use, inactive=inactive, now=now)].append(one.email)
    return found


def retire_accounts(
    engine: Engine,
    mailer: Mailer | None,
    *,
    inactive: timedelta,
    clock: Callable[[], datetime],
    sender: str,
    public_url: str,
) -> Retired:
    """Give notice, disable and delete; without a mailer nobody is told, and so nobody is disabled either.

    Raises:
        SettingsError: the mail server does not let us in.

    """
    done, now = Retired(), clock()
    with reading(engine) as connection:
        found = account_life.accounts(connection)
    try:
        for one in found:
            match fate(one.use, inactive=inactive, now=now):
                case Fate.NOTICE:
                    if mailer is None or not _told(
                        mailer, one, done, sender=sender, public_url=public_url, now=now
                    ):
                        done.untold.append(one.email)
                        continue
                    with writing(engine) as connection:
                        account_life.note_notice(connection, one.person, now=now)
                    done.noticed.append(one.email)
                case Fate.DISABLE:
                    with writing(engine) as connection:
                        people.disable(connection, one.person, now=now)
                        sessions.close_all(connection, one.person)
                    done.disabled.append(one.email)
                case Fate.DELETE:
                    with writing(engine) as connection:
                        rows = account_life.delete_account(connection, one.person)
                        log = {
                            "table_name": "person", "week": None, "before": None, "rows": rows,
                            "why": "account unused",
                        }  # fmt: skip
                        forgotten.note(connection, [log], at=now)
                    done.deleted.append(one.email)
    finally:
        if mailer is not None:
            mailer.close()
    return done


def _told(
    mailer: Mailer, one: account_life.Unused, done: Retired, *, sender: str, public_url: str, now: datetime
) -> bool:
    try:
        ends_on = (now + NOTICE).date()
        mailer.send(sender, one.email, notice(sender, one.email, public_url, made_at=now, ends_on=ends_on))
    except (MailRefusedError, MailDelayedError, UnavailableError) as error:
        done.why = str(error)
        return False
    return True
