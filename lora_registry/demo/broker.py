"""A private MQTT broker on this machine alone: mosquitto where there is one, else iotcore's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from lora_registry.demo.children import Child, python
from lora_registry.demo.ports import LOCAL, answers, free_port
from lora_registry.domain.errors import UnavailableError

_START_TIMEOUT_S = 10
_TRIES = 3
# Where Debian puts it, which is not on every user's path.
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")


class RunningBroker(NamedTuple):
    """A broker that accepts connections."""

    program: str
    """`mosquitto` or `iotcore`."""
    url: str
    protocol: str
    """What the listener's setting LORA_REGISTRY_MQTT_PROTOCOL must be."""
    child: Child


@contextmanager
def running_broker(folder: Path, path: str | None = None) -> Iterator[RunningBroker]:
    """Run a broker until the block ends; its configuration, log and queue lie in `folder`.

    `path` is where to look for mosquitto, as PATH is written; the environment's, and Debian's folders, by default.

    Raises:
        UnavailableError: no broker is installed, or none came up.

    """
    mosquitto = _mosquitto(path)
    if mosquitto is None and find_spec("iotcore") is None:
        raise UnavailableError(
            "no MQTT broker found: install mosquitto (apt-get install mosquitto), "
            "or the one in a wheel (pip install 'lora-registry[demo]')"
        )
    broker = _started(folder, mosquitto)
    try:
        yield broker
    finally:
        broker.child.stop()


def _mosquitto(path: str | None) -> str | None:
    if path is not None:
        return shutil.which("mosquitto", path=path)
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=os.pathsep.join(_SYSTEM_FOLDERS))


def _started(folder: Path, mosquitto: str | None) -> RunningBroker:
    failure: UnavailableError | None = None
    for _ in range(_TRIES):  # between our look at a port and the broker's, another may have taken it
        port = free_port()
        broker = _mosquitto_on(port, folder, mosquitto) if mosquitto is not None else _iotcore_on(port, folder)
        try:
            broker.child.wait_until(partial(answers, port), _START_TIMEOUT_S, "no connection accepted")
        except UnavailableError as error:
            broker.child.stop()
            failure = error
        except BaseException:
            broker.child.stop()
            raise
        else:
            return broker
    assert failure is not None  # noqa: S101 - at least one try
    raise failure


def _mosquitto_on(port: int, folder: Path, program: str) -> RunningBroker:
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} {LOCAL}\n"
        "allow_anonymous true\n"
        "persistence false\n"
        # Its own limit, 1000, would silently drop what comes while the registry is busy.
        "max_queued_messages 0\n"
        "max_inflight_messages 1000\n" + ("user root\n" if os.geteuid() == 0 else ""),
        # Started as root, mosquitto becomes a user who cannot read this folder.
        encoding="utf-8",
    )
    return RunningBroker(
        "mosquitto", f"mqtt://{LOCAL}:{port}", "5", Child("mosquitto", [program, "-c", str(config)], folder)
    )


def _iotcore_on(port: int, folder: Path) -> RunningBroker:
    command = python("-m", "iotcore", "--port", str(port), "--listen", LOCAL, "--log-level", "CRITICAL")
    return RunningBroker("iotcore", f"mqtt://{LOCAL}:{port}", "3.1.1", Child("iotcore", command, folder))
