"""Usefulness on a real database: evidence in, snapshots that rescore to the same bytes, decisions and effects."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert, select, update

from lora_registry.domain.errors import ImportFileError, RefusedError, UsageError
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline.decide import Decided, measure_effects, record_decision
from lora_registry.pipeline.follow_goals import Wanted, goals, set_goal
from lora_registry.pipeline.import_usage import confirm_service, import_usage
from lora_registry.pipeline.judge_usefulness import Said, judge_usefulness
from lora_registry.pipeline.rescore import rescore
from lora_registry.pipeline.review_services import review_services
from lora_registry.pipeline.service_sheet import sheet
from lora_registry.report.review import as_csv, as_html
from lora_registry.store import decision_rows, reads, score_reads, usage_writes
from lora_registry.store.engine import reading, writing
from lora_registry.store.registry import DeviceRecord, Network, Organisation, Position, Service
from lora_registry.store.scores import DeviceUsefulness, UsefulnessRun
from lora_registry.usefulness.carbon import Factor, Range
from lora_registry.usefulness.decided import Equipment, Gesture, Indicator
from lora_registry.usefulness.use import Answer
from tests.audited import HOUR, START, judge, store, uplinks

ZONE = ZoneInfo("Europe/Paris")
HOURS = 40 * 24
NOW = START + (HOURS - 0.5) * HOUR
TODAY = NOW.date()
WARM, TWIN, STUCK, GONE, HOME = (DevEui(f"70b3d57ed000000{n}") for n in range(1, 6))
FACTOR = Factor("m1", {"fr": "M1", "en": "M1"}, Range(2.0, 6.0, 15.0), 8.0, ("Meteo S",), "a declaration", 2024)


def temperature(hour: float) -> float:
    """Return a temperature of some weather, in tenths."""
    return round(15 + 6 * ((hour * 7) % 24) / 24 + (hour * 13 % 50) / 10, 1)


def declared(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(Network).values(id="chirpstack", name="C", kind="chirpstack"))
        connection.execute(insert(Organisation).values(id="ville", name="Ville", kind="commune"))
        common = {
            "owner_id": "ville",
            "consumers": ["portail"],
            "tolerance": {"temperature": 0.5},
            "need_period_s": 3600,
        }
        connection.execute(
            insert(Service).values(
                id="chaleur", name="Îlots de chaleur", family="measure", privacy="public", purpose="Planter",
                decision="Où planter", confirmed_on=TODAY - timedelta(days=30), **common,
            )
        )  # fmt: skip
        connection.execute(
            insert(Service).values(id="foyers", name="Foyers", family="meter", privacy="household", **common)
        )
        for number, eui in enumerate((WARM, TWIN, STUCK, GONE, HOME)):
            connection.execute(
                insert(DeviceRecord).values(
                    dev_eui=eui, network_id="chirpstack", recorded_at=START, model="Meteo S",
                    service_id="foyers" if eui == HOME else "chaleur", lifecycle="in_service",
                    purchased_on=START.date() - timedelta(days=365),
                )
            )  # fmt: skip
            connection.execute(
                insert(Position).values(
                    dev_eui=eui, since=START, source="surveyed", longitude=3.87,
                    latitude=43.61 + (0.00003 if eui == TWIN else 0.03 * number),
                )
            )  # fmt: skip


@cache
def history() -> list[Any]:
    """Return what five objects sent: one well, its twin, one that gets stuck, one that dies, one of a home."""
    messages: list[Any] = []
    for eui in (WARM, TWIN, STUCK, GONE, HOME):
        last = 150 if eui == GONE else HOURS
        for hour in range(last):
            value = temperature(min(hour, 500) if eui == STUCK else hour)
            messages += uplinks(str(eui), [hour], object={"temperature": value})
    return messages


def said(engine: Engine, **options: Any) -> Said:
    return judge_usefulness(engine, clock=lambda: NOW, zone=ZONE, **options)


@pytest.fixture
def city(engine: Engine) -> Engine:
    declared(engine)
    store(engine, history(), watched_hours=HOURS)
    judge(engine, HOURS - 0.5)
    return engine


def told(engine: Engine, eui: DevEui) -> dict[str, Any]:
    with reading(engine) as connection:
        row = score_reads.of_object(connection, eui)
    assert row is not None
    return row


def faults(engine: Engine, eui: DevEui) -> list[str]:
    """Return what is wrong, but for the data rate: the sample's SF9 is too slow for its strong signal."""
    return [defect for defect in told(engine, eui)["told"]["defects"] if defect != "wastes_airtime"]


