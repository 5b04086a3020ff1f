"""The MQTT source and publisher against real brokers: nothing confirmed that is not safe, nothing lost."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import iotcore
import paho.mqtt.client as paho
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.mqtt import Address, MqttSource
from integrations.mqtt_publisher import MqttPublisher
from lora_registry.domain.errors import InUseError, LoraRegistryError, SettingsError, UnavailableError
from lora_registry.domain.events import RawMessage
from tests.conftest import Broker, free_port, listening, missing, wait_until

PATIENCE_S = 20.0
SILENCE_S = 0.4
BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])


@contextmanager
def connected(address: Address, *, client_id: str = "listener", topic: str = "city/#") -> Iterator[MqttSource]:
    source = MqttSource(address, [topic], client_id=client_id, session_expiry_s=3600, receive_maximum=100)
    source.start()
    try:
        yield source
    finally:
        source.close()


def publish(address: Address, *payloads: str, topic: str = "city/x") -> None:
    publisher = MqttPublisher(address)
    publisher.start()
    try:
        for payload in payloads:
            publisher.publish(topic, payload.encode())
        publisher.flush()
    finally:
        publisher.close()


def take(source: MqttSource, count: int) -> list[RawMessage]:
    """Return the next `count` messages, having made sure that no other follows."""
    taken: list[RawMessage] = []
    while len(taken) < count:
        came = source.take(PATIENCE_S)
        assert came, f"{count - len(taken)} of {count} never came"
        taken += came
    taken += source.take(SILENCE_S)
    assert len(taken) == count
    return taken


def words(messages: list[RawMessage]) -> list[str]:
    return [message.payload.decode() for message in messages]


@BOTH
def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(broker: Broker, protocol: str) -> None:
    address = Address(broker.url, protocol)
    with connected(address) as source:
        publish(address, "a", "b", "c", "d")
        first = take(source, 4)
        assert words(first) == ["a", "b", "c", "d"]
        assert {(message.topic, message.qos, message.retained) for message in first} == {("city/x", 1, False)}
        source.acknowledge(first[:3:2])
    with connected(address) as source:
        again = take(source, 2)
        assert words(again) == ["b", "d"]
        source.acknowledge(again)
    with connected(address) as source:
        assert take(source, 0) == []


@BOTH
def test_what_is_published_while_away_is_delivered_on_return(broker: Broker, protocol: str) -> None:
    address = Address(broker.url, protocol)
    with connected(address):
        pass
    publish(address, *"abc")
    with connected(address) as source:
        assert words(take(source, 3)) == ["a", "b", "c"]


@BOTH
def test_acknowledgements_of_a_lost_connection_confirm_nothing_on_the_next(broker: Broker, protocol: str) -> None:
    """The broker numbers its deliveries anew: a late acknowledgement would confirm another message."""
    address = Address(broker.url, protocol)
    with connected(address) as source:
        publish(address, *"abc")
        before = take(source, 3)
        since = source.connected_at
        broker.stop()
        wait_until(lambda: source.connected_at is None, "the source did not notice that the broker is gone")
        broker.start()
        wait_until(lambda: source.connected_at not in (None, since), "the source did not come back")
        redelivered = take(source, 3)
        source.acknowledge(before)
    assert words(redelivered) == ["a", "b", "c"]
    packet_ids = [[message.token[1] for message in taken] for taken in (before, redelivered)]  # type: ignore[index]
    assert packet_ids[0] == packet_ids[1], "the same numbers: only the connection tells them apart"
    with connected(address) as source:
        still_there = take(source, 3)
        assert words(still_there) == ["a", "b", "c"]
        source.acknowledge(still_there)
        source.acknowledge(redelivered)
    with connected(address) as source:
        assert take(source, 0) == []


def test_a_broker_that_forgot_our_subscriptions_is_asked_again(broker: Broker) -> None:
    address = Address(broker.url)
    with connected(address) as source:
        since = source.connected_at
        broker.stop()
        (broker.folder / "mosquitto.db").unlink()
        wait_until(lambda: source.connected_at is None, "the source did not notice that the broker is gone")
        broker.start()
        wait_until(lambda: source.connected_at not in (None, since), "the source did not come back")
        publish(address, "a")
        assert words(take(source, 1)) == ["a"]


def test_a_refused_subscription_is_an_error_and_not_a_silence(broker: Broker) -> None:
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None)
    if plugin is None:
        missing("mosquitto_dynamic_security.so", "it comes with Debian's mosquitto")
    rights = broker.folder / "rights.json"
    rights.write_text(json.dumps({"defaultACLAccess": {
        "publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True,
    }}))  # fmt: skip
    broker.stop()
    broker.start(f"allow_anonymous true\nplugin {plugin}\nplugin_opt_config_file {rights}\n")
    with (
        pytest.raises(UnavailableError, match=r"refuses the subscriptions city/#: give this user the right"),
        connected(Address(broker.url)),
    ):
        pass


def test_a_message_that_may_not_be_published_is_an_error(broker: Broker) -> None:
    rights = broker.folder / "acl"
    rights.write_text("topic read #\n")
    rights.chmod(0o600)
    broker.stop()
    broker.start(f"allow_anonymous true\nacl_file {rights}\n")
    with pytest.raises(UnavailableError, match=r"refuses message 1: Not authorized; give this user the right"):
        publish(Address(broker.url), "a", "b")


def test_of_two_listeners_of_one_name_one_gives_up_and_the_other_goes_on(broker: Broker) -> None:
    """Mosquitto 2.0 closes the older connection without a word, and each reconnection is a newer one."""
    address = Address(broker.url)
    with connected(address) as first, connected(address) as second:
        wait_until(lambda: failure(first) is not None or failure(second) is not None, "neither was told")
        ended, going_on = (first, second) if failure(first) is not None else (second, first)
        told = failure(ended)
        assert isinstance(told, InUseError), told
        assert "LORA_REGISTRY_MQTT_CLIENT_ID" in str(told)
        wait_until(lambda: going_on.connected_at is not None, "the other did not come back")
        publish(address, "a")
        assert words(take(going_on, 1)) == ["a"]
        since = going_on.connected_at
        assert take(going_on, 0) == []
        assert going_on.connected_at == since, "it is left in peace"


def failure(source: MqttSource) -> Exception | None:
    try:
        source.take(0.05)
    except LoraRegistryError as error:
        return error
    return None


def test_topics_that_are_no_text_are_told_the_same_at_each_delivery() -> None:
    """No broker should pass them; one that does must not stop us, and a redelivery is one dead letter."""
    source = MqttSource(Address("mqtt://h"), ["#"], client_id="x", session_expiry_s=1, receive_maximum=1)
    for mid in (1, 2):
        source._on_message(None, None, paho.MQTTMessage(mid, b"a/\xff\x00/b"))
    assert [message.topic for message in take(source, 2)] == ["a/\\xff\\x00/b"] * 2


def authority(folder: Path, name: str) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey, Path]:
    """Return a certificate authority, its key, and the file that clients trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    certificate = (
        _blank(subject, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key, path


def _blank(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def server_tls(folder: Path, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey) -> str:
    """Return mosquitto's settings for a certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    local = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        _blank(subject, issuer.subject, key)
        .add_extension(local, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return f"allow_anonymous true\ncertfile {folder}/server.pem\nkeyfile {folder}/server.key\n"


# Paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed .*SSLSocket:ResourceWarning")
def test_a_broker_is_believed_with_our_authority_s_certificate_only(broker: Broker) -> None:
    certificate, key, trusted = authority(broker.folder, "ours")
    *_, other = authority(broker.folder, "theirs")
    broker.stop()
    broker.start(server_tls(broker.folder, certificate, key))
    url = broker.url.replace("mqtt:", "mqtts:")
    address = Address(url, ca_file=str(trusted))
    with connected(address) as source:
        publish(address, "secret")
        assert words(take(source, 1)) == ["secret"]
    for stranger in (str(other), ""):  # "": the authorities that the system knows
        with (
            pytest.raises(UnavailableError, match="certificate verify failed"),
            connected(Address(url, ca_file=stranger)),
        ):
            pass


@pytest.mark.parametrize("content", [None, "", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_an_authority_s_file_that_cannot_be_used_is_told(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=r"LORA_REGISTRY_MQTT_CA_FILE is '.*ca.pem', which cannot be used"):
        Address("mqtts://127.0.0.1", ca_file=str(path)).client("x", clean=True)


def test_a_host_that_no_resolver_takes_is_told() -> None:
    with (
        pytest.raises(UnavailableError, match="cannot be reached"),
        connected(Address(f"mqtt://{'a' * 70}.example")),
    ):
        pass


def test_the_broker_in_a_wheel_serves_the_demonstration() -> None:
    """Its name is iotcore. It speaks 3.1.1 to us: held back until acknowledged, and redelivered."""
    port = free_port()
    wheel = iotcore.Broker(port=port, listen="127.0.0.1")
    wheel.start()
    try:
        wait_until(lambda: listening(port), "iotcore did not listen")
        address = Address(f"mqtt://127.0.0.1:{port}", "3.1.1")
        with connected(address) as source:
            publish(address, *"abc")
            taken = take(source, 3)
            assert words(taken) == ["a", "b", "c"]
            source.acknowledge(taken[:1])
        with connected(address) as source:
            again = take(source, 2)
            assert words(again) == ["b", "c"]
            source.acknowledge(again)
        publish(address, "d")
        with connected(address) as source:
            assert words(take(source, 1)) == ["d"]
    finally:
        wheel.stop()
