"""The tables of ChirpStack 4's PostgreSQL integration, and events put into them as ChirpStack does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

# Types by column; every column is NOT NULL. The first is the primary key, and the only index.
_EVENT = {
    "time": "timestamptz", "tenant_id": "uuid", "tenant_name": "text", "application_id": "uuid",
    "application_name": "text", "device_profile_id": "uuid", "device_profile_name": "text", "device_name": "text",
    "dev_eui": "char(16)", "tags": "jsonb",
}  # fmt: skip
_OWN = {"deduplication_id": "uuid"}
_DOWN = {"queue_item_id": "uuid"}
TABLES: dict[str, dict[str, str]] = {
    "event_up": _OWN | _EVENT | {
        "dev_addr": "char(8)", "adr": "boolean", "dr": "smallint", "f_cnt": "bigint", "f_port": "smallint",
        "confirmed": "boolean", "data": "bytea", "object": "jsonb", "rx_info": "jsonb", "tx_info": "jsonb",
    },
    "event_join": _OWN | _EVENT | {"dev_addr": "char(8)"},
    "event_ack": _DOWN | _OWN | _EVENT | {"acknowledged": "boolean", "f_cnt_down": "bigint"},
    "event_tx_ack": _DOWN | {"downlink_id": "bigint"} | _EVENT
    | {"f_cnt_down": "bigint", "gateway_id": "char(16)", "tx_info": "jsonb"},
    "event_log": {"id": "bigserial"} | _EVENT
    | {"level": "text", "code": "text", "description": "text", "context": "jsonb"},
    "event_status": _OWN | _EVENT | {
        "margin": "smallint", "external_power_source": "boolean", "battery_level_unavailable": "boolean",
        "battery_level": "real",
    },
    "event_location": _OWN | _EVENT | {
        "latitude": "double precision", "longitude": "double precision", "altitude": "double precision",
        "source": "text", "accuracy": "real",
    },
    "event_integration": _OWN | _EVENT | {"integration_name": "text", "event_type": "text", "object": "jsonb"},
}  # fmt: skip
_TABLE_OF = {"txack": "event_tx_ack"}
# Numbers of the enums, as chirpstack-api 4.20 has them.
_LEVELS = {"INFO": 0, "WARNING": 1, "ERROR": 2}
_CODES = {"UNKNOWN": 0, "UPLINK_CODEC": 2, "OTAA": 4, "UPLINK_MIC": 6, "UPLINK_F_CNT_RETRANSMISSION": 7}
_SOURCES = {"UNKNOWN": 0, "GPS": 1, "GEO_RESOLVER_GNSS": 5}


def create(connection: psycopg.Connection[Any], *tables: str) -> None:
    """Create these tables, or all."""
    for table in tables or TABLES:
        (key, kind), *rest = TABLES[table].items()
        columns = [f"{key} {kind} PRIMARY KEY", *(f"{name} {kind} NOT NULL" for name, kind in rest)]
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")  # type: ignore[arg-type]


def insert(connection: psycopg.Connection[Any], events: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Insert events, each its kind and its JSON as MQTT has it."""
    with connection.cursor() as cursor:
        for kind, event in events:
            insert_row(cursor, _TABLE_OF.get(kind, f"event_{kind}"), row(kind, event))


def insert_row(cursor: psycopg.Cursor[Any], table: str, values: dict[str, Any]) -> None:
    """Insert one row."""
    names = sql.SQL(", ").join(map(sql.Identifier, values))
    places = sql.SQL(", ").join([sql.Placeholder()] * len(values))
    cursor.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, places),
        list(values.values()),
    )


def row(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    """Return the row that ChirpStack makes of an event: nanoseconds cut, enums as numbers, much left out."""
    info = event["deviceInfo"]
    values = {
        "time": datetime.fromisoformat(event["time"]),  # cuts to microseconds, as chrono does
        "tenant_id": info["tenantId"], "tenant_name": info["tenantName"],
        "application_id": info["applicationId"], "application_name": info["applicationName"],
        "device_profile_id": info["deviceProfileId"], "device_profile_name": info["deviceProfileName"],
        "device_name": info["deviceName"], "dev_eui": info["devEui"], "tags": Jsonb(info["tags"]),
    }  # fmt: skip
    if "deduplicationId" in event:
        values["deduplication_id"] = event["deduplicationId"]
    match kind:
        case "up":
            values |= {
                "dev_addr": event["devAddr"], "adr": event["adr"], "dr": event["dr"], "f_cnt": event["fCnt"],
                "f_port": event["fPort"], "confirmed": event["confirmed"], "data": base64.b64decode(event["data"]),
                "object": Jsonb(event.get("object")), "rx_info": Jsonb(event["rxInfo"]),
                "tx_info": Jsonb(event.get("txInfo")),
            }  # fmt: skip
        case "join":
            values["dev_addr"] = event["devAddr"]
        case "status":
            values |= {
                "margin": event["margin"], "external_power_source": event["externalPowerSource"],
                "battery_level_unavailable": event["batteryLevelUnavailable"],
                "battery_level": event["batteryLevel"],
            }  # fmt: skip
        case "ack":
            values |= {
                "queue_item_id": event["queueItemId"], "acknowledged": event["acknowledged"],
                "f_cnt_down": event["fCntDown"],
            }  # fmt: skip
        case "txack":
            values |= {
                "queue_item_id": event["queueItemId"], "downlink_id": event["downlinkId"],
                "f_cnt_down": event["fCntDown"], "gateway_id": event["gatewayId"], "tx_info": Jsonb(None),
            }  # fmt: skip
        case "log":
            values |= {
                "level": str(_LEVELS[event["level"]]), "code": str(_CODES[event["code"]]),
                "description": event["description"], "context": Jsonb(event["context"]),
            }  # fmt: skip
        case "location":
            location = event["location"]
            values |= {
                "latitude": location["latitude"], "longitude": location["longitude"],
                "altitude": location.get("altitude", 0.0), "accuracy": location["accuracy"],
                "source": str(_SOURCES[location["source"]]),
            }  # fmt: skip
    return values


def printed(event: dict[str, Any]) -> str:
    """Return an event as ChirpStack prints it."""
    return json.dumps(event, ensure_ascii=False)
