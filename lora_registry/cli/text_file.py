"""A text file that a command is given: plain or gzip, or standard input."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lora_registry.domain.errors import ImportFileError

_GZIP = b"\x1f\x8b"
_STANDARD_INPUT = "-"


@contextmanager
def text_lines(file: Path) -> Iterator[TextIO]:
    """Open a CSV, compressed or not; `-` is standard input.

    Raises:
        ImportFileError: it cannot be opened, is damaged, or is not text.

    """
    try:
        from_stdin = str(file) == _STANDARD_INPUT
        with io.BufferedReader(
            io.FileIO(sys.stdin.fileno() if from_stdin else file, closefd=not from_stdin)
        ) as raw:
            compressed = raw.peek(len(_GZIP)).startswith(_GZIP)
            plain = gzip.GzipFile(fileobj=raw) if compressed else raw
            with io.TextIOWrapper(plain, encoding="utf-8", newline="") as lines:
                yield lines
    except UnicodeDecodeError as error:
        raise ImportFileError(f"not UTF-8 text ({error}): save the file as CSV UTF-8") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportFileError(f"the compressed data is damaged ({error}): copy the file again") from error
    except OSError as error:
        raise ImportFileError(f"cannot be read: {error.strerror or error}") from error


def name_of(file: Path) -> str:
    """Return what to call the file in a message."""
    return "standard input" if str(file) == _STANDARD_INPUT else str(file)