def test_objects_services_and_the_one_number(city: Engine) -> None:
    with pytest.raises(RefusedError, match="nothing has been judged"):
        review_services(city, now=NOW, zone=ZoneInfo("Europe/Paris"))
    judged = said(city)
    assert judged.objects == 5
    assert faults(city, WARM) == ["twin"]
    assert {told(city, eui)["gesture"] == "move" for eui in (WARM, TWIN)} == {True, False}, "never both"
    assert faults(city, STUCK) == ["stuck"]
    assert faults(city, GONE) == ["silent"]
    assert told(city, GONE)["high"] == 20
    home = told(city, HOME)
    assert home["facts"]["information"] == {"reason": "class"}
    assert (faults(city, HOME), home["serves"]) == ([], "serves")
    assert judged.figures["all"]["of_100"] == {"serves": 60, "does_not": 40, "unknown": 0}
    assert set(judged.figures["families"]) == {"measure", "meter"}
    with reading(city) as connection:
        listed = {row["dev_eui"]: row for row in reads.devices(connection)}
        assert listed[GONE]["usefulness_high"] == 20
        assert listed[WARM]["usefulness_low"] == told(city, WARM)["low"]
        shown = sheet(connection, "chaleur", on=TODAY, factors=(FACTOR,))
        assert sum(line["high"] for line in shown["lines"]) == shown["high"]
        assert shown["defects"].items() >= {"silent": 1, "stuck": 1, "twin": 2}.items()
        assert shown["findings"]["silent_device"] == 1
        assert shown["carbon"]["kg_per_year"] == [1.0, 3.0, 7.5], "4 objects over 8 years"
        assert shown["worst_objects"][0]["dev_eui"] == str(GONE)
        assert sheet(connection, "foyers", on=TODAY)["worst_objects"] == [], "homes are counted, not listed"


def test_partitions_change_nothing_and_the_snapshot_rescores_to_the_same_bytes(city: Engine) -> None:
    def everything() -> list[Any]:
        with reading(city) as connection:
            rows = connection.execute(select(DeviceUsefulness).order_by(DeviceUsefulness.dev_eui)).all()
            return [*rows, score_reads.of_services(connection), score_reads.last(connection)]

    said(city)
    first = everything()
    said(city, partition_devices=2)
    assert everything() == first, "judged twice, however split: the same rows"
    assert (rescore(city).same, rescore(city).differing) == (5, [])
    with writing(city) as connection:
        connection.execute(
            update(DeviceUsefulness).where(DeviceUsefulness.dev_eui == HOME).values(told={"low": 3})
        )
    assert rescore(city).differing == [str(HOME)]
    with writing(city) as connection:
        connection.execute(update(UsefulnessRun).values(rule_version=0))
    with pytest.raises(RefusedError, match="version 0"):
        rescore(city)


