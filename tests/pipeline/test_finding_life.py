"""A finding's life: what people say of it, and what the next audits make of that. On both databases."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from lora_registry.domain.errors import RefusedError, UsageError
from lora_registry.domain.finding_status import Action
from lora_registry.domain.findings import Status
from lora_registry.domain.identifiers import DevEui
from lora_registry.pipeline import run_audit as module
from lora_registry.pipeline.speak_of_finding import Word, speak_of_finding, speak_of_findings
from lora_registry.store import verdicts
from lora_registry.store.audits import AuditRun, Finding, FindingObservation, FindingVerdict
from lora_registry.store.engine import reading, writing
from lora_registry.store.finding_reads import Selection, counts, findings, latest
from lora_registry.store.registry import DeviceRecord, Service
from lora_registry.store.retention import Age
from lora_registry.store.words import FindingWord, Maintenance
from tests.audited import HOUR, START, judge, store, uplinks
from tests.integrations.samples import DEVICE_INFO, STATUS, changed, message, topic
from tests.raw_events import AGES, NOW, run

QUIET, OTHER = "70b3d57ed0000001", "ffb3d57ed0000002"
SILENT = Selection(kind="silent_device")


@pytest.fixture
def silent(engine: Engine) -> Engine:
    """Return a registry in which two hourly devices have been silent since hour 299."""
    store(engine, uplinks(QUIET, range(300)) + uplinks(OTHER, range(300)), watched_hours=2000)
    judge(engine, 400)
    return engine


def listed(engine: Engine, selection: Selection = SILENT) -> dict[str, str]:
    with reading(engine) as connection:
        return {row["subject"]: row["status"] for row in findings(connection, selection, language="en")}


def shown(engine: Engine, subject: str = QUIET, kind: str = "silent_device") -> dict[str, Any]:
    with reading(engine) as connection:
        row = latest(connection, Selection(kind=kind, subjects=[subject]), language="en")
    assert row is not None
    return row


def say(engine: Engine, action: Action, hours: float, **more: Any) -> None:
    word = Word(action, "Anne", more.get("text"), more.get("until"))
    speak_of_finding(engine, kind="silent_device", subject=QUIET, word=word, now=START + hours * HOUR)


def test_what_is_said_stays_while_the_audit_sees_the_same(silent: Engine) -> None:
    say(silent, Action.ACKNOWLEDGE, 401)
    judge(silent, 402)
    assert listed(silent) == {QUIET: "acknowledged", OTHER: "open"}
    say(silent, Action.ANSWER, 403, text="The battery is ordered.")
    judge(silent, 1000)
    assert listed(silent)[QUIET] == "answered"
    told = shown(silent)
    assert [(entry["at"], entry["by"], entry["action"], entry["text"]) for entry in told["journal"]] == [
        (START + 401 * HOUR, "Anne", "acknowledge", None),
        (START + 403 * HOUR, "Anne", "answer", "The battery is ordered."),
    ]
    assert (told["first_seen_at"], told["last_seen_at"]) == (START + 400 * HOUR, START + 1000 * HOUR)
    assert told["rule_version"] >= 1


def test_a_snooze_ends_by_itself(silent: Engine) -> None:
    end = START + 500 * HOUR
    say(silent, Action.SNOOZE, 401, until=end)
    judge(silent, 499)
    assert listed(silent)[QUIET] == "snoozed"
    judge(silent, 500)
    assert listed(silent)[QUIET] == "open"
    assert [(e["action"], e["by"], e["at"], e["until"]) for e in shown(silent)["journal"]] == [
        ("snooze", "Anne", START + 401 * HOUR, end),
        ("snooze_ended", None, end, None),
    ]
    judge(silent, 501)
    assert len(shown(silent)["journal"]) == 2, "it is opened again once"


def test_what_is_done_is_looked_at_again(silent: Engine) -> None:
    """After a day, or as long as this device may be silent by chance where that is more."""
    with reading(silent) as connection:
        patience_h = connection.scalar(select(Finding.patience_s).where(Finding.subject == QUIET)) / 3600
    assert patience_h >= 24
    say(silent, Action.RESOLVE, 401)
    judge(silent, 401 + patience_h)
    assert listed(silent)[QUIET] == "resolved", "it may still be seen"
    judge(silent, 402 + patience_h)
    assert listed(silent)[QUIET] == "open"
    assert shown(silent)["journal"][-1]["action"] == "still_seen"


def test_what_is_done_and_no_longer_seen_is_over_and_comes_back_open(silent: Engine) -> None:
    say(silent, Action.RESOLVE, 401)
    store(silent, uplinks(QUIET, range(402, 420)), watched_hours=2000)
    judge(silent, 420)
    assert listed(silent)[QUIET] == "cleared"
    # The message that ended it is not known to an audit of the time before: the same finding is there again.
    judge(silent, 401)
    assert listed(silent)[QUIET] == "open"
    assert shown(silent)["journal"][-1]["action"] == "came_back"


def test_what_gets_worse_is_open_again(engine: Engine) -> None:
    def battery(level: float, hour: float) -> Any:
        at = (START + hour * HOUR).isoformat()
        info = DEVICE_INFO | {"devEui": QUIET}
        event = changed(STATUS, deduplicationId=f"s-{hour}", deviceInfo=info, time=at, batteryLevel=level)
        return message("status", event, topic=topic("status", QUIET), received_at=START + hour * HOUR)

    store(engine, [*uplinks(QUIET, range(200)), battery(25.0, 10)], watched_hours=2000)
    judge(engine, 20)
    word = Word(Action.ACKNOWLEDGE, "Anne")
    speak_of_finding(engine, kind="low_battery", subject=QUIET, word=word, now=START + 21 * HOUR)
    store(engine, [battery(20.0, 30)])
    judge(engine, 40)
    low = Selection(kind="low_battery")
    assert listed(engine, low) == {QUIET: "acknowledged"}, "lower, and no worse"
    store(engine, [battery(9.0, 50)])
    judge(engine, 60)
    assert listed(engine, low) == {QUIET: "open"}
    told = shown(engine, kind="low_battery")
    assert [(entry["action"], entry["severity"]) for entry in told["journal"]] == [
        ("acknowledge", "info"),
        ("worse", "warning"),
    ]
    speak_of_finding(engine, kind="low_battery", subject=QUIET, word=word, now=START + 61 * HOUR)
    judge(engine, 62)
    assert listed(engine, low) == {QUIET: "acknowledged"}, "as severe as when it was acknowledged again"


def test_a_word_is_of_one_finding_and_written_as_people_write_it(silent: Engine) -> None:
    word = Word(Action.ACKNOWLEDGE, "Anne")
    said = speak_of_finding(
        silent, kind="silent_device", subject="70:B3:D5:7E:D0:00:00:01", word=word, now=START + 401 * HOUR
    )
    assert [one.of.identity[2] for one in said] == [QUIET]
    assert listed(silent) == {QUIET: "acknowledged", OTHER: "open"}


def test_what_is_over_can_still_be_explained_and_nothing_else(silent: Engine) -> None:
    store(silent, uplinks(QUIET, [401]), watched_hours=2000)
    judge(silent, 401.5)
    say(silent, Action.ANSWER, 402, text="A lorry stood before it.")
    assert listed(silent)[QUIET] == "cleared"
    with pytest.raises(RefusedError, match=f"silent_device of {QUIET} is cleared: there is nothing to snooze"):
        say(silent, Action.SNOOZE, 402, until=START + 500 * HOUR)
    assert len(shown(silent)["journal"]) == 1


@pytest.mark.parametrize(
    ("word", "error", "words"),
    [
        (Word(Action.SNOOZE, "A"), UsageError, "a snooze has an end"),
        (Word(Action.SNOOZE, "A", until=START), UsageError, "2026-09-01T00:00:00.00:00 is over already"),
        (Word(Action.ANSWER, "A"), UsageError, "an answer has words"),
        (Word(Action.ANSWER, "A", " "), UsageError, "an answer has words"),
        (Word(Action.REOPEN, "A"), RefusedError, "is open: there is nothing to reopen"),
    ],
)
def test_what_cannot_be_said_changes_nothing(
    silent: Engine, word: Word, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        speak_of_finding(silent, kind="silent_device", subject=QUIET, word=word, now=START + 401 * HOUR)
    assert listed(silent)[QUIET] == "open"
    assert shown(silent)["journal"] == []


def test_a_finding_that_is_not_there_is_refused_with_the_way_out(silent: Engine) -> None:
    word = Word(Action.ACKNOWLEDGE, "A")
    with pytest.raises(RefusedError, match="no finding low_battery of x: `lora-registry findings list --all`"):
        speak_of_finding(silent, kind="low_battery", subject="x", word=word, now=START)
    with pytest.raises(RefusedError, match="nothing to reopen among these"):
        speak_of_findings(silent, which=SILENT, word=Word(Action.REOPEN, "A"), now=START)
    with pytest.raises(UsageError, match="which findings"):
        speak_of_findings(silent, which=Selection(), word=word, now=START)


@pytest.fixture
def described(silent: Engine) -> Engine:
    with writing(silent) as connection:
        connection.execute(insert(Service).values(id="parking", name="Parking", consumers=[], tolerance={}))
        connection.execute(
            insert(DeviceRecord),
            [
                {"dev_eui": DevEui(QUIET), "network_id": "chirpstack", "recorded_at": START, "service_id": None,
                 "territory_code": "34172"},
                {"dev_eui": DevEui(OTHER), "network_id": "chirpstack", "recorded_at": START,
                 "service_id": "parking", "territory_code": "34057"},
            ],
        )  # fmt: skip
    return silent


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(kind="silent_device"), {QUIET, OTHER}),
        (Selection(service="parking"), {OTHER}),
        (Selection(service="Parking"), {OTHER}),
        (Selection(commune="34172"), {QUIET}),
        (Selection(commune="34057", service="parking", kind="silent_device"), {OTHER}),
        (Selection(commune="34172", service="parking"), set()),
        (Selection(service="none"), set()),
    ],
)
def test_a_selection_by_service_and_commune(described: Engine, selection: Selection, expected: set[str]) -> None:
    assert set(listed(described, selection)) == expected
    if expected:
        word = Word(Action.ACKNOWLEDGE, "Anne")
        said = speak_of_findings(described, which=selection, word=word, now=START + 401 * HOUR)
        assert {one.of.identity[2] for one in said} == expected
    acknowledged = {subject for subject, status in listed(described).items() if status == "acknowledged"}
    assert acknowledged == expected


def test_a_word_for_many_leaves_what_was_said_of_one(silent: Engine) -> None:
    say(silent, Action.SNOOZE, 401, until=START + 900 * HOUR)
    said = speak_of_findings(silent, which=SILENT, word=Word(Action.RESOLVE, "B"), now=START + 402 * HOUR)
    assert [one.of.identity[2] for one in said] == [OTHER]
    assert listed(silent) == {QUIET: "snoozed", OTHER: "resolved"}
    with reading(silent) as connection:
        assert counts(connection, SILENT) == {Status.SNOOZED: 1, Status.RESOLVED: 1}


def test_an_unfinished_run_shows_nothing_and_moves_nothing(
    silent: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(silent, Action.SNOOZE, 401, until=START + 410 * HOUR)
    store(silent, uplinks(OTHER, range(401, 420)), watched_hours=2000)
    before = dump(silent)

    def stops(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the machine stopped")

    with monkeypatch.context() as patch:
        patch.setattr(module, "gateway_facts", stops)
        with pytest.raises(RuntimeError):
            judge(silent, 420)
    assert dump(silent) == before
    judge(silent, 420)
    assert listed(silent) == {QUIET: "open", OTHER: "cleared"}


def dump(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return [connection.execute(select(model)).all() for model in (Finding, FindingObservation, FindingWord)]


def test_the_same_run_over_again_changes_nothing(silent: Engine) -> None:
    say(silent, Action.ACKNOWLEDGE, 401)
    judge(silent, 402)
    first = shown(silent)
    judge(silent, 402)
    assert shown(silent) == first


def test_what_a_run_found_is_kept_for_two_runs_and_that_it_saw_it_for_all(silent: Engine) -> None:
    for hour in (401, 402, 403):
        judge(silent, hour)
    with reading(silent) as connection:
        kept = set(connection.scalars(select(FindingVerdict.run_id)))
        seen = connection.scalar(select(func.count()).where(FindingObservation.kind == "silent_device"))
    assert len(kept) == 2
    assert seen == 8


def test_who_speaks_while_a_run_ends_waits_for_it(silent: Engine) -> None:
    """On PostgreSQL by the locks of the rows, on SQLite by there being one writer."""
    refused: list[str] = []

    def acknowledge() -> None:
        try:
            say(silent, Action.ACKNOWLEDGE, 403)
        except RefusedError as error:
            refused.append(str(error))

    speaker = Thread(target=acknowledge)
    with writing(silent) as connection:
        run = verdicts.start_run(connection, judged_at=START + 402 * HOUR, rules={})
        verdicts.complete_run(connection, run, completed_at=START + 402 * HOUR)  # it found nothing
        speaker.start()
        speaker.join(timeout=0.5)
        assert speaker.is_alive()
        assert refused == []
    speaker.join(timeout=20)
    assert len(refused) == 1
    assert "is cleared: there is nothing to acknowledge" in refused[0]
    assert listed(silent)[QUIET] == "cleared"


def test_a_journal_goes_with_its_finding_and_not_before(engine: Engine) -> None:
    """Retention: what is over is forgotten after the years of aggregates, with what people said of it."""
    old = NOW - AGES[Age.AGGREGATE] - timedelta(days=1)
    finding = {
        "kind": "silent_device", "subject_kind": "device", "since": old, "severity": "warning",
        "confidence": "high", "evidence": {}, "explanation": {}, "first_run_id": 1, "last_run_id": 1,
        "patience_s": 1.0, "rule_version": 1, "first_seen_at": old, "last_seen_at": old,
    }  # fmt: skip
    word = {
        "kind": "silent_device", "subject_kind": "device", "since": old, "said_at": old, "said_by": "Anne",
        "action": "acknowledge", "severity": "warning", "status": "acknowledged",
    }  # fmt: skip
    works = {
        "subject_kind": "network", "subject": "n", "starts_at": old, "reason": "r", "said_at": old, "said_by": "A",
    }  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(AuditRun).values(id=1, judged_at=old, completed_at=old, rules={}))
        connection.execute(insert(Finding).values(**finding, subject="over", status="cleared"))
        connection.execute(insert(Finding).values(**finding, subject="stands", status="acknowledged"))
        connection.execute(insert(FindingWord), [word | {"subject": name} for name in ("over", "stands")])
        connection.execute(insert(Maintenance), [works | {"ends_at": end} for end in (old, NOW)])
    run(engine)
    with reading(engine) as connection:
        assert connection.scalars(select(FindingWord.subject)).all() == ["stands"]
        assert connection.scalars(select(Maintenance.ends_at)).all() == [NOW]
