"""`audit evaluate`: on the real capture, and what is told of a file that cannot be read."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lora_registry.cli.main import main
from tests.e2e.program import environment

DOOR, STATION = "d1d1e80000000032", "d1d1e80000000033"
HOUR = timedelta(hours=1)


Told = Callable[..., tuple[object, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Return the exit code, data and words of the command, run in this process."""

    def evaluate(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["audit", "evaluate", *arguments])
        return (ended.value.code, *capsys.readouterr())

    return evaluate


def uplinks(real_data: Path) -> Iterator[tuple[str, str, int]]:
    with gzip.open(real_data / "grenoble" / "chirpstack_v4_sainteynard.ndjson.gz") as lines:
        for line in map(json.loads, lines):
            if line["topic"].endswith("/up"):
                payload = line["payload"]
                yield payload["deviceInfo"]["devEui"], payload["time"], payload["fCnt"]


@pytest.fixture(scope="module")
def history(real_data: Path) -> list[tuple[str, str, int]]:
    return list(uplinks(real_data))


def gaps(history: list[tuple[str, str, int]], dev_eui: str) -> list[tuple[datetime, datetime]]:
    times = sorted(datetime.fromisoformat(time) for eui, time, _ in history if eui == dev_eui)
    return list(pairwise(times))


def with_counters(eui: str, time: str, f_cnt: int) -> str:
    return f"{eui},{time},{f_cnt}"


def without_counters(eui: str, time: str, _: int) -> str:
    return f"{eui},{time},"


@pytest.mark.parametrize("written", [with_counters, without_counters])
def test_the_longest_silence_of_the_real_door_rings_and_no_short_one_does(
    history: list[tuple[str, str, int]], written: Callable[..., str], tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "history.csv"
    path.write_text("\n".join(["dev_eui,time,f_cnt", *(written(*row) for row in history)]) + "\n")
    code, out, _ = told(str(path), "--beta", "0.1", "--format", "json")
    assert code == 0
    devices: list[dict[str, Any]] = json.loads(out)
    assert [device["dev_eui"] for device in devices] == [DOOR, STATION]
    for device in devices:
        assert set(device) == {"dev_eui", "class", "period_s", "alarms"}
        assert device["class"] == "periodic"
        assert device["period_s"] == pytest.approx(600, abs=15)
        silences = gaps(history, device["dev_eui"])
        for alarm in device["alarms"]:
            assert set(alarm) == {"at", "cleared_at"}
            assert alarm["at"].endswith("Z")
            assert alarm["cleared_at"].endswith("Z"), "both devices were heard to the end"
            raised = datetime.fromisoformat(alarm["at"])
            (silence,) = [gap for gap in silences if gap[0] < raised < gap[1]]
            assert silence[1] - silence[0] > 2 * HOUR, f"{device['dev_eui']} rings at {alarm['at']}"
            assert datetime.fromisoformat(alarm["cleared_at"]) - silence[1] < timedelta(milliseconds=1)
    longest = max(gaps(history, DOOR), key=lambda gap: gap[1] - gap[0])
    assert 5.5 * HOUR < longest[1] - longest[0] < 5.7 * HOUR
    rung = [datetime.fromisoformat(alarm["at"]) for alarm in devices[0]["alarms"]]
    assert [at for at in rung if longest[0] < at < longest[1]], "the 5.6 hours of 2023-07-11"


HEADER = "dev_eui,time,f_cnt\n"
HOURLY = HEADER + "".join(f"70b3d57ed0000042,2026-01-{day:02d}T{hour:02d}:00:00Z,\n" for day in range(1, 9)
                          for hour in range(24))  # fmt: skip


def test_compressed_standard_input_is_read_and_a_device_without_alarms_is_listed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lora_registry", "audit", "evaluate", "-", "--format", "json"],
        input=gzip.compress(HOURLY.encode()), capture_output=True, check=False, timeout=60, env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        {"dev_eui": "70b3d57ed0000042", "class": "periodic", "period_s": 3600.0, "alarms": []}
    ]


def test_the_table_has_a_row_for_each_alarm_and_one_for_a_device_without(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "history.csv"
    path.write_text(HOURLY + "70b3d57ed0000001,2025-11-01T00:00:00Z,\n")
    _, out, _ = told(str(path))
    header, *lines = out.splitlines()
    assert header.split() == ["dev_eui", "class", "period_s", "at", "cleared_at"]
    assert [line.split()[0] for line in lines] == ["70b3d57ed0000001", "70b3d57ed0000042"]
    assert lines[0].split()[1:] == ["learning", "-", "2025-12-01T00:00:00.000Z", "-"]
    assert lines[1].split()[1:] == ["periodic", "3600", "-", "-"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the history is empty"),
        (b"hello\n", "column dev_eui: found 0 times"),
        (b"\xff\xfe\x00", "not UTF-8 text"),
        (gzip.compress(HOURLY.encode())[:-20], "the compressed data is damaged"),
        (
            (HEADER + "70b3,2026-01-01T00:00:00Z,1\n70b3d57ed0000042,soon,1\n").encode(),
            "line 2, column dev_eui: DevEui '70b3' is not 16 hexadecimal digits",
        ),
    ],
)
def test_a_file_that_is_no_history_is_told_in_one_line(
    content: bytes, words: str, tmp_path: Path, told: Told
) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(content)
    code, out, words_told = told(str(path))
    assert (code, out) == (1, "")
    (line,) = words_told.splitlines()
    assert line.startswith(f"lora-registry: {path}: ")
    assert words in line


def test_a_file_that_is_not_there_is_told(tmp_path: Path, told: Told) -> None:
    path = tmp_path / "nothing.csv"
    assert told(str(path)) == (1, "", f"lora-registry: {path}: cannot be read: No such file or directory\n")


@pytest.mark.parametrize("beta", ["0", "nan", "inf"])
def test_a_budget_that_is_none_is_wrong_use(beta: str, told: Told) -> None:
    code, out, words = told("README.md", "--beta", beta)
    assert (code, out) == (2, "")
    assert "not a number of false alarms above 0" in words
