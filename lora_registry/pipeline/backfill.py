"""A capture straight into the registry: the listener's decode and store, with a file for a broker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected
from lora_registry.pipeline.capture import BadLine, read_capture
from lora_registry.ports import Decoder


class CaptureSource:
    """A capture as an `EventSource`; lines that are no messages come too, to be set aside as dead letters."""

    def __init__(self, path: Path, *, read_at: datetime) -> None:
        self._path = path
        self._read_at = read_at
        self._lines: Iterator[RawMessage | BadLine] = read_capture(path)
        self._exhausted = False

    def take(self, timeout_s: float) -> RawMessage | None:  # noqa: ARG002 - a file never makes one wait
        """Return the next line.

        Raises:
            CaptureError: the file is damaged from here on.

        """
        line = next(self._lines, None)
        if line is None:
            self._exhausted = True
            return None
        if isinstance(line, BadLine):
            topic = f"capture/{self._path.name}/line/{line.number}"
            return RawMessage(topic, line.line, self._read_at, token=line)
        return line

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        """Nothing to confirm: reading the file again adds nothing."""

    @property
    def connected_at(self) -> datetime | None:
        """Never: a file is history."""
        return None

    @property
    def exhausted(self) -> bool:
        """True at the end of the file."""
        return self._exhausted


def reading_captures(decode: Decoder) -> Decoder:
    """Return `decode`, which also refuses the lines that were no messages."""

    def decode_line(raw: RawMessage) -> Event | Rejected | Ignored:
        if isinstance(raw.token, BadLine):
            return Rejected("bad_capture_line", f"line {raw.token.number}: {raw.token.problem}"[:300])
        return decode(raw)

    return decode_line
