"""`findings acknowledge`, `snooze`, `answer`, `resolve`, `reopen`: what people say of one finding, or of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from lora_registry.cli import instants, listing
from lora_registry.cli.app import now, registry, say, settings
from lora_registry.cli.findings import CommuneOption, ServiceOption, findings
from lora_registry.cli.listing import Format, FormatOption
from lora_registry.cli.speaker import ByOption, speaker
from lora_registry.domain.errors import UsageError
from lora_registry.domain.finding_status import Action
from lora_registry.domain.plain import plain
from lora_registry.pipeline.speak_of_finding import Word, speak_of_finding, speak_of_findings
from lora_registry.store.finding_reads import Selection
from lora_registry.store.finding_words import Said

SAID_COLUMNS = ("kind", "subject", "since", "was", "status")

KindArgument = Annotated[str | None, typer.Argument(metavar="KIND", help="The rule that found it.")]
SubjectArgument = Annotated[
    str | None,
    typer.Argument(metavar="SUBJECT", help="DevEUI, gateway or application; without one, all of the selection."),
]
TextOption = Annotated[str | None, typer.Option("--text", help="What there is to say.")]

_PLAIN = (
    (
        Action.ACKNOWLEDGE,
        "Say that somebody has seen a finding, or all the open ones of a kind, service or commune.",
    ),
    (
        Action.RESOLVE,
        "Say that what a finding asks for is done, of one or of many; the next audits look whether it is.",
    ),
    (Action.REOPEN, "Take back what was said of a finding, or of many: it is open again."),
)
"""Verbs that need nothing more than to be said."""


def _attach(action: Action, words: str) -> None:
    @findings.command(action.value, help=words)
    def _verb(
        context: typer.Context,
        *,
        kind: KindArgument = None,
        subject: SubjectArgument = None,
        service: ServiceOption = None,
        commune: CommuneOption = None,
        text: TextOption = None,
        by: ByOption = None,
        form: FormatOption = Format.TABLE,
    ) -> None:
        which = Selection(kind=kind, service=service, commune=commune)
        _say(context, which, subject, Word(action, speaker(by), text), form)


for _action, _words in _PLAIN:
    _attach(_action, _words)


@findings.command("snooze")
def snooze(
    context: typer.Context,
    *,
    kind: KindArgument = None,
    subject: SubjectArgument = None,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="To the end of this day, or an instant.")],
    service: ServiceOption = None,
    commune: CommuneOption = None,
    text: TextOption = None,
    by: ByOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Leave a finding, or all that are listed of a kind, service or commune, out of lists until a date."""
    ends_at = instants.end("--until", until, ZoneInfo(settings(context).timezone))
    which = Selection(kind=kind, service=service, commune=commune)
    _say(context, which, subject, Word(Action.SNOOZE, speaker(by), text, ends_at), form)


@findings.command("answer")
def answer(
    context: typer.Context,
    *,
    kind: KindArgument = None,
    subject: SubjectArgument = None,
    text: Annotated[str, typer.Option("--text", help="The owner's answer.")],
    service: ServiceOption = None,
    commune: CommuneOption = None,
    by: ByOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Write down what the owner answers to a finding, or to all unanswered ones of a kind, service or commune."""
    which = Selection(kind=kind, service=service, commune=commune)
    _say(context, which, subject, Word(Action.ANSWER, speaker(by), text), form)


def _say(context: typer.Context, which: Selection, subject: str | None, word: Word, form: Format) -> None:
    if subject is not None and (which.service or which.commune):
        raise UsageError(f"{subject} is one subject: leave out --service and --commune, or leave it out")
    with registry(settings(context)) as engine:
        if which.kind is not None and subject is not None:
            said = speak_of_finding(engine, kind=which.kind, subject=subject, word=word, now=now())
        else:
            said = speak_of_findings(engine, which=which, word=word, now=now())
    listing.write(_rows(said), SAID_COLUMNS, form)
    if word.until is not None:
        say(f"until {plain(word.until)}")


def _rows(said: Sequence[Said]) -> list[listing.Row]:
    rows = []
    for one in said:
        kind, _, subject, since = one.of.identity
        rows.append({"kind": kind, "subject": subject, "since": since, "was": one.of.status, "status": one.status})
    return rows
