"""A city's uplinks as ChirpStack 4 publishes them, encoded as MQTT publications ahead of the measured time.

Every device sends once an hour. Each stretch of messages begins on another of 30 simulated days, so that states
are updated while device-days are both created and added to. 1.84 kB with three gateways on average.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

DAYS = 30
_PACKET_IDS = 65_535
_GATEWAYS = 60


def _device(number: int, rng: random.Random) -> tuple[str, str]:
    """Return a device's topic and its messages' template: {0} key, {1} time, <2> counter, {3} data, <4> rxInfo."""
    eui = f"70b3d57ed{number:07x}"
    application = f"{rng.randrange(16):08x}-2f24-4b8e-9c0e-0a6f5d1c7e33"
    body = {
        "deduplicationId": "{0}",
        "time": "{1}",
        "deviceInfo": {
            "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
            "tenantName": "Metropole",
            "applicationId": application,
            "applicationName": f"service-{application[7]}",
            "deviceProfileId": "2f1d5f1e-3c9e-4a53-8a6b-bb5a0b8d1c11",
            "deviceProfileName": "Water meter, class A, OTAA",
            "deviceName": f"meter-{number:06d}",
            "devEui": eui,
            "deviceClassEnabled": "CLASS_A",
            "tags": {"commune": f"34{number % 31 + 100:03d}", "batch": f"2024-{number % 12 + 1:02d}"},
        },
        "devAddr": f"{0x01000000 + number:08x}",
        "adr": True,
        "dr": 5,
        "fCnt": "<2>",
        "fPort": 2,
        "confirmed": False,
        "data": "{3}",
        "object": {"volume_l": 184_320, "temperature_c": 17.5, "status": "ok", "battery_pct": 87},
        "rxInfo": "<4>",
        "txInfo": {
            "frequency": rng.choice((868_100_000, 868_300_000, 868_500_000)),
            "modulation": {
                "lora": {"bandwidth": 125_000, "spreadingFactor": rng.randint(7, 12), "codeRate": "CR_4_5"}
            },
        },
        "regionConfigId": "eu868",
    }
    text = json.dumps(body, separators=(",", ":"))
    for place in "01234":
        text = text.replace(f'"<{place}>"', f"\0{place}").replace(f"{{{place}}}", f"\0{place}")
    return f"application/{application}/device/{eui}/event/up", text


def _receptions(number: int, at: str, rng: random.Random) -> str:
    heard = [
        f'{{"gatewayId":"7276ff000b03{(number * 7 + nth * 11) % _GATEWAYS:04x}",'
        f'"uplinkId":{rng.randrange(1 << 32)},"gwTime":"{at}","nsTime":"{at}",'
        f'"rssi":{-rng.randint(70, 120)},"snr":{rng.randint(-100, 100) / 10},"channel":{nth},"rfChain":1,'
        f'"location":{{"latitude":43.6{number % 60:03d},"longitude":3.8{nth * 11 % 60:03d},"altitude":52.0}},'
        f'"context":"dGVzdA==",'
        f'"crcStatus":"CRC_OK"}}'
        for nth in range(2 + rng.randrange(3))
    ]
    return "[" + ",".join(heard) + "]"


def publications(count: int, *, devices: int, stretch: int, seed: int, end: datetime) -> Iterator[bytes]:
    """Yield `count` PUBLISH packets (MQTT 3.1.1, QoS 1) of one stretch; stretches differ in their day and keys."""
    rng = random.Random(f"{seed} {stretch}")  # noqa: S311 - a load, not a secret
    of_devices = random.Random(seed)  # noqa: S311
    fleet = [_device(number, of_devices) for number in range(devices)]
    order = list(range(devices))
    rng.shuffle(order)
    begin = end - timedelta(days=DAYS - stretch % DAYS, hours=2 * (stretch // DAYS % 10))
    for nth in range(count):
        number = order[nth % devices]
        topic, template = fleet[number]
        at = (begin + timedelta(hours=nth / devices)).strftime("%Y-%m-%dT%H:%M:%S.%f000+00:00")
        payload = (
            template.replace("\x000", f"{rng.getrandbits(128):032x}")
            .replace("\x001", at)
            .replace("\x002", str(stretch * 100 + nth // devices))
            .replace("\x003", f"{rng.getrandbits(96):016x}")
            .replace("\x004", _receptions(number, at, rng))
        )
        yield _publish(topic.encode(), payload.encode(), nth % _PACKET_IDS + 1)


def _publish(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    length = 2 + len(topic) + 2 + len(payload)
    header = bytearray([0x32])
    while True:
        length, low = divmod(length, 128)
        header.append(low | (0x80 if length else 0))
        if not length:
            break
    return bytes(header) + struct.pack(">H", len(topic)) + topic + struct.pack(">H", packet_id) + payload


def write(path: Path, count: int, **options: int) -> float:
    """Write a stretch to `path`, each packet after its length (uint32); return a packet's mean size, bytes."""
    size = 0
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with path.open("wb") as file:
        for packet in publications(count, end=midnight, **options):  # type: ignore[arg-type]
            file.write(struct.pack(">I", len(packet)) + packet)
            size += len(packet)
    return size / count
