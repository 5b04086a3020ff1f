"""`doctor`: what it sees, what it says in both languages, and whether the way out it names is one."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import lora_registry.cli.doctor
from tests.catalogues import catalogue, differing_fields
from tests.conftest import Broker, missing, wait_until
from tests.e2e.program import listening, rows, run
from tests.integrations.samples import UP, changed, topic


def test_french_says_everything_that_doctor_says_and_nothing_else() -> None:
    tree = ast.parse(Path(lora_registry.cli.doctor.__file__).read_text(encoding="utf-8"))
    used = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "text"
        if isinstance(node.args[0], ast.Constant)
    }
    assert set(catalogue("doctor", "fr")) == used
    assert differing_fields("doctor", "fr") == []


def test_without_database_and_broker_it_says_so_and_exits_1(tmp_path: Path) -> None:
    settings = {"database_url": f"sqlite:///{tmp_path / 'r.sqlite'}", "mqtt_url": "mqtt://127.0.0.1:1"}
    done = run("doctor", check=False, language="en", **settings)
    assert done.returncode == 1
    assert "!!  Database: database sqlite:///" in done.stdout
    assert "run `lora-registry db upgrade`" in done.stdout
    assert "!!  Broker: broker mqtt://127.0.0.1:1 cannot be reached" in done.stdout


def capture(folder: Path, events: int = 1) -> Path:
    """Write some uplinks; their own time is long past, what counts here is their arrival."""
    path = folder / "few.ndjson"
    lines = [
        {"topic": topic("up"), "received_at": UP["time"], "payload": changed(UP, deduplicationId=f"d-{n}", fCnt=n)}
        for n in range(events)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_where_all_is_well_it_exits_0_and_still_tells_what_it_cannot_see(
    broker: Broker, database_url: str, tmp_path: Path
) -> None:
    settings = {"database_url": database_url, "mqtt_url": broker.url, "language": "en"}
    with listening(**settings):
        run("replay", str(capture(tmp_path)), **settings)
        wait_until(lambda: rows("devices", "list", **settings) != [], "nothing was stored")
        done = run("doctor", **settings)
    assert "!!" not in done.stdout
    for words in ("reachable, at the right revision", "running, as lora-registry", "Broker: reachable"):
        assert words in done.stdout
    assert re.search(r"Last message: \d+ s ago\.", done.stdout)
    assert "max_queued_messages 200000" in done.stdout
    stopped = run("doctor", check=False, **settings)
    assert stopped.returncode == 1
    assert "!!  Listener: none runs as lora-registry. Start `lora-registry listen`." in stopped.stdout


def test_messages_without_guarantee_are_told_with_the_way_out(broker: Broker, database_url: str) -> None:
    """ChirpStack's default: published at QoS 0."""
    from paho.mqtt import publish

    settings = {"database_url": database_url, "mqtt_url": broker.url}
    with listening(**settings):
        event = changed(UP, time=...)
        publish.single(topic("up"), json.dumps(event), qos=0, hostname="127.0.0.1", port=broker.port)
        wait_until(lambda: rows("devices", "list", **settings) != [], "nothing was stored")
        done = run("doctor", check=False, **settings)
    assert done.returncode == 1
    assert "!!  Garantie : 1 des 1 derniers messages" in done.stdout
    assert "qos=1 dans [integration.mqtt]" in done.stdout


def test_the_command_it_names_removes_an_abandoned_queue(broker: Broker, tmp_path: Path) -> None:
    if shutil.which("mosquitto_sub") is None:
        missing("mosquitto_sub", "apt-get install mosquitto-clients, or ./dev test as root")
    settings = {"database_url": f"sqlite:///{tmp_path / 'r.sqlite'}", "mqtt_url": broker.url}
    with listening(**settings):
        pass  # the broker now keeps a queue for it
    run("replay", str(capture(tmp_path, events=3)), **settings)
    told = run("doctor", check=False, **settings).stdout
    (line,) = [line for line in told.splitlines() if "mosquitto_sub" in line]
    command = shlex.split(line.replace("CLIENT_ID", "lora-registry"))
    subprocess.run(command, check=True, timeout=20, capture_output=True)
    with listening(**settings) as listener:
        run("replay", str(capture(tmp_path, events=1)), **settings)
        wait_until(lambda: rows("devices", "list", **settings) != [], "nothing was stored")
    assert any("received 1: 1 uplinks" in said for said in listener.lines), listener.lines


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mqtt://u:secret@broker.example", "-h broker.example -p 1883 -u USER -P PASSWORD -i"),
        ("mqtts://broker.example", "-p 8883 --cafile /etc/ssl/certs/ca-certificates.crt -i"),
    ],
)
def test_the_command_fits_the_broker_and_repeats_no_password(url: str, words: str) -> None:
    from lora_registry.cli.doctor import _advice
    from lora_registry.settings import Settings

    told = "\n".join(_advice(Settings(mqtt_url=url), lambda message, **_: message))
    assert words in told
    assert "secret" not in told
