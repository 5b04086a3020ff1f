"""Accounts on a real database: each figure is its rows, what is kept stays, what is private stays out."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, delete, func, select, update

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.radio_state import RadioState
from lora_registry.pipeline.make_account import accounts, make_account, make_due, show_account, trace
from lora_registry.report.account.account import Account
from lora_registry.report.account.document import as_csv, as_html
from lora_registry.report.account.figure import Fold, Told
from lora_registry.report.account.figures import BY_ID, FIGURES
from lora_registry.report.account.files import files_of
from lora_registry.report.account.period import Kind, Period
from lora_registry.store import retention, score_reads
from lora_registry.store.audits import DeviceVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.public_accounts import PublicAccount, PublicEvidence, PublicFigure
from lora_registry.store.registry import DeviceRecord
from lora_registry.store.scores import UsefulnessRun
from lora_registry.usefulness.figures import of_100
from tests.accounts_town import DAY, FACTORS, NOW, make

ZONE = ZoneInfo("Europe/Paris")
YEAR, MONTH = Period(Kind.ANNUAL, "2026"), Period(Kind.MONTHLY, "2026-02")
AFTER = datetime(2027, 1, 2, 6, tzinfo=UTC)


@pytest.fixture
def town(engine: Engine) -> Engine:
    make(engine)
    return engine


def made(engine: Engine, period: Period = YEAR, now: datetime = NOW, **options: str) -> Account:
    return make_account(engine, period, now=now, factors=FACTORS, **options)


def told(account: Account, figure: str) -> Told:
    return account.whole[figure]


def survives(rows: list[dict[str, object]], horizon: float) -> float:
    """Kaplan and Meier's product, by hand."""
    lives = [(float(str(row["followed_years"])), bool(row["failed"])) for row in rows]
    share = 1.0
    for at in sorted({years for years, failed in lives if failed and years <= horizon}):
        risk = sum(years >= at for years, _ in lives)
        share *= 1 - sum(years == at and failed for years, failed in lives) / risk
    return 100 * share


@pytest.mark.parametrize("period", [YEAR, MONTH], ids=["year", "month"])
def test_each_figure_is_what_the_rows_of_its_trace_make(town: Engine, period: Period) -> None:
    account = made(town, period)
    assert {one.figure for one in account.figures} == set(BY_ID), "every figure is told"
    for one in account.figures:
        found = trace(town, period, one.name)
        amounts = [row["amount"] for row in found.rows]
        assert found.told == one
        match BY_ID[one.figure].fold:
            case Fold.SUM if one.value is None:
                assert amounts == []
            case Fold.SUM:
                assert one.value == pytest.approx(sum(amounts), abs=1e-5), one
            case Fold.SHARE:
                assert one.value == pytest.approx(100 * sum(amounts) / len(amounts), abs=1e-5), one
            case Fold.SURVIVAL if one.value is None:
                assert max(amounts) < BY_ID[one.figure].horizon_years
            case Fold.SURVIVAL:
                horizon = BY_ID[one.figure].horizon_years
                rows = [dict(row) for row in found.rows]
                assert one.value == pytest.approx(survives(rows, horizon)), one
                assert one.low is not None
                assert one.high is not None
                assert one.low <= survives(rows, horizon) <= one.high
        assert found.again == one.value
        if one.by:
            assert {row[one.by] for row in found.rows} == {None if one.key == "-" else one.key}
    groups = [one for one in account.figures if one.by]
    assert {one.by for one in groups} == {"service", "commune", "family"}
    for figure in FIGURES:
        for by in figure.by:
            parts = [one.value or 0 for one in groups if (one.figure, one.by) == (figure.id, by)]
            assert sum(parts) == pytest.approx(told(account, figure.id).value, abs=1e-4), (figure.id, by)


