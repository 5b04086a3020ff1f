"""The files of an account: its pages in both languages, a page a commune, and one table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from zoneinfo import ZoneInfo

from lora_registry.report.account.account import Account
from lora_registry.report.account.document import as_csv, as_html
from lora_registry.report.account.period import Kind

LANGUAGES = ("fr", "en")
_CODE = re.compile(r"[0-9A-Za-z]{1,16}", re.ASCII)


def communes_of(account: Account) -> list[str]:
    """Return the codes of communes that have a page of their own: of a year, those that the registry names."""
    if account.period.kind is not Kind.ANNUAL:
        return []
    return [key for key in account.keys("commune") if key in account.about["communes"] and _CODE.fullmatch(key)]


def page_name(account: Account, language: str, code: str = "") -> str:
    """Return the name of a page's file: `2026.fr.html`, `2026-34172.fr.html`."""
    return f"{account.period.label}{f'-{code}' if code else ''}.{language}.html"


def files_of(account: Account, *, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """Yield (name, text) of each file; the table is in the language of its columns' labels."""
    codes = communes_of(account)
    for language in LANGUAGES:
        link = partial(_link, account, language, codes)
        yield page_name(account, language), as_html(account, language=language, zone=zone, link=link)
        for code in codes:
            page = as_html(account, language=language, zone=zone, link=link, code=code)
            yield page_name(account, language, code), page
        yield f"{account.period.label}.{language}.csv", as_csv(account, language=language, zone=zone)


def _link(account: Account, language: str, codes: list[str], code: str) -> str:
    return page_name(account, language, code) if not code or code in codes else ""
