"""What the deployment tests share: the project's root, the machine's tools, the compose file, a broker."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

_ACCOUNTS = {"listener": "pw-l", "chirpstack": "pw-c", "gateways": "pw-g", "health": "pw-h"}
_PATIENCE_S = 30.0
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<word>[^}]*))?\})")


class FindTool(Protocol):
    """Say where a program is; without it skip the test, or fail where services are required."""

    def __call__(self, name: str, *, optional: bool = False) -> str: ...


@pytest.fixture(scope="session")
def project() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def find_tool() -> FindTool:
    # Wheels install programs beside the interpreter; Debian keeps servers where users do not look.
    places = [str(Path(sys.executable).parent), *os.get_exec_path(), "/usr/sbin"]

    def find(name: str, *, optional: bool = False) -> str:
        found = shutil.which(name, path=os.pathsep.join(places))
        if found is None:
            if os.environ.get("REQUIRE_SERVICES") == "1" and not optional:
                pytest.fail(f"{name} is not installed, and REQUIRE_SERVICES asks for it")
            pytest.skip(f"{name} is not installed")
        return found

    return find


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Replace `${NAME}`, `${NAME:-default}` and `${NAME:?message}` as the compose specification says.

    Raises:
        LookupError: a required variable is missing; the text is its message.

    """

    def value(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "$"
        if (found := variables.get(match["name"])) or match["how"] is None:
            return found or ""
        if match["how"] == ":?":
            raise LookupError(match["word"])
        return match["word"]

    return _VARIABLE.sub(value, text)


class ReadCompose(Protocol):
    """Read docker-compose.yml with these variables set."""

    def __call__(self, **variables: str) -> dict[str, Any]: ...


@pytest.fixture(scope="session")
def read_compose(project: Path) -> ReadCompose:
    text = (project / "docker-compose.yml").read_text(encoding="utf-8")
    # Comments may hold a dollar sign too; only values are replaced.
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]

    def read(**variables: str) -> dict[str, Any]:
        content = yaml.safe_load(interpolate("\n".join(lines), variables))
        assert isinstance(content, dict)
        return content

    return read


@pytest.fixture(scope="session")
def compose(read_compose: ReadCompose) -> dict[str, Any]:
    return read_compose(SECRETS_DIR="./deploy/secrets")


@dataclass
class Broker:
    """A Mosquitto of our own, that can be stopped in order and started again."""

    command: list[str]
    environment: dict[str, str]
    port: int
    accounts: dict[str, str]
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None

    def start(self) -> None:
        """Start, and return once it takes connections."""
        self.process = subprocess.Popen(
            self.command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.rstrip().endswith(" running"):
                break
        else:
            pytest.fail("the broker did not start: " + "".join(said))
        # Read on, or the broker would stand still once the pipe is full.
        self.reader = threading.Thread(target=self.process.stdout.read)
        self.reader.start()

    def stop(self) -> None:
        """Ask it to stop, which is when it writes its queues, and wait until it has."""
        if self.process is not None and self.process.stdout is not None:
            self.process.terminate()
            self.process.wait(_PATIENCE_S)
            if self.reader is not None:
                self.reader.join(_PATIENCE_S)
            self.process.stdout.close()
            self.process = self.reader = None


@pytest.fixture
def broker(project: Path, tmp_path: Path, find_tool: FindTool) -> Iterator[Broker]:
    port = _free_port()
    for folder in ("config", "run", "data"):
        (tmp_path / folder).mkdir()
    text = (project / "deploy/mosquitto/mosquitto.conf").read_text()
    for shipped, here in {
        "\nlistener 1883\n": f"\nlistener {port} 127.0.0.1\n",
        " /run/mosquitto/": f" {tmp_path}/run/",
        " /mosquitto/data/": f" {tmp_path}/data/",
    }.items():
        assert shipped in text
        text = text.replace(shipped, here)
    if os.geteuid() == 0:
        text += "\nuser root\n"  # or it would give up the rights to this test's folder
    (tmp_path / "config/mosquitto.conf").write_text(text)
    shutil.copy(project / "deploy/mosquitto/acl", tmp_path / "config")
    (tmp_path / "accounts").write_text("".join(f"{name}:{word}\n" for name, word in _ACCOUNTS.items()))
    folders = {Path(find_tool("mosquitto")).parent, Path(find_tool("mosquitto_passwd")).parent}
    environment = os.environ | {
        "PATH": os.pathsep.join([*map(str, folders), os.environ["PATH"]]),
        "MOSQUITTO_CONFIG": str(tmp_path / "config"),
        "MOSQUITTO_ACCOUNTS": str(tmp_path / "accounts"),
        "MOSQUITTO_RUN": str(tmp_path / "run"),
    }
    command = [find_tool("sh"), str(project / "deploy/mosquitto/start.sh")]
    broker = Broker(command, environment, port, _ACCOUNTS)
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


def _free_port() -> int:
    """Return a port that nobody uses, below those that the system hands out by itself."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no free port between 20000 and 32000")