def test_an_unfinished_judgement_is_not_shown(city: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the machine stopped")

    with monkeypatch.context() as broken:
        broken.setattr("lora_registry.store.score_writes.write_services", stops)
        with pytest.raises(RuntimeError):
            said(city)
    with reading(city) as connection:
        assert score_reads.last(connection) is None
        assert {row["usefulness_low"] for row in reads.devices(connection)} == {None}


def counted(days: int, reads_a_day: int) -> list[str]:
    rows = [f"Îlots de chaleur,{TODAY - timedelta(days=n)},{reads_a_day},grafana" for n in range(days)]
    return ["service,day,reads,source", *rows]


def test_reads_are_imported_whole_or_not_at_all_and_replace_themselves(city: Engine) -> None:
    with pytest.raises(ImportFileError, match=r"no such service: nulle-part"):
        import_usage(city, [*counted(1, 1), f"nulle-part,{TODAY},1,portal"], by="A", now=NOW)
    with pytest.raises(ImportFileError, match=r"line 3: reads '-1'.*line 4: day"):
        import_usage(city, [*counted(1, 1), f"chaleur,{TODAY},-1,x", "chaleur,1/2/26,1,x"], by="A", now=NOW)
    for _ in range(2):
        rows = import_usage(city, counted(70, 3), by="A", now=NOW)
    assert {row.service for row in rows} == {"chaleur"}
    said(city)
    use = told(city, WARM)["facts"]["use"]
    assert (use["counted_days"], use["reads"], use["sources"]) == (70, 210, ["grafana"])
    import_usage(city, counted(70, 0), by="A", now=NOW)
    said(city)
    assert faults(city, WARM)[0] == "unread"
    assert told(city, WARM)["high"] <= 40


def test_integrations_and_the_owner_s_answer_are_evidence(city: Engine) -> None:
    said(city)
    assert told(city, HOME)["facts"]["use"].get("integrations") is None, "nobody has looked"
    with writing(city) as connection:
        application = connection.scalar(select(reads.Device.application_id).limit(1))
        usage_writes.set_integrations(connection, "chirpstack", application, ["HTTP", "INFLUXDB"], now=NOW)
    confirm_service(city, "foyers", answer=Answer.NOT_NEEDED, on=TODAY, text="Fini", by="Régie", now=NOW)
    said(city)
    use = told(city, HOME)["facts"]["use"]
    assert (use["integrations"], use["answer"]) == (2, "not_needed")
    assert told(city, HOME)["gesture"] == "retire"
    with reading(city) as connection:
        assert sheet(connection, "foyers", on=TODAY)["answer"]["text"] == "Fini", "it stands beside the score"
    with writing(city) as connection:
        usage_writes.set_integrations(connection, "chirpstack", application, [], now=NOW)
    said(city)
    assert told(city, HOME)["facts"]["use"]["integrations"] == 0
    with pytest.raises(UsageError, match="yet to come"):
        confirm_service(
            city, "foyers", answer=Answer.NEEDED, on=TODAY + timedelta(days=1), text=None, by="R", now=NOW
        )


def test_a_decision_expects_is_measured_once_and_avoids_only_what_is_reused(city: Engine) -> None:
    said(city)
    on = START.date() + timedelta(days=7)
    gone = Decided(Gesture.RETIRE, "Panne", on, "Comité", dev_eui=GONE, equipment=Equipment.REUSED)
    number = record_decision(city, gone, now=NOW, factors=(FACTOR,), effect_days=30)
    kept = Decided(Gesture.REDUCE_CADENCE, "Trop", on, "Comité", service="Îlots de chaleur")
    record_decision(city, kept, now=NOW, factors=(FACTOR,), effect_days=30)
    late = Decided(Gesture.REPAIR, "Figé", TODAY, "Comité", dev_eui=STUCK, equipment=Equipment.STORED)
    record_decision(city, late, now=NOW, factors=(FACTOR,))
    effects = measure_effects(city, now=NOW)
    assert [effect.outcome for effect in effects.values()] == ["done", "not_seen"], "the third is not due"
    assert measure_effects(city, now=NOW + timedelta(days=1)) == {}, "once and for all"
    with reading(city) as connection:
        third, second, first = decision_rows.decisions(connection)
    assert first["id"] == number
    assert first["effect"]["before"]["uplinks_per_day"] == pytest.approx(150 / 7, abs=0.01)
    assert first["effect"]["after"]["heard"] == 0
    low, central, high = first["expected"]["kg_co2e_avoided"]
    assert 0 < low < central < high < 15.0, "seven eighths of a life are left"
    assert second["effect"]["airtime_saved_s_per_day"] == pytest.approx(0, abs=2), "a silence saves nothing"
    assert third["expected"]["kg_co2e_avoided"] == [0.0, 0.0, 0.0], "a drawer avoids nothing"
    assert third["effect"] is None


@pytest.mark.parametrize(
    ("decided", "fault"),
    [
        (Decided(Gesture.KEEP, "x", TODAY, "A"), "one service or of one object"),
        (Decided(Gesture.KEEP, "x", date(2030, 1, 1), "A", service="chaleur"), "yet to come"),
        (Decided(Gesture.KEEP, " ", TODAY, "A", service="chaleur"), "say why"),
        (Decided(Gesture.KEEP, "x", TODAY, "A", service="rien"), "no service 'rien'"),
        (Decided(Gesture.KEEP, "x", TODAY, "A", dev_eui=DevEui("ffb3d57ed0000001")), "no object ffb3d57ed0000001"),
    ],
)
def test_decisions_that_cannot_be_are_refused(engine: Engine, decided: Decided, fault: str) -> None:
    with writing(engine) as connection:
        connection.execute(insert(Service).values(id="chaleur", name="C", consumers=[], tolerance={}))
    with pytest.raises((UsageError, RefusedError), match=fault):
        record_decision(engine, decided, now=NOW)


def test_goals_say_where_they_stand_for_worse_too(city: Engine) -> None:
    wanted = Wanted("utiles", Indicator.SERVE_OF_100, {2026: 90.0, 2028: 95.0}, "2026-12")
    with pytest.raises(RefusedError, match="has not been judged yet"):
        set_goal(city, wanted, by="A", now=NOW)
    said(city)
    assert set_goal(city, wanted, by="A", now=NOW) == 60.0
    set_goal(city, wanted._replace(id="avant", baseline=80.0), by="A", now=NOW)
    with reading(city) as connection:
        worse, same = goals(connection, on=TODAY)
    assert worse.progress.sentence["fr"].startswith("On s'en éloigne : 60")
    assert (same.progress.target_year, same.progress.is_reached) == (2026, False)


def test_the_review_names_the_worst_first_and_nobody_s_home(city: Engine) -> None:
    said(city)
    record_decision(city, Decided(Gesture.RETIRE, "Panne <b>", TODAY, "C", dev_eui=GONE), now=NOW)
    review = review_services(city, now=NOW, zone=ZoneInfo("Europe/Paris"), factors=(FACTOR,))
    page = as_html(review, language="fr", zone=ZONE)
    assert "Sur 100 objets : 60 servent, 40 ne servent pas" in page
    assert str(GONE) in page
    assert str(HOME) not in page
    assert "Panne &lt;b&gt;" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", ""), "it asks nobody for anything"
    assert "Of 100 objects: 60 serve" in as_html(review, language="en", zone=ZONE)
    rows = as_csv(review).splitlines()
    assert rows[0].startswith("rank,service,name,owner")
    assert rows[1].startswith("1,chaleur,Îlots de chaleur,Ville,measure,4,")


def test_last_year_is_the_judgement_nearest_to_a_year_before(engine: Engine) -> None:
    def run(number: int, at: datetime) -> None:
        with writing(engine) as connection:
            connection.execute(
                insert(UsefulnessRun).values(
                    run_id=number, judged_at=at, completed_at=at, rule_version=1, figures={"run": number}
                )
            )

    for number, days in ((1, 500), (2, 375), (3, 350), (4, 0)):
        run(number, NOW - timedelta(days=days))
    with reading(engine) as connection:
        last = score_reads.last(connection)
        assert last is not None
        before = score_reads.a_year_before(connection, last)
        assert before is not None
        assert before.run_id == 2, "the nearest to a year before"
        assert score_reads.a_year_before(connection, before) is None
