"""Signing in through an identity provider: who it says somebody is becomes a person of an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from lora_registry.domain.access import Role
from lora_registry.pipeline.sign_in import Opened, open_session
from lora_registry.store import accounts
from lora_registry.store.engine import writing


def sign_in_by_provider(engine: Engine, issuer: str, claims: Mapping[str, Any], *, now: datetime) -> Opened | None:
    """Open a session for whom a provider vouches for; None: they have no access here.

    Somebody new becomes a reader of the one organisation that has their SIRET; more is given by `user add`.
    """
    subject, email = str(claims.get("sub", "")), str(claims.get("email", "")).lower()
    if not subject or not email:
        return None
    with writing(engine) as connection:
        account = accounts.by_subject(connection, issuer, subject, alone=False)
        person = (
            account.id if account is not None else _join(connection, (issuer, subject), email, claims, now=now)
        )
        if person is None or (account is not None and account.disabled):
            return None
    return open_session(engine, person, now=now)


def _join(
    connection: Connection, oidc: tuple[str, str], email: str, claims: Mapping[str, Any], *, now: datetime
) -> int | None:
    siret = str(claims.get("siret", "")).replace(" ", "")
    organisation = accounts.organisation_of_siret(connection, siret) if siret else None
    known = accounts.by_email(connection, email, alone=False)
    if known is not None:
        # Expected by `user add --no-password`: theirs if the provider has proved the address, or their employer.
        proved = claims.get("email_verified") is True or (
            organisation is not None and organisation.id == known.viewer.organisation
        )
        if known.disabled or known.password_hash is not None or not proved:
            return None
        accounts.bind(connection, known.id, issuer=oidc[0], subject=oidc[1])
        return known.id
    if organisation is None:
        return None
    names = (claims.get("given_name"), claims.get("usual_name") or claims.get("family_name"))
    name = " ".join(str(part) for part in names if part) or str(claims.get("name") or email)
    return accounts.add(
        connection,
        email=email,
        name=name[:200],
        organisation=organisation.id,
        role=Role.READER,
        now=now,
        oidc=oidc,
    )
