"""What becomes of an object, said by who owns or runs it: each is asked for twice, and kept with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from lora_registry import wiring
from lora_registry.domain.access import Right, Viewer
from lora_registry.domain.errors import IdentifierError, LoraRegistryError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.pipeline import follow, move_device
from lora_registry.pipeline.move_device import Order
from lora_registry.ports import Provisioning
from lora_registry.store import device_pages, scope
from lora_registry.store.engine import reading
from lora_registry.store.reads import Row
from lora_registry.web.change_words import fields_of
from lora_registry.web.errors import NotFoundError
from lora_registry.web.rendering import page
from lora_registry.web.visits import FromForm, Someone, Visit
from lora_registry.web.words import N_

router = APIRouter(include_in_schema=False)
LONGEST_REASON: Final = 2000


class Move(StrEnum):
    """What can be said of an object."""

    CONFIRM = "confirm"
    SUSPEND = "suspend"
    RESUME = "resume"
    SWAP = "swap"
    TRANSFER = "transfer"


TITLES: Final = {
    Move.CONFIRM: N_("It serves: confirm"),
    Move.SUSPEND: N_("Suspend it"),
    Move.RESUME: N_("Put it back in service"),
    Move.SWAP: N_("Put another device in its place"),
    Move.TRANSFER: N_("Give it to another organisation"),
}
MEANINGS: Final = {
    Move.CONFIRM: N_("Its first data have come and it does what it is for: from now on it counts as in service."),
    Move.SUSPEND: N_("It is out of service for a time: its silence worries nobody until it is back in service."),
    Move.RESUME: N_("It counts as in service again, and its silence calls for somebody again."),
    Move.SWAP: N_("Another device takes over its place, its service and its owner. This one counts as removed."),
    Move.TRANSFER: N_("The other organisation owns it from now on, with its whole history."),
}
_SWITCHED: Final = (Move.SUSPEND, Move.RESUME, Move.SWAP)
"""Of these the network server is told, where that is allowed."""
_GONE: Final = (Lifecycle.REMOVED, Lifecycle.REUSED, Lifecycle.RECYCLED)


def offered(viewer: Viewer, row: Row) -> list[Move]:
    """Return what a viewer may say of a device now."""
    if not row["moves"]:
        return []
    lifecycle = row["lifecycle"]
    found = []
    if lifecycle in (Lifecycle.PLANNED, Lifecycle.PROVISIONED):
        found.append(Move.CONFIRM)
    if lifecycle == Lifecycle.SUSPENDED:
        found.append(Move.RESUME)
    elif lifecycle not in _GONE:
        found.append(Move.SUSPEND)
    if lifecycle not in _GONE:
        found.append(Move.SWAP)
    if viewer.may(Right.GIVE):
        found.append(Move.TRANSFER)
    return found


@router.get("/devices/{dev_eui}/move/{what}")
def ask(visit: Someone, dev_eui: str, what: str) -> Response:
    """Say what the move means, and ask for it."""
    row, move = _about(visit, dev_eui, what)
    return _asked(visit, row, move)


def _about(visit: Visit, dev_eui: str, what: str) -> tuple[Row, Move]:
    """Return the device and the move; to whom may not say it, neither is there."""
    try:
        eui, move = DevEui.parse(dev_eui), Move(what)
    except (IdentifierError, ValueError):
        raise NotFoundError from None
    with reading(visit.site.engine) as connection:
        row = device_pages.one(connection, visit.signed_in, eui)
    if row is None or not row["moves"] or (move is Move.TRANSFER and not visit.signed_in.may(Right.GIVE)):
        raise NotFoundError
    return row, move


def _asked(visit: Visit, row: Row, move: Move, *, fault: str = "", status: int = 200) -> Response:
    with reading(visit.site.engine) as connection:
        organisations = fields_of(connection, visit.words).names["owner_id"]
    return page(
        visit,
        "move.html",
        status=status,
        row=row,
        move=move,
        title=TITLES[move],
        meaning=MEANINGS[move],
        switched=move in _SWITCHED,
        provisioning=visit.site.settings.provisioning == "on",
        organisations=sorted(organisations.items(), key=lambda pair: pair[1].casefold()),
        fault=fault,
    )


@router.post("/devices/{dev_eui}/move/{what}")
def do(
    visit: FromForm,
    dev_eui: str,
    what: str,
    *,
    to: Annotated[str, Form()] = "",
    new: Annotated[str, Form()] = "",
    repair: Annotated[str, Form()] = "",
    why: Annotated[str, Form()] = "",
) -> Response:
    """Do it, and write it down."""
    row, move = _about(visit, dev_eui, what)
    words = visit.words
    reason = why.replace("\0", "").strip()[:LONGEST_REASON]
    order = Order(visit.signed_in.name, visit.now, reason or None)
    if move is Move.TRANSFER and not to:
        return _asked(visit, row, move, fault=words.text("Choose who gets it."), status=422)
    taking = None
    if move is Move.SWAP:
        taking = _theirs(visit, new)
        if taking is None:
            fault = words.text("No object of yours has this identifier: check its label.")
            return _asked(visit, row, move, fault=fault, status=422)
    try:
        number = _done(visit, row["dev_eui"], move, order, to=to, new=taking, repair=bool(repair))
    except RefusedError as error:
        fault = words.text("Nothing was changed: {why}", why=str(error))
        return _asked(visit, row, move, fault=fault, status=409)
    except LoraRegistryError as error:
        # The registry has it already, in a set of changes that stays open: the same again ends it.
        fault = words.text("The registry has it, ChirpStack not yet: {why}. Try again.", why=str(error))
        return _asked(visit, row, move, fault=fault, status=502)
    return RedirectResponse(_back(visit, row["dev_eui"], number), status_code=303)


def _done(
    visit: Visit, eui: DevEui, move: Move, order: Order, *, to: str, new: DevEui | None, repair: bool
) -> int | None:
    engine = visit.site.engine
    if move is Move.TRANSFER:
        return move_device.transfer(engine, [eui], to, order)
    if move is Move.CONFIRM:
        return follow.confirm(engine, [eui], by=order.by, now=order.now, why=order.why)
    with _server(visit) as server:
        if move is Move.SUSPEND:
            return move_device.suspend(engine, [eui], order, server).number
        if move is Move.RESUME:
            return move_device.resume(engine, [eui], order, server).number
        assert new is not None  # noqa: S101 - asked for above
        return move_device.swap(engine, eui, new, order, server, repair=repair).number


def _theirs(visit: Visit, text: str) -> DevEui | None:
    """Return the device of an identifier, if the visitor says what becomes of it."""
    try:
        eui = DevEui.parse(text)
    except IdentifierError:
        return None
    with reading(visit.site.engine) as connection:
        return eui if scope.moved_by(connection, visit.signed_in, [eui]) else None


@contextmanager
def _server(visit: Visit) -> Iterator[Provisioning | None]:
    server = wiring.provisioning(visit.site.settings)
    try:
        yield server
    finally:
        if server is not None:
            server.close()


def _back(visit: Visit, eui: DevEui, number: int | None) -> str:
    """Return the device's page, or the journal where the device is the visitor's no longer."""
    with reading(visit.site.engine) as connection:
        stays = device_pages.one(connection, visit.signed_in, eui) is not None
    return f"/devices/{eui}?moved={number or 0}#moves" if stays else "/changes?given"
