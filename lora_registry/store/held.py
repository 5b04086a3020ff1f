"""What is held of a person, wherever it lies: one literal table, so that nothing is left out of an answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from lora_registry.store import (
    adoption_tables,
    alerts,
    coverage,
    decisions,
    journal_tables,
    outbox,
    people,
    usage,
    words,
)
from lora_registry.store.base import Base
from lora_registry.store.registry import Service

Row = dict[str, Any]


class By(StrEnum):
    """How rows are known to be a person's."""

    EMAIL = "email"
    PERSON = "person"
    """The number of their account."""
    NAME = "name"
    """As others read it: somebody else of the same name would be in the answer too."""
    RECIPIENT = "recipient"
    CONTACT = "contact"


class Held(NamedTuple):
    """A column that says whose a row is."""

    table: type[Base]
    column: str
    by: By


HELD: Final = (
    Held(people.Person, "email", By.EMAIL),
    Held(people.Session, "person_id", By.PERSON),
    Held(people.SavedView, "person_id", By.PERSON),
    Held(people.ApiToken, "created_by", By.PERSON),
    Held(outbox.Recipient, "address", By.EMAIL),
    Held(outbox.OutboxMail, "recipient_id", By.RECIPIENT),
    Held(outbox.MailToken, "recipient_id", By.RECIPIENT),
    Held(alerts.SafetyContact, "address", By.EMAIL),
    Held(alerts.SafetyDelivery, "contact_id", By.CONTACT),
    Held(Service, "contact", By.EMAIL),
    Held(words.FindingWord, "said_by", By.NAME),
    Held(words.Maintenance, "said_by", By.NAME),
    Held(words.Maintenance, "ended_by", By.NAME),
    Held(decisions.Decision, "decided_by", By.NAME),
    Held(decisions.Goal, "set_by", By.NAME),
    Held(usage.UsageDay, "imported_by", By.NAME),
    Held(usage.OwnerAnswer, "said_by", By.NAME),
    Held(coverage.CoverageVisit, "said_by", By.NAME),
    Held(journal_tables.ChangeSet, "made_by", By.NAME),
    Held(journal_tables.ChangeSet, "undone_by", By.NAME),
    Held(adoption_tables.AdoptionRule, "made_by", By.NAME),
    Held(adoption_tables.AdoptionFile, "kept_by", By.NAME),
    Held(outbox.Recipient, "added_by", By.NAME),
    Held(outbox.MailSwitch, "enabled_by", By.NAME),
    Held(outbox.MailPreview, "previewed_by", By.NAME),
    Held(alerts.SafetyContact, "added_by", By.NAME),
)
SECRET: Final = frozenset({"password_hash", "token_hash", "form_token", "content"})
"""Columns that are left out: secrets, and files in which everybody's objects are."""


def held(connection: Connection, email: str) -> dict[str, list[Row]]:
    """Return the rows that are held of who has this address, by table; tables without any are left out."""
    person = people.Person
    its = connection.execute(select(person.id, person.name).where(person.email == email.lower())).one_or_none()
    keys: dict[By, list[Any]] = {
        By.EMAIL: [email.lower()],
        By.PERSON: [its.id] if its is not None else [],
        By.NAME: [its.name] if its is not None else [],
        By.RECIPIENT: _numbers(connection, outbox.Recipient, email),
        By.CONTACT: _numbers(connection, alerts.SafetyContact, email),
    }
    found: dict[str, list[Row]] = {}
    for one in HELD:
        table = one.table.table()
        column = table.c[one.column]
        same = func.lower(column).in_(keys[one.by]) if one.by is By.EMAIL else column.in_(keys[one.by])
        shown = [each for each in table.c if each.name not in SECRET]
        for row in connection.execute(select(*shown).where(same).order_by(*table.primary_key.columns)).mappings():
            rows = found.setdefault(table.name, [])
            if dict(row) not in rows:
                rows.append(dict(row))
    return found


def _numbers(connection: Connection, table: Any, email: str) -> list[int]:  # noqa: ANN401 - a model with an address
    return list(connection.scalars(select(table.id).where(func.lower(table.address) == email.lower())))