def test_the_figures_are_those_of_the_registry(town: Engine) -> None:
    account = made(town)
    values = {one.figure: one.value for one in account.whole.values()}
    with reading(town) as connection:
        run = score_reads.last(connection)
        states = dict(
            connection.execute(select(DeviceVerdict.state, func.count()).group_by(DeviceVerdict.state)).all()
        )
    assert run is not None
    whole = run.figures["all"]
    assert values["objects.park"] == whole["objects"] == 27
    counts = {word: int(values[f"number.{word}"] or 0) for word in ("serves", "does_not", "unknown")}
    assert counts == whole["counts"]
    assert of_100(counts) == whole["of_100"]
    assert values["number.judgeable_share"] == pytest.approx(100 * whole["judgeable"] / whole["objects"], abs=1e-5)
    assert (states["silent"], values["objects.silent"]) == (7, 4), "three silent ones are no longer in the field"
    assert [values[f"objects.{one}"] for one in ("planned", "retired", "reused", "recycled")] == [2, 2, 1, 1]
    decided = ("taken", "measured", "done", "worse", "unknown", "pending")
    assert [values[f"decisions.{one}"] for one in decided] == [3, 3, 1, 1, 1, 1]
    assert values["decisions.airtime_saved"] == 26.5
    assert [values[f"decisions.carbon_{one}"] for one in ("low", "central", "high")] == [1.0, 3.5, 8.0]
    assert values["collection.outages"] == 2
    assert values["collection.outage_hours"] == pytest.approx(3 + 3 * 24 + 6)
    assert values["collection.listened"] == pytest.approx(40 * 24), "overlapping watches count once"
    assert [values["goals.reached"], values["goals.missed"]] == [1, 1]
    assert values["coverage.covered"] == pytest.approx(7 * 0.04)
    assert values["coverage.unknown_share"] == pytest.approx(100 * 4 / 13, abs=1e-5)
    february = {one.figure: one.value for one in made(town, MONTH).whole.values()}
    assert february["airtime.uplinks"] == pytest.approx((values["airtime.uplinks"] or 0) / 2), "two of four days"
    assert february["decisions.taken"] == 2


def test_states_make_up_the_park(town: Engine) -> None:
    account = made(town)
    words = {
        RadioState.NOT_JUDGED: "other_network",
        **{one: one.value for one in RadioState if one is not RadioState.NOT_JUDGED},
    }
    parts = [told(account, f"objects.{word}").value or 0 for word in (*words.values(), "unaudited")]
    assert sum(parts) == told(account, "objects.park").value


def test_a_draft_moves_and_a_kept_account_does_not(town: Engine) -> None:
    draft = made(town)
    assert draft.is_draft
    first = made(town, now=AFTER)
    assert (first.version, first.made_at) == (1, AFTER)
    before = list(files_of(first, zone=ZONE))
    with writing(town) as connection:
        assert connection.scalar(select(func.count()).select_from(PublicAccount)) == 1, "the draft is gone"
        connection.execute(update(DeviceRecord).values(lifecycle="recycled"))
    later = AFTER + 30 * DAY
    assert list(files_of(made(town, now=later), zone=ZONE)) == before, "the same bytes"
    assert told(made(town, now=later), "objects.park").value == trace(town, YEAR, "objects.park").again == 27
    again = made(town, now=later, again="Le parc était faux")
    assert (again.version, again.reason) == (2, "Le parc était faux")
    assert {one.figure: (one.before, one.now) for one in again.corrected}["objects.recycled"] == (1, 32)
    page = as_html(again, language="fr", zone=ZONE, link=str)
    assert "Refait : Le parc était faux" in page
    assert "Par rapport à la version 1" in page
    with reading(town) as connection:
        versions = select(PublicFigure.version).where(PublicFigure.figure == "objects.park").distinct()
        assert sorted(connection.scalars(versions)) == [1, 2], "what was published is still there"


def test_a_year_is_compared_with_the_one_before(town: Engine) -> None:
    made(town, now=AFTER)
    with writing(town) as connection:
        connection.execute(update(DeviceVerdict).values(state="silent"))
    later = made(town, Period(Kind.ANNUAL, "2027"), now=AFTER + 365 * DAY)
    change = later.changes["objects.silent"]
    assert (change.before, change.now, change.is_worse) == (4, 27, True)
    assert later.changes["objects.active"].is_worse
    assert not later.changes["collection.outages"].is_worse, "one outage, where there were two"
    assert {one.figure for one in later.worse} >= {"objects.silent", "objects.active"}
    page = as_html(later, language="en", zone=ZONE, link=str)
    assert page.index("What got worse") < page.index("Method and limits")
    assert re.search(r"Objects: silent . 4 → 27", page)


