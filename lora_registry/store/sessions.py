"""Sessions and tokens: found by the hash of a secret that only its holder has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from lora_registry.domain.access import Role, Viewer
from lora_registry.domain.services import OrganisationKind
from lora_registry.store import accounts
from lora_registry.store.people import ApiToken, Person, Session
from lora_registry.store.registry import Organisation

IDLE = timedelta(hours=8)
LONGEST = timedelta(days=7)
_NOTED_EVERY = timedelta(minutes=5)


class Found(NamedTuple):
    """A session that is not over."""

    person: int
    viewer: Viewer
    form_token: str
    stale: bool
    """It was last noted as used some minutes ago."""


def open_session(connection: Connection, *, token_hash: str, form_token: str, person: int, now: datetime) -> None:
    """Open a session; take away those that are over."""
    over = or_(Session.used_at < now - IDLE, Session.opened_at < now - LONGEST)
    connection.execute(delete(Session).where(over))
    connection.execute(update(Person).where(Person.id == person).values(seen_at=now))
    connection.execute(
        insert(Session).values(
            token_hash=token_hash, person_id=person, form_token=form_token, opened_at=now, used_at=now
        )
    )


def find(connection: Connection, token_hash: str, *, now: datetime, alone: bool) -> Found | None:
    """Return a session by its hash; None: there is none, it is over, or its person is disabled."""
    query = (
        accounts.query()
        .add_columns(Session.form_token, Session.used_at)
        .join(Session, Session.person_id == Person.id)
        .where(
            Session.token_hash == token_hash,
            Session.used_at >= now - IDLE,
            Session.opened_at >= now - LONGEST,
            Person.disabled_at.is_(None),
        )
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    viewer = accounts.viewer_of(row, alone=alone)
    return Found(row.person_id, viewer, row.form_token, row.used_at < now - _NOTED_EVERY)


def note_used(connection: Connection, token_hash: str, *, now: datetime) -> None:
    """Write that a session is in use."""
    connection.execute(update(Session).where(Session.token_hash == token_hash).values(used_at=now))


def close(connection: Connection, token_hash: str) -> None:
    """End a session."""
    connection.execute(delete(Session).where(Session.token_hash == token_hash))


def close_all(connection: Connection, person: int) -> None:
    """End every session of a person."""
    connection.execute(delete(Session).where(Session.person_id == person))


def add_token(
    connection: Connection,
    *,
    organisation: str,
    name: str,
    token_hash: str,
    by: int,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Add an organisation's token."""
    connection.execute(
        insert(ApiToken).values(
            organisation_id=organisation, name=name, token_hash=token_hash, created_by=by, created_at=now,
            expires_at=expires_at,
        )
    )  # fmt: skip


def revoke_token(connection: Connection, number: int, *, organisation: str, now: datetime) -> bool:
    """End a token of this organisation; False: it has no such token."""
    own = (ApiToken.id == number, ApiToken.organisation_id == organisation, ApiToken.revoked_at.is_(None))
    return connection.execute(update(ApiToken).where(*own).values(revoked_at=now)).rowcount == 1


def tokens(connection: Connection, organisation: str) -> Sequence[Any]:
    """Return an organisation's tokens, newest first: `id`, `name`, `by`, and when made, to end, ended."""
    query = (
        select(
            ApiToken.id, ApiToken.name, ApiToken.created_at, ApiToken.expires_at, ApiToken.revoked_at,
            Person.name.label("by"),
        )
        .join(Person, Person.id == ApiToken.created_by)
        .where(ApiToken.organisation_id == organisation)
        .order_by(ApiToken.id.desc())
    )  # fmt: skip
    return connection.execute(query).all()


def find_token(connection: Connection, token_hash: str, *, now: datetime, alone: bool) -> Viewer | None:
    """Return whom a token stands for: a reader of its organisation."""
    query = (
        select(ApiToken.name, Organisation.id, Organisation.kind, Organisation.territory_code)
        .join(Organisation, Organisation.id == ApiToken.organisation_id)
        .where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return Viewer(
        name=row.name,
        organisation=row.id,
        organisation_kind=OrganisationKind(row.kind),
        role=Role.READER,
        territory=row.territory_code,
        alone=alone,
    )
