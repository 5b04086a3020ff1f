"""`export opendata`: the files of a folder, of which only those that changed are written."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine

from lora_registry.domain.errors import LoraRegistryError
from lora_registry.domain.months import settled
from lora_registry.pipeline import gather_open_data as gather
from lora_registry.report.open_package import PACKAGE, OpenFile, csv_file, geojson_file, package
from lora_registry.report.open_tables import COVERAGE, DEVICES, GATEWAYS, MONTHS, TABLES
from lora_registry.store import map_reads, open_reads, service_reads, sketches
from lora_registry.store.engine import reading, writing

NAMES: Final = (
    *(f"{table.name}.csv" for table in TABLES),
    *(f"{table.name}.geojson" for table in TABLES if table.shape is not None),
    PACKAGE,
)
"""Every file that we may write into the folder, and take away again."""


class Exported(NamedTuple):
    """What one export did, by names of files."""

    written: list[str]
    unchanged: list[str]
    removed: list[str]


def export_open_data(
    engine: Engine,
    folder: Path,
    *,
    include: Collection[str],
    blurred: Collection[str],
    publisher: str,
    homepage: str,
    now: datetime,
) -> Exported:
    """Write what has changed of a registry's open data; each file whole or not at all, the package last.

    Figures of a month that is there stay as they were published, while the same things are published.
    `publisher` is who publishes where the registry names no single metropolis.

    Raises:
        UsageError: a service to be blurred is not in the registry.
        LoraRegistryError: the folder cannot be written.

    """
    with writing(engine) as connection:
        name = gather.identified(sketches.registry_key(connection))
    with reading(engine) as connection:
        services = [row["id"] for row in service_reads.services(connection)]
        choice = gather.choice_of(include, blurred, services)
        known = _published_months(folder, choice)
        among = list(open_reads.devices(connection))
        objects = gather.devices(connection, choice, name, among)
        files = [csv_file(DEVICES, objects), geojson_file(DEVICES, objects, {})]
        if choice.gateways:
            antennas = gather.gateways(connection, choice, name)
            files += [csv_file(GATEWAYS, antennas), geojson_file(GATEWAYS, antennas, {})]
        cells, rings = gather.coverage(connection)
        files += [csv_file(COVERAGE, cells), geojson_file(COVERAGE, cells, rings)]
        missing = set(settled(now)) - {row["mois"] for row in known}
        figures = [*known, *gather.months(connection, choice, among, missing)]
        files.append(csv_file(MONTHS, sorted(figures, key=gather.order)))
        who = map_reads.metropolis(connection) or publisher
    described = package(files, publisher=who, homepage=homepage, choices=choice.as_json())
    return _write(folder, [*files, OpenFile(PACKAGE, described, {})])


def _published_months(folder: Path, choice: gather.Choice) -> list[dict[str, Any]]:
    """Return the figures that are published already; none where other things were published then."""
    try:
        told = json.loads((folder / PACKAGE).read_bytes())
        with (folder / f"{MONTHS.name}.csv").open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, strict=True))
    except (OSError, ValueError, csv.Error):
        return []
    same = isinstance(told, dict) and told.get("choices") == choice.as_json()
    columns = [column.name for column in MONTHS.columns]
    return rows if same and all(list(row) == columns and None not in row.values() for row in rows) else []


def _write(folder: Path, files: Collection[OpenFile]) -> Exported:
    done = Exported([], [], [])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in files:
            path = folder / one.name
            if path.is_file() and path.read_bytes() == one.body:
                done.unchanged.append(one.name)
                continue
            part = folder / f".{one.name}.part"
            part.write_bytes(one.body)
            os.replace(part, path)  # noqa: PTH105 - whoever reads finds the old file or the new one
            done.written.append(one.name)
        for gone in sorted(set(NAMES) - {one.name for one in files}):
            if (folder / gone).is_file():
                (folder / gone).unlink()
                done.removed.append(gone)
    except OSError as error:
        raise LoraRegistryError(f"{folder} cannot be written: {error.strerror or error}") from error
    return done
