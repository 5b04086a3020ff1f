"""Events exactly as ChirpStack 4.20 prints them, for one invented device."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

from integrations.chirpstack import decode
from lora_registry.domain.events import Event, Ignored, RawMessage, Rejected

ARRIVAL = datetime(2026, 9, 10, 9, 0, 2, tzinfo=UTC)
DEV_EUI = "70b3d57ed0000042"
DEVICE_INFO: dict[str, Any] = {
    "tenantId": "7f0c1c2e-55a0-4a3f-9d0e-6d6b6f3a1a01",
    "tenantName": "Demo",
    "applicationId": "2b9c1f3a-0e5d-4b1e-8a5f-0f6f4f0e7c11",
    "applicationName": "Street lighting",
    "deviceProfileId": "c3a6d0b8-2b7a-4a9b-93d5-3b8a2c1d9e21",
    "deviceProfileName": "Lamp controller",
    "deviceName": "lamp-0042",
    "devEui": DEV_EUI,
    "deviceClassEnabled": "CLASS_A",
    "tags": {"kind": "lighting", "commune": "northville"},
}
UP: dict[str, Any] = {
    "deduplicationId": "0b9d4b2e-8f1f-4d3f-9a1c-1f0a2f6c7d10",
    "time": "2026-09-10T09:00:01.250123456+00:00",
    "deviceInfo": DEVICE_INFO,
    "devAddr": "01a2b3c4",
    "adr": True,
    "dr": 3,
    "fCnt": 1180,
    "fPort": 2,
    "confirmed": False,
    "data": "PAE7",
    "object": {"dim_pct": 60.0, "power_w": 31.5, "fault": False},
    "rxInfo": [
        {
            "gatewayId": "a84041ffff1e2d30",
            "uplinkId": 3141592653,
            "gwTime": "2026-09-10T09:00:01.250123456+00:00",
            "nsTime": "2026-09-10T09:00:01.301456789+00:00",
            "rssi": -101,
            "snr": -4.5,
            "channel": 1,
            "rfChain": 1,
            "location": {"latitude": 45.764, "longitude": 4.8357, "altitude": 187.0},
            "context": "CrwSNA==",
            "crcStatus": "CRC_OK",
        },
        {
            "gatewayId": "a84041ffff1e2d31",
            "uplinkId": 271828,
            "nsTime": "2026-09-10T09:00:01.310+00:00",
            "rssi": -117,
            "location": {},
            "context": "AAAAAQ==",
            "crcStatus": "CRC_OK",
        },
    ],
    "txInfo": {
        "frequency": 868300000,
        "modulation": {"lora": {"bandwidth": 125000, "spreadingFactor": 9, "codeRate": "CR_4_5"}},
    },
    "regionConfigId": "eu868",
}
_HEAD: dict[str, Any] = {
    "deduplicationId": "5a1e7f1c-3e3d-4c1a-8b67-2f4ad2b0c911",
    "time": "2026-09-10T08:59:00.500+00:00",
    "deviceInfo": DEVICE_INFO,
}
JOIN = _HEAD | {"devAddr": "01a2b3c4", "regionConfigId": "eu868"}
STATUS = _HEAD | {
    "margin": 7,
    "externalPowerSource": False,
    "batteryLevelUnavailable": False,
    "batteryLevel": 88.18898,
}
ACK = _HEAD | {"queueItemId": "8b0a7d2c-7ad1-4f7c-9a53-0d7a5e2b6f14", "acknowledged": True, "fCntDown": 12}
TX_ACK = {
    "downlinkId": 2020304050,
    "time": "2026-09-10T09:00:18.042+00:00",
    "deviceInfo": DEVICE_INFO,
    "queueItemId": "8b0a7d2c-7ad1-4f7c-9a53-0d7a5e2b6f14",
    "fCntDown": 12,
    "gatewayId": "a84041ffff1e2d30",
}
LOG = {
    "time": "2026-09-10T09:01:30.007+00:00",
    "deviceInfo": DEVICE_INFO,
    "level": "WARNING",
    "code": "UPLINK_F_CNT_RETRANSMISSION",
    "description": "frame counter did not increment",
    "context": {"f_cnt_up": "1180", "deduplication_id": "6e0f6b54-2a0f-4f0e-9f53-6d5f0c0a1f15"},
}
LOCATION = _HEAD | {
    "location": {"latitude": 45.7601, "longitude": 4.8402, "source": "GEO_RESOLVER_GNSS", "accuracy": 25.0}
}
STATS = {
    "gatewayId": "a84041ffff1e2d30",
    "time": "2026-09-10T09:00:30+00:00",
    "location": {"latitude": 45.764, "longitude": 4.8357, "altitude": 187.0, "source": "GPS"},
    "rxPacketsReceived": 14,
    "rxPacketsReceivedOk": 11,
    "txPacketsEmitted": 1,
    "rxPacketsPerFrequency": {"868100000": 6, "868300000": 5},
}
EVENTS: dict[str, dict[str, Any]] = {
    "up": UP,
    "join": JOIN,
    "status": STATUS,
    "ack": ACK,
    "txack": TX_ACK,
    "log": LOG,
    "location": LOCATION,
}


def changed(event: dict[str, Any], **values: Any) -> dict[str, Any]:
    """Return a deep copy with `values`; a value of ... removes the key."""
    copied = copy.deepcopy(event) | values
    return {key: value for key, value in copied.items() if value is not ...}


def topic(kind: str, dev_eui: str = DEV_EUI) -> str:
    """Return ChirpStack's default topic."""
    return f"application/{DEVICE_INFO['applicationId']}/device/{dev_eui}/event/{kind}"


def message(kind: str, event: dict[str, Any] | bytes, **fields: Any) -> RawMessage:
    """Return the message of an event."""
    payload = event if isinstance(event, bytes) else json.dumps(event).encode()
    given = {"topic": topic(kind), "received_at": ARRIVAL} | fields
    return RawMessage(payload=payload, **given)


def read(kind: str, event: dict[str, Any] | bytes, **fields: Any) -> Event | Rejected | Ignored:
    """Decode the message of an event."""
    return decode(message(kind, event, **fields))
