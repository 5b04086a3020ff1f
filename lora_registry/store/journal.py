"""Changes of owners' words: written with their journal in one transaction, and undone from it.

An undo restores what was there before, but not over what somebody said since: such values are left, and told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, delete, insert, select, tuple_, update

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import PositionSource
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.changes import Change, State, Verb, Words
from lora_registry.store import chosen, staging
from lora_registry.store.journal_tables import Change as ChangeRow
from lora_registry.store.journal_tables import ChangeSet, DeviceAttribute
from lora_registry.store.registry import DeviceRecord, Position

Row = dict[str, Any]
_DAYS = ("purchased_on", "warranty_until")
_SOURCES = [str(one) for one in PositionSource]


class About(NamedTuple):
    """Who changes something, and why."""

    verb: Verb
    by: str
    why: str | None = None
    source: str | None = None
    content: str | None = None
    organisation_id: str | None = None


class Undone(NamedTuple):
    """What an undo did."""

    restored: int
    left: list[Change]
    """Values that somebody changed since: as they are."""


def words(
    connection: Connection, dev_euis: Collection[DevEui], *, lock: bool = False
) -> dict[DevEui, dict[str, Any]]:
    """Return what is said of each device; `lock` holds their records until the transaction ends."""
    record, attribute = DeviceRecord.table(), DeviceAttribute.table()
    found: dict[DevEui, dict[str, Any]] = {}
    query = select(record).where(chosen.one_of(connection, record.c.dev_eui, dev_euis)).order_by(record.c.dev_eui)
    for row in connection.execute(query.with_for_update() if lock else query).mappings():
        told: dict[str, Any] = {
            name: _plain(row[name]) for name in (*fields.COLUMNS, fields.NETWORK, fields.RECORD)
        }
        found[row["dev_eui"]] = {name: value for name, value in told.items() if value is not None}
    for row in connection.execute(
        select(attribute).where(chosen.one_of(connection, attribute.c.dev_eui, dev_euis))
    ).mappings():
        found.setdefault(row["dev_eui"], {})[fields.ATTRIBUTE + row["name"]] = row["value"]
    for eui, place in positions(connection, dev_euis).items():
        found.setdefault(eui, {})[fields.POSITION] = place
    return found


def positions(connection: Connection, dev_euis: Collection[DevEui]) -> dict[DevEui, dict[str, Any]]:
    """Return where each device is: the latest position, of the better source where two are as late."""
    table = Position.table()
    query = (
        select(table)
        .where(chosen.one_of(connection, table.c.dev_eui, dev_euis))
        .order_by(table.c.dev_eui, table.c.since)
    )
    found: dict[DevEui, Row] = {}
    for row in connection.execute(query).mappings():
        before = found.get(row["dev_eui"])
        better = before is None or before["since"] < row["since"]
        if better or _SOURCES.index(row["source"]) < _SOURCES.index(found[row["dev_eui"]]["source"]):
            found[row["dev_eui"]] = dict(row)
    return {
        eui: {name: _plain(value) for name, value in row.items() if name != "dev_eui"}
        for eui, row in found.items()
    }


def apply(
    connection: Connection, about: About, changes: Sequence[Change], *, now: datetime, state: State = State.APPLIED
) -> int:
    """Make changes and write them down; return the number of their set.

    A position without a date holds from `now` on.
    """
    row = {
        **about._asdict(), "verb": about.verb.value, "state": state.value, "made_at": now, "made_by": about.by,
    }  # fmt: skip
    del row["by"]
    number = int(connection.scalar(insert(ChangeSet.table()).values(row).returning(ChangeSet.id)) or 0)
    dated = [_dated(change, now) for change in changes]
    table = ChangeRow.table()
    columns = ("dev_eui", "change_set_id", "field", "before", "after", "source")
    rows = [(c.dev_eui, number, c.field, c.before, c.after, c.source) for c in dated]
    if rows:
        staging.merge(connection, table, columns, rows)
    make(connection, dated)
    return number


def make(connection: Connection, changes: Iterable[Change]) -> None:
    """Write the new values into the registry; a value of None empties."""
    records: dict[DevEui, Row] = {}
    removed: list[DevEui] = []
    places: list[Row] = []
    attributes: list[tuple[DevEui, str, str]] = []
    dropped: list[tuple[DevEui, str]] = []
    for change in changes:
        if change.field == fields.PROVISIONED:
            continue
        if change.field == fields.RECORD:
            if change.after is None:
                removed.append(change.dev_eui)
            else:
                records.setdefault(change.dev_eui, {})[change.field] = datetime.fromisoformat(change.after)
        elif change.field == fields.POSITION:
            if change.after is not None:  # the one before stays: it is history
                places.append({"dev_eui": change.dev_eui, **_place(change.after)})
        elif change.field.startswith(fields.ATTRIBUTE):
            name = change.field.removeprefix(fields.ATTRIBUTE)
            if change.after is None:
                dropped.append((change.dev_eui, name))
            else:
                attributes.append((change.dev_eui, name, change.after))
        else:
            records.setdefault(change.dev_eui, {})[change.field] = _typed(change.field, change.after)
    going = set(removed)
    _write_records(connection, {eui: row for eui, row in records.items() if eui not in going})
    _delete(connection, DeviceRecord.table(), ("dev_eui",), [(eui,) for eui in removed])
    columns = Position.table().columns.keys()
    _merge(connection, Position.table(), [tuple(place[name] for name in columns) for place in places])
    _merge(connection, DeviceAttribute.table(), attributes)
    _delete(connection, DeviceAttribute.table(), ("dev_eui", "name"), dropped)


def undo(connection: Connection, number: int, *, by: str, now: datetime) -> Undone:
    """Put back what a set of changes replaced, and mark it undone."""
    made = [change for change in changes_of(connection, number) if change.field != fields.PROVISIONED]
    current = words(connection, fields.devices(made), lock=True)
    back, left = [], []
    for change in made:
        held = current.get(change.dev_eui, {}).get(change.field)
        if fields.same(change.field, held, change.after):
            back.append(Change(change.dev_eui, change.field, change.after, change.before, f"undo of {number}"))
        elif not fields.same(change.field, held, change.before):
            left.append(change)
    _unplace(connection, back)
    kept = {change.dev_eui for change in left} | _said_more(made, current)
    make(
        connection,
        [one for one in back if one.dev_eui not in kept or one.field not in (fields.RECORD, fields.NETWORK)],
    )
    table = ChangeSet.table()
    done = {"state": State.UNDONE.value, "undone_at": now, "undone_by": by}
    connection.execute(update(table).where(table.c.id == number).values(done))
    return Undone(len(back), left)


def _said_more(made: Sequence[Change], current: Mapping[DevEui, Words]) -> set[DevEui]:
    """Return the devices of which more is said than these changes: their records stay when the changes go."""
    own: dict[DevEui, set[str]] = {}
    for change in made:
        own.setdefault(change.dev_eui, {fields.POSITION}).add(change.field)
    return {eui for eui, said in own.items() if current.get(eui, {}).keys() - said}


def _unplace(connection: Connection, back: Sequence[Change]) -> None:
    """Take away the positions that are undone; the one before comes back by itself, it was never removed."""
    keys = [
        (c.dev_eui, datetime.fromisoformat(c.before["since"]), c.before["source"])
        for c in back
        if c.field == fields.POSITION and c.before is not None
    ]
    _delete(connection, Position.table(), ("dev_eui", "since", "source"), keys)


def amend(connection: Connection, number: int, changes: Sequence[Change]) -> None:
    """Make changes that belong to a set that was made before: an undo of it goes back to before both."""
    held = {(change.dev_eui, change.field): change for change in changes_of(connection, number)}
    table = ChangeRow.table()
    rows = []
    for change in changes:
        first = held.get((change.dev_eui, change.field), change)
        rows.append((change.dev_eui, number, change.field, first.before, change.after, change.source))
    if rows:
        columns = ("dev_eui", "change_set_id", "field", "before", "after", "source")
        staging.merge(connection, table, columns, rows)
    make(connection, changes)


def set_state(connection: Connection, number: int, state: State) -> None:
    """Say how far a set of changes is."""
    table = ChangeSet.table()
    connection.execute(update(table).where(table.c.id == number).values(state=state.value))


def changes_of(connection: Connection, number: int) -> list[Change]:
    """Return the changes of a set, by device."""
    table = ChangeRow.table()
    query = select(table).where(table.c.change_set_id == number).order_by(table.c.dev_eui, table.c.field)
    return [
        Change(row["dev_eui"], row["field"], row["before"], row["after"], row["source"])
        for row in connection.execute(query).mappings()
    ]


def history(connection: Connection, dev_eui: DevEui) -> list[Row]:
    """Return what was changed of a device, newest first: who, when, what, before, after, why, undone or not."""
    change, made = ChangeRow.table(), ChangeSet.table()
    query = (
        select(
            made.c.id, made.c.made_at, made.c.made_by, made.c.verb, made.c.why, made.c.undone_at,
            change.c.field, change.c.before, change.c.after, change.c.source,
        )
        .join(made, made.c.id == change.c.change_set_id)
        .where(change.c.dev_eui == dev_eui)
        .order_by(made.c.id.desc(), change.c.field)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def sets(
    connection: Connection, verb: Verb | None = None, *, states: Collection[State] = tuple(State)
) -> list[Row]:
    """Return sets of changes, newest first."""
    table = ChangeSet.table()
    query = select(table).where(table.c.state.in_([s.value for s in states])).order_by(table.c.id.desc())
    if verb is not None:
        query = query.where(table.c.verb == verb.value)
    return [dict(row) for row in connection.execute(query).mappings()]


def _dated(change: Change, now: datetime) -> Change:
    if change.field != fields.POSITION or change.after is None or change.after.get("since"):
        return change
    return change._replace(after={**change.after, "since": now.isoformat()})


def _place(value: Words) -> Row:
    return {
        "since": datetime.fromisoformat(value["since"]),
        "source": value["source"],
        "latitude": value["latitude"],
        "longitude": value["longitude"],
        "altitude_m": value.get("altitude_m"),
        "accuracy_m": value.get("accuracy_m"),
    }


def _write_records(connection: Connection, given: Mapping[DevEui, Row]) -> None:
    """Merge values into the records that are there; new ones have `recorded_at` and a network among theirs."""
    if not given:
        return
    table = DeviceRecord.table()
    columns = table.columns.keys()
    query = select(table).where(chosen.one_of(connection, table.c.dev_eui, list(given)))
    before = {row["dev_eui"]: dict(row) for row in connection.execute(query).mappings()}
    rows = []
    for eui, values in given.items():
        row = {**dict.fromkeys(columns), **before.get(eui, {"dev_eui": eui}), **values}
        if row["network_id"] is None or row[fields.RECORD] is None:
            raise ValueError(f"device {eui} has no record to change, and no network to make one")
        rows.append(tuple(row[name] for name in columns))
    _merge(connection, table, rows)


def _merge(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    if rows:
        staging.merge(connection, table, table.columns.keys(), rows)


def _delete(connection: Connection, table: Table, key: tuple[str, ...], keys: Sequence[tuple[Any, ...]]) -> None:
    columns = [table.c[name] for name in key]
    for start in range(0, len(keys), 1000):
        part = keys[start : start + 1000]
        is_one = len(columns) == 1
        among = columns[0].in_([value for (value,) in part]) if is_one else tuple_(*columns).in_(part)
        connection.execute(delete(table).where(among))


def _plain(value: Any) -> Any:  # noqa: ANN401
    return value.isoformat() if isinstance(value, date) else value


def _typed(field: str, value: Any) -> Any:  # noqa: ANN401
    return date.fromisoformat(value) if field in _DAYS and value is not None else value