def test_what_cannot_be_made_is_refused(town: Engine) -> None:
    for options, words in (
        ({"period": Period(Kind.ANNUAL, "2027")}, "has not begun: ask for 2026"),
        ({"again": "why"}, "only of a period that has one"),
        ({"period": MONTH, "again": " "}, "say why"),
    ):
        with pytest.raises(UsageError, match=words):
            made(town, **options)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="report annual --year 2026"):
        trace(town, YEAR, "objects.park")
    made(town)
    for name in ("objects.nothing", "objects.silent/planet", "objects.silent/commune/00000"):
        with pytest.raises(UsageError, match=r"choose from|write objects\.silent or"):
            trace(town, YEAR, name)
    with writing(town) as connection:
        connection.execute(delete(UsefulnessRun))
    with pytest.raises(RefusedError, match="audit run"):
        made(town)
    with reading(town) as connection:
        assert show_account(connection, Period(Kind.ANNUAL, "2020")) is None


def test_rows_are_forgotten_and_figures_stay(town: Engine) -> None:
    made(town, MONTH)
    rule = next(one for one in retention.RETENTION if one.table is PublicEvidence)
    ages = dict.fromkeys(retention.Age, timedelta(days=1))
    with writing(town) as connection:
        cut = retention.cut_of(connection, rule, now=NOW + 2 * DAY, ages=ages)
        assert rule.is_old is not None
        connection.execute(delete(PublicEvidence).where(rule.is_old(cut)))
    with pytest.raises(RefusedError, match="were forgotten"):
        trace(town, MONTH, "objects.park")
    with reading(town) as connection:
        account = show_account(connection, MONTH)
        assert [(period.label, version) for period, version, _ in accounts(connection)] == [("2026-02", 1)]
    assert account is not None
    assert told(account, "objects.park").value == 27


def test_nobody_is_in_what_is_published(town: Engine) -> None:
    account = made(town)
    texts = dict(files_of(account, zone=ZONE))
    assert set(texts) == {
        f"2026{code}.{language}.html" for code in ("", "-34172", "-34129", "-34217") for language in ("fr", "en")
    } | {"2026.fr.csv", "2026.en.csv"}
    for name, text in texts.items():
        markup = ("<b>le", "<i>") if name.endswith(".html") else ()
        for word in ("Canari", "70b3d57e", "Anne", "b000000000000001", *markup):
            assert word not in text, (name, word)
    rows = list(csv.DictReader(io.StringIO(as_csv(account, language="fr", zone=ZONE))))
    assert {row["name"] for row in rows if row["by"] == "service"} == {
        "'=Air <i>",
        "Compteurs d'eau",
        "sans service",
    }
    for row in rows:
        of_objects = row["figure"].split(".")[0] in ("objects", "number", "airtime")
        if row["by"] and of_objects and row["withheld"] == "no":
            assert int(row["n"]) == 0 or int(row["n"]) >= 3, row
    prades = {row["figure"]: row for row in rows if (row["by"], row["key"]) == ("commune", "34217")}
    assert (prades["objects.park"]["withheld"], prades["objects.park"]["value"]) == ("yes", "")
    assert "non publié" in texts["2026-34217.fr.html"]
    assert rows[0]["command"] == f"lora-registry report trace {rows[0]['figure']} --year 2026"


def test_an_account_without_coverage_says_that_nobody_knows(town: Engine) -> None:
    from lora_registry.store.coverage import CoverageRun

    with writing(town) as connection:
        connection.execute(update(CoverageRun).values(completed_at=None))
    account = made(town)
    assert told(account, "coverage.covered").value is None
    assert trace(town, YEAR, "coverage.covered").rows == []
    page = as_html(account, language="en", zone=ZONE, link=str)
    assert "nobody knows where the network reaches" in page


def due(engine: Engine, now: datetime) -> list[tuple[str, int, bool]]:
    return [(one.period.label, one.version, new) for one, new in make_due(engine, now=now, factors=FACTORS)]


def test_what_is_due_is_made_once_and_the_draft_each_week(town: Engine) -> None:
    assert due(town, NOW) == [("2026", 0, True)], "judged in March for the first time: February is not due"
    assert due(town, NOW + 5 * DAY) == [("2026", 0, False)]
    assert due(town, NOW + 6 * DAY) == [("2026", 0, True)]
    april = datetime(2026, 4, 1, 6, 30, tzinfo=UTC)
    assert due(town, april) == [("2026-03", 1, True), ("2026", 0, True)]
    assert due(town, april + DAY) == [("2026-03", 1, False), ("2026", 0, False)]
    assert due(town, AFTER) == [("2026-12", 1, True), ("2026", 1, True), ("2027", 0, True)]
    with writing(town) as connection:
        connection.execute(delete(UsefulnessRun))
    assert due(town, AFTER + 40 * DAY) == [], "nothing was ever judged"
