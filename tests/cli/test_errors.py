"""Wrong use and absent services: one line with the value, the place and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Broker, free_port
from tests.e2e.program import run


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("mysql://h/d", 2, ["mysql", "postgresql://USER:PASSWORD@HOST/DATABASE"]),
        ("nonsense", 2, ["'nonsense'", "sqlite:///FILE"]),
        (
            "postgresql://nobody:hunter2@127.0.0.1:1/x",
            1,
            ["127.0.0.1:1", "cannot be reached", "LORA_REGISTRY_DATABASE_URL"],
        ),
        ("sqlite:////nowhere/at/all/registry.sqlite", 1, ["/nowhere/at/all/registry.sqlite", "cannot be reached"]),
    ],
)  # fmt: skip
def test_a_wrong_database_address(url: str, code: int, words: list[str]) -> None:
    done = run("devices", "list", "--database", url, check=False)
    assert done.returncode == code
    line = one_line(done.stderr)
    assert "hunter2" not in line
    assert all(word in line for word in words), line


def test_a_database_without_tables(tmp_path: Path) -> None:
    done = run("devices", "list", "--database", f"sqlite:///{tmp_path}/new.sqlite", check=False)
    assert done.returncode == 1
    assert "run `lora-registry db upgrade`" in one_line(done.stderr)


@pytest.mark.parametrize("command", [["listen"], ["replay", "README.md"]])
def test_an_unreachable_broker(command: list[str], tmp_path: Path) -> None:
    port = free_port()
    done = run(
        *command, "--mqtt", f"mqtt://user:hunter2@127.0.0.1:{port}", check=False,
        database_url=f"sqlite:///{tmp_path}/r.sqlite",
    )  # fmt: skip
    assert done.returncode == 1
    line = one_line(done.stderr)
    assert f"mqtt://127.0.0.1:{port} cannot be reached" in line
    assert "hunter2" not in line


def test_a_broker_that_refuses_us(broker: Broker, tmp_path: Path) -> None:
    broker.stop()
    broker.start("allow_anonymous false\n")
    done = run("listen", check=False, mqtt_url=broker.url, database_url=f"sqlite:///{tmp_path}/r.sqlite")
    assert done.returncode == 1
    assert "refuses the connection: Not authorized" in one_line(done.stderr)


def test_an_unknown_setting() -> None:
    done = run("devices", "list", check=False, batch_sise="3")
    assert done.returncode == 2
    assert "LORA_REGISTRY_BATCH_SISE is not a setting" in one_line(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dance"], "No such command 'dance'"),
        (["devices", "list", "--state", "asleep"], "'asleep' is not one of"),
        (["replay", "x", "--rate", "0"], "Invalid value for '--rate'"),
        (["listen", "--database"], "Missing command"),
    ],
)
def test_wrong_words(arguments: list[str], words: str) -> None:
    done = run(*arguments, check=False)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/r.sqlite"
    run("db", "upgrade", "--database", database)
    done = run("devices", "show", "70b3d57ed0000042", "--database", database, check=False)
    assert done.returncode == 1
    assert "device 70b3d57ed0000042 is not in the registry" in one_line(done.stderr)
    done = run("devices", "show", "70b3", "--database", database, check=False)
    assert "'70b3' is not 16 hexadecimal digits" in one_line(done.stderr)


def test_bad_lines_of_a_capture_are_told(broker: Broker, tmp_path: Path) -> None:
    capture = tmp_path / "capture.ndjson"
    capture.write_text('{"topic": "t", "received_at": "2026-09-10T09:00:02Z", "payload": {}}\nhello\n')
    done = run("replay", str(capture), "--mqtt", broker.url, check=False)
    assert done.returncode == 1
    assert "published 1 messages" in done.stderr
    assert f"{capture}, line 2: not a message" in done.stderr
    database = f"sqlite:///{tmp_path}/r.sqlite"
    done = run("backfill", str(capture), "--database", database)
    assert "2 set aside" in done.stderr
    listed = run("dead-letters", "list", "--database", database).stdout
    assert "bad_capture_line" in listed
    assert "unknown_topic" in listed
