"""Make the public account of a year or a month, once; show it again; list the rows behind one of its figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.pipeline.gather_account import gather
from lora_registry.report.account import evidence as rows_of
from lora_registry.report.account.account import Account, figures_of
from lora_registry.report.account.evidence import COLUMNS, Row
from lora_registry.report.account.figure import SEPARATOR, Figure, Told, behind, folded
from lora_registry.report.account.figures import BY_ID
from lora_registry.report.account.period import Kind, Period
from lora_registry.store import public_account_rows as stored
from lora_registry.store import reads, score_reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.public_account_rows import DRAFT, Key
from lora_registry.usefulness import carbon
from lora_registry.usefulness.carbon import Factor

_DRAFT_LASTS: Final = timedelta(days=6)
"""Short of a week by a day, so that a nightly job makes it on the same day of each week or sooner."""


class Trace(NamedTuple):
    """The rows behind one figure."""

    told: Told
    """As the account says it."""
    figure: Figure
    columns: tuple[str, ...]
    """Of the rows; the last one, `amount`, is what each adds."""
    rows: Sequence[Row]
    again: float | None
    """What the rows make when they are folded anew."""


def make_account(
    engine: Engine,
    period: Period,
    *,
    now: datetime,
    again: str | None = None,
    factors: Sequence[Factor] = carbon.DEFAULTS,
) -> Account:
    """Return the account of a period: the one that is kept, or, where there is none, a new one that is kept.

    While the period goes on it is a draft, made anew each time. `again` is why a kept one is made once more: as a
    new version, beside the one that was published.

    Raises:
        UsageError: the period has not begun; a reason for making a first account, or a draft, again; an empty one.
        RefusedError: nothing has been judged.

    """
    if not period.has_begun(now):
        raise UsageError(f"{period.label} has not begun: ask for {Period.of(period.kind, now.date()).label}")
    with writing(engine) as connection:
        known = stored.latest(connection, period.kind, period.label)
        is_frozen = known is not None and known["version"] > DRAFT
        if again is not None and not (is_frozen and again.strip()):
            raise UsageError("--again makes a kept account once more: say why, and only of a period that has one")
        if is_frozen and again is None:
            return _shown(connection, period)
        if reads.last_judgement(connection) is None:
            raise RefusedError("nothing has been judged: run `lora-registry audit run` first")
        version = (known["version"] if known else DRAFT) + 1 if period.is_over(now) else DRAFT
        gathered = gather(connection, period, now=now, factors=factors)
        before = stored.latest(connection, period.kind, period.before.label)
        stored.write(
            connection,
            Key(period.kind, period.label, version),
            made_at=now,
            reason=None if again is None else again.strip(),
            about=gathered.about,
            previous_version=None if before is None else before["version"],
            figures=figures_of(gathered.evidence),
            evidence={table: rows_of.packed(table, rows) for table, rows in gathered.evidence.items()},
        )
        return _shown(connection, period)


def make_due(
    engine: Engine, *, now: datetime, factors: Sequence[Factor] = carbon.DEFAULTS
) -> list[tuple[Account, bool]]:
    """Make what is due: last month's and last year's account where there is none, and each week the year's draft.

    Return each with whether it was made now. A time before the first judgement has no account that is due: whoever
    installs the registry in November is not given an October in which nobody listened.
    """
    told = []
    this_year = Period.of(Kind.ANNUAL, now.date())
    with reading(engine) as connection:
        begun = score_reads.first_judged_at(connection)
    if begun is None:
        return []
    for period in (Period.of(Kind.MONTHLY, now.date()).before, this_year.before, this_year):
        if begun >= period.end:
            continue
        with reading(engine) as connection:
            known = show_account(connection, period)
        if known is not None and not _is_stale(known, now):
            told.append((known, False))
        else:
            told.append((make_account(engine, period, now=now, factors=factors), True))
    return told


def _is_stale(known: Account, now: datetime) -> bool:
    """Tell whether an account is a draft that is to be made again, or whose time is over."""
    return known.is_draft and (known.period.is_over(now) or now - known.made_at >= _DRAFT_LASTS)


def show_account(connection: Connection, period: Period) -> Account | None:
    """Return the account that is kept of a period, its newest version; None where there is none."""
    return None if stored.latest(connection, period.kind, period.label) is None else _shown(connection, period)


def accounts(connection: Connection) -> list[tuple[Period, int, datetime]]:
    """Return (period, version, made at) of each account, the latest period first; version 0 is a draft."""
    return [
        (Period(Kind(row["kind"]), row["period"]), row["version"], row["made_at"])
        for row in stored.listed(connection)
    ]


def _shown(connection: Connection, period: Period) -> Account:
    row = stored.latest(connection, period.kind, period.label)
    assert row is not None  # noqa: S101 - both callers looked
    version, previous = row["version"], row["previous_version"]
    return Account(
        period=period,
        version=version,
        made_at=row["made_at"],
        reason=row["reason"],
        about=row["about"],
        figures=_figures(connection, period, version),
        previous=() if previous is None else _figures(connection, period.before, previous),
        replaced=() if version <= 1 else _figures(connection, period, version - 1),
    )


def _figures(connection: Connection, period: Period, version: int) -> list[Told]:
    return [
        Told(
            row["figure"], row["dimension"], row["member"], row["value"], row["n"], row["low"], row["high"],
            row["withheld"],
        )
        for row in stored.figures(connection, Key(period.kind, period.label, version))
    ]  # fmt: skip


def trace(engine: Engine, period: Period, name: str) -> Trace:
    """Return the rows behind a figure of an account, as they were when it was made.

    `name` is a figure, `objects.silent`, or one group of it, `objects.silent/commune/34129`.

    Raises:
        UsageError: no such figure, or none of that group.
        RefusedError: the period has no account, or its rows were forgotten.

    """
    identifier, _, group = name.partition(SEPARATOR)
    by, _, key = group.partition(SEPARATOR)
    figure = BY_ID.get(identifier)
    if figure is None:
        raise UsageError(f"no figure {identifier!r}: choose from {', '.join(BY_ID)}")
    with reading(engine) as connection:
        row = stored.latest(connection, period.kind, period.label)
        if row is None:
            raise RefusedError(
                f"{period.label} has no account: `lora-registry report {period.kind} {period.option}` makes it"
            )
        kept = Key(period.kind, period.label, row["version"])
        found = [one for one in _figures(connection, period, kept.version) if one.name == name]
        body = stored.evidence(connection, kept, figure.of)
    if not found:
        raise UsageError(f"{name!r} is not in the account of {period.label}: {_choice(figure)}")
    if body is None and found[0].value is None:
        return Trace(found[0], figure, (*COLUMNS[figure.of], "amount"), [], None)
    if body is None:
        raise RefusedError(f"the rows behind the account of {period.label} were forgotten (docs/retention.md)")
    rows = behind(figure, rows_of.unpacked(figure.of, body), by=by, key=key)
    again = folded(figure, rows).value
    listed = [{**one, "amount": amount} for one, amount in rows]
    return Trace(found[0], figure, (*COLUMNS[figure.of], "amount"), listed, again)


def _choice(figure: Figure) -> str:
    ways = [figure.id, *(SEPARATOR.join((figure.id, by, by.upper())) for by in figure.by)]
    return f"write {' or '.join(ways)}"
