"""A publisher that knows, message by message, what the broker confirmed (the PUBACK of QoS 1)."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from tests.conftest import wait_until
from tests.integrations.samples import DEVICE_INFO, UP, changed, topic

_DEVICES = 50
_MARK = "@NUMBER@"
_UNCONFIRMED = 2000
# Messages a second that even a busy machine's broker confirms.
_SLOWEST_RATE = 500


class Uplinks:
    """Makes uplinks: message `number` is frame counter `number` of one of fifty devices."""

    def __init__(self, started_at: datetime) -> None:
        self._started_at = started_at
        self._templates = [
            json.dumps(
                changed(
                    UP,
                    deduplicationId=f"fault-{_MARK}",
                    time="@TIME@",
                    fCnt=_MARK,
                    deviceInfo=DEVICE_INFO | {"devEui": self.dev_eui(place), "deviceName": f"lamp-{place}"},
                )
            ).replace(f'"{_MARK}"', _MARK)
            for place in range(_DEVICES)
        ]

    @staticmethod
    def dev_eui(number: int) -> str:
        """Return the device that sends message `number`."""
        return f"70b3d57ed1{number % _DEVICES:06x}"

    def topic(self, number: int) -> str:
        """Return the topic of message `number`."""
        return topic("up", self.dev_eui(number))

    def payload(self, number: int) -> bytes:
        """Return the payload of message `number`, about 1.2 kB."""
        at = self._started_at + timedelta(milliseconds=number)
        filled = self._templates[number % _DEVICES].replace(_MARK, str(number))
        return filled.replace("@TIME@", at.isoformat(timespec="milliseconds")).encode()


class Traffic:
    """Uplinks to a broker at QoS 1; outlives restarts of the broker, sending again what it has not confirmed."""

    def __init__(self, port: int) -> None:
        self.uplinks = Uplinks(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6))
        self._numbers = itertools.count(1)
        self._sent: list[tuple[int, paho.MQTTMessageInfo]] = []
        self._raw: list[paho.MQTTMessageInfo] = []
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"traffic-{port}", clean_session=False
        )
        client.max_inflight_messages_set(_UNCONFIRMED)
        client.reconnect_delay_set(1, 1)
        client.connect("127.0.0.1", port)
        client.loop_start()

    def send(self, count: int = 1) -> int:
        """Publish `count` uplinks; return the number of the last."""
        number = 0
        for number in itertools.islice(self._numbers, count):
            self.send_again(number)
        return number

    def send_again(self, number: int) -> None:
        """Publish one uplink by its number, as often as asked."""
        info = self._client.publish(self.uplinks.topic(number), self.uplinks.payload(number), qos=1)
        assert info.rc != MQTTErrorCode.MQTT_ERR_QUEUE_SIZE, "more are unconfirmed than there are packet numbers"
        self._sent.append((number, info))

    def send_raw(self, to: str, payload: bytes) -> None:
        """Publish something else."""
        self._raw.append(self._client.publish(to, payload, qos=1))

    @contextmanager
    def flowing(self, rate: float) -> Iterator[None]:
        """Publish `rate` uplinks a second while the block runs."""
        stop = threading.Event()

        def flow() -> None:
            started, sent = time.monotonic(), 0
            while not stop.wait(min(0.02, 1 / rate)):
                due = int((time.monotonic() - started) * rate) - sent
                sent += due
                self.send(due)

        thread = threading.Thread(target=flow)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    @property
    def confirmed(self) -> set[int]:
        """The numbers of the uplinks that the broker has confirmed."""
        return {number for number, info in self._sent if _is_confirmed(info)}

    def settle(self) -> set[int]:
        """Wait until the broker has confirmed everything sent; return the numbers."""
        everything = [*self._raw, *(info for _, info in self._sent)]
        place = 0

        def settled() -> bool:
            # On from where it stopped: looking at 100,000 each time would keep the client itself from its work.
            nonlocal place
            while place < len(everything) and _is_confirmed(everything[place]):
                place += 1
            return place == len(everything)

        patience_s = 60 + len(everything) / _SLOWEST_RATE
        wait_until(settled, "the broker did not confirm what was published", patience_s)
        return self.confirmed

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()


def _is_confirmed(info: paho.MQTTMessageInfo) -> bool:
    # `is_published` raises for ever on what was published while away, though paho sends it later.
    return info._published
