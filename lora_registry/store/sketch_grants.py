"""Of which devices sketches may be kept, and on what terms: owners' words, read anew for every batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, func, select, type_coerce

from lora_registry.domain.device_sketch import Terms
from lora_registry.domain.services import Family, PrivacyClass
from lora_registry.store.registry import DeviceRecord, Service

_NO_SERVICE = Terms({}, meter=False)
# A device's own class, else its service's; neither: household, and nothing is kept.
PRIVACY = func.coalesce(DeviceRecord.privacy, Service.privacy)


class Grant(NamedTuple):
    """What may be kept of a device."""

    terms: Terms
    hourly: bool
    """Hourly means too: a public service that measures."""


def granted(*columns: ColumnElement[Any]) -> Select[Any]:
    """Select (stored DevEUI, class, service, `columns`) of the devices of which sketches may be kept."""
    return (
        select(type_coerce(DeviceRecord.dev_eui, BigInteger), PRIVACY, DeviceRecord.service_id, *columns)
        .outerjoin(Service, Service.id == DeviceRecord.service_id)
        .where(PRIVACY.in_([word for word in PrivacyClass if word.allows_sketches]))
    )


class Grants:
    """What services declare, looked up by the class and service of a device."""

    def __init__(self, connection: Connection, service_ids: Iterable[str | None]) -> None:
        self._services = dict(_services(connection, set(service_ids)))
        self._given: dict[tuple[str, str | None], Grant] = {}

    def of(self, privacy: str, service_id: str | None) -> Grant:
        """Return what may be kept of a device of this class and service."""
        known = self._given.get((privacy, service_id))
        if known is not None:
            return known
        family, terms = self._services.get(service_id, (None, _NO_SERVICE))
        grant = Grant(terms, hourly=privacy == PrivacyClass.PUBLIC and family == Family.MEASURE)
        self._given[privacy, service_id] = grant
        return grant


def _services(
    connection: Connection, service_ids: set[str | None]
) -> Iterator[tuple[str | None, tuple[str | None, Terms]]]:
    query = select(Service.id, Service.family, Service.tolerance).where(Service.id.in_(service_ids - {None}))
    for service_id, family, tolerance in connection.execute(query):
        yield service_id, (family, Terms(tolerance, meter=family == Family.METER))
