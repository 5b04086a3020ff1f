"""An account as people get it: one HTML page that needs nothing else, a page a commune, and a table of figures.

The same parts stand inside the web pages; their style is `account.css`, nothing of it inline.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lora_registry.domain.plain import harmless
from lora_registry.report.account.account import Account
from lora_registry.report.account.figures import BY_ID, FAILURES, FIGURES, UNKNOWNS
from lora_registry.report.account.period import Kind
from lora_registry.report.account.terms import SECTIONS, Terms
from lora_registry.usefulness.figures import of_100

CSV_COLUMNS: Final = (
    "figure", "section", "label", "by", "key", "name", "value", "unit", "n", "low", "high", "before", "change",
    "withheld", "command",
)  # fmt: skip
MONTHLY: Final = (
    "objects.park", "objects.active", "objects.silent_month", "objects.never_seen", "number.judgeable_share",
    "number.does_not", "decisions.taken", "decisions.done", "decisions.worse", "goals.missed",
    "coverage.unknown_share", "collection.outage_hours", "collection.incidents", "airtime.uplinks",
    "airtime.hours",
)  # fmt: skip
"""What a committee reads each month, on one page."""
COMMUNE: Final = (
    "objects.park", "objects.active", "objects.silent", "objects.silent_month", "objects.never_seen",
    "number.serves", "number.does_not", "number.unknown", "airtime.uplinks", "airtime.hours",
    "coverage.covered", "coverage.gap", "coverage.unknown",
)  # fmt: skip
_PAGES: Final = {Kind.ANNUAL: "account_year.html.j2", Kind.MONTHLY: "account_month.html.j2"}
Link = Callable[[str], str]
"""The address of a commune's page, by its code, empty for none; of the account itself for an empty code."""


def style() -> str:
    """Return the style sheet of accounts."""
    return (files("lora_registry.report") / "templates" / "account.css").read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("lora_registry.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def body(account: Account, *, language: str, zone: ZoneInfo, link: Link) -> str:
    """Return the account as the inside of a page, safe to be put into one."""
    return _rendered(_PAGES[account.period.kind], account, Terms(account, language, zone), link=link)


def commune_body(account: Account, code: str, *, language: str, zone: ZoneInfo, link: Link) -> str:
    """Return one commune's page, the same way."""
    return _rendered("account_commune.html.j2", account, Terms(account, language, zone), code=code, link=link)


def title(account: Account, *, language: str, zone: ZoneInfo, code: str | None = None) -> str:
    """Return what a page is called."""
    terms = Terms(account, language, zone)
    if code is not None:
        return terms.text("{name}: objects in {period}", name=terms.group("commune", code), period=terms.period())
    if account.period.kind is Kind.MONTHLY:
        return terms.text("Connected objects: {period}", period=terms.period())
    return terms.text("Connected objects: the account of {period}", period=terms.period())


def as_html(account: Account, *, language: str, zone: ZoneInfo, link: Link, code: str | None = None) -> str:
    """Return a page that needs nothing else: no script, no font, no picture; of one commune with `code`."""
    if code is None:
        inside = body(account, language=language, zone=zone, link=link)
    else:
        inside = commune_body(account, code, language=language, zone=zone, link=link)
    return (
        _templates()
        .get_template("account.html.j2")
        .render(
            inside=Markup(inside),  # noqa: S704 - rendered by our own templates, which escape
            style=Markup(style()),  # noqa: S704 - a file of our own
            language=language,
            title=title(account, language=language, zone=zone, code=code),
        )
    )


def _rendered(template: str, account: Account, terms: Terms, **more: Any) -> str:  # noqa: ANN401 - templates take anything
    counts = {word: account.whole[f"number.{word}"].n for word in ("serves", "does_not", "unknown")}
    values = {
        "account": account,
        "t": terms,
        "_": terms.text,
        "n_": terms.many,
        "whole": account.whole,
        "changes": account.changes,
        "of_100": of_100(counts) if any(counts.values()) else None,
        "sections": {name: [one.id for one in FIGURES if one.section == name] for name in SECTIONS},
        "unknowns": UNKNOWNS,
        "failures": FAILURES,
        "monthly": MONTHLY,
        "of_commune": COMMUNE,
    }
    return _templates().get_template(template).render(values | more)


def rows(account: Account, *, language: str, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Yield a row a figure, of everything and of each group, by `CSV_COLUMNS`; withheld values are None."""
    terms = Terms(account, language, zone)
    earlier = {(one.figure, one.by, one.key): one for one in account.previous}
    for one in account.figures:
        figure, before = BY_ID.get(one.figure), earlier.get((one.figure, one.by, one.key))
        if figure is None:
            continue  # of an account that an earlier program made, and this one no longer tells
        was = None if before is None or before.withheld else before.value
        value = None if one.withheld else one.value
        yield {
            "figure": one.figure, "section": figure.section, "label": terms.label(one.figure), "by": one.by,
            "key": one.key, "name": terms.group(one.by, one.key) if one.by else None, "value": value,
            "unit": figure.unit.value, "n": None if one.withheld else one.n, "low": one.low, "high": one.high,
            "before": was, "change": None if value is None or was is None else round(value - was, 6),
            "withheld": "yes" if one.withheld else "no", "command": terms.command(one.name),
        }  # fmt: skip


def as_csv(account: Account, *, language: str, zone: ZoneInfo) -> str:
    """Return the rows for programs: commas, decimal points (RFC 4180)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in rows(account, language=language, zone=zone):
        writer.writerow({name: harmless(told) for name, told in row.items()})
    return out.getvalue()
