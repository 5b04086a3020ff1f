"""The condition in SQL, the masks over columns and the table of access say the same of every device."""

from __future__ import annotations

from itertools import product

from sqlalchemy import Engine

from lora_registry.domain.access import Aspect, Relation, Right
from lora_registry.domain.device_columns import Filter, Sort
from lora_registry.domain.finding_columns import Wanted
from lora_registry.store import device_pages, finding_columns, finding_reads, scope
from lora_registry.store import reads as all_reads
from lora_registry.store.device_columns import device_columns
from lora_registry.store.engine import reading
from lora_registry.store.finding_reads import Selection
from tests.web import realm
from tests.web.realm import OTHER, VIEWERS, expected, objects, ties_of


def test_sql_columns_and_table_agree_for_every_viewer_and_aspect(engine: Engine) -> None:
    realm.make(engine)
    with reading(engine) as connection:
        columns = device_columns(connection)
        euis = {int(eui): one for one in objects() for eui in [one.dev_eui.to_int64()]}
        for who, aspect in product(VIEWERS, Aspect):
            query = all_reads.chosen()
            chosen = query.where(scope.sees(who, aspect, scope.ties(query)))
            in_sql = {str(row.dev_eui) for row in connection.execute(chosen)}
            mask = columns.sees(who, aspect)
            in_columns = {str(euis[int(eui)].dev_eui) for eui in columns.dev_eui[mask]}
            assert in_sql == in_columns == expected(who, aspect), (who, aspect)


def test_rows_hide_what_is_not_seen(engine: Engine) -> None:
    realm.make(engine)
    every = [one.dev_eui for one in objects()]
    with reading(engine) as connection:
        for who in VIEWERS:
            rows = {str(row["dev_eui"]): row for row in device_pages.rows(connection, who, every)}
            assert set(rows) == expected(who, Aspect.EXISTENCE), who
            for eui, row in rows.items():
                assert (row["state"] is not None) == (eui in expected(who, Aspect.RADIO))
                assert (row["usefulness_low"] is not None) == (eui in expected(who, Aspect.SCORE))
                assert row["sees_position"] == (eui in expected(who, Aspect.POSITION))


def test_findings_are_those_of_devices_whose_findings_are_seen(engine: Engine) -> None:
    """In SQL and in columns, in one order."""
    realm.make(engine)
    with reading(engine) as connection:
        fleet = device_columns(connection)
        for who in VIEWERS:
            found = finding_reads.findings(connection, Selection(seen_by=who), language="en")
            of_devices = {row["subject"] for row in found if row["subject_kind"] == "device"}
            assert of_devices == expected(who, Aspect.FINDINGS), who
            columns = finding_columns.finding_columns(connection, fleet, since=realm.NOW)
            places = columns.page(columns.chosen(who, Wanted()), after=None, size=100)
            shown = finding_columns.listed(connection, who, [one.identity for one in places], language="en")
            assert [row | {"name": None} for row in shown] == [row | {"name": None} for row in found], who
            others = {row["subject_kind"] for row in found} - {"device"}
            owner = {"gateway"} if who.organisation == OTHER else set()
            assert others == ({"gateway", "application"} if who.sees_collection else owner), who


def test_a_word_counts_where_it_is_seen_and_tied(engine: Engine) -> None:
    realm.make(engine)
    with reading(engine) as connection:
        for who in VIEWERS:
            said = finding_reads.findings(
                connection, Selection(kind="silent_device", spoken_by=who), language="en"
            )
            may = {
                str(one.dev_eui)
                for one in objects()
                if who.may(Right.SPEAK) and ties_of(one, who) - {Relation.TERRITORY, Relation.AUDITOR}
            } & expected(who, Aspect.FINDINGS)
            assert {row["subject"] for row in said} == may, who


def test_a_filter_is_not_a_way_to_ask_for_what_is_not_seen(engine: Engine) -> None:
    """A device whose state a viewer does not see is in no list of a state."""
    realm.make(engine)
    with reading(engine) as connection:
        columns = device_columns(connection)
    for who in VIEWERS:
        which = Filter(facets={"state": ("silent",)})
        page = columns.page(who, which, sort=Sort.SILENCE, falling=False, after=None, size=100)
        assert set(map(str, page.dev_euis)) == expected(who, Aspect.RADIO) & expected(who, Aspect.EXISTENCE)
