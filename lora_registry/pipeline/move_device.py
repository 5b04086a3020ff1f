"""What becomes of a device in use: another owner, a pause, another one in its place. Each is written down.

Where the network server is to follow (a suspended device is switched off there), the registry comes first; a
server that is away leaves the set of changes open, and the same order again ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, insert, select, update

from lora_registry.domain.errors import RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.changes import Change, State, Verb
from lora_registry.ports import Provisioning
from lora_registry.store import journal, reference_reads
from lora_registry.store.engine import writing
from lora_registry.store.journal import About
from lora_registry.store.registry import Installation

REPAIR = fields.ATTRIBUTE + "repair"
"""Since when a removed device is being repaired: it is no stock."""
_INHERITED = (
    "service_id", "owner_id", "operator_id", "maintainer_id", "territory_code", "privacy", "name",
)  # fmt: skip
"""What belongs to the place and its purpose, and not to the equipment."""


After = Mapping[DevEui, Mapping[str, Any]]
"""What is to be said of each device, by field."""


class Order(NamedTuple):
    """Who wants something done, when, and why."""

    by: str
    now: datetime
    why: str | None = None


class Moved(NamedTuple):
    """What was done."""

    number: int | None
    """Of the set of changes; None when all was as wanted."""
    switched: list[DevEui]
    """Devices that the network server was told about."""
    unknown_there: list[DevEui]
    """Devices that it does not know."""


def transfer(engine: Engine, dev_euis: Sequence[DevEui], to: str, order: Order) -> int | None:
    """Give devices to another organisation, with their history; return the number of the set of changes.

    Raises:
        RefusedError: no such organisation, or a device that the registry does not know.

    """
    with writing(engine) as connection:
        organisation = reference_reads.references(connection).organisation(to)
        if organisation is None:
            raise RefusedError(f"no organisation is called {to!r}: `registry import` adds it")
        after: After = {eui: {"owner_id": organisation} for eui in dev_euis}
        return _write(connection, Verb.TRANSFER, after, order, State.APPLIED)


def suspend(engine: Engine, dev_euis: Sequence[DevEui], order: Order, server: Provisioning | None = None) -> Moved:
    """Take devices out of service for a time, and switch them off in the network server.

    Raises:
        RefusedError: a device that the registry does not know.
        UnavailableError, NetworkServerError: the registry has it, the network not yet: order it again.

    """
    after: After = {eui: {fields.LIFECYCLE: Lifecycle.SUSPENDED.value} for eui in dev_euis}
    return _switched(engine, Verb.SUSPEND, after, order, server, disabled=True)


def resume(engine: Engine, dev_euis: Sequence[DevEui], order: Order, server: Provisioning | None = None) -> Moved:
    """Put suspended devices back into service, and switch them on in the network server.

    Raises:
        RefusedError, UnavailableError, NetworkServerError: as `suspend`.

    """
    after: After = {eui: {fields.LIFECYCLE: Lifecycle.IN_SERVICE.value} for eui in dev_euis}
    return _switched(engine, Verb.RESUME, after, order, server, disabled=False)


def swap(
    engine: Engine,
    old: DevEui,
    new: DevEui,
    order: Order,
    server: Provisioning | None = None,
    *,
    repair: bool = False,
) -> Moved:
    """Let a device take over another's place, purpose and owner; the old one goes to stock, or to repair.

    The old one is switched off in the network server, the new one on.

    Raises:
        RefusedError: the registry does not know one of them, they are the same, or the new one serves elsewhere.
        UnavailableError, NetworkServerError: as `suspend`.

    """
    if old == new:
        raise RefusedError(f"{old} cannot take its own place: name the new device second")
    with writing(engine) as connection:
        number = _open(connection, Verb.SWAP, (old, new))
        if number is None:
            number = _take_over(connection, old, new, order, repair=repair, is_whole=server is None)
    if server is None:
        return Moved(number, [], [])
    switched, unknown = _switch(server, {old: True, new: False})
    _end(engine, number)
    return Moved(number, switched, unknown)


def _take_over(
    connection: Connection, old: DevEui, new: DevEui, order: Order, *, repair: bool, is_whole: bool
) -> int | None:
    said = _known(journal.words(connection, [old, new], lock=True), [old, new])
    if said[new].get(fields.LIFECYCLE) == Lifecycle.IN_SERVICE:
        raise RefusedError(f"{new} is in service itself: suspend or remove it first")
    taken = {name: said[old][name] for name in _INHERITED if said[old].get(name) is not None}
    if fields.POSITION in said[old]:
        taken[fields.POSITION] = {**said[old][fields.POSITION], "since": order.now.isoformat()}
    taken[fields.LIFECYCLE] = Lifecycle.IN_SERVICE.value
    left = {fields.LIFECYCLE: Lifecycle.REMOVED.value, REPAIR: order.now.isoformat() if repair else None}
    state = State.APPLIED if is_whole else State.PROVISIONING
    number = _write(connection, Verb.SWAP, {old: left, new: taken}, order, state)
    _move_in(connection, old, new, order.now)
    return number


def _switched(
    engine: Engine,
    verb: Verb,
    after: After,
    order: Order,
    server: Provisioning | None,
    *,
    disabled: bool,
) -> Moved:
    with writing(engine) as connection:
        state = State.APPLIED if server is None else State.PROVISIONING
        number = _write(connection, verb, after, order, state) or _open(connection, verb, after)
    if server is None:
        return Moved(number, [], [])
    switched, unknown = _switch(server, dict.fromkeys(after, disabled))
    _end(engine, number)
    return Moved(number, switched, unknown)


def _switch(server: Provisioning, wanted: dict[DevEui, bool]) -> tuple[list[DevEui], list[DevEui]]:
    switched: list[DevEui] = []
    unknown: list[DevEui] = []
    for dev_eui, disabled in wanted.items():
        (switched if server.set_disabled(dev_eui, disabled=disabled) else unknown).append(dev_eui)
    return switched, unknown


def _end(engine: Engine, number: int | None) -> None:
    if number is not None:
        with writing(engine) as connection:
            journal.set_state(connection, number, State.APPLIED)


def _write(
    connection: Connection,
    verb: Verb,
    after: After,
    order: Order,
    state: State,
) -> int | None:
    said = _known(journal.words(connection, list(after), lock=True), list(after))
    made: list[Change] = []
    for eui, words in after.items():
        made += fields.differences(eui, said[eui], words, dict.fromkeys(words, f"{verb} by {order.by}"))
    if not made:
        return None
    return journal.apply(connection, About(verb, order.by, order.why), made, now=order.now, state=state)


def _open(connection: Connection, verb: Verb, dev_euis: Iterable[DevEui]) -> int | None:
    """Return the set of the same order, if the network server went away in the midst of it."""
    wanted = set(dev_euis)
    for row in journal.sets(connection, verb, states=(State.PROVISIONING,)):
        if {change.dev_eui for change in journal.changes_of(connection, row["id"])} <= wanted:
            return int(row["id"])
    return None


def _known(said: dict[DevEui, dict[str, Any]], dev_euis: Sequence[DevEui]) -> dict[DevEui, dict[str, Any]]:
    unknown = [eui for eui in dev_euis if fields.RECORD not in said.get(eui, {})]
    if unknown:
        raise RefusedError(
            f"{', '.join(unknown)}: not in the registry: `lora-registry devices list` shows what is, onboard adds"
        )
    return said


def _move_in(connection: Connection, old: DevEui, new: DevEui, now: datetime) -> None:
    """End the old device's installation and begin the new one's at the same place."""
    table = Installation.table()
    open_ones = select(table.c.place_id).where(table.c.dev_eui == old, table.c.until.is_(None))
    for place in list(connection.execute(open_ones).scalars()):
        ended = (table.c.dev_eui == old) & table.c.until.is_(None)
        connection.execute(update(table).where(ended).values(until=now))
        connection.execute(insert(table).values(dev_eui=new, since=now, until=None, place_id=place))
