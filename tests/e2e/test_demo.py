"""`demo` as a user runs it: the whole city, the page, and nothing left of it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import free_port, wait_until
from tests.e2e.program import environment, rows, run

_SMALL = ("--devices", "60", "--days", "5")
# mosquitto's system folders are looked at whatever PATH says: here there are none.
_WITHOUT_MOSQUITTO = (
    "import sys; from lora_registry.demo import broker; broker._SYSTEM_FOLDERS = ();"
    "from lora_registry.cli.main import main; main(sys.argv[1:])"
)


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Return the folder that the demonstration takes for the machine's temporary one; its mark, too."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def processes(temporary: Path) -> list[str]:
    """Return the command lines of all processes that were given this temporary folder."""
    mark, found = f"TMPDIR={temporary}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # gone meanwhile, or not ours to look at
    return found


def nothing_is_left(temporary: Path) -> None:
    assert processes(temporary) == []
    assert list(temporary.iterdir()) == []


class Demo:
    """A running `demo`; what it says goes to files."""

    def __init__(self, temporary: Path, *arguments: str) -> None:
        self._said, self._announced = temporary.parent / "said", temporary.parent / "announced"
        with self._said.open("wb") as said, self._announced.open("wb") as announced:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lora_registry", "demo", *arguments],
                stdin=subprocess.DEVNULL, stdout=announced, stderr=said,
                env=environment(database_url=f"sqlite:///{temporary.parent}/real.sqlite")
                | {"TMPDIR": str(temporary)},
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self._said.read_text(encoding="utf-8")

    @property
    def announced(self) -> str:
        return self._announced.read_text(encoding="utf-8")

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.said or self.process.poll() is not None, f"no {words!r}", timeout_s=90)
        assert words in self.said, self.said

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


@contextmanager
def demo(temporary: Path, *arguments: str) -> Iterator[Demo]:
    running = Demo(temporary, *arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.end(signal.SIGTERM)


def test_the_whole_city_then_exit(temporary: Path) -> None:
    database = f"sqlite:///{temporary.parent}/kept.sqlite"
    environ = environment(language="en") | {"TMPDIR": str(temporary)}
    arguments = [
        sys.executable, "-m", "lora_registry", "demo", *_SMALL, "--database", database, "--exit-when-ready",
    ]  # fmt: skip
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=110, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    assert urlsplit(done.stdout.strip()).hostname == "127.0.0.1"
    said = done.stderr.splitlines()
    assert said[0] == "A simulated city: 60 objects over 5 days"
    assert said[-1].startswith("Ready (")
    assert any(line.startswith("Live: the first uplink came through the broker") for line in said)
    nothing_is_left(temporary)
    listed = rows("devices", "list", database_url=database)
    assert {row["state"] for row in listed} >= {"active"}
    assert sum(row["service"] is not None for row in listed) > 50
    again = run("demo", "--database", database, check=False)
    assert again.returncode == 1
    assert "devices already: a simulated city would mix with them" in again.stderr


def test_the_page_is_served_until_ctrl_c(temporary: Path) -> None:
    port = free_port()
    with demo(temporary, *_SMALL, "--port", str(port)) as running:
        running.wait_for("Ctrl-C")
        assert running.announced == f"http://127.0.0.1:{port}/\n"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        answered = {}
        for path in ("/", "/map", "/devices", "/healthz"):
            connection.request("GET", path)
            answer = connection.getresponse()
            answered[path] = answer.read().decode()
            assert answer.status == 200, path
        connection.close()
        assert '<html lang="fr"' in answered["/"]
        assert "une ville simulée" in answered["/"], "nobody takes it for a real one"
        assert 'id="communes"' in answered["/map"]
        assert len(processes(temporary)) == 4, "demo, network, broker, listener"
        assert running.end(signal.SIGINT) == 0
    assert running.said.splitlines()[-1] == "Arrêté : plus rien ne tourne, rien ne reste."
    nothing_is_left(temporary)
    assert not (temporary.parent / "real.sqlite").exists(), "the registry of the environment was touched"


def test_ctrl_c_before_it_is_ready_leaves_nothing_either(temporary: Path) -> None:
    with demo(temporary, "--devices", "600", "--days", "60") as running:
        running.wait_for("Lecture de l'historique")
        assert running.end(signal.SIGINT) == 130
    assert running.announced == ""
    assert running.said.splitlines()[-1] == "Arrêté : plus rien ne tourne, rien ne reste."
    nothing_is_left(temporary)


def test_a_process_that_dies_is_told_and_the_others_end(temporary: Path) -> None:
    with demo(temporary, *_SMALL) as running:
        running.wait_for("Ctrl-C")
        os.kill(pid_of("lora_registry listen", temporary), signal.SIGKILL)
        assert running.process.wait(timeout=30) == 1
    assert "listener of the demonstration ended (code -9)" in running.said
    nothing_is_left(temporary)


def pid_of(words: str, temporary: Path) -> int:
    """Return the one process of this demonstration whose command holds `words`."""
    mark = f"TMPDIR={temporary}".encode()
    (found,) = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if words in (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        and mark in (process / "environ").read_bytes().split(b"\0")
    ]
    return found


def test_a_port_in_use_is_refused_at_once_with_the_way_out(temporary: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("demo", "--port", str(port), check=False)
    assert refused.returncode == 1
    assert f"port {port} of this machine is in use: name another with --port" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    nothing_is_left(temporary)


def test_without_mosquitto_the_broker_of_a_wheel_does(temporary: Path) -> None:
    environ = environment() | {"TMPDIR": str(temporary), "PATH": str(temporary)}
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_MOSQUITTO, "demo", *_SMALL, "--exit-when-ready"],
        capture_output=True, text=True, timeout=110, env=environ, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "(iotcore)" in done.stderr
    nothing_is_left(temporary)


def test_a_city_too_small_is_wrong_use() -> None:
    refused = run("demo", "--devices", "5", check=False)
    assert refused.returncode == 2
    assert "--devices" in refused.stderr
