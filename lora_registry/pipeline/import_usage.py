"""`usage import`, `services confirm`: evidence of use comes in, from files and from owners."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import ImportFileError, RefusedError, UsageError
from lora_registry.store import usage_writes
from lora_registry.store.engine import writing
from lora_registry.usefulness.usage_file import Reads, read_usage
from lora_registry.usefulness.use import Answer

_LIST = "`lora-registry services list` shows what there is"


def import_usage(engine: Engine, lines: Iterable[str], *, by: str, now: datetime) -> list[Reads]:
    """Import counted reads (CSV: service,day,reads,source), all or nothing; once more, they replace themselves.

    Raises:
        ImportFileError: lists the faults; nothing was written.

    """
    rows = read_usage(lines, today=now.date())
    with writing(engine) as connection:
        names = _by_any_name(connection)
        unknown = sorted({row.service for row in rows} - names.keys())
        if unknown:
            raise ImportFileError(f"no such service: {', '.join(unknown)}; {_LIST}")
        known = [row._replace(service=names[row.service]) for row in rows]
        usage_writes.write_reads(connection, known, by=by, now=now)
    return known


def confirm_service(
    engine: Engine, service: str, *, answer: Answer, on: date, text: str | None, by: str, now: datetime
) -> str:
    """Write down what the owner of a service answers when asked whether it is still needed; return its id.

    Raises:
        UsageError: the day is yet to come.
        RefusedError: no such service.

    """
    if on > now.date():
        raise UsageError(f"{on.isoformat()} is yet to come: an answer is of today or before")
    with writing(engine) as connection:
        service_id = service_named(connection, service)
        usage_writes.add_answer(connection, service_id, answer=answer, on=on, text=text, by=by, now=now)
    return service_id


def service_named(connection: Connection, text: str) -> str:
    """Return the id of the service that is called so, by id or name.

    Raises:
        RefusedError: none is.

    """
    names = _by_any_name(connection)
    if text not in names:
        raise RefusedError(f"no service {text!r}: {_LIST}")
    return names[text]


def _by_any_name(connection: Connection) -> dict[str, str]:
    """Return the id of each service by its name and, before that, by its id."""
    services = usage_writes.services(connection)
    return {name: service_id for service_id, name in services.items()} | {one: one for one in services}
