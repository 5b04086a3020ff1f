"""Whatever a broker may carry, into a running listener: nothing stops it, nothing vanishes, nothing leaks."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from chirpstack_api import integration
from google.protobuf import json_format
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import text

from lora_registry.domain.flags import Flag
from lora_registry.domain.identifiers import DevEui
from lora_registry.store.engine import make_engine
from tests.conftest import Broker, wait_until
from tests.e2e.program import Listener, rows
from tests.integrations.samples import DEVICE_INFO, STATS, UP, changed, topic
from tests.links import links_in

GOOD_DEVICE = "70b3d57ed0000001"
GOOD_EVENTS = 300
SECRETS = ("PAE7", "31.5", "dim_pct")
_BASE = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


class Message(NamedTuple):
    """What is published."""

    topic: str
    payload: bytes


class Poison(NamedTuple):
    """What is published for one device, and what must become of it: a reason, or flags of a stored row."""

    what: str
    expected: str | int
    payload: Callable[[str], bytes]
    kind: str = "up"


def event(dev_eui: str, number: int = 0, **values: Any) -> dict[str, Any]:
    info = DEVICE_INFO | {"devEui": dev_eui}
    at = _BASE + timedelta(seconds=number)
    given = {"deduplicationId": f"{dev_eui}-{number}", "fCnt": number, "time": at.isoformat(), "deviceInfo": info}
    return changed(UP, **(given | values))


def with_values(**values: Any) -> Callable[[str], bytes]:
    return lambda dev_eui: json.dumps(event(dev_eui, **values)).encode()


def with_info(**values: Any) -> Callable[[str], bytes]:
    return lambda dev_eui: json.dumps(
        event(dev_eui, deviceInfo=DEVICE_INFO | {"devEui": dev_eui} | values)
    ).encode()


def with_text(old: str, new: bytes) -> Callable[[str], bytes]:
    def payload(dev_eui: str) -> bytes:
        whole = json.dumps(event(dev_eui)).encode()
        assert old.encode() in whole
        return whole.replace(old.encode(), new)

    return payload


def with_gateways(*gateways: dict[str, Any]) -> Callable[[str], bytes]:
    return with_values(rxInfo=[{"gatewayId": "a84041ffff1e2d30"} | gateway for gateway in gateways])


def protobuf(dev_eui: str, **reception: Any) -> bytes:
    message = json_format.Parse(json.dumps(event(dev_eui)), integration.UplinkEvent())
    for name, value in reception.items():
        setattr(message.rx_info[0], name, value)
    return bytes(message.SerializeToString())


POISONS = [
    Poison("text that is no JSON", "not_protobuf", lambda _: b"temperature 31.5, data PAE7"),
    Poison("nothing at all", "not_json", lambda _: b""),
    Poison("JSON cut short", "not_json", lambda eui: json.dumps(event(eui)).encode()[:-150]),
    Poison("Protobuf cut short", "not_protobuf", lambda eui: protobuf(eui)[:-7]),
    Poison("JSON encoded twice", "wrong_type", lambda eui: json.dumps(json.dumps(event(eui))).encode()),
    Poison("a list", "wrong_type", lambda eui: json.dumps([event(eui)]).encode()),
    Poison("null", "wrong_type", lambda _: b"null"),
    Poison("a counter that is a word", "wrong_type", with_values(fCnt="many")),
    Poison("a negative counter", "wrong_type", with_values(fCnt=-1)),
    Poison("a counter of 400 digits", "wrong_type", with_text('"fCnt": 0', b'"fCnt": ' + b"9" * 400)),
    Poison("receptions that are no list", "wrong_type", with_values(rxInfo={"gatewayId": "a84041ffff1e2d30"})),
    Poison("no deviceInfo", "wrong_type", with_values(deviceInfo=...)),
    Poison("deviceInfo null", "wrong_type", with_values(deviceInfo=None)),
    Poison("a DevEUI of 15 digits", "bad_eui", with_info(devEui="70b3d57ed000004")),
    Poison("a DevEUI of 17 digits", "bad_eui", with_info(devEui="70b3d57ed00000421")),
    Poison("a DevEUI with a Cyrillic a", "bad_eui", with_info(devEui="70b3d57ed0000\u04302f")),
    Poison("a reserved DevEUI", "bad_eui", with_info(devEui="0" * 16)),
    Poison("a gateway of 8 digits", "bad_eui", with_values(rxInfo=[{"gatewayId": "a84041ff"}])),
    Poison("a version 3 DevEUI that is no ASCII", "bad_eui", lambda _: b'{"devEUI": "\\u00e9=="}'),
    Poison("NaN", "not_json", with_text('"fCnt": 0', b'"fCnt": NaN')),
    Poison("Infinity", "not_json", with_text('"rssi": -117', b'"rssi": -Infinity')),
    Poison("a level beyond any number", "wrong_type", with_text('"rssi": -117', b'"rssi": -1e999')),
    Poison("a Protobuf RSSI of -2147483648", "wrong_value", lambda eui: protobuf(eui, rssi=-(2**31))),
    Poison("a Protobuf SNR that is no number", "wrong_value", lambda eui: protobuf(eui, snr=float("nan"))),
    Poison("a payload of 1 MB", "too_large", with_values(data="PAE7" * 250_000)),
    Poison("1 MB that is no text", "too_large", lambda _: bytes(range(256)) * 4096),
    Poison("an object 10,000 deep", "too_deep", lambda _: b'{"x":' * 10_000 + b"1" + b"}" * 10_000),
    Poison("a list 10,000 deep", "too_deep", lambda _: b'{"object":' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    Poison("a name of 10 kB", "wrong_type", with_info(deviceName="x" * 10_240)),
    Poison("a lone surrogate", "not_json", with_text("lamp-0042", b"\\ud800")),
    Poison("a name that is no UTF-8", "not_json", with_text("lamp-0042", b"lamp\xff")),
    Poison("an address that is no number", "wrong_value", with_values(devAddr="not hex!")),
    Poison("an event of tomorrow", "unknown_event", with_values(), kind="dance"),
    Poison("another device's event", "topic_mismatch", with_info(devEui="70b3d57ed00000ff")),
    Poison("a location nowhere", "wrong_value", with_values(location={"latitude": 91.0}), kind="location"),
    # Stored, with what is particular about it.
    Poison("a time in 1970", Flag.CLOCK_SUSPECT, with_values(time="1970-01-01T00:00:12Z")),
    Poison("a time in 2106", Flag.CLOCK_SUSPECT, with_values(time="2106-02-07T06:28:15Z")),
    Poison("a time that is none", Flag.CLOCK_SUSPECT, with_values(time="soon")),
    Poison("no time", Flag.TIME_OF_ARRIVAL, with_values(time=...)),
    Poison("no gateway", 0, with_values(rxInfo=[])),
    Poison("a gateway at 0/0", 0, with_gateways({"location": {"latitude": 0, "longitude": 0}})),
    Poison("an RSSI of +20 dBm", Flag.SIGNAL_SUSPECT, with_gateways({"rssi": 20})),
    Poison("an RSSI of -999 dBm", Flag.SIGNAL_SUSPECT, with_gateways({"rssi": -999, "snr": -99.0})),
    Poison("200 gateways", 0, with_gateways(*({"gatewayId": f"{n:016x}"} for n in range(1, 201)))),
    Poison("a name with NUL", 0, with_info(deviceName="a\x00b")),
    Poison("a name that turns the line round", 0, with_info(deviceName="\u202eabc")),
    Poison("a name for a terminal", 0, with_info(deviceName="\x1b[2J<script>")),
    Poison("the same key twice", 0, with_text('"fPort": 2', b'"fPort": 2, "fPort": 3')),
    Poison("a payload that is no base64", 0, with_values(data="=")),
    Poison("a bandwidth of 4 GHz", 0, with_text("125000", b"4294967295")),
    Poison("MAC commands only", Flag.MAC_ONLY, with_values(fPort=0, data="")),
    Poison("its tags are numbers", 0, with_info(tags={"n": 10**300, "none": None})),
]  # fmt: skip


def poison_eui(index: int) -> str:
    return f"70b3d57ed00{index + 256:05x}"


def publish(broker: Broker, messages: Sequence[Message], *, retain: bool = False) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(2000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for info in [client.publish(*message, qos=1, retain=retain) for message in messages]:
        info.wait_for_publish(30)
        assert info.is_published()
    client.disconnect()
    client.loop_stop()


def publish_a_topic_that_is_no_text(broker: Broker) -> None:
    """Mosquitto throws such a publisher out; others are not harmed."""
    with socket.create_connection(("127.0.0.1", broker.port), timeout=10) as raw:
        raw.sendall(bytes.fromhex("10 0d 0004 4d515454 04 02 003c 0001 78"))
        assert raw.recv(4) == bytes.fromhex("20 02 00 00")
        name = b"application/1/device/\xff\xfe/event/up"
        body = len(name).to_bytes(2, "big") + name + b"{}"
        raw.sendall(bytes([0x30, len(body)]) + body)
        assert raw.recv(4) == b"", "the broker let it pass: the listener must then show it"


def good(number: int) -> Message:
    return Message(topic("up", GOOD_DEVICE), json.dumps(event(GOOD_DEVICE, number)).encode())


def stream() -> list[Message]:
    """Good events with every poison among them, each twice, and good ones again."""
    messages = [good(number) for number in range(GOOD_EVENTS)]
    for index, poison in enumerate(POISONS):
        eui = poison_eui(index)
        message = Message(topic(poison.kind, eui), poison.payload(eui))
        messages[5 * index + 2 : 5 * index + 2] = [message, message, good(index)]
    return messages


GATEWAY = "eu868/gateway/a84041ffff1e2d30"
RETAINED = [
    Message(topic("up", "70b3d57ed0000002"), json.dumps(event("70b3d57ed0000002")).encode()),
    Message(topic("up", "70b3d57ed0000003"), json.dumps(event("70b3d57ed0000003", time=None)).encode()),
    Message(f"{GATEWAY}/event/stats", json.dumps(STATS).encode()),
    Message(f"{GATEWAY}/state/conn", b'{"gatewayId":"a84041ffff1e2d30","state":"ONLINE"}'),
]
GATEWAY_POISONS = {
    f"gateway/a84041ff/{kind}": ("bad_eui", b'{"gatewayId":"a84041ff"}') for kind in ("event/stats", "state/conn")
} | {
    f"{'x' * 65}/gateway/a84041ffff1e2d31/event/stats": ("wrong_value", b'{"gatewayId":"a84041ffff1e2d31"}'),
    "gateway/a84041ffff1e2d32/event/stats": ("not_protobuf", b"PAE7"),
}


def all_rows(database_url: str, query: str) -> list[Any]:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def flags_by_device(database_url: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for dev_eui, flags in all_rows(database_url, "SELECT dev_eui, flags FROM uplink"):
        found.setdefault(str(DevEui.from_int64(dev_eui)), []).append(flags)
    return found


def test_the_listener_survives_everything_and_loses_nothing(broker: Broker, database_url: str) -> None:
    settings = {"database_url": database_url, "mqtt_url": broker.url}
    publish(broker, RETAINED, retain=True)
    first = Listener(**settings)
    first.wait_for("listening")
    messages = stream()
    half = len(messages) // 2
    publish(broker, messages[:half])
    first.stop(signal.SIGKILL)  # what it had not acknowledged comes again, marked DUP
    second = Listener(**settings)
    second.wait_for("listening")
    publish(broker, messages[half:])
    publish_a_topic_that_is_no_text(broker)
    publish(broker, [Message(name, payload) for name, (_, payload) in GATEWAY_POISONS.items()])
    publish(broker, [good(GOOD_EVENTS)])
    last = f"SELECT count(*) FROM uplink WHERE f_cnt = {GOOD_EVENTS}"
    wait_until(lambda: all_rows(database_url, last) == [(1,)], "the last good event was not stored")
    assert second.process.poll() is None, second.lines
    assert second.stop() == 0, second.lines
    assert not [line for line in second.lines if "Traceback" in line or "WARNING" in line or "ERROR" in line]

    flags = flags_by_device(database_url)
    assert flags.pop(GOOD_DEVICE) == [Flag.ADR] * (GOOD_EVENTS + 1), "every good event once"
    assert flags.pop("70b3d57ed0000002") == [Flag.ADR], "retained, with a time of its own"
    stored = {poison_eui(n): [p.expected | Flag.ADR] for n, p in enumerate(POISONS) if isinstance(p.expected, int)}
    assert flags == stored

    letters = rows("dead-letters", "list", "--limit", "1000", **settings)
    expected = {
        topic(p.kind, poison_eui(n)): p.expected for n, p in enumerate(POISONS) if isinstance(p.expected, str)
    }
    expected |= {name: reason for name, (reason, _) in GATEWAY_POISONS.items()}
    expected[topic("up", "70b3d57ed0000003")] = "retained_without_time"
    assert {letter["topic"]: letter["reason"] for letter in letters} == expected
    assert len(letters) == len(expected), "each once, however often it came"
    assert not [letter for letter in letters if any(secret in letter["excerpt"] for secret in SECRETS)]
    assert all(letter["detail"] and len(letter["excerpt"]) < 600 for letter in letters)

    listed = {row["dev_eui"]: row for row in rows("devices", "list", **settings)}
    assert set(listed) == {GOOD_DEVICE, "70b3d57ed0000002", *stored}
    names = {listed[poison_eui(n)]["name"] for n, p in enumerate(POISONS) if p.what.startswith("a name")
             and isinstance(p.expected, int)}  # fmt: skip
    assert names == {"a\N{REPLACEMENT CHARACTER}b", "\u202eabc", "\x1b[2J<script>"}
    links = links_in(database_url)
    crowd = poison_eui(next(n for n, p in enumerate(POISONS) if p.what == "200 gateways"))
    assert len([link for link in links if link["dev_eui"] == crowd]) == 200
    nowhere = poison_eui(next(n for n, p in enumerate(POISONS) if p.what == "a gateway at 0/0"))
    assert [link["latitude_e7"] for link in links if link["dev_eui"] == nowhere] == [None]
    # A retained report is no sign of life, a retained state does not say since when.
    online, online_at, stats_at = all_rows(database_url, "SELECT online, online_at, last_stats_at FROM gateway")[0]
    assert online
    assert (online_at, stats_at) == (None, None)
