"""The shipped broker configuration, in a real Mosquitto: who may do what, and what survives.

Only paths and the port are changed; the broker is started by the shipped start.sh.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from integrations.chirpstack.topics import SUBSCRIPTIONS
from lora_registry.settings import Settings
from tests.deploy.conftest import Broker, FindTool

PATIENCE_S = 30.0
EVENT = "application/5f0c/device/70b3d57ed0000042/event/up"
NOT_AUTHORIZED = "Not authorized"


@dataclass
class Peer:
    """A connected client: what the broker answered, and what has arrived."""

    client: Client
    answer: str
    session_present: bool
    received: queue.Queue[tuple[str, bytes]] = field(default_factory=queue.Queue)
    published: queue.Queue[str] = field(default_factory=queue.Queue)

    def hear(self) -> tuple[str, bytes]:
        """Return the topic and payload of the next message."""
        return self.received.get(timeout=PATIENCE_S)

    def publish(self, topic: str, payload: str = "x") -> str:
        """Publish at QoS 1 and return the broker's word on it."""
        self.client.publish(topic, payload, qos=1)
        return self.published.get(timeout=PATIENCE_S)

    def leave(self) -> None:
        """Disconnect in order."""
        self.client.disconnect()
        self.client.loop_stop()


def join(broker: Broker, user: str | None, password: str | None = None, *, session: str = "") -> Peer:
    """Connect as `user`; a named session outlives the connection."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=session, protocol=MQTTv5)
    if user is not None:
        client.username_pw_set(user, broker.accounts[user] if password is None else password)
    answers: queue.Queue[tuple[str, bool]] = queue.Queue()
    peer = Peer(client, "", session_present=False)
    client.on_connect = lambda _c, _u, flags, reason, _p: answers.put((str(reason), flags.session_present))
    client.on_message = lambda _c, _u, message: peer.received.put((message.topic, bytes(message.payload)))
    client.on_publish = lambda _c, _u, _mid, reason, _p: peer.published.put(str(reason))
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
    properties.SessionExpiryInterval = 3600 if session else 0
    client.connect("127.0.0.1", broker.port, clean_start=not session, properties=properties)
    client.loop_start()
    peer.answer, peer.session_present = answers.get(timeout=PATIENCE_S)
    return peer


def subscribe(peer: Peer, *topics: str) -> None:
    granted = threading.Event()
    peer.client.on_subscribe = lambda *_: granted.set()
    peer.client.subscribe([(topic, 1) for topic in topics])
    assert granted.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("user", "password", "answer"),
    [
        ("listener", "pw-l", "Success"),
        ("listener", "pw-c", NOT_AUTHORIZED),
        ("listener", "", NOT_AUTHORIZED),
        (None, None, NOT_AUTHORIZED),
    ],
)
def test_only_a_known_account_with_its_password_is_let_in(
    broker: Broker, user: str | None, password: str | None, answer: str
) -> None:
    peer = join(broker, user, password)
    assert peer.answer == answer
    peer.leave()


def test_each_account_publishes_what_is_its_own(broker: Broker) -> None:
    stats, conn = "eu868/gateway/7276ff000b031f00/event/stats", "eu868/gateway/7276ff000b031f00/state/conn"
    down, config = (
        "application/5f0c/device/70b3d57ed0000042/command/down",
        "eu868/gateway/7276/command/config",
    )
    allowed = {
        "listener": {},
        "chirpstack": {EVENT, config},
        "gateways": {stats, conn},
        "health": {},
    }
    answers = {}
    for account in allowed:
        peer = join(broker, account)
        answers[account] = {t for t in (EVENT, stats, conn, down, config) if peer.publish(t) != NOT_AUTHORIZED}
        peer.leave()
    assert answers == {account: set(topics) for account, topics in allowed.items()}


def test_the_listener_hears_events_and_gateways_and_nothing_else(broker: Broker) -> None:
    listener, chirpstack, gateways = (join(broker, name) for name in ("listener", "chirpstack", "gateways"))
    subscribe(listener, "#", "$SYS/#")
    chirpstack.publish("eu868/gateway/7276ff000b031f00/command/down")
    gateways.publish("eu868/gateway/7276ff000b031f00/event/up")
    gateways.publish("eu868/gateway/7276ff000b031f00/event/stats")
    gateways.publish("gateway/7276ff000b031f00/state/conn")
    chirpstack.publish(EVENT)
    heard = [listener.hear()[0] for _ in range(3)]
    assert heard == [
        "eu868/gateway/7276ff000b031f00/event/stats",
        "gateway/7276ff000b031f00/state/conn",
        EVENT,
    ]
    for peer in (listener, chirpstack, gateways):
        peer.leave()


def test_the_account_of_the_listener_covers_what_the_listener_asks_for(project: Path) -> None:
    rights = (project / "deploy/mosquitto/acl").read_text()
    of_listener = rights.partition("user listener\n")[2].partition("\nuser ")[0]
    readable = {line.removeprefix("topic read ") for line in of_listener.splitlines() if line[:1] == "t"}
    assert readable == set(SUBSCRIPTIONS)


def test_the_broker_lets_as_much_be_on_its_way_as_the_listener_asks_for(project: Path) -> None:
    text = (project / "deploy/mosquitto/mosquitto.conf").read_text()
    allowed = dict(line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
    asked = Settings()
    assert int(allowed["max_inflight_messages"]) >= asked.mqtt_receive_maximum > asked.batch_size


def test_what_waits_for_the_listener_survives_a_restart(broker: Broker) -> None:
    waiting = 1500  # more than the 1,000 where an unconfigured Mosquitto stops keeping
    listener = join(broker, "listener", session="lora-registry")
    subscribe(listener, *SUBSCRIPTIONS)
    listener.leave()
    chirpstack = join(broker, "chirpstack")
    for number in range(waiting):
        chirpstack.publish(EVENT, str(number))
    chirpstack.leave()

    broker.stop()
    broker.start()

    listener = join(broker, "listener", session="lora-registry")
    assert listener.session_present
    assert [int(listener.hear()[1]) for _ in range(waiting)] == list(range(waiting))
    listener.leave()


def test_more_than_the_usual_twenty_may_be_unacknowledged(broker: Broker) -> None:
    batch = 500
    listener, chirpstack = join(broker, "listener"), join(broker, "chirpstack")
    listener.client.manual_ack_set(on=True)
    subscribe(listener, *SUBSCRIPTIONS)
    for number in range(batch):
        chirpstack.publish(EVENT, str(number))
    assert [int(listener.hear()[1]) for _ in range(batch)] == list(range(batch))
    for peer in (listener, chirpstack):
        peer.leave()


def test_passwords_are_kept_hashed_and_to_the_broker_alone(broker: Broker, tmp_path: Path) -> None:
    assert broker.process is not None
    passwords = tmp_path / "run/passwords"
    lines = dict(line.split(":", 1) for line in passwords.read_text().splitlines())
    assert set(lines) == set(broker.accounts)
    assert all(word.startswith("$7$") for word in lines.values())
    assert passwords.stat().st_mode & 0o077 == 0


def test_the_healthcheck_is_answered(broker: Broker, compose: dict[str, Any], find_tool: FindTool) -> None:
    find_tool("mosquitto_sub", optional=True)
    kind, shipped = compose["services"]["mosquitto"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    here = shipped.replace("$(cat /run/secrets/mqtt_health_password)", broker.accounts["health"])
    here = here.replace("-h 127.0.0.1", f"-h 127.0.0.1 -p {broker.port}")
    done = subprocess.run(
        [find_tool("sh"), "-c", here], env=broker.environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_accounts_the_broker_does_not_start_and_says_why(
    project: Path, tmp_path: Path, find_tool: FindTool
) -> None:
    environment = os.environ | {"MOSQUITTO_ACCOUNTS": str(tmp_path / "absent")}
    command = [find_tool("sh"), str(project / "deploy/mosquitto/start.sh")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "deploy/init-secrets.sh" in done.stderr
