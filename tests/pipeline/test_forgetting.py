"""Forgetting people: what is held of one can be shown, and accounts that nobody uses go, after a notice."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from lora_registry.domain.access import Role
from lora_registry.domain.errors import UsageError
from lora_registry.domain.mailing import MailState
from lora_registry.pipeline.check_backups import check_backups
from lora_registry.pipeline.retire_accounts import Retired, retire_accounts
from lora_registry.pipeline.sign_in import enable_person, open_session
from lora_registry.store import accounts, alert_writes, forgotten, migrations, recipients, sessions
from lora_registry.store.base import Base
from lora_registry.store.engine import reading, writing
from lora_registry.store.held import HELD, SECRET, held
from lora_registry.store.outbox import OutboxMail
from lora_registry.store.people import ApiToken, Person, SavedView
from lora_registry.store.registry import Organisation
from lora_registry.store.words import FindingWord
from tests.commands import run
from tests.mail.server import MailServer, running
from tests.mail.town import SENDER, URL, mailer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
YEARS = 730 * DAY
CANARY = "canary-hash"
ANNE, BOB = "anne@lattes.example", "bob@lattes.example"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running() as one:
        yield one


@pytest.fixture
def town(engine: Engine) -> Engine:
    """Return a registry with Anne, of whom everything is held, and Bob."""
    with writing(engine) as connection:
        connection.execute(insert(Organisation).values(id="lattes", name="Lattes", kind="commune"))
        for email, name in ((ANNE, "Anne Martin"), (BOB, "Bob")):
            accounts.add(
                connection, email=email, name=name, organisation="lattes", role=Role.ADMIN,
                now=NOW - 800 * DAY, password_hash="$argon2id$canary",  # noqa: S106 - none
            )  # fmt: skip
        for address in (ANNE, BOB):
            recipients.add(connection, "lattes", address, language="fr", by="Anne Martin", now=NOW)
            alert_writes.add_contact(connection, "lattes", address, language="fr", by="Bob", now=NOW)
        connection.execute(
            insert(OutboxMail).values(
                recipient_id=1, week="2026-W47", organisation_id="lattes", language="fr", about="changes",
                state=MailState.SENT, message_id="<1@x>", made_at=NOW, attempts=1, next_at=NOW,
            )
        )  # fmt: skip
        for name in ("Anne Martin", "Bob"):
            connection.execute(
                insert(FindingWord).values(
                    kind="silent_device", subject_kind="device", subject="a" * 16, since=NOW, said_at=NOW,
                    said_by=name, action="answer", text=f"word of {name}", severity="warning", status="answered",
                )
            )  # fmt: skip
        connection.execute(
            insert(SavedView).values(
                person_id=1, organisation_id="lattes", name="Mine", query="state=silent", created_at=NOW
            )
        )
    open_session(engine, 2, now=NOW)
    open_session(engine, 1, now=NOW - 800 * DAY)  # last: each takes the old ones away
    return engine


def retire(engine: Engine, server: MailServer | None, at: datetime) -> Retired:
    return retire_accounts(
        engine, mailer(server.port) if server is not None else None, inactive=YEARS, clock=lambda: at,
        sender=SENDER, public_url=URL,
    )  # fmt: skip


def test_all_that_is_held_of_a_person_is_shown_and_nothing_of_others(town: Engine) -> None:
    with writing(town) as connection:
        sessions.add_token(
            connection, organisation="lattes", name="map", token_hash=CANARY, by=1, now=NOW,
            expires_at=NOW,
        )  # fmt: skip
    with reading(town) as connection:
        found = held(connection, ANNE.upper())
    assert {table: len(rows) for table, rows in found.items()} == {
        "person": 1, "session": 1, "saved_view": 1, "api_token": 1, "recipient": 2, "outbox_mail": 1,
        "safety_contact": 1, "finding_word": 1,
    }  # fmt: skip
    text = json.dumps(found, default=str)
    assert "word of Anne Martin" in text
    assert "word of Bob" not in text
    assert "canary" not in text


def test_of_who_has_no_account_mails_are_held_too(town: Engine, database_url: str) -> None:
    with writing(town) as connection:
        recipients.add(connection, "lattes", "carl@x.example", language="fr", by="Bob", now=NOW)
    told = json.loads(run("user", "export", "carl@x.example", database_url=database_url).stdout)
    assert list(told) == ["recipient"]
    assert told["recipient"][0]["added_at"].endswith("Z")
    nobody = run("user", "export", "nobody@x.example", database_url=database_url, check=False)
    assert (nobody.returncode, "nothing is held" in nobody.stderr) == (1, True)


def test_no_column_that_says_whose_a_row_is_is_left_out() -> None:
    migrations.differences  # noqa: B018 - importing it makes the metadata whole
    known = {(one.table.table().name, one.column) for one in HELD}
    whose = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if (column.name.endswith("_by") and column.name != "heard_by")
        or column.name in {"email", "address", "contact", "person_id", "recipient_id", "contact_id", "person"}
    }
    assert whose - {("place", "address")} == known, "a new table that names people goes into `HELD`"
    hashes = {c.name for t in Base.metadata.tables.values() for c in t.columns if c.name.endswith("_hash")}
    assert hashes - SECRET - {"payload_hash", "state_hash", "last_hash"} == set()


def test_an_account_that_nobody_uses_is_told_closed_and_deleted(town: Engine, server: MailServer) -> None:
    first = retire(town, server, NOW)
    assert (first.noticed, first.disabled, first.deleted) == ([ANNE], [], [])
    assert [one.recipients for one in server.taken] == [(ANNE,)]
    text = server.taken[0].mail.get_content()
    assert "avant le 22/12/2026" in text
    assert "before 2026-12-22" in text
    assert retire(town, server, NOW + 29 * DAY) == Retired(), "told once"
    assert retire(town, server, NOW + 30 * DAY).disabled == [ANNE]
    assert retire(town, server, NOW + 119 * DAY) == Retired()
    assert retire(town, server, NOW + 120 * DAY).deleted == [ANNE]
    assert retire(town, server, NOW + 300 * DAY) == Retired()
    with reading(town) as connection:
        assert connection.scalars(select(Person.email)).all() == [BOB]
        assert "word of Anne Martin" in connection.scalars(select(FindingWord.text)).all(), "of the object"
        (log,) = forgotten.listed(connection)
    assert (log["table_name"], log["rows"], log["why"]) == ("person", 2, "account unused"), "and a saved view"


def test_who_signs_in_after_the_notice_keeps_the_account_and_who_was_closed_can_be_let_in(
    town: Engine, server: MailServer
) -> None:
    retire(town, server, NOW)
    open_session(town, 1, now=NOW + 10 * DAY)
    assert retire(town, server, NOW + 40 * DAY) == Retired()
    much_later = NOW + 10 * DAY + YEARS
    retire(town, server, much_later)
    assert ANNE in retire(town, server, much_later + 30 * DAY).disabled
    enable_person(town, email=ANNE, now=much_later + 31 * DAY)
    assert ANNE not in retire(town, server, much_later + 200 * DAY).deleted


def test_who_cannot_be_told_is_not_closed(town: Engine, server: MailServer) -> None:
    assert retire(town, None, NOW).untold == [ANNE]
    server.to_recipient[ANNE] = "550 no such mailbox"
    assert retire(town, server, NOW + DAY).untold == [ANNE]
    assert retire(town, server, NOW + 60 * DAY).disabled == []


def test_a_token_outlives_who_made_it_without_their_name(town: Engine, server: MailServer) -> None:
    with writing(town) as connection:
        sessions.add_token(
            connection, organisation="lattes", name="map", token_hash=CANARY, by=1, now=NOW,
            expires_at=NOW + 500 * DAY,
        )  # fmt: skip
    for days in (0, 30, 120):
        retire(town, server, NOW + days * DAY)
    with reading(town) as connection:
        told = json.dumps([list(row) for row in connection.execute(select(Person.table()))], default=str)
        assert connection.scalar(select(ApiToken.revoked_at)) is None
        assert held(connection, ANNE).keys() == {"recipient", "outbox_mail", "safety_contact"}
    assert ANNE not in told
    assert "Anne" not in told
    assert retire(town, server, NOW + 400 * DAY).deleted == []


def made(folder: Path, name: str, days_ago: float, size: int = 3) -> None:
    (folder / name).write_bytes(b"x" * size)
    at = (NOW - days_ago * DAY).timestamp()
    os.utime(folder / name, (at, at))


@pytest.mark.parametrize(
    ("ages", "stale", "overdue"),
    [([0.5, 1.5, 20], False, []), ([3, 20], True, []), ([1, 34, 36], False, ["36"]), ([], True, [])],
)
def test_backups_are_fresh_enough_and_not_older_than_what_is_forgotten(
    tmp_path: Path, ages: list[float], stale: bool, overdue: list[str]
) -> None:
    for age in ages:
        made(tmp_path, str(age), age)
    made(tmp_path, "empty", 0, size=0)
    made(tmp_path, ".hidden", 0)
    checked = check_backups(tmp_path, newest=2 * DAY, oldest=35 * DAY, now=NOW)
    assert (checked.stale, [one.name for one in checked.overdue]) == (stale, overdue)
    assert [one.name for one in checked.backups] == [str(age) for age in sorted(ages)]


def test_a_folder_of_backups_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder: LORA_REGISTRY_BACKUP_DIR"):
        check_backups(tmp_path / "none", newest=DAY, oldest=DAY, now=NOW)


def test_the_command_says_what_is_wrong_with_backups(tmp_path: Path, database_url: str, engine: Engine) -> None:  # noqa: ARG001 - migrated
    (tmp_path / "backups").mkdir()
    made(tmp_path / "backups", "old.dump", 9000)
    done = run("db", "backups", str(tmp_path / "backups"), database_url=database_url, check=False)
    assert done.returncode == 1
    assert "old.dump" in done.stdout
    assert "no backup of the last 2 days" in done.stderr
    assert "delete them, they hold what was forgotten (old.dump)" in done.stderr
