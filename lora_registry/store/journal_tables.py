"""What people changed in bulk or one by one: each change with its source, what was there before, who and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.changes import State, Verb
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.registry import NAME, SLUG, one_of
from lora_registry.store.types import DevEuiType, Instant


class ChangeSet(Base):
    """Changes that were made together, and are undone together."""

    __tablename__ = "change_set"
    __table_args__ = (one_of("verb", Verb), one_of("state", State), {"info": lives(Lives.LOCAL)})

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    verb: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(NAME)
    why: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(NAME, comment="the file's name")
    content: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of the file without its keys")
    organisation_id: Mapped[str | None] = mapped_column(SLUG, comment="for whom")
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_by: Mapped[str | None] = mapped_column(NAME)


class Change(Base):
    """One value of one device, before and after."""

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_change_set_id", "change_set_id"),
        {"info": lives(Lives.DISTRIBUTED)},
    )

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    change_set_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    field: Mapped[str] = mapped_column(NAME, primary_key=True, comment="as onboarding.changes names it")
    before: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[str] = mapped_column(Text, comment="the rule, or the file's line")


class DeviceAttribute(Base):
    """Words of owners that the registry has no column for, by the heading they came under."""

    __tablename__ = "device_attribute"
    __table_args__ = {"info": lives(Lives.DISTRIBUTED)}  # noqa: RUF012

    dev_eui: Mapped[DevEui] = mapped_column(DevEuiType, primary_key=True)
    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class ColumnMapping(Base):
    """What an organisation's headings mean, as it said once."""

    __tablename__ = "column_mapping"
    __table_args__ = {"info": lives(Lives.LOCAL)}  # noqa: RUF012

    organisation_id: Mapped[str] = mapped_column(SLUG, primary_key=True, comment="empty: everybody")
    heading: Mapped[str] = mapped_column(NAME, primary_key=True, comment="folded: lower case, no accents")
    field: Mapped[str] = mapped_column(NAME)
