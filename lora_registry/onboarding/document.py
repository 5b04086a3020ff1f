"""Bytes into a JSON document, whatever they are: too many, not text, not JSON, nested without end."""

from __future__ import annotations

import json
from typing import Any

from lora_registry.domain.errors import ImportFileError

MOST_BYTES = 100_000_000
_BYTE_ORDER_MARK = "\ufeff"


class RepeatedKeys(dict[str, Any]):
    """A JSON object that names a key twice: JSON would silently keep the last."""

    repeated: tuple[str, ...] = ()


def load(data: bytes) -> Any:  # noqa: ANN401 - JSON is any
    """Return the JSON value in `data` (UTF-8, a byte order mark allowed).

    `NaN` and `Infinity` are let through: whoever reads the number knows its place and refuses it there.

    Raises:
        ImportFileError: larger than 100 MB, not UTF-8, not JSON, or nested too deeply.

    """
    if len(data) > MOST_BYTES:
        raise ImportFileError(f"larger than {MOST_BYTES // 1_000_000} MB: cut it into several files")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ImportFileError(
            f"line {line}: byte 0x{data[error.start]:02x} is not UTF-8: save the file with the encoding UTF-8"
        ) from None
    try:
        return json.loads(text.removeprefix(_BYTE_ORDER_MARK), object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ImportFileError(
            f"line {error.lineno}, column {error.colno}: not JSON ({error.msg}): check commas, quotes and brackets"
        ) from None
    except RecursionError:
        raise ImportFileError("nested too deeply to be a registry or boundaries: is it the right file?") from None
    except ValueError as error:  # a number of thousands of digits
        raise ImportFileError(f"not JSON that can be read ({error})") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    names = [name for name, _ in pairs]
    told = RepeatedKeys(values)
    told.repeated = tuple(name for name in values if names.count(name) > 1)
    return told
