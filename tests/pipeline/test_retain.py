"""What is too old goes, week by week, and does not come back; totals stay. On both databases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, inspect, select, update

from lora_registry.domain.findings import Status
from lora_registry.pipeline.retain import Going, plan
from lora_registry.settings import Settings
from lora_registry.store import migrations
from lora_registry.store.audits import AuditRun, Finding, FindingObservation
from lora_registry.store.base import Base
from lora_registry.store.collection import CollectionOutage, GatewayDay, Watch
from lora_registry.store.dead_letter_writes import DeadLetter
from lora_registry.store.engine import reading, writing
from lora_registry.store.retention import KEPT, RETENTION, Age, as_markdown
from lora_registry.store.telemetry import DeviceDay
from lora_registry.store.weeks import RawWeek
from lora_registry.store.writes import Batch, write_batch
from tests.conftest import ROOT
from tests.integrations.samples import DEVICE_INFO, message, topic
from tests.raw_events import AGES, DAY, NOW, OLD, RECENT, partitions, report, run, scalar, store, sums, up


def planned(engine: Engine, now: datetime = NOW) -> list[Going]:
    return plan(engine, now=now, ages=AGES)


def join(at: datetime) -> Any:
    event = {"deduplicationId": f"{at}", "time": at.isoformat(), "deviceInfo": DEVICE_INFO, "devAddr": "01a2b3c4"}
    return message("join", event, topic=topic("join"), received_at=at)


def test_a_week_goes_and_a_second_backfill_adds_nothing(engine: Engine) -> None:
    old = [
        *(up(OLD + n * DAY / 4, n) for n in range(40)),
        join(OLD + DAY),
        report(OLD + DAY),
        report(OLD + 8 * DAY),
    ]
    recent = [up(RECENT + n * DAY / 4, n) for n in range(10)]
    store(engine, old, OLD + 14 * DAY)
    store(engine, recent, RECENT + 5 * DAY)
    assert sums(engine) == (50, 50, 50, 1, 1, 2)
    gone = run(engine).gone
    assert sums(engine) == (10, 50, 50, 1, 0, 2), "rows go, sums stay"
    assert sum(one.rows for one in gone if one.table == "uplink") == 40
    assert {one.week for one in gone} == {date(2026, 9, 7), date(2026, 9, 14)}
    assert scalar(engine, "SELECT count(*) FROM gateway_report") == 0
    again = store(engine, old + recent, NOW)
    assert (again.uplinks, again.other_events, again.duplicates, again.sealed) == (0, 0, 51, 41)
    assert sums(engine) == (10, 50, 50, 1, 0, 2)
    assert again.shown_at == (), "nor does it vouch for watched time"
    new = store(engine, [up(OLD + DAY, 77)], NOW)
    assert (new.uplinks, new.sealed) == (0, 1), "of a forgotten week nobody can say what was counted"


def test_a_dry_run_says_the_same_and_changes_nothing(engine: Engine) -> None:
    store(engine, [*(up(OLD + n * DAY, n) for n in range(9)), report(OLD)], OLD + 14 * DAY)
    letter = DeadLetter(topic("up"), b"x", NOW - 91 * DAY, "not_json", "why", "x")
    with writing(engine) as connection:
        write_batch(connection, Batch("chirpstack", dead_letters=[letter]), NOW)
    before, told = dump(engine), planned(engine)
    assert dump(engine) == before
    went = run(engine).gone
    assert summed(told) == summed(went)
    assert summed(told)["uplink", date(2026, 9, 7)] == 7
    assert summed(told)["dead_letter", None] == 1
    assert planned(engine) == []


def summed(going: Iterable[Going]) -> dict[tuple[str, date | None], int]:
    found: dict[tuple[str, date | None], int] = {}
    for one in going:
        if one.rows:
            found[one.table, one.week] = found.get((one.table, one.week), 0) + one.rows
    return found


def dump(engine: Engine) -> dict[str, list[Any]]:
    with reading(engine) as connection:
        return {
            table.name: sorted(map(repr, connection.execute(select(table))))
            for table in Base.metadata.sorted_tables
        } | {"tables": sorted(inspect(connection).get_table_names())}


def test_a_week_goes_thirty_five_days_after_its_end_and_not_before(engine: Engine) -> None:
    store(engine, [up(OLD + n * DAY, n) for n in range(7)], OLD + 7 * DAY)
    end = OLD + 7 * DAY
    run(engine, end + 35 * DAY)
    assert scalar(engine, "SELECT count(*) FROM uplink") == 7, "noted to an hour, so perhaps an hour late"
    run(engine, end + 35 * DAY + timedelta(hours=1))
    assert scalar(engine, "SELECT count(*) FROM uplink") == 0


def test_a_capture_of_years_ago_stays_thirty_five_days_after_its_backfill(engine: Engine) -> None:
    then = datetime(2023, 6, 23, tzinfo=UTC)
    store(engine, [up(then + n * DAY, n) for n in range(30)], NOW - 20 * DAY)
    store(engine, [up(then, 99)], NOW)
    run(engine, NOW + 20 * DAY)
    assert scalar(engine, "SELECT count(*) FROM uplink") == 4, (
        "three days and the late one: of the week written to"
    )
    run(engine, NOW + 36 * DAY)
    assert sums(engine)[:3] == (0, 31, 31)


def test_what_is_known_already_does_not_keep_a_week(engine: Engine) -> None:
    store(engine, [up(OLD)], OLD + 14 * DAY)
    store(engine, [up(OLD)], NOW)
    run(engine)
    assert scalar(engine, "SELECT count(*) FROM uplink") == 0


@pytest.mark.parametrize(
    "time",
    [None, "1970-01-01T00:00:20Z", "2106-02-07T06:28:15Z", "2071-01-01T00:00:00Z", "2027-06-01T00:00:00Z"],
)
def test_events_without_a_time_of_their_own_go_with_the_week_of_their_arrival(
    engine: Engine, time: str | None
) -> None:
    old = [up(OLD + n * DAY, n, time=time, gwTime=None, rxInfo=[]) for n in range(9)]
    recent = [up(RECENT + n * DAY, n, time=time, gwTime=None, rxInfo=[]) for n in range(3)]
    store(engine, old, OLD + 14 * DAY)
    store(engine, recent, RECENT + 4 * DAY)
    assert summed(planned(engine)) == {("uplink", date(2026, 9, 7)): 7, ("uplink", date(2026, 9, 14)): 2}
    run(engine)
    assert sums(engine)[:3] == (3, 12, 12)
    again = store(engine, old + recent, NOW)
    assert (again.uplinks, again.duplicates, again.sealed) == (0, 12, 9)
    assert sums(engine)[:3] == (3, 12, 12)
    run(engine, NOW + 40 * DAY)
    assert sums(engine)[:3] == (0, 12, 12)
    assert store(engine, recent, NOW + 40 * DAY).sealed == 3


def test_reports_of_gateways_with_a_wrong_clock_go_with_the_week_of_their_arrival(engine: Engine) -> None:
    told = ["1970-01-01T00:00:20Z", "2106-02-07T06:28:15Z", "2014-12-30T00:00:00Z", "2026-10-20T00:00:00Z"]
    reports = [report(OLD + n * DAY, time) for n, time in enumerate([*told, None])]
    store(engine, reports, OLD + 8 * DAY)
    assert sums(engine)[5] == 5
    assert summed(planned(engine)) == {("gateway_report", date(2026, 9, 7)): 5}
    run(engine)
    assert scalar(engine, "SELECT count(*) FROM gateway_report") == 0
    store(engine, reports, NOW)
    assert scalar(engine, "SELECT count(*) FROM gateway_report") == 0
    assert sums(engine)[5] == 5


def test_a_stray_stays_in_the_partition_of_another_week_until_its_own_goes(engine: Engine) -> None:
    """A clock three weeks ahead, in a week that was written to again: the other week goes around it."""
    ahead = OLD + 21 * DAY
    stray = up(OLD, 1, time=ahead.isoformat(), received_at=OLD)
    store(engine, [stray, *(up(ahead + n * DAY / 4, n) for n in range(8))], ahead + 7 * DAY)
    store(engine, [up(OLD + DAY, 2)], NOW - DAY)
    run(engine)
    assert sums(engine)[:3] == (2, 10, 10)
    assert store(engine, [stray], NOW).duplicates == 1
    later = NOW + 40 * DAY
    run(engine, later)
    assert sums(engine)[:3] == (0, 10, 10)
    assert {name.rpartition("_")[2] for name in partitions(engine)} <= {"undated", "ahead"}
    assert store(engine, [stray], later).sealed == 1


def test_a_week_to_come_that_a_wrong_clock_opened_is_taken_back_and_not_sealed(engine: Engine) -> None:
    to_come = NOW + 100 * DAY
    store(engine, [up(OLD, time=to_come.isoformat(), received_at=OLD)], OLD)
    assert scalar(engine, select(func.count()).select_from(RawWeek)) == 2
    run(engine)
    assert sums(engine)[:3] == (0, 1, 1)
    with reading(engine) as connection:
        assert connection.scalars(select(RawWeek.week)).all() == [date(2026, 9, 7)]
    written = store(engine, [up(to_come, 5)], to_come)
    assert (written.uplinks, written.sealed) == (1, 0)


def test_the_schema_is_as_expected_with_partitions_and_after_they_went(engine: Engine) -> None:
    store(engine, [up(OLD), up(RECENT), up(OLD, time=None)], OLD)
    assert migrations.differences(engine) == []
    run(engine)
    assert migrations.differences(engine) == []


def test_a_clock_that_was_ahead_does_not_keep_a_week_for_ever(engine: Engine) -> None:
    store(engine, [up(OLD)], datetime(2106, 2, 7, tzinfo=UTC))
    run(engine)
    assert scalar(engine, "SELECT count(*) FROM uplink") == 1, "how old the insert is, nobody knows"
    run(engine, NOW + 36 * DAY)
    assert scalar(engine, "SELECT count(*) FROM uplink") == 0


def test_days_are_kept_five_years_and_while_their_rows_are_there(engine: Engine) -> None:
    ancient, old, kept = NOW - 3000 * DAY, NOW - 1827 * DAY, NOW - 1826 * DAY
    store(engine, [up(at, n) for n, at in enumerate((ancient, old, kept))], NOW - 50 * DAY)
    store(engine, [up(ancient + DAY / 24, 9)], NOW)
    run(engine)
    assert scalar(engine, "SELECT count(*) FROM uplink") == 2, "the ancient week was written to just now"
    with reading(engine) as connection:
        days = set(connection.scalars(select(DeviceDay.day)))
    assert days == {ancient.date(), kept.date()}
    run(engine, NOW + 36 * DAY)
    with reading(engine) as connection:
        assert connection.scalars(select(DeviceDay.day)).all() == []
    assert scalar(engine, "SELECT sum(uplinks_total) FROM device_state") == 4


def test_each_other_table_by_its_own_age(engine: Engine) -> None:
    def letter(payload: bytes, at: datetime) -> DeadLetter:
        return DeadLetter(topic("up"), payload, at, "not_json", "why", "x")

    letters = [letter(b"old", NOW - 91 * DAY), letter(b"young", NOW - 89 * DAY), letter(b"again", NOW - 91 * DAY)]
    years, span = NOW - 1830 * DAY, {"network_id": "chirpstack"}
    watch = span | {"source": "listener", "session": "s", "started_at": years - DAY}
    outage = span | {"cause": "not_listening", "evidence": {}, "started_at": years - DAY}
    counted = {"gateway_id": "a84041ffff1e2d30", "reports": 1, "rx_received": 1, "rx_ok": 1, "tx_emitted": 0}
    with writing(engine) as connection:
        write_batch(connection, Batch("chirpstack", dead_letters=letters), NOW)
        write_batch(connection, Batch("chirpstack", dead_letters=[letter(b"again", NOW - DAY)]), NOW)
        connection.execute(insert(Watch), [watch | {"ended_at": at} for at in (years, NOW)])
        connection.execute(insert(CollectionOutage), [outage | {"ended_at": at} for at in (years, NOW, None)])
        for at in (years, NOW):
            day = counted | {"day": at.date(), "first_at": at, "last_at": at}
            connection.execute(insert(GatewayDay).values(day | {"gateway_id": gateway()}))
    gone = {one.table: one.rows for one in run(engine).gone}
    assert gone == {"dead_letter": 1, "watch": 1, "collection_outage": 1, "gateway_day": 1}
    for table, left in {"dead_letter": 2, "watch": 1, "collection_outage": 2, "gateway_day": 1}.items():
        assert scalar(engine, f"SELECT count(*) FROM {table}") == left


def gateway() -> Any:
    from lora_registry.domain.identifiers import GatewayId

    return GatewayId("a84041ffff1e2d30")


def test_observations_are_thinned_to_one_audit_a_week_and_cleared_findings_go(engine: Engine) -> None:
    """Nightly audits over six years: every one for 35 days, then Sunday's, then none."""
    nights = [NOW - n * DAY for n in range(2190, -1, -1)]
    finding = {
        "kind": "silent_device", "subject_kind": "device", "subject": "a", "severity": "warning",
        "confidence": "high", "evidence": {}, "explanation": {}, "cause": None, "first_run_id": 1,
        "patience_s": 86_400.0, "rule_version": 1, "first_seen_at": NOW, "last_seen_at": NOW,
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(
            insert(AuditRun),
            [{"id": n, "judged_at": at, "completed_at": at, "rules": {}} for n, at in enumerate(nights, 1)],
        )
        connection.execute(insert(AuditRun).values(id=2193, judged_at=NOW, completed_at=None, rules={}))
        for last, status in ((10, Status.CLEARED), (11, Status.OPEN), (2000, Status.CLEARED)):
            row = finding | {"since": nights[last], "last_run_id": last, "status": status}
            connection.execute(insert(Finding).values(row))
        seen = [
            {"run_id": n, "kind": "k", "subject_kind": "device", "subject": "a", "since": NOW, "severity": "info"}
            for n in [*range(1, len(nights) + 1), 2193]
        ]
        connection.execute(insert(FindingObservation), seen)
    told = summed(planned(engine))
    run(engine)
    with reading(engine) as connection:
        runs = connection.scalars(select(FindingObservation.run_id).order_by(FindingObservation.run_id)).all()
        findings = connection.scalars(select(Finding.last_run_id).order_by(Finding.last_run_id)).all()
    kept = [nights[n - 1] for n in runs if n <= len(nights)]
    assert kept[0] >= NOW - 1826 * DAY
    weekly = [at for at in kept if at < NOW - 35 * DAY]
    assert {at.weekday() for at in weekly} == {6}
    assert len(weekly) == (1826 - 35) // 7
    assert [at for at in kept if at >= NOW - 35 * DAY] == nights[-36:]
    assert runs[-1] == 2193, "an audit that is not complete is nobody's past"
    assert findings == [11, 2000], "an open finding stays, however old"
    assert told["finding_observation", None] == 2192 - len(runs)
    assert scalar(engine, select(func.count()).select_from(AuditRun)) == 2192


def test_every_table_says_how_long_it_keeps(engine: Engine) -> None:  # noqa: ARG001 - the metadata is whole
    named = {rule.table.table().name for rule in RETENTION} | {table.table().name for table in KEPT}
    assert named == set(Base.metadata.tables)
    assert not {rule.table for rule in RETENTION} & set(KEPT)
    assert {str(age) for age in Age} <= set(Settings.__dataclass_fields__)


def test_the_page_has_the_table_of_what_is_kept() -> None:
    """Written by `python -c 'from lora_registry.store import retention; print(retention.as_markdown())'`."""
    assert as_markdown() in (ROOT / "docs" / "retention.md").read_text(encoding="utf-8")


def test_an_interruption_between_sealing_and_emptying_is_finished_by_the_next_run(engine: Engine) -> None:
    store(engine, [up(OLD + n * DAY, n) for n in range(5)], OLD + 7 * DAY)
    with writing(engine) as connection:
        connection.execute(update(RawWeek).values(sealed_at=NOW))
    assert store(engine, [up(OLD, 8)], NOW).sealed == 1
    assert summed(planned(engine)) == {("uplink", date(2026, 9, 7)): 5}
    run(engine)
    assert sums(engine)[:3] == (0, 5, 5)
    assert scalar(engine, select(func.count()).select_from(RawWeek).where(RawWeek.emptied_at.is_(None))) == 0
