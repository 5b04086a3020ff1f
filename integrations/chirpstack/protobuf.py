"""ChirpStack's Protobuf encoding, copied into the shapes that its JSON is decoded into.

chirpstack-api imports gRPC, some 40 MB and half a second: it is loaded at the first Protobuf message.
"""

from __future__ import annotations

import binascii
import functools
import math
from types import ModuleType
from typing import Any, TypeVar

import msgspec

from integrations.chirpstack import shapes
from integrations.chirpstack.translate import UnusableError

ShapeT = TypeVar("ShapeT", bound=shapes.Shape)

_MESSAGES = {
    "up": "UplinkEvent",
    "join": "JoinEvent",
    "status": "StatusEvent",
    "ack": "AckEvent",
    "txack": "TxAckEvent",
    "log": "LogEvent",
    "location": "LocationEvent",
}


def device_event(kind: str, shape: type[shapes.DeviceEvent], payload: bytes) -> shapes.DeviceEvent:
    """Read an integration message of `kind`.

    Raises:
        UnusableError: truncated or not Protobuf, without deviceInfo, or with a value that JSON could not have.

    """
    message = _parse(getattr(_api().integration, _MESSAGES[kind]), payload)
    if not message.HasField("device_info"):
        raise UnusableError("wrong_type", "Protobuf message without device_info")
    info = message.device_info
    fields: dict[str, Any] = {
        "device_info": _copy(
            info,
            shapes.DeviceInfo,
            tags=dict(info.tags),
            device_class_enabled=_enum_name(info, "device_class_enabled"),
        ),
        "time": _time(message),
    }
    if kind not in ("log", "txack"):
        fields["deduplication_id"] = message.deduplication_id
    if kind == "up":
        fields |= _uplink_fields(message)
    elif kind == "location":
        fields["location"] = _location(message)
    elif kind == "log":
        fields["level"] = _enum_name(message, "level")
        fields["code"] = _enum_name(message, "code")
        fields["context"] = dict(message.context)
    # Copying checks nothing: Protobuf's int32 has room for an RSSI that no column has.
    values = msgspec.to_builtins(_copy(message, shape, **fields))
    if kind == "up":  # written as in JSON, where NaN is null
        values["object"] = msgspec.Raw(msgspec.json.encode(values["object"]))
    try:
        return msgspec.convert(values, shape)
    except msgspec.ValidationError as error:
        raise UnusableError("wrong_value", str(error)[:300]) from error


def gateway_stats(payload: bytes) -> shapes.GatewayStats:
    """Read gw.GatewayStats."""
    message = _parse(_api().gw.GatewayStats, payload)
    return _copy(message, shapes.GatewayStats, time=_time(message), location=_location(message))


def conn_state(payload: bytes) -> shapes.ConnState:
    """Read gw.ConnState."""
    message = _parse(_api().gw.ConnState, payload)
    return shapes.ConnState(gateway_id=message.gateway_id, state="ONLINE" if message.state else "OFFLINE")


@functools.cache
def _api() -> ModuleType:
    import chirpstack_api  # noqa: PLC0415 - see the module's docstring
    import chirpstack_api.gw  # noqa: PLC0415
    import chirpstack_api.integration  # noqa: PLC0415

    module: ModuleType = chirpstack_api
    return module


def _parse(message_type: Any, payload: bytes) -> Any:  # noqa: ANN401 - protobuf messages have no common static type
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - loaded with the API

    try:
        return message_type.FromString(payload)
    except DecodeError as error:
        raise UnusableError("not_protobuf", f"neither JSON nor {message_type.__name__}: {error}") from error


def _copy(message: Any, shape: type[ShapeT], **given: Any) -> ShapeT:  # noqa: ANN401
    """Build `shape` from the equally named scalar fields of `message`, and `given` ones."""
    names = set(shape.__struct_fields__) - set(given)
    return shape(**{name: getattr(message, name) for name in names if hasattr(message, name)}, **given)


def _time(message: Any) -> str | None:  # noqa: ANN401
    if not message.HasField("time"):
        return None
    try:
        text: str = message.time.ToJsonString()
    except ValueError:  # outside the years 1 to 9999
        return "out of range"
    return text


def _location(message: Any) -> shapes.Location | None:  # noqa: ANN401
    if not message.HasField("location"):
        return None
    point = message.location
    return shapes.Location(
        latitude=point.latitude,
        longitude=point.longitude,
        altitude=point.altitude,
        source=_enum_name(point, "source"),
        accuracy=point.accuracy,
    )


def _enum_name(message: Any, field: str) -> str:  # noqa: ANN401
    """Return the enum value's name, as JSON has it; the number for a value newer than our package."""
    number = getattr(message, field)
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return str(number) if value is None else str(value.name)


def _uplink_fields(message: Any) -> dict[str, Any]:  # noqa: ANN401
    lora = message.tx_info.modulation.lora if message.tx_info.modulation.HasField("lora") else None
    return {
        "data": binascii.b2a_base64(message.data, newline=False).decode(),
        "object": _plain(message.object),
        "rx_info": [
            _copy(item, shapes.UplinkRxInfo, location=_location(item), snr=_number(item.snr, "rxInfo.snr"))
            for item in message.rx_info
        ],
        "tx_info": shapes.UplinkTxInfo(
            frequency=message.tx_info.frequency,
            modulation=shapes.Modulation(
                lora=shapes.Lora(
                    bandwidth=lora.bandwidth,
                    spreading_factor=lora.spreading_factor,
                    code_rate=_enum_name(lora, "code_rate"),
                )
                if lora is not None
                else None
            ),
        ),
        "relay_rx_info": {} if message.HasField("relay_rx_info") else None,
    }


def _number(value: float, where: str) -> float:
    """Return a number that JSON could have written: no range refuses NaN."""
    if math.isnan(value):
        raise UnusableError("wrong_value", f"{where}: not a number")
    return value


def _plain(struct: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a google.protobuf.Struct as plain values; protobuf's parser bounds its depth."""
    return {name: _plain_value(value) for name, value in struct.fields.items()}


def _plain_value(value: Any) -> Any:  # noqa: ANN401
    match value.WhichOneof("kind"):
        case "struct_value":
            return _plain(value.struct_value)
        case "list_value":
            return [_plain_value(item) for item in value.list_value.values]
        case "null_value" | None:
            return None
        case kind:
            return getattr(value, kind)
