"""Who gets the weekly mail, and each mail on its way: one row a recipient and ISO week, hence one mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.mailing import MailState
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, SLUG, one_of
from lora_registry.store.types import Instant

WEEK = String(8)
"""An ISO 8601 week: 2026-W48."""


class Recipient(Base):
    """Somebody who gets an organisation's mail."""

    __tablename__ = "recipient"
    __table_args__ = (UniqueConstraint("organisation_id", "address"), {"info": lives(Lives.REFERENCE)})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8))
    deputy: Mapped[bool] = mapped_column(
        default=False, comment="told only of what nobody answers, instead of the weekly mail"
    )
    added_at: Mapped[datetime] = mapped_column(Instant)
    added_by: Mapped[str] = mapped_column(NAME)
    left_at: Mapped[datetime | None] = mapped_column(Instant, comment="when they asked for no more mails")
    baseline_week: Mapped[str | None] = mapped_column(WEEK, comment="that of their first mail")


class MailSwitch(Base):
    """An organisation whose mails are on; without a row they are off."""

    __tablename__ = "mail_switch"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012 - SQLAlchemy reads a plain dict

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    enabled_at: Mapped[datetime] = mapped_column(Instant)
    enabled_by: Mapped[str] = mapped_column(NAME)


class MailPreview(Base):
    """Somebody looked at the mail of a week before mails were switched on."""

    __tablename__ = "mail_preview"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    organisation_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    week: Mapped[str] = mapped_column(WEEK, primary_key=True)
    previewed_at: Mapped[datetime] = mapped_column(Instant)
    previewed_by: Mapped[str] = mapped_column(NAME)


class MailEdition(Base):
    """What an organisation is told in a week, in one language: as it was sent, whatever becomes of findings."""

    __tablename__ = "mail_edition"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    organisation_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    week: Mapped[str] = mapped_column(WEEK, primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    about: Mapped[str] = mapped_column(String(16), primary_key=True, comment="baseline, changes, no_data")
    made_at: Mapped[datetime] = mapped_column(Instant)
    subject: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    csv: Mapped[str] = mapped_column(Text)


class OutboxMail(Base):
    """One recipient's mail of one week, or that there was nothing to say."""

    __tablename__ = "outbox_mail"
    __table_args__ = (
        one_of("state", MailState),
        Index("ix_outbox_mail_state", "state"),
        {"info": lives(Lives.LOCAL)},
    )

    recipient_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    week: Mapped[str] = mapped_column(WEEK, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(SLUG)
    language: Mapped[str] = mapped_column(String(8))
    about: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    message_id: Mapped[str] = mapped_column(String(200), comment="the same at each attempt")
    made_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[datetime] = mapped_column(Instant, comment="not tried before")
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    said: Mapped[str | None] = mapped_column(Text, comment="what the server last said, when it took nothing")


class DeputyTold(Base):
    """A finding of which an organisation's deputies were told: once."""

    __tablename__ = "deputy_told"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    organisation_id: Mapped[str] = mapped_column(SLUG, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    week: Mapped[str] = mapped_column(WEEK, comment="of the mail")
    told_at: Mapped[datetime] = mapped_column(Instant)


class MailToken(Base):
    """What an address to leave by must hold; only its hash is kept, one for each attempt."""

    __tablename__ = "mail_token"
    __table_args__ = (Index("ix_mail_token_recipient_id", "recipient_id"), {"info": lives(Lives.LOCAL)})

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True, comment="SHA-256, hexadecimal")
    recipient_id: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(Instant)
