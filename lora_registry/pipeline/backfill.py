"""A capture straight into the registry: the listener's decode and store, with a file for a broker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from lora_registry.domain.errors import CaptureError
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected
from lora_registry.pipeline.capture import BadLine, read_capture, read_lines
from lora_registry.ports import Decoder


class CaptureSource:
    """A capture as an `EventSource`; lines that are no messages come too, to be set aside as dead letters."""

    def __init__(self, capture: Path | Iterable[bytes], *, read_at: datetime) -> None:
        """Read a file, or lines that another process gives us."""
        self._read_at = read_at
        self._lines: Iterator[RawMessage | BadLine]
        if isinstance(capture, Path):
            # A file's name may hold bytes that are no text.
            self._name = capture.name.encode("utf-8", "replace").decode()
            self._lines = read_capture(capture)
        else:
            self._name, self._lines = "lines", read_lines(capture)
        self._exhausted = False
        self._unwritten = 0
        self._damage: CaptureError | None = None

    def take(self, timeout_s: float) -> RawMessage | None:  # noqa: ARG002 - a file never makes one wait
        """Return the next line; None at the end, and while what precedes a damage is not written yet.

        Raises:
            CaptureError: the file is damaged from here on; everything before is in the registry.

        """
        try:
            line = None if self._damage is not None else next(self._lines, None)
        except CaptureError as error:
            self._damage, line = error, None
        if self._damage is not None and not self._unwritten:
            raise self._damage
        if line is None:
            self._exhausted = self._damage is None
            return None
        self._unwritten += 1
        if isinstance(line, BadLine):
            topic = f"capture/{self._name}/line/{line.number}"
            return RawMessage(topic, line.line, self._read_at, token=line)
        return line

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        """Count what is written; there is nothing to confirm, as reading the file again adds nothing."""
        self._unwritten -= len(messages)

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
