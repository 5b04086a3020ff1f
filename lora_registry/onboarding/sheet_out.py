"""The registry as a sheet that people fill in and hand back: importing it as it is changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.plain import FORMULA_STARTS
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.adoption_rules import SETTABLE
from lora_registry.onboarding.changes import Words
from lora_registry.onboarding.columns import BY_KEY, COLUMNS, Use

BYTE_ORDER_MARK: Final = "\ufeff"
_NUMBERS = ("latitude", "longitude", "altitude_m", "accuracy_m")
# A leading apostrophe too: the import takes one away.
_RISKY = ("'", *FORMULA_STARTS)


def write_sheet(said: Mapping[DevEui, Words]) -> str:
    """Return a CSV (`;`, decimal commas, without byte order mark) of devices in the registry's French columns.

    Attributes follow under their own headings. What a spreadsheet would run as a formula begins with `'`, which
    an import takes away again.
    """
    extra = sorted({name for words in said.values() for name in words if name.startswith(fields.ATTRIBUTE)})
    place = [BY_KEY[key] for key in (*_NUMBERS, "position_source", "since")]
    others = [column for column in COLUMNS if column.use is Use.DEVICE]
    headings = ["dev_eui", BY_KEY["network"].headings[0]]
    headings += [column.headings[0] for column in (*others, *place)]
    headings += [name.removeprefix(fields.ATTRIBUTE) for name in extra]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(headings)
    for eui, words in said.items():
        row = [eui.upper(), words.get(fields.NETWORK, "")]
        row += [_text(words.get(SETTABLE[column.key])) for column in others]
        row += _place(words.get(fields.POSITION))
        row += [_text(words.get(name)) for name in extra]
        writer.writerow(row)
    return out.getvalue()


def _place(position: Words | None) -> list[str]:
    if position is None:
        return [""] * (len(_NUMBERS) + 2)
    return [*(_number(position.get(name)) for name in _NUMBERS), position["source"], position["since"][:10]]


def _number(value: float | None) -> str:
    return "" if value is None else format(Decimal(repr(value)), "f").replace(".", ",")


def _text(value: Any) -> str:  # noqa: ANN401 - a plain value
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_RISKY) else text
