"""People who may sign in, and how often somebody just failed to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, insert, select, update

from lora_registry.domain.access import Role, Viewer
from lora_registry.domain.services import OrganisationKind
from lora_registry.store.people import Attempt, OidcFlow, Person
from lora_registry.store.registry import Organisation

ATTEMPTS_KEPT = timedelta(days=1)
FLOWS_KEPT = timedelta(minutes=10)


class Account(NamedTuple):
    """Somebody who may sign in, unless `disabled`."""

    id: int
    viewer: Viewer
    password_hash: str | None
    disabled: bool


def query() -> Select[Any]:
    """Return the query of people with their organisation; see `viewer_of`."""
    found: Any = select(
        Person.id.label("person_id"), Person.name.label("person_name"), Person.role, Person.password_hash,
        Person.disabled_at, Organisation.id.label("organisation_id"), Organisation.kind,
        Organisation.territory_code,
    ).join(Organisation, Organisation.id == Person.organisation_id)  # fmt: skip
    chosen: Select[Any] = found
    return chosen


def viewer_of(row: Any, *, alone: bool) -> Viewer:  # noqa: ANN401 - a row of `query`
    """Return who a row of `query` is, as far as access is concerned."""
    return Viewer(
        name=row.person_name,
        organisation=row.organisation_id,
        organisation_kind=OrganisationKind(row.kind),
        role=Role(row.role),
        territory=row.territory_code,
        alone=alone,
    )


def by_email(connection: Connection, email: str, *, alone: bool) -> Account | None:
    """Return whose address this is, in any case of letters."""
    return _one(connection, query().where(Person.email == email.lower()), alone=alone)


def by_subject(connection: Connection, issuer: str, subject: str, *, alone: bool) -> Account | None:
    """Return whom an identity provider calls so."""
    where = query().where(Person.oidc_issuer == issuer, Person.oidc_subject == subject)
    return _one(connection, where, alone=alone)


def _one(connection: Connection, which: Select[Any], *, alone: bool) -> Account | None:
    row = connection.execute(which).one_or_none()
    if row is None:
        return None
    return Account(row.person_id, viewer_of(row, alone=alone), row.password_hash, row.disabled_at is not None)


def add(
    connection: Connection,
    *,
    email: str,
    name: str,
    organisation: str,
    role: Role,
    now: datetime,
    password_hash: str | None = None,
    oidc: tuple[str, str] | None = None,
) -> int:
    """Add a person, who signs in by password or by what an identity provider (issuer, subject) says of them."""
    issuer, subject = oidc or (None, None)
    result = connection.execute(
        insert(Person).values(
            email=email.lower(), name=name, organisation_id=organisation, role=role, password_hash=password_hash,
            oidc_issuer=issuer, oidc_subject=subject, created_at=now,
        )
    )  # fmt: skip
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101 - a single-row insert has one
    return int(key[0])


def set_password(connection: Connection, person: int, password_hash: str) -> None:
    """Replace a person's password."""
    connection.execute(update(Person).where(Person.id == person).values(password_hash=password_hash))


def bind(connection: Connection, person: int, *, issuer: str, subject: str) -> None:
    """Note what an identity provider calls a person."""
    connection.execute(update(Person).where(Person.id == person).values(oidc_issuer=issuer, oidc_subject=subject))


def disable(connection: Connection, person: int, *, now: datetime) -> None:
    """Let a person sign in no more; their sessions end with it (`sessions.find`)."""
    connection.execute(update(Person).where(Person.id == person).values(disabled_at=now))


def enable(connection: Connection, person: int, *, now: datetime) -> None:
    """Let a person sign in again; that counts as having been seen."""
    connection.execute(update(Person).where(Person.id == person).values(disabled_at=None, seen_at=now))


def organisation(connection: Connection, identifier: str) -> Any:  # noqa: ANN401 - a row or None
    """Return `id`, `name`, `kind` and `territory_code` of an organisation."""
    return connection.execute(_organisations().where(Organisation.id == identifier)).one_or_none()


def organisation_of_siret(connection: Connection, siret: str) -> Any:  # noqa: ANN401 - a row or None
    """Return the one organisation with this SIRET; None where there is none, or several."""
    found = connection.execute(_organisations().where(Organisation.siret == siret)).all()
    return found[0] if len(found) == 1 else None


def _organisations() -> Select[Any]:
    found: Any = select(Organisation.id, Organisation.name, Organisation.kind, Organisation.territory_code)
    chosen: Select[Any] = found
    return chosen


def organisation_names(connection: Connection) -> dict[str, str]:
    """Return the names of organisations by identifier."""
    return dict(connection.execute(select(Organisation.id, Organisation.name)).all())


def failures(connection: Connection, keys: list[str]) -> dict[str, tuple[int, datetime]]:
    """Return how often and when last each of `keys` failed."""
    found = connection.execute(
        select(Attempt.key, Attempt.failures, Attempt.failed_at).where(Attempt.key.in_(keys))
    )
    return {key: (count, at) for key, count, at in found}


def note_failures(connection: Connection, counted: dict[str, int], *, now: datetime) -> None:
    """Write how often each key has failed now; forget those of yesterday."""
    connection.execute(delete(Attempt).where(Attempt.failed_at < now - ATTEMPTS_KEPT))
    connection.execute(delete(Attempt).where(Attempt.key.in_(list(counted))))
    connection.execute(
        insert(Attempt), [{"key": key, "failures": count, "failed_at": now} for key, count in counted.items()]
    )


def forget_failures(connection: Connection, key: str) -> None:
    """Forget what failed before somebody signed in."""
    connection.execute(delete(Attempt).where(Attempt.key == key))


def start_flow(connection: Connection, *, state_hash: str, nonce: str, verifier: str, now: datetime) -> None:
    """Note a signing-in that goes away to the identity provider."""
    connection.execute(delete(OidcFlow).where(OidcFlow.started_at < now - FLOWS_KEPT))
    connection.execute(
        insert(OidcFlow).values(state_hash=state_hash, nonce=nonce, verifier=verifier, started_at=now)
    )


def end_flow(connection: Connection, state_hash: str, *, now: datetime) -> tuple[str, str] | None:
    """Return nonce and verifier of a signing-in that comes back, once; None: none left so, or too long ago."""
    row = connection.execute(
        delete(OidcFlow)
        .where(OidcFlow.state_hash == state_hash)
        .returning(OidcFlow.nonce, OidcFlow.verifier, OidcFlow.started_at)
    ).one_or_none()
    return (row.nonce, row.verifier) if row is not None and row.started_at >= now - FLOWS_KEPT else None
