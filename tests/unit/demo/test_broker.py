"""The private broker: either program, this machine only, nothing left."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from integrations.mqtt import Address, MqttSource
from integrations.mqtt_publisher import MqttPublisher
from lora_registry.demo.broker import running_broker
from lora_registry.demo.children import Child, environment
from lora_registry.demo.ports import LOCAL, answers, free_port, listening, taken
from lora_registry.domain.errors import InUseError, UnavailableError
from tests.conftest import missing

_SBIN = "/usr/sbin:/usr/local/sbin"


def path_of(program: str) -> str:
    """Return a PATH on which `program` is the broker that is found."""
    if program == "iotcore":
        return ""
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path=_SBIN)
    if found is None:
        missing("mosquitto", "apt-get install mosquitto, or ./dev test as root")
    assert found is not None
    return str(Path(found).parent)


@pytest.mark.parametrize("program", ["mosquitto", "iotcore"])
def test_a_message_goes_through_and_nothing_stays(program: str, tmp_path: Path) -> None:
    with running_broker(tmp_path, path_of(program)) as broker:
        assert broker.program == program
        port = urlsplit(broker.url).port
        assert port is not None
        assert port < 32_768
        address = Address(broker.url, broker.protocol)
        source = MqttSource(address, ["a/#"], client_id="t", session_expiry_s=60, receive_maximum=100)
        source.start()
        publisher = MqttPublisher(address)
        publisher.start()
        publisher.publish("a/b", b"hello")
        publisher.flush()
        (message,) = source.take(10)
        publisher.close()
        source.close()
        assert (message.topic, message.payload) == ("a/b", b"hello")
        listening_on = listeners(port)
    assert listening_on == {LOCAL}
    assert not answers(port)
    assert broker.child.process.returncode is not None


def listeners(port: int) -> set[str]:
    """Return the IPv4 addresses on which somebody listens at `port`, from the kernel's own table."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            host, _, written_port = local.partition(":")
            if state == "0A" and int(written_port, 16) == port:
                found.add(
                    socket.inet_ntoa(bytes.fromhex(host)[::-1]) if len(host) == 8 else host  # little-endian
                )
    return found


def test_a_child_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    child = Child("clock", [sys.executable, "-c", "raise SystemExit('no batteries')"], tmp_path)
    with pytest.raises(UnavailableError, match=r"clock of the demonstration ended \(code 1\): no batteries"):
        child.wait_until(lambda: False, 30, "nothing")
    child.stop()


def test_a_child_that_is_not_ready_in_time_is_told(tmp_path: Path) -> None:
    child = Child("clock", [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path)
    with pytest.raises(UnavailableError, match=r"clock of the demonstration: no tick within 0\.05 s"):
        child.wait_until(lambda: False, 0.05, "no tick")
    child.stop()
    assert child.process.returncode == -15


def test_a_child_does_not_inherit_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_REGISTRY_DATABASE_URL", "sqlite:///real.sqlite")
    monkeypatch.setenv("LANG", "C")
    environ = environment(mqtt_url="mqtt://127.0.0.1:1")
    assert environ["LANG"] == "C"
    assert {name for name in environ if name.startswith("LORA_")} == {"LORA_REGISTRY_MQTT_URL"}


def test_a_port_that_was_asked_for_and_is_taken_is_refused_with_the_way_out() -> None:
    port = free_port()
    with listening(port):
        assert taken(port)
        with pytest.raises(InUseError, match=rf"port {port} of this machine is in use: .* --port"):
            listening(port)
    assert not taken(port)


def test_without_a_wish_a_port_is_found() -> None:
    with listening(None) as first, listening(None) as second:
        assert first.getsockname() != second.getsockname()
