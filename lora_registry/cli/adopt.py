"""`adopt check|apply|undo`, `changes`: rules attribute a fleet."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lora_registry.cli import app as shared
from lora_registry.cli import listing
from lora_registry.cli.app import app, now, say, settings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.progress import progress
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.adoption import Adoption
from lora_registry.onboarding.complete import LACKS
from lora_registry.pipeline import adopt as use_case
from lora_registry.store import journal
from lora_registry.store.engine import reading
from lora_registry.store.journal import Undone

_SET_COLUMNS = ("id", "verb", "state", "made_at", "made_by", "source", "why", "undone_at", "undone_by")
_CHANGE_COLUMNS = (
    "id", "made_at", "made_by", "verb", "field", "before", "after", "source", "why", "undone_at",
)  # fmt: skip

adopt = typer.Typer(help="Attribute a fleet by rules.", no_args_is_help=True)
app.add_typer(adopt, name="adopt")
changes = typer.Typer(help="What people changed, and by what.", no_args_is_help=True)
app.add_typer(changes, name="changes")

RulesArgument = Annotated[Path, typer.Argument(metavar="RULES", help="TOML, see docs/adoption.md.")]
WhyOption = Annotated[str | None, typer.Option("--why", metavar="TEXT", help="The reason, kept with the changes.")]


@adopt.command("check")
def check(context: typer.Context, rules: RulesArgument, form: FormatOption = Format.TABLE) -> None:
    """Show what a file of rules would say of which devices, and what is left to complete; nothing is written."""
    file = use_case.load(rules)
    configured = settings(context)
    with shared.registry(configured) as engine, progress("adopt"):
        plan = use_case.check(engine, file, now=now())
    _show(plan, form, configured.language)


@adopt.command("apply")
def apply(context: typer.Context, rules: RulesArgument, by: ByOption = None, why: WhyOption = None) -> None:
    """Write what the rules say, all of it or nothing; `adopt undo` takes it back."""
    file = use_case.load(rules)
    configured = settings(context)
    with shared.registry(configured) as engine, progress("adopt"):
        applied = use_case.apply(engine, file, by=speaker(by), now=now(), why=why)
    if applied.number is None:
        say("nothing to change: the registry says so already")
    else:
        say(f"change set {applied.number}: {len(applied.plan.changes)} values written")
    _summary(applied.plan, configured.language)


@adopt.command("undo")
def undo(context: typer.Context, rules: RulesArgument, by: ByOption = None) -> None:
    """Take back what the last `adopt apply` of this file changed, but for what was changed since."""
    with shared.registry(settings(context)) as engine, progress("undo"):
        number, undone = use_case.undo(engine, rules.name, by=speaker(by), now=now())
    tell_undone(number, undone)


@changes.command("list")
def list_changes(
    context: typer.Context,
    device: Annotated[str | None, typer.Option("--device", metavar="DEV_EUI", help="Those of one device.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what was changed, newest first: by set, or of one device value by value, with source and reason."""
    with shared.registry(settings(context)) as engine, reading(engine) as connection:
        if device is None:
            listing.write(journal.sets(connection), _SET_COLUMNS, form)
        else:
            listing.write(journal.history(connection, DevEui.parse(device)), _CHANGE_COLUMNS, form)


def tell_undone(number: int, undone: Undone) -> None:
    """Say what an undo did."""
    say(f"change set {number}: {undone.restored} values as they were before")
    if undone.left:
        say(f"{len(undone.left)} values were changed since, and stay: lora-registry changes list --device DEV_EUI")


def _show(plan: Adoption, form: Format, language: str) -> None:
    rules = [
        {
            "rule": outcome.rule.number,
            "name": outcome.rule.name,
            "devices": outcome.matched,
            "changed": outcome.changed,
            **{f"without_{lack}": outcome.incomplete[lack] for lack in LACKS},
        }
        for outcome in plan.outcomes
    ]
    services = [
        {"service": service, "devices": counted["devices"], **{f"without_{lack}": counted[lack] for lack in LACKS}}
        for service, counted in sorted(plan.incomplete.items(), key=lambda item: item[0] or "")
    ]
    if form is Format.JSON:
        told: dict[str, Any] = {
            "devices": plan.devices,
            "attributed": plan.attributed,
            "values": len(plan.changes),
            "rules": rules,
            "to_complete": services,
            "remarks": [remark._asdict() for remark in plan.remarks],
        }
        json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    listing.write(rules, tuple(rules[0]), form)
    sys.stdout.write("\n")
    if services:
        listing.write(services, tuple(services[0]), form)
    _summary(plan, language)


def _summary(plan: Adoption, language: str) -> None:
    share = 100 * plan.attributed / plan.devices if plan.devices else 0.0
    say(f"{plan.attributed} of {plan.devices} devices have a service and an owner ({share:.1f} %)")
    for remark in plan.remarks:
        say(f"{remark.gravity}: {remark.words.get(language, remark.words['en'])}")
