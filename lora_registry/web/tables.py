"""Every list as rows: the same for its files and for the API, each as far as the visitor sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.coverage_rows import COMMUNE_COLUMNS, GAP_COLUMNS, GATEWAY_COLUMNS
from lora_registry.pipeline.plan_coverage import Question
from lora_registry.store import coverage_plans, device_pages, evidence, finding_reads, outages, reads
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row
from lora_registry.web.pages.findings import selection_of
from lora_registry.web.pages.inventory import services_of
from lora_registry.web.queries import DeviceQuery, FindingQuery, asked_of
from lora_registry.web.visits import Visit

_AT_ONCE: Final = 500
_MOST_LETTERS: Final = 10_000

DEVICES: Final = (
    "dev_eui", "name", "network", "application", "service", "organisation", "commune", "lifecycle", "state",
    "first_uplink_at", "last_uplink_at", "uplinks_total", "period_s", "delivery_ratio", "delivery_low",
    "delivery_high", "airtime_s_per_day", "battery_pct", "gateways_30d", "usefulness_low", "usefulness_high",
)  # fmt: skip
"""As `devices list` has them."""
PLACES: Final = ("latitude", "longitude")
SERVICES: Final = (
    "id", "name", "family", "privacy", "organisation", "devices", "silent", "need_period_s", "starts_on",
    "ends_on", "confirmed_on",
)  # fmt: skip
GATEWAYS: Final = (
    "gateway_id", "name", "organisation", "third_party", "latitude", "longitude", "state", "first_heard_at",
    "last_heard_at", "last_stats_at", "devices_30d", "online",
)  # fmt: skip
FINDINGS: Final = (
    "kind", "subject_kind", "subject", "severity", "confidence", "since", "evidence", "explanation", "cause",
    "status",
)  # fmt: skip
OUTAGES: Final = ("network", "started_at", "ended_at", "cause", "evidence")
LETTERS: Final = (
    "last_received_at", "reason", "detail", "topic", "size", "excerpt", "first_received_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """A list that can be taken home."""

    columns: tuple[str, ...]
    rows: Callable[[Visit], Iterable[Row]]
    placed: bool = False
    """Its rows have a latitude and a longitude."""
    of_collection: bool = False


def device_rows(connection: Connection, visit: Visit, dev_euis: list[DevEui], places: Places) -> Iterator[Row]:
    """Yield devices with their position, where the visitor sees it."""
    for row in device_pages.rows(connection, visit.signed_in, dev_euis):
        place = places.get(row["dev_eui"]) if row["sees_position"] else None
        yield row | {
            "longitude": place[0] if place is not None else None,
            "latitude": place[1] if place is not None else None,
        }


Places = Mapping[DevEui, tuple[float, float]]


def _devices(visit: Visit) -> Iterator[Row]:
    query = DeviceQuery.of(asked_of(visit.request))
    columns = visit.site.fleet.current().columns
    chosen = columns.page(
        visit.signed_in, query.which, sort=query.sort, falling=query.falling, after=None, size=len(columns)
    )
    return _read(visit, chosen.dev_euis)


def _read(visit: Visit, dev_euis: list[DevEui]) -> Iterator[Row]:
    with reading(visit.site.engine) as connection:
        places = evidence.positions(connection)
        for start in range(0, len(dev_euis), _AT_ONCE):
            yield from device_rows(connection, visit, dev_euis[start : start + _AT_ONCE], places)


def _findings(visit: Visit) -> list[Row]:
    query = FindingQuery.of(asked_of(visit.request))
    with reading(visit.site.engine) as connection:
        return finding_reads.findings(connection, selection_of(query, visit), language=visit.words.language)


def _gateways(visit: Visit) -> list[Row]:
    return visit.site.gateways.rows(visit.signed_in, visit.site.fleet.current().run_id)


def _outages(visit: Visit) -> list[Row]:
    with reading(visit.site.engine) as connection:
        return outages.outages(connection)


def _letters(visit: Visit) -> list[Row]:
    with reading(visit.site.engine) as connection:
        return reads.dead_letters(connection, limit=_MOST_LETTERS)


def _answer(question: Question) -> Callable[[Visit], Iterable[Row]]:
    def rows(visit: Visit) -> Iterable[Row]:
        with reading(visit.site.engine) as connection:
            found: Any = coverage_plans.answers(connection).get(question, [])
        told: list[Row] = found["gateways"] if question is Question.SWITCH_OFF and found else found
        return told

    return rows


TABLES: Final[Mapping[str, Table]] = {
    "devices": Table((*DEVICES, *PLACES), _devices, placed=True),
    "services": Table(SERVICES, services_of),
    "gateways": Table(GATEWAYS, _gateways, placed=True),
    "findings": Table(FINDINGS, _findings),
    "outages": Table(OUTAGES, _outages, of_collection=True),
    "dead-letters": Table(LETTERS, _letters, of_collection=True),
    "coverage-communes": Table(COMMUNE_COLUMNS, _answer(Question.COMMUNES), of_collection=True),
    "coverage-gaps": Table(GAP_COLUMNS, _answer(Question.GAPS), of_collection=True, placed=True),
    "switch-off": Table(GATEWAY_COLUMNS, _answer(Question.SWITCH_OFF), of_collection=True),
}


def table_of(visit: Visit, name: str) -> Table | None:
    """Return a list that concerns the visitor."""
    found = TABLES.get(name)
    return found if found is not None and (visit.signed_in.sees_collection or not found.of_collection) else None


def cell(value: Any) -> Any:  # noqa: ANN401 - whatever a row holds
    """Return a value that stands in one cell: structures as `name: value` pairs."""
    if isinstance(value, dict):
        return "; ".join(f"{key}: {one}" for key, one in value.items())
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return value
