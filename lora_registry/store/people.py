"""People, their sessions, tokens and saved views: tables of the coordinator alone.

Secrets are not here: of a session or a token only the SHA-256 of 32 random bytes, of a password its argon2id hash.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.access import Role
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, SLUG, one_of
from lora_registry.store.types import Instant

HASH = String(64)


class Person(Base):
    """Somebody who may sign in."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("role", Role),
        UniqueConstraint("email"),
        UniqueConstraint("oidc_subject", "oidc_issuer"),
        {"info": lives(Lives.LOCAL)},
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), comment="in lower case")
    name: Mapped[str] = mapped_column(NAME)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str | None] = mapped_column(Text, comment="argon2id; null: signs in by OIDC only")
    oidc_issuer: Mapped[str | None] = mapped_column(Text)
    oidc_subject: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant, comment="when they last signed in")
    noticed_at: Mapped[datetime | None] = mapped_column(Instant, comment="told that it will be closed")
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class Session(Base):
    """One signing-in, until it ends."""

    __tablename__ = "session"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    token_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    form_token: Mapped[str] = mapped_column(String(64), comment="what its forms carry, against forgery")
    opened_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime] = mapped_column(Instant, comment="to within minutes")


class ApiToken(Base):
    """A program's key to one organisation's data, read only."""

    __tablename__ = "api_token"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(NAME)
    token_hash: Mapped[str] = mapped_column(HASH)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class SavedView(Base):
    """A list with its filters, under a name."""

    __tablename__ = "saved_view"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(NAME)
    shared: Mapped[bool] = mapped_column(default=False, comment="with the whole organisation")
    query: Mapped[str] = mapped_column(Text, comment="of the page's address")
    created_at: Mapped[datetime] = mapped_column(Instant)


class Attempt(Base):
    """Recent failures to sign in, by what was tried and from where; forgotten within a day."""

    __tablename__ = "attempt"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    key: Mapped[str] = mapped_column(
        SLUG, primary_key=True, comment="SHA-256 of account and address, or of address"
    )
    failures: Mapped[int] = mapped_column(Integer)
    failed_at: Mapped[datetime] = mapped_column(Instant)


class OidcFlow(Base):
    """A signing-in that is away at the identity provider, for minutes."""

    __tablename__ = "oidc_flow"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    state_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128), comment="PKCE")
    started_at: Mapped[datetime] = mapped_column(Instant)
