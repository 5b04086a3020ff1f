"""What a list's address says: filters, order, page. The same for lists, exports, the API and the map."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request

from lora_registry.domain.device_columns import FACETS, Filter, Sort
from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.finding_place import Place
from lora_registry.domain.findings import Identity, Severity, Status, SubjectKind
from lora_registry.domain.identifiers import DevEui
from lora_registry.web.errors import BadRequestError

PAGE: Final = 50
MOST: Final = 500
_LONGEST_TEXT: Final = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceQuery:
    """A list of devices."""

    which: Filter
    sort: Sort = Sort.SILENCE
    falling: bool = False
    after: DevEui | None = None
    size: int = PAGE

    @classmethod
    def of(cls, asked: QueryParams, *, size: int = PAGE) -> DeviceQuery:
        """Read an address; empty fields of a form say nothing.

        Raises:
            BadRequestError: an order or a place that is none.

        """
        facets = {
            name: tuple("" if value == "-" else value for value in asked.getlist(name) if value) for name in FACETS
        }
        which = Filter(
            facets={name: words for name, words in facets.items() if words},
            tags=tuple(tag for tag in asked.getlist("tag") if tag),
            text=asked.get("q", "")[:_LONGEST_TEXT],
        )
        order = asked.get("sort") or Sort.SILENCE.value
        try:
            sort = Sort(order.removeprefix("-"))
        except ValueError:
            choice = ", ".join(Sort)
            raise BadRequestError(
                f"sort is {order[:40]!r}: one of {choice}, with - before it to turn it round"
            ) from None
        return cls(
            which=which,
            sort=sort,
            falling=order.startswith("-"),
            after=_dev_eui(asked.get("after")),
            size=size_of(asked, size),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filters as an address has them, without order and page."""
        found = [(name, word or "-") for name, words in self.which.facets.items() for word in words]
        found += [("tag", tag) for tag in self.which.tags]
        return [*found, ("q", self.which.text)] if self.which.text else found

    def within(self, names: Sequence[str]) -> DeviceQuery:
        """Return the same with one word of each of these filters, and the name that is searched for."""
        kept = {name: words for name, words in self.which.facets.items() if name in names and len(words) == 1}
        return replace(self, which=Filter(facets=kept, tags=(), text=self.which.text))

    def without(self, names: Sequence[str]) -> DeviceQuery:
        """Return what `within` leaves out."""
        kept = self.within(names).which.facets
        left = {name: words for name, words in self.which.facets.items() if name not in kept}
        return replace(self, which=Filter(facets=left, tags=self.which.tags, text=""))

    def address(self, path: str, **more: str | None) -> str:
        """Return the address of this list elsewhere: `sort` or `after` given, `None` leaves out."""
        sort = ("-" if self.falling else "") + self.sort.value
        given: dict[str, str | None] = {"sort": sort if sort != Sort.SILENCE.value else None} | more
        pairs = [*self.pairs(), *((key, value) for key, value in given.items() if value is not None)]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def asked_of(request: Request) -> QueryParams:
    """Return what the address asks for.

    Raises:
        BadRequestError: a character that no name has, and that PostgreSQL refuses.

    """
    for name, value in request.query_params.multi_items():
        if not _storable(value) or not _storable(name):
            raise BadRequestError(f"the value of {name[:40]!r} holds a character that no name has")
    return request.query_params


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def size_of(asked: QueryParams, usual: int) -> int:
    """Return how many rows a page has.

    Raises:
        BadRequestError: not a number from 1 to `MOST`.

    """
    text = asked.get("limit")
    if text is None:
        return usual
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST):  # noqa: PLR2004 - digits
        raise BadRequestError(f"limit is {text[:20]!r}: a number from 1 to {MOST}")
    return int(text)


def _dev_eui(text: str | None) -> DevEui | None:
    if not text:
        return None
    try:
        return DevEui.parse(text)
    except IdentifierError as error:
        raise BadRequestError(str(error)) from None


def packed(*values: Any) -> str:  # noqa: ANN401 - what JSON holds
    """Return values as one word for an address."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def unpacked(word: str) -> Any:  # noqa: ANN401
    """Return the values that `packed` made a word of.

    Raises:
        BadRequestError: it is none.

    """
    try:
        return json.loads(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise BadRequestError("this address names no place in the list: begin with its first page") from None


def key_of(identity: Sequence[Any]) -> str:
    """Return a finding's identity as one word for an address."""
    kind, subject_kind, subject, since = identity
    return packed(kind, str(subject_kind), subject, (since - _EPOCH) // timedelta(microseconds=1))


def identity_of(word: str) -> Identity:
    """Return the identity that `key_of` made a word of.

    Raises:
        BadRequestError: it is not one.

    """
    match unpacked(word):
        case [str(kind), str(subject_kind), str(subject), int(since)] if (
            subject_kind in set(SubjectKind) and 0 <= since < 1 << 52 and _storable(kind + subject)
        ):
            return kind, subject_kind, subject, _EPOCH + timedelta(microseconds=since)
    raise BadRequestError("this is not the key of a finding: take it from the list of findings")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingQuery:
    """A list of findings."""

    kind: str | None = None
    severity: Severity | None = None
    status: Status | None = None
    """None: those that a list of things to do shows."""
    everything: bool = False
    service: str | None = None
    commune: str | None = None
    after: Place | None = None
    size: int = PAGE

    @classmethod
    def of(cls, asked: QueryParams, *, size: int = PAGE) -> FindingQuery:
        """Read an address.

        Raises:
            BadRequestError: a severity, status or place that is none.

        """
        severity, status = asked.get("severity") or None, asked.get("status") or None
        after = asked.get("after")
        place = None
        if after:
            match unpacked(after):
                case [str(rank), str(key)] if rank in set(Severity):
                    place = Place.of(Severity(rank), identity_of(key))
                case _:
                    raise BadRequestError("this address names no place in the list: begin with its first page")
        return cls(
            kind=(asked.get("kind") or None),
            severity=_word(Severity, "severity", severity),
            status=_word(Status, "status", status if status != "all" else None),
            everything=status == "all",
            service=asked.get("service") or None,
            commune=asked.get("commune") or None,
            after=place,
            size=size_of(asked, size),
        )

    def pairs(self) -> list[tuple[str, str]]:
        """Return the filters as an address has them."""
        status = "all" if self.everything else self.status
        found = (
            ("kind", self.kind), ("severity", self.severity), ("status", status), ("service", self.service),
            ("commune", self.commune),
        )  # fmt: skip
        return [(name, str(value)) for name, value in found if value is not None]

    def address(self, path: str, **more: str | None) -> str:
        """Return the address of this list elsewhere."""
        pairs = [*self.pairs(), *((key, value) for key, value in more.items() if value is not None)]
        return f"{path}?{urlencode(pairs)}" if pairs else path


def _word(words: Any, name: str, value: str | None) -> Any:  # noqa: ANN401 - an enumeration, and a member of it
    if value is None:
        return None
    try:
        return words(value)
    except ValueError:
        raise BadRequestError(
            f"{name} is {value[:40]!r}: one of {', '.join(str(word) for word in words)}"
        ) from None


def place_of(row: Mapping[str, Any]) -> Place:
    """Return the place of a row of findings in their list."""
    identity = row["kind"], row["subject_kind"], row["subject"], row["since"]
    return Place.of(Severity(row["severity"]), identity)


def place_after(place: Place) -> str:
    """Return where the list goes on after a finding, as one word for an address."""
    return packed(str(place.severity), key_of(place.identity))
