"""The condition that a row is about one of many devices: their DevEUIs bound as one value."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, type_coerce

from lora_registry.domain.identifiers import DevEui
from lora_registry.store import staging


def one_of(connection: Connection, dev_eui: Any, dev_euis: Collection[DevEui]) -> ColumnElement[bool]:  # noqa: ANN401 - any model's column
    """Return the condition, for a statement that is made once and carries its own values."""
    column: ColumnElement[int] = type_coerce(dev_eui, BigInteger)
    return staging.among(connection.dialect.name, column, [eui.to_int64() for eui in dev_euis])
