"""History straight into the registry: the listener's decode and store, with a file or a table for a broker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from lora_registry.domain.errors import LoraRegistryError
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected
from lora_registry.pipeline.capture import BadLine, read_capture, read_lines
from lora_registry.ports import Decoder

_AT_ONCE = 200


class HistorySource:
    """Messages of the past as an `EventSource`; nothing is to be confirmed: reading them again adds nothing."""

    def __init__(self, messages: Iterator[RawMessage]) -> None:
        """Read `messages` to their end, or to the error at which they break off."""
        self._messages = messages
        self._exhausted = False
        self._damage: LoraRegistryError | None = None

    def take(self, timeout_s: float) -> Sequence[RawMessage]:  # noqa: ARG002 - history never makes one wait
        """Return the next messages, none at the end.

        Raises:
            LoraRegistryError: it breaks off here; everything before was taken.

        """
        if self._damage is not None:
            raise self._damage
        taken: list[RawMessage] = []
        try:
            taken.extend(islice(self._messages, _AT_ONCE))
        except LoraRegistryError as error:
            self._damage = error
        self._exhausted = self._damage is not None or len(taken) < _AT_ONCE
        return taken

    def acknowledge(self, messages: Sequence[RawMessage]) -> None:
        """Do nothing: there is nobody to tell."""

    @property
    def connected_at(self) -> datetime | None:
        """Never: this is history."""
        return None

    @property
    def exhausted(self) -> bool:
        """True at the end."""
        return self._exhausted


class CaptureSource(HistorySource):
    """A capture: lines that are no messages come too, to be set aside as dead letters."""

    def __init__(self, capture: Path | Iterable[bytes], *, read_at: datetime) -> None:
        """Read a file, or lines that another process gives us."""
        if isinstance(capture, Path):
            # A file's name may hold bytes that are no text.
            name, lines = capture.name.encode("utf-8", "replace").decode(), read_capture(capture)
        else:
            name, lines = "lines", read_lines(capture)
        super().__init__(_messages(name, lines, read_at))


def _messages(name: str, lines: Iterator[RawMessage | BadLine], read_at: datetime) -> Iterator[RawMessage]:
    for line in lines:
        if isinstance(line, BadLine):
            yield RawMessage(f"capture/{name}/line/{line.number}", line.line, read_at, token=line)
        else:
            yield line


def reading_captures(decode: Decoder) -> Decoder:
    """Return `decode`, which also refuses the lines that were no messages."""

    def decode_line(raw: RawMessage) -> Event | Rejected | Ignored:
        if isinstance(raw.token, BadLine):
            return Rejected("bad_capture_line", f"line {raw.token.number}: {raw.token.problem}"[:300])
        return decode(raw)

    return decode_line
