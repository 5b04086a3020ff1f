"""Say something of one finding, or of many at once: seen, not now, why, done, or take it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import IdentifierError, RefusedError, UsageError
from lora_registry.domain.finding_status import IN_BULK, STANDING, Action, said
from lora_registry.domain.identifiers import Eui64
from lora_registry.store import finding_words
from lora_registry.store.engine import writing
from lora_registry.store.finding_reads import Selection
from lora_registry.store.finding_words import Said, Stands

_LIST = "`lora-registry findings list --all` shows what there is"


class Word(NamedTuple):
    """What somebody says."""

    action: Action
    by: str
    text: str | None = None
    """An answer has one."""
    until: datetime | None = None
    """A snooze has one: without an end nothing would ever be looked at again."""


def speak_of_finding(engine: Engine, *, kind: str, subject: str, word: Word, now: datetime) -> list[Said]:
    """Say a word of the finding of one rule about one subject: of those that stand, else of the last one.

    Raises:
        UsageError: a word that is not whole, see `Word`.
        RefusedError: no such finding, or this cannot be said of it.

    """
    _require_whole(word, now)
    which = Selection(kind=kind, subjects=subjects_of(subject))
    with writing(engine) as connection:
        found = finding_words.standing(connection, replace(which, statuses=STANDING))
        if not found:
            found = sorted(finding_words.standing(connection, which), key=lambda one: one.identity[-1])[-1:]
        if not found:
            raise RefusedError(f"no finding {kind} of {subject}: {_LIST}")
        return _say(connection, found, word, now)


def speak_of_findings(engine: Engine, *, which: Selection, word: Word, now: datetime) -> list[Said]:
    """Say a word of many findings: of those of the selection that `finding_status.IN_BULK` lets it move.

    Raises:
        UsageError: a word that is not whole, see `Word`; a selection that says nothing.
        RefusedError: there are none.

    """
    _require_whole(word, now)
    if which == Selection():
        raise UsageError("which findings? Name a kind and a subject, or select by kind, service or commune")
    with writing(engine) as connection:
        found = finding_words.standing(connection, replace(which, statuses=IN_BULK[word.action]))
        if not found:
            statuses = ", ".join(sorted(IN_BULK[word.action]))
            raise RefusedError(f"nothing to {word.action} among these: none is {statuses}; {_LIST}")
        return _say(connection, found, word, now)


def subjects_of(text: str) -> list[str]:
    """Return how findings may write a subject: as given, and, of an identifier, in its one usual form."""
    try:
        return sorted({text, str(Eui64.parse(text))})
    except IdentifierError:
        return [text]


def _require_whole(word: Word, now: datetime) -> None:
    if word.action is Action.SNOOZE and word.until is None:
        raise UsageError("a snooze has an end: say until when")
    if word.until is not None and word.until <= now:
        raise UsageError(f"until {word.until.isoformat()} is over already: say a later time")
    if word.action is Action.ANSWER and not (word.text or "").strip():
        raise UsageError("an answer has words: say what they are")


def _say(connection: Connection, found: list[Stands], word: Word, now: datetime) -> list[Said]:
    words = []
    for one in found:
        after = said(one.status, word.action)
        if after is None:
            kind, _, subject, _ = one.identity
            raise RefusedError(f"finding {kind} of {subject} is {one.status}: there is nothing to {word.action}")
        words.append(Said(one, word.action, word.by, word.text, word.until, after))
    finding_words.write(connection, words, now=now)
    return words
