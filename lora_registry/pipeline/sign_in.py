"""Signing in: by password, slowed down where it keeps failing, the same for people who do not exist."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Engine

from lora_registry.domain.access import Role
from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.pipeline import passwords
from lora_registry.store import accounts, sessions
from lora_registry.store.engine import reading, writing

FREE_OF_ACCOUNT: Final = 5
"""Failures of one account from one address that cost nothing."""
FREE_OF_ADDRESS: Final = 100
"""Failures from one address, whatever the account: a town hall has one address for everybody."""
LONGEST_WAIT: Final = timedelta(minutes=1)
FORGIVEN_AFTER: Final = timedelta(minutes=15)
_SECRET_BYTES: Final = 32


class Opened(NamedTuple):
    """A session that begins: what its cookie holds."""

    secret: str


class Refused(NamedTuple):
    """Not let in: wrong, unknown or too often; which of these is not said."""

    wait: timedelta
    """Until it is worth trying again."""


def secret() -> str:
    """Return 256 random bits, as text."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(text: str) -> str:
    """Return what is stored of a random secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign_in(
    engine: Engine, *, email: str, password: str, address: str, now: datetime, alone: bool
) -> Opened | Refused:
    """Open a session for whoever knows the password of an account that is not disabled.

    After some failures the next attempt waits 2, 4, 8 … seconds, never more than a minute, and is refused unread
    before; it is forgiven after a quarter of an hour without one. Nobody can lock out anybody for long, and from
    another address not at all.
    """
    account_key, address_key = _keys(email, address)
    with reading(engine) as connection:
        failed = accounts.failures(connection, [account_key, address_key])
        account = accounts.by_email(connection, email, alone=alone)
    wait = waiting(failed, account_key, address_key, now)
    if wait:
        return Refused(wait)
    right = passwords.matches(password, account.password_hash if account is not None else None)
    with writing(engine) as connection:
        if account is None or account.disabled or not right:
            failed = accounts.failures(connection, [account_key, address_key])
            counted = {key: _so_far(failed, key, now) + 1 for key in (account_key, address_key)}
            accounts.note_failures(connection, counted, now=now)
            after = {key: (count, now) for key, count in counted.items()}
            return Refused(waiting(after, account_key, address_key, now))
        accounts.forget_failures(connection, account_key)
    return open_session(engine, account.id, now=now)


def open_session(engine: Engine, person: int, *, now: datetime) -> Opened:
    """Open a session for a person whose identity is established."""
    opened = Opened(secret())
    with writing(engine) as connection:
        sessions.open_session(
            connection, token_hash=hash_of(opened.secret), form_token=secret(), person=person, now=now
        )
    return opened


def waiting(
    failed: Mapping[str, tuple[int, datetime]], account_key: str, address_key: str, now: datetime
) -> timedelta:
    """Return how long the next attempt has to wait; zero: it may come."""
    longest = timedelta()
    for key, free in ((account_key, FREE_OF_ACCOUNT), (address_key, FREE_OF_ADDRESS)):
        over = _so_far(failed, key, now) - free
        if over >= 0:
            # Beyond a minute the power of two is of no interest.
            needed = min(timedelta(seconds=2 ** min(over + 1, 6)), LONGEST_WAIT)
            longest = max(longest, failed[key][1] + needed - now)
    return longest


def _so_far(failed: Mapping[str, tuple[int, datetime]], key: str, now: datetime) -> int:
    count, at = failed.get(key, (0, now))
    return 0 if now - at > FORGIVEN_AFTER else count


def _keys(email: str, address: str) -> tuple[str, str]:
    return hash_of(f"account\0{email.lower()}\0{address}"), hash_of(f"address\0{address}")


def add_person(
    engine: Engine, *, email: str, name: str, organisation: str, role: Role, password: str | None, now: datetime
) -> None:
    """Add somebody who may sign in; without a password, through the identity provider only.

    Raises:
        UsageError: not an address, or a password that will not do.
        RefusedError: the organisation is not in the registry, or the address is somebody's already.

    """
    local, _, domain = email.partition("@")
    if not local or "." not in domain or any(letter.isspace() for letter in email):
        raise UsageError(f"{email!r} is not an e-mail address: write name@example.org")
    stored = passwords.hashed(password, about=(email, name)) if password is not None else None
    with writing(engine) as connection:
        if accounts.organisation(connection, organisation) is None:
            known = ", ".join(sorted(accounts.organisation_names(connection))) or "none"
            raise RefusedError(
                f"organisation {organisation!r} is not in the registry (known: {known}): `registry import` adds it"
            )
        if accounts.by_email(connection, email, alone=False) is not None:
            raise RefusedError(f"{email} may sign in already: `user password` gives another password")
        accounts.add(
            connection, email=email, name=name, organisation=organisation, role=role, password_hash=stored, now=now
        )


def change_password(engine: Engine, *, email: str, password: str) -> None:
    """Give a person another password; their sessions end.

    Raises:
        UsageError: a password that will not do.
        RefusedError: nobody has this address.

    """
    with reading(engine) as connection:
        account = accounts.by_email(connection, email, alone=False)
    if account is None:
        raise RefusedError(f"nobody signs in as {email}: `user add` adds them")
    stored = passwords.hashed(password, about=(email, account.viewer.name))
    with writing(engine) as connection:
        accounts.set_password(connection, account.id, stored)
        sessions.close_all(connection, account.id)


def disable_person(engine: Engine, *, email: str, now: datetime) -> None:
    """Let a person sign in no more; what they said stays.

    Raises:
        RefusedError: nobody has this address.

    """
    with writing(engine) as connection:
        account = accounts.by_email(connection, email, alone=False)
        if account is None:
            raise RefusedError(f"nobody signs in as {email}")
        accounts.disable(connection, account.id, now=now)
        sessions.close_all(connection, account.id)


def enable_person(engine: Engine, *, email: str, now: datetime) -> None:
    """Let a person sign in again.

    Raises:
        RefusedError: nobody has this address.

    """
    with writing(engine) as connection:
        account = accounts.by_email(connection, email, alone=False)
        if account is None:
            raise RefusedError(f"nobody signs in as {email}: `user add` adds them")
        accounts.enable(connection, account.id, now=now)
