"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar, runtime_checkable

from sqlalchemy import BigInteger, ColumnElement, DateTime, Dialect, Integer, cast, func, type_coerce
from sqlalchemy.types import TypeDecorator, TypeEngine

from lora_registry.domain.identifiers import DevEui, Eui64, GatewayId

EuiT = TypeVar("EuiT", bound=Eui64)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UINT32 = 1 << 32
_INT32_END = 1 << 31


@runtime_checkable
class Stored(Protocol):
    """A type that says itself how its values are stored, for bulk writes."""

    def storing(self, dialect_name: str) -> Callable[[Any], Any] | None:
        """Return what makes the driver's value of one of ours that is not None; None where nothing is to do."""


def _microseconds(value: datetime) -> int:
    return (value - _EPOCH) // _MICROSECOND


def _signed(value: int) -> int:
    return value - _UINT32 if value >= _INT32_END else value


class _Eui(TypeDecorator[EuiT]):
    """An EUI-64 as a signed 64-bit integer: 8 bytes in each row and index, not 17 (ADR 0001)."""

    impl = BigInteger
    cache_ok = True
    parse_as: type[EuiT]

    def process_bind_param(self, value: EuiT | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else value.to_int64()

    def storing(self, dialect_name: str) -> Callable[[EuiT], int]:  # noqa: ARG002 - the same everywhere
        return Eui64.to_int64

    def process_result_value(self, value: Any | None, dialect: Dialect) -> EuiT | None:  # noqa: ANN401, ARG002
        return None if value is None else self.parse_as.from_int64(value)


class DevEuiType(_Eui[DevEui]):
    """A DevEUI."""

    cache_ok = True
    parse_as = DevEui


class GatewayIdType(_Eui[GatewayId]):
    """A gateway identifier."""

    cache_ok = True
    parse_as = GatewayId


class UInt32(TypeDecorator[int]):
    """An unsigned 32-bit number (frame counter, DevAddr, hertz) in the 4 bytes of a signed one."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else _signed(value)

    def storing(self, dialect_name: str) -> Callable[[int], int]:  # noqa: ARG002
        return _signed

    def process_result_value(self, value: Any | None, dialect: Dialect) -> int | None:  # noqa: ANN401, ARG002
        return None if value is None else value % _UINT32


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, microseconds since 1970 on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value}: every instant carries its time zone")
        return _microseconds(value) if dialect.name == "sqlite" else value

    def storing(self, dialect_name: str) -> Callable[[datetime], int] | None:
        return _microseconds if dialect_name == "sqlite" else None

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        if value is None:
            return None
        if dialect.name == "sqlite":
            return _EPOCH + int(value) * _MICROSECOND
        moment: datetime = value
        return moment.astimezone(UTC)


def microseconds(dialect: Dialect, instant: Any) -> ColumnElement[int]:  # noqa: ANN401 - any model's column
    """Return a column of instants as microseconds since 1970: of many rows no datetime need be made."""
    if dialect.name == "sqlite":
        return type_coerce(instant, BigInteger)
    return cast(func.trunc(func.extract("epoch", instant) * 1_000_000), BigInteger)
