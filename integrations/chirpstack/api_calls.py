"""One gRPC connection to ChirpStack: the key on each call, time limits, repetition of reads, errors as ours.

ChirpStack 4 answers with few codes: UNAUTHENTICATED for an unknown key, one that is not enough, and somebody
else's object alike; INTERNAL with the database's own words for a duplicate. Names of calls are told, requests
never: they may hold keys.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc

from lora_registry.domain.errors import LoraRegistryError, NetworkServerError, SettingsError, UnavailableError

KeyT = TypeVar("KeyT")
Call = Callable[..., Any]

IN_FLIGHT = 32
"""Calls that wait for their answers at once; a small ChirpStack answers some hundred a second."""
_REPEATED = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED)
_WAITS_S = (0.2, 0.8, 3.2)
_UNIQUE = re.compile(r"unique constraint", re.IGNORECASE)
_LARGEST_ANSWER = 64 << 20
"""A page of devices with many tags can pass gRPC's own 4 MiB."""


class Refusal(StrEnum):
    """What an answer that is an error means."""

    NOT_FOUND = "not found"
    FOREIGN = "not for this key"
    """Not ours, not there, or a key that is not enough: ChirpStack does not tell these apart."""
    DUPLICATE = "there already"
    INVALID = "invalid"
    FAILED = "failed"


class RefusedCallError(NetworkServerError):
    """ChirpStack answered a call with an error."""

    def __init__(self, call: str, refusal: Refusal, words: str) -> None:
        super().__init__(words)
        self.call = call
        self.refusal = refusal


class Connection:
    """A channel and a key; closed by `close`. Calls from one thread only."""

    def __init__(
        self, url: str, key: str, *, timeout_s: float = 30.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._address, secure = _address(url)
        options = [("grpc.max_receive_message_length", _LARGEST_ANSWER)]
        self.channel = (
            grpc.secure_channel(self._address, grpc.ssl_channel_credentials(), options=options)
            if secure
            else grpc.insecure_channel(self._address, options=options)
        )
        self._metadata = (("authorization", f"Bearer {key}"),)
        self._timeout_s = timeout_s
        self._sleep = sleep

    def close(self) -> None:
        """Leave the server."""
        self.channel.close()

    def read(self, name: str, call: Call, request: Any) -> Any:  # noqa: ANN401 - a protobuf message
        """Call what changes nothing; repeated while the server is away.

        Raises:
            UnavailableError: it cannot be reached, or does not answer in time.
            RefusedCallError: it answered with an error.

        """
        for wait_s in _WAITS_S:
            try:
                return call(request, timeout=self._timeout_s, metadata=self._metadata)
            except grpc.RpcError as error:
                if _code(error) not in _REPEATED:
                    raise self._told(name, error) from None
                self._sleep(wait_s)
        return self.write(name, call, request)

    def write(self, name: str, call: Call, request: Any) -> Any:  # noqa: ANN401
        """Call once: what changes something may have happened even when no answer came.

        Raises:
            UnavailableError: no answer; the change may or may not have been made.
            RefusedCallError: it answered with an error.

        """
        try:
            return call(request, timeout=self._timeout_s, metadata=self._metadata)
        except grpc.RpcError as error:
            # Without its cause: gRPC's error prints the request's details, and a request may hold keys.
            raise self._told(name, error) from None

    def read_many(self, name: str, call: Call, requests: Iterable[tuple[KeyT, Any]]) -> Iterator[tuple[KeyT, Any]]:
        """Yield answers in the order of `requests`, several under way at once; what is gone is left out.

        Raises:
            UnavailableError, RefusedCallError: as `read`.

        """
        waiting: deque[tuple[KeyT, Any, Any]] = deque()
        for key, request in requests:
            waiting.append(
                (key, request, call.future(request, timeout=self._timeout_s, metadata=self._metadata))  # type: ignore[attr-defined]
            )
            if len(waiting) >= IN_FLIGHT:
                yield from self._next(name, call, waiting)
        while waiting:
            yield from self._next(name, call, waiting)

    def _next(self, name: str, call: Call, waiting: deque[tuple[KeyT, Any, Any]]) -> Iterator[tuple[KeyT, Any]]:
        key, request, future = waiting.popleft()
        try:
            yield key, future.result()
        except grpc.RpcError as error:
            try:
                if _code(error) not in _REPEATED:
                    raise self._told(name, error) from None
                yield key, self.read(name, call, request)
            except RefusedCallError as refused:
                if refused.refusal not in (Refusal.NOT_FOUND, Refusal.FOREIGN):
                    raise

    def _told(self, name: str, error: Any) -> LoraRegistryError:  # noqa: ANN401 - grpc.RpcError has no methods
        code, details = _code(error), str(error.details() or "").strip()
        where = f"ChirpStack at {self._address}, {name}"
        match code:
            case grpc.StatusCode.NOT_FOUND:
                return RefusedCallError(name, Refusal.NOT_FOUND, f"{where}: {details}")
            case grpc.StatusCode.UNAUTHENTICATED:
                return RefusedCallError(
                    name,
                    Refusal.FOREIGN,
                    f"{where}: the key is not known, may not do this, or the object is somebody else's "
                    f"({details or 'no more was said'}): check LORA_REGISTRY_CHIRPSTACK_KEY and what it allows",
                )
            case grpc.StatusCode.INTERNAL if _UNIQUE.search(details):
                return RefusedCallError(name, Refusal.DUPLICATE, f"{where}: it is there already")
            case grpc.StatusCode.INVALID_ARGUMENT:
                return RefusedCallError(name, Refusal.INVALID, f"{where}: {details}")
            case _ if code in _REPEATED or code is grpc.StatusCode.CANCELLED:
                return UnavailableError(
                    f"{where}: no answer ({code.name if code else 'unknown'}): check "
                    "LORA_REGISTRY_CHIRPSTACK_URL and that ChirpStack is running, then run the command again"
                )
            case _:
                said = f"{code.name if code else 'an error'} {details}".strip()
                return RefusedCallError(name, Refusal.FAILED, f"{where}: {said}")


def _code(error: Any) -> grpc.StatusCode | None:  # noqa: ANN401
    return error.code() if hasattr(error, "code") else None


def _address(url: str) -> tuple[str, bool]:
    """Return host:port, and whether TLS is spoken; ChirpStack itself speaks none, a proxy before it may."""
    parts = urlsplit(url)
    if parts.scheme not in ("grpc", "grpcs") or not parts.hostname:
        raise SettingsError(
            f"LORA_REGISTRY_CHIRPSTACK_URL is {url!r}: write grpc://HOST:PORT, or grpcs:// behind TLS"
        )
    secure = parts.scheme == "grpcs"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or (443 if secure else 8080)}", secure
