"""The fleet as columns (`domain.device_columns`), read in one query of the lists' own definition."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Connection, String, type_coerce

from lora_registry.domain.device_columns import FACETS, NEVER, TIES, DeviceColumns, Words
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import reads
from lora_registry.store.registry import DeviceRecord, Service
from lora_registry.store.scope import ties
from lora_registry.store.telemetry import Device, DeviceState
from lora_registry.store.types import microseconds


def device_columns(connection: Connection) -> DeviceColumns:
    """Read every device that is known: some 40,000 in less than a second."""
    query = reads.chosen()
    column, tied = query.selected_columns, ties(query)
    # As stored: forty thousand objects that would only be taken apart again cost more than the query.
    wanted = {
        "dev_eui": type_coerce(column["dev_eui"], BigInteger),
        "last": microseconds(connection.dialect, DeviceState.last_uplink_at),
        "name": column["name"],
        "tags": type_coerce(Device.tags, String),
        "state": column["state"],
        "lifecycle": column["lifecycle"],
        "service": Service.id,
        "commune": column["commune"],
        "organisation": tied.owner,
        "model": DeviceRecord.model,
        "network": column["network"],
        **{name: getattr(tied, name) for name in TIES if name != "owner"},
    }
    found = connection.execute(
        query.with_only_columns(*(value.label(f"its_{name}") for name, value in wanted.items())).order_by(None)
    ).all()
    columns = dict(zip(wanted, zip(*found, strict=True), strict=True)) if found else dict.fromkeys(wanted, ())
    euis = np.array(columns["dev_eui"], dtype=np.int64)
    return DeviceColumns(
        dev_eui=euis,
        last_uplink_us=np.array([NEVER if at is None else at for at in columns["last"]], dtype=np.int64),
        text=[
            f"{name or ''} {DevEui.from_int64(eui)}".casefold()
            for name, eui in zip(columns["name"], columns["dev_eui"], strict=True)
        ],
        facets={name: Words.of(columns[name]) for name in FACETS},
        ties={name: Words.of(columns["organisation" if name == "owner" else name]) for name in TIES},
        tags=_tags(columns["tags"]),
    )


def _tags(stored: tuple[str | dict[str, str] | None, ...]) -> dict[str, NDArray[np.int64]]:
    rows: dict[str, list[int]] = defaultdict(list)
    known: dict[str, list[str]] = {}
    for row, text in enumerate(stored):
        if not text or text == "{}":
            continue
        if isinstance(text, str):
            pairs = known.get(text)
            if pairs is None:
                pairs = known[text] = [f"{key}={value}" for key, value in json.loads(text).items()]
        else:
            pairs = [f"{key}={value}" for key, value in text.items()]
        for pair in pairs:
            rows[pair].append(row)
    return {pair: np.array(numbers, dtype=np.int64) for pair, numbers in sorted(rows.items())}
