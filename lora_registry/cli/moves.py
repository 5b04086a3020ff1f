"""`devices transfer|suspend|resume|swap|confirm`, `onboard follow`: what becomes of devices."""

from __future__ import annotations

from typing import Annotated

import typer

from lora_registry import wiring
from lora_registry.cli import app as shared
from lora_registry.cli import listing
from lora_registry.cli.adopt import WhyOption
from lora_registry.cli.app import now, say, settings
from lora_registry.cli.inventory import devices
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.onboard import OrganisationOption, onboard
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline import follow as follow_up
from lora_registry.pipeline import move_device
from lora_registry.pipeline.move_device import Moved, Order

FOLLOW_COLUMNS = ("dev_eui", "name", "step", "since", "stalled", "advice")

DevicesArgument = Annotated[list[str], typer.Argument(metavar="DEV_EUI...")]


@devices.command("transfer")
def transfer(
    context: typer.Context,
    *,
    dev_euis: DevicesArgument,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="The organisation that gets them.")],
    by: ByOption = None,
    why: WhyOption = None,
) -> None:
    """Give devices to another organisation, with their history."""
    with shared.registry(settings(context)) as engine:
        number = move_device.transfer(engine, _euis(dev_euis), to, Order(speaker(by), now(), why))
    _tell_number(number)


@devices.command("suspend")
def suspend(context: typer.Context, dev_euis: DevicesArgument, by: ByOption = None, why: WhyOption = None) -> None:
    """Take devices out of service for a time; ChirpStack switches them off where provisioning is on."""
    configured = settings(context)
    with shared.registry(configured) as engine, wiring.network_server(configured) as server:
        moved = move_device.suspend(engine, _euis(dev_euis), Order(speaker(by), now(), why), server)
    _tell(moved)


@devices.command("resume")
def resume(context: typer.Context, dev_euis: DevicesArgument, by: ByOption = None, why: WhyOption = None) -> None:
    """Put suspended devices back into service; ChirpStack switches them on where provisioning is on."""
    configured = settings(context)
    with shared.registry(configured) as engine, wiring.network_server(configured) as server:
        moved = move_device.resume(engine, _euis(dev_euis), Order(speaker(by), now(), why), server)
    _tell(moved)


@devices.command("swap")
def swap(
    context: typer.Context,
    *,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The DevEUI that leaves its place.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The DevEUI that takes it over.")],
    repair: Annotated[bool, typer.Option("--repair", help="The old one is broken: not into stock.")] = False,
    by: ByOption = None,
    why: WhyOption = None,
) -> None:
    """Let a device take over another's place, service and owner; the old one goes to stock, or to repair."""
    configured = settings(context)
    with shared.registry(configured) as engine, wiring.network_server(configured) as server:
        order = Order(speaker(by), now(), why)
        moved = move_device.swap(engine, DevEui.parse(old), DevEui.parse(new), order, server, repair=repair)
    _tell(moved)


@devices.command("confirm")
def confirm(
    context: typer.Context,
    dev_euis: Annotated[list[str] | None, typer.Argument(metavar="[DEV_EUI]...")] = None,
    by: ByOption = None,
) -> None:
    """Say that devices serve: those named, or all new ones that send data."""
    with shared.registry(settings(context)) as engine:
        number = follow_up.confirm(engine, _euis(dev_euis or []), by=speaker(by), now=now())
    _tell_number(number)


@onboard.command("follow")
def follow(
    context: typer.Context, organisation: OrganisationOption = None, form: FormatOption = Format.TABLE
) -> None:
    """List new devices on their way into service, and what to do where they stall."""
    configured = settings(context)
    with shared.registry(configured) as engine:
        found = follow_up.followed(engine, organisation=organisation, now=now())
    rows = [
        {
            **one._asdict(),
            "step": one.step.value,
            "advice": one.advice
            if form is Format.JSON or one.advice is None
            else one.advice.get(configured.language, one.advice["en"]),
        }
        for one in found
    ]
    listing.write(rows, FOLLOW_COLUMNS, form)


def _euis(texts: list[str]) -> list[DevEui]:
    return list(dict.fromkeys(map(DevEui.parse, texts)))


def _tell_number(number: int | None) -> None:
    say("nothing to change: the registry says so already" if number is None else f"change set {number}")


def _tell(moved: Moved) -> None:
    _tell_number(moved.number)
    if moved.switched:
        say(f"ChirpStack: {len(moved.switched)} devices switched")
    if moved.unknown_there:
        say(f"ChirpStack does not know {', '.join(moved.unknown_there)}")
