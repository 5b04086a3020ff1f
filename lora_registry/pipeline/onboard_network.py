"""A sheet into the registry and into the network server: both have it in the end, or neither has.

The registry comes first, in one transaction that also notes which devices are to be made known. Whatever
interrupts the rest, `onboard apply` of the same file goes on from there, and `onboard undo` goes back. When the
network server refuses a device for good, all of it is taken back at once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from lora_registry.domain.errors import NetworkServerError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.provisioning import WantedDevice, WantedProfile, keys_of
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.changes import Change, State, Verb
from lora_registry.onboarding.lines import Line
from lora_registry.onboarding.references import References
from lora_registry.pipeline import onboard
from lora_registry.pipeline.onboard import Applied, Checked, Request
from lora_registry.pipeline.provision import Provisioned, provision, take_back
from lora_registry.ports import Provisioning
from lora_registry.store import journal
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal import Undone

_UNDOABLE = (State.APPLIED, State.PROVISIONING, State.UNDOING)
_UNASSIGNED = ("unassigned", "À attribuer")
Told = Callable[[int], None]


def apply(
    engine: Engine,
    request: Request,
    server: Provisioning,
    *,
    region: str,
    by: str,
    now: datetime,
    why: str | None = None,
    tell: Told = lambda _: None,
) -> tuple[Applied, Provisioned]:
    """Apply a file to registry and network server; the same file again resumes what was interrupted.

    Raises:
        ImportFileError: lines are refused; nothing was written anywhere.
        UnavailableError: the network server went away: apply the file again, or undo it.
        NetworkServerError, RefusedError: it refused a device: all was taken back.

    """
    applied, checked = onboard.apply(engine, request, by=by, now=now, why=why, state=State.PROVISIONING)
    wanted = [_wanted(line, checked.references, region) for line in checked.to_provision]
    try:
        done = provision(server, wanted, mark=checked.mark, tell=tell)
    except (NetworkServerError, RefusedError):
        if (number := _number_of(engine, checked)) is not None:
            _take_back(engine, server, number, by=by, now=now)
        raise
    _finish(engine, checked, [one.dev_eui for one in wanted])
    return applied, done


def _finish(engine: Engine, checked: Checked, dev_euis: list[DevEui]) -> None:
    """Note that the network server knows the devices: planned ones are provisioned now."""
    with writing(engine) as connection:
        made = journal.sets(connection, Verb.ONBOARD, states=(State.PROVISIONING, State.APPLIED))
        numbers = [int(row["id"]) for row in made if row["content"] == checked.content]
        if not numbers:
            return  # the file says nothing new, and has no keys to give
        said = journal.words(connection, dev_euis, lock=True)
        planned, provisioned = Lifecycle.PLANNED.value, Lifecycle.PROVISIONED.value
        journal.amend(
            connection,
            numbers[0],
            [
                Change(eui, fields.LIFECYCLE, planned, provisioned, "the network server knows it")
                for eui in dev_euis
                if said.get(eui, {}).get(fields.LIFECYCLE) == planned
            ],
        )
        for number in numbers:
            journal.set_state(connection, number, State.APPLIED)


def undo(
    engine: Engine, path: Path, server: Provisioning | None, *, by: str, now: datetime
) -> tuple[int, Undone, list[DevEui]]:
    """Take a file back from the network server and the registry; again, if it is interrupted.

    Returns its number, what the registry put back, and which devices the network server lost.

    Raises:
        RefusedError: it was not applied; or it was provisioned and there is no `server` to take it back from.
        UnavailableError, NetworkServerError: do it again.

    """
    with reading(engine) as connection:
        number = onboard.last(connection, path, _UNDOABLE)
    return _take_back(engine, server, number, by=by, now=now)


def undo_set(
    engine: Engine, number: int, server: Provisioning | None, *, organisation: str, by: str, now: datetime
) -> Undone:
    """Take back, by its number, what an organisation applied; again, if it is interrupted.

    Raises:
        RefusedError: as `undo`; or it is not this organisation's.
        UnavailableError, NetworkServerError: do it again.

    """
    with reading(engine) as connection:
        made = journal.sets(connection, Verb.ONBOARD, states=_UNDOABLE)
    if not any(row["id"] == number and row["organisation_id"] == organisation for row in made):
        raise RefusedError(f"there is no change set {number} of {organisation} to take back")
    return _take_back(engine, server, number, by=by, now=now)[1]


def _number_of(engine: Engine, checked: Checked) -> int | None:
    """Return the last application of this very content that is not undone."""
    with reading(engine) as connection:
        made = journal.sets(connection, Verb.ONBOARD, states=_UNDOABLE)
    return next((int(row["id"]) for row in made if row["content"] == checked.content), None)


def _take_back(
    engine: Engine, server: Provisioning | None, number: int, *, by: str, now: datetime
) -> tuple[int, Undone, list[DevEui]]:
    with writing(engine) as connection:
        noted = [one for one in journal.changes_of(connection, number) if one.field == fields.PROVISIONED]
        if noted and server is None:
            raise RefusedError(
                f"change set {number} made {len(noted)} devices known to ChirpStack: set "
                "LORA_REGISTRY_PROVISIONING=on, with its address and key, to take them back there too"
            )
        if noted:
            journal.set_state(connection, number, State.UNDOING)
    gone: list[DevEui] = []
    if noted and server is not None:
        gone = take_back(server, [one.dev_eui for one in noted], mark=noted[0].after)
    with writing(engine) as connection:
        return number, journal.undo(connection, number, by=by, now=now), gone


def interrupted(engine: Engine) -> list[str]:
    """Return the files whose application or undo was interrupted, newest first."""
    with reading(engine) as connection:
        made = journal.sets(connection, Verb.ONBOARD, states=(State.PROVISIONING, State.UNDOING))
    return [str(row["source"]) for row in made]


def _wanted(line: Line, references: References, region: str) -> WantedDevice:
    words = line.known
    service = references.services.get(words.get("service_id") or "")
    owner = words.get("owner_id") or (service.owner_id if service else None)
    version = references.version_of(line.version, line.profile)
    model = words.get("model")
    assert line.dev_eui is not None  # noqa: S101 - lines without one are refused before
    return WantedDevice(
        dev_eui=line.dev_eui,
        name=words.get("name") or line.dev_eui,
        organisation=(owner, references.organisations[owner]) if owner else _UNASSIGNED,
        service=(service.id, service.name) if service else _UNASSIGNED,
        profile=WantedProfile(
            name=line.profile or f"{model or 'LoRaWAN'} {version}",
            region=region,
            mac_version=version,
            uplink_interval_s=None,
        ),
        join_eui=line.join_eui or "",
        keys=keys_of(version, line.keys["app_key"], line.keys.get("nwk_key")),
    )
