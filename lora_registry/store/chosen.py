"""The condition that a row is about one of many devices: their DevEUIs bound as one value.

As `staging.among`, for statements that are made once each and carry their own values.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, any_, cast, func, literal, select, type_coerce

from lora_registry.domain.identifiers import DevEui


def one_of(connection: Connection, dev_eui: Any, dev_euis: Collection[DevEui]) -> ColumnElement[bool]:  # noqa: ANN401 - any model's column
    """Return the condition."""
    column: ColumnElement[int] = type_coerce(dev_eui, BigInteger)
    stored = [eui.to_int64() for eui in dev_euis]
    if connection.dialect.name == "postgresql":
        array = cast(literal(f"{{{','.join(map(str, stored))}}}"), ARRAY(BigInteger))
        once = select(func.unnest(array)).scalar_subquery()
        return column == any_(func.array(once, type_=ARRAY(BigInteger)))
    return column.in_(select(func.json_each(json.dumps(stored)).table_valued("value").c.value))
