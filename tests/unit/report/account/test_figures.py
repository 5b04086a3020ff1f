"""The table of figures, and the words of accounts in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_file

from lora_registry.domain.radio_state import RadioState
from lora_registry.report.account import evidence
from lora_registry.report.account.account import Account, figures_of
from lora_registry.report.account.document import COMMUNE, MONTHLY, as_csv, as_html
from lora_registry.report.account.evidence import COLUMNS, Table
from lora_registry.report.account.figure import Fold, as_markdown, behind, folded
from lora_registry.report.account.figures import BY_ID, FAILURES, FIGURES, UNKNOWNS
from lora_registry.report.account.period import Kind, Period
from lora_registry.report.account.small_counts import SUMS
from lora_registry.report.account.terms import OUTCOMES, SECTIONS
from lora_registry.usefulness.effect import Outcome
from tests.catalogues import catalogue, differing_fields
from tests.conftest import ROOT

_KEYWORDS = {"_": None, "n_": (1, 2), "N_": None, "text": None}


def used() -> set[str]:
    with as_file(files("lora_registry.report")) as folder:
        sources = [("python", path) for path in sorted((Path(folder) / "account").glob("*.py"))]
        sources += [("jinja2", path) for path in sorted((Path(folder) / "templates").glob("account*.j2"))]
        found = [
            message
            for method, path in sources
            for _, message, _, _ in extract_from_file(method, path, keywords=_KEYWORDS)
        ]
    return {"\0".join(message) if isinstance(message, tuple) else message for message in found}


def test_french_says_everything_and_nothing_else() -> None:
    assert len(used()) > 150, "else this test would see nothing"
    assert set(catalogue("account", "fr")) == used()
    assert differing_fields("account", "fr") == []


def test_every_figure_stands_in_a_section_and_once() -> None:
    assert len(BY_ID) == len(FIGURES)
    assert {figure.section for figure in FIGURES} == set(SECTIONS)
    for named in (UNKNOWNS, FAILURES, MONTHLY, COMMUNE, *SUMS):
        assert set(named) <= set(BY_ID)
    assert set(OUTCOMES) == {one.value for one in Outcome}
    assert all(column in COLUMNS[figure.of] for figure in FIGURES for column in figure.by)
    assert all("commune" in BY_ID[one].by for one in COMMUNE)
    states = {one.value for one in RadioState} - {"not_judged"} | {"other_network", "unaudited"}
    assert {f"objects.{one}" for one in states} <= set(BY_ID)


def test_the_page_says_what_each_figure_is() -> None:
    """Its table is `as_markdown(FIGURES)`."""
    assert as_markdown(FIGURES) in (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("figure", FIGURES, ids=lambda one: one.id)
def test_no_rows_make_nothing_worse_than_nothing(figure: object) -> None:
    one = BY_ID[str(getattr(figure, "id", ""))]
    value = folded(one, [])
    assert value.n == 0
    assert value.value == (0.0 if one.fold is Fold.SUM and not one.unknown_if_empty else None)


def test_rows_come_back_as_they_were_packed() -> None:
    rows = [dict.fromkeys(COLUMNS[Table.GOALS]) | {"id": "é\0\n", "value": 0.1, "reached": True}, {}]
    rows[1] = dict.fromkeys(COLUMNS[Table.GOALS], 3)
    body = evidence.packed(Table.GOALS, rows)
    assert evidence.unpacked(Table.GOALS, body) == rows
    assert body == evidence.packed(Table.GOALS, rows), "the same bytes"
    assert evidence.unpacked(Table.GOALS, evidence.packed(Table.GOALS, [])) == []


def test_a_share_is_of_its_base_alone() -> None:
    rows = [
        {"park": park, "serves": serves} for park, serves in ((True, "serves"), (True, None), (False, "serves"))
    ]
    share = BY_ID["number.serves_share"]
    assert folded(share, behind(share, rows))[:2] == (50.0, 2)


def test_an_empty_account_can_be_written() -> None:
    zone = ZoneInfo("Europe/Paris")
    about = {
        "judged_at": None, "rule_version": None, "covered_at": None, "until": "2026-12-31", "services": {},
        "communes": {}, "factors": [], "decisions": [], "goals": [],
    }  # fmt: skip
    account = Account(
        period=Period(Kind.ANNUAL, "2026"), version=1, made_at=datetime(2027, 1, 1, tzinfo=UTC), reason=None,
        about=about, figures=figures_of({}), previous=(), replaced=(),
    )  # fmt: skip
    for language in ("fr", "en"):
        page = as_html(account, language=language, zone=zone, link=str)
        assert page.count("unknown" if language == "en" else "inconnu") > len(FIGURES)
        assert as_csv(account, language=language, zone=zone).count("\r\n") == 1 + len(FIGURES)
