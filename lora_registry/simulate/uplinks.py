"""Uplink events as ChirpStack 4.20 prints them, a batch at a time.

Message text is assembled from fragments prepared per device and per gateway: encoding dictionaries takes
several times as long. What is left out follows ChirpStack's two rules: fields of `gw` and `common` messages
vanish when 0, false or empty; fields of `integration` messages never do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import (
    DAY,
    UUID_WIDTH,
    Bools,
    Ints,
    Octets,
    base64_column,
    time_column,
    time_width,
    uuid_column,
)
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.identity import dev_addr, device_info, event_topic
from lora_registry.simulate.local_time import local_time
from lora_registry.simulate.radio import CHANNELS_HZ, MAX_SNR_DB, SNR_FLOOR_DB
from lora_registry.simulate.services import SERVICES
from lora_registry.simulate.timeline import Batch
from lora_registry.simulate.values import Moment, read

Message = tuple[int, bytes, bytes]
"""(at in ns, topic, payload)."""

MAC_ONLY_SHARE = 0.001
"""Frames of adaptive devices that answer a MAC command and carry no data."""
_NS_DELAY = (30_000_000, 110_000_000)
"""From the antenna to the server, ns."""
_TIME = time_width(9)
_UPLINK = (
    b'{"deduplicationId":"%b","time":"%b","deviceInfo":%b,"devAddr":"%08x","adr":%b,"dr":%d,"fCnt":%d,'
    b'"fPort":%d,"confirmed":%b,"data":"%b"%b,"rxInfo":[%b],"txInfo":%b,"regionConfigId":"eu868"}'
)
_RECEPTION = b'%b%d,%b"nsTime":"%b","rssi":%d,%b%b%b"context":"%b==","crcStatus":"CRC_OK"}'
_BOOLEAN = (b"false", b"true")


class Identifiers(NamedTuple):
    """The deduplication ids of a batch, cut out with `of`."""

    text: bytes

    def of(self, row: int) -> bytes:
        """Return the UUID of one frame."""
        return self.text[row * UUID_WIDTH : (row + 1) * UUID_WIDTH]


def modulation(spreading_factor: int) -> bytes:
    """Return the LoRa modulation object of EU868 uplinks."""
    return b'{"lora":{"bandwidth":125000,"spreadingFactor":%d,"codeRate":"CR_4_5"}}' % spreading_factor


class UplinkPrinter:
    """Prints the uplinks of one fleet."""

    def __init__(self, fleet: Fleet, start: int) -> None:
        """Prepare the fragments; `start` (ns) is when the batteries' levels hold."""
        self._fleet, self._start = fleet, start
        devices = range(len(fleet))
        self.info = [device_info(fleet, d) for d in devices]
        self._topic = [event_topic(fleet, d, "up") for d in devices]
        self._adr = [_BOOLEAN[adr] for adr in fleet.adr.tolist()]
        habits = [SERVICES[s] for s in fleet.service.tolist()]
        self._f_port = [habit.f_port for habit in habits]
        self._confirmed = [_BOOLEAN[habit.confirmed] for habit in habits]
        self._tx = {
            (sf, c): b'{"frequency":%d,"modulation":%b}' % (hz, modulation(sf))
            for sf in range(7, 13)
            for c, hz in enumerate(CHANNELS_HZ)
        }
        self._gateway = [b'{"gatewayId":"%b","uplinkId":' % g.gateway_id.encode() for g in fleet.gateways]
        self._location = [
            b'"location":{"latitude":%r,"longitude":%r,"altitude":%r},' % (g.latitude, g.longitude, g.altitude_m)
            if g.on_server
            else b'"location":{},'
            for g in fleet.gateways
        ]
        lowest, highest = int(4 * SNR_FLOOR_DB[-1]), int(4 * MAX_SNR_DB)
        self._snr = {q: b'"snr":%r,' % (q / 4) if q else b"" for q in range(lowest, highest + 1)}
        # The three default channels sit on radio 1, the others on radio 0; zeros are not printed.
        self._channel = [
            (b'"channel":%d,' % c if c else b"") + (b'"rfChain":1,' if c < 3 else b"")  # noqa: PLR2004 - as above
            for c in range(len(CHANNELS_HZ))
        ]
        self._object = [_object_template(s) for s in range(len(SERVICES))]

    def battery(self, device: Ints, at: Ints) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Return the charge left, 0 to 1, of each `device` at the instants `at` (ns)."""
        days = (at - self._start) / DAY
        fleet = self._fleet
        return np.clip(fleet.battery_at_start[device] - fleet.battery_per_day[device] * days, 0.004, 1.0)

    def print(self, rng: np.random.Generator, batch: Batch, ids: Identifiers, rows: Ints) -> list[Message]:
        """Return the messages of the frames at `rows` (all heard), in that order."""
        fleet = self._fleet
        device, at = batch.device[rows], batch.at[rows]
        times = time_column(at)
        mac_only = (rng.uniform(0.0, 1.0, len(rows)) < MAC_ONLY_SHARE) & fleet.adr[device]
        data, objects = self._contents(rng, batch, rows, mac_only)
        receptions = self._receptions(rng, batch)
        ends = np.cumsum(batch.heard_by)[rows].tolist()
        messages: list[Message] = []
        end = 0
        for i, (row, d, when, f_cnt, session, channel, sf, mac) in enumerate(
            zip(
                rows.tolist(),
                device.tolist(),
                at.tolist(),
                batch.f_cnt[rows].tolist(),
                batch.session[rows].tolist(),
                batch.channel[rows].tolist(),
                fleet.spreading_factor[device].tolist(),
                mac_only.tolist(),
                strict=True,
            )
        ):  # fmt: skip  (one column after the other)
            begin, end = end, ends[i]
            payload = _UPLINK % (
                ids.of(row),
                times[i * _TIME : (i + 1) * _TIME],
                self.info[d],
                dev_addr(d, session),
                self._adr[d],
                12 - sf,
                f_cnt,
                0 if mac else self._f_port[d],
                self._confirmed[d],
                data[i],
                objects[i],
                b",".join(receptions[begin:end]),
                self._tx[sf, channel],
            )  # fmt: skip  (in the order of the template)
            messages.append((when, self._topic[d], payload))
        return messages

    def _contents(
        self, rng: np.random.Generator, batch: Batch, rows: Ints, mac_only: Bools
    ) -> tuple[list[bytes], list[bytes]]:
        """Return `data` and `,"object":{…}` of each frame: raw and decoded writings of the same readings."""
        fleet = self._fleet
        device, at = batch.device[rows], batch.at[rows]
        noise = rng.normal(0.0, 1.0, (len(rows), 3))
        stuck = at >= fleet.defects.stuck_since[device]
        noise[stuck] = 0.0
        at = np.minimum(at, fleet.defects.stuck_since[device])
        waypoint = np.where(
            batch.waypoint[rows] >= 0, fleet.first_waypoint[device] - len(fleet) + batch.waypoint[rows], 0
        )
        battery = self.battery(device, at)
        data, objects = [b""] * len(rows), [b""] * len(rows)
        for s in np.unique(fleet.service[device]).tolist():
            mine = np.nonzero((fleet.service[device] == s) & ~mac_only)[0]
            asked = Moment(
                at[mine],
                local_time(at[mine]),
                fleet.dials[device[mine]],
                noise[mine],
                batch.turn[rows[mine]],
                battery[mine],
                fleet.waypoint_latitude[waypoint[mine]],
                fleet.waypoint_longitude[waypoint[mine]],
            )  # fmt: skip  (in the order of the fields)
            values = read(s, asked)
            text, width = base64_column(_raw(values))
            template, columns = self._object[s], []
            for k, channel in enumerate(SERVICES[s].channels):
                column = values[:, k]
                columns.append(
                    (column / channel.scale).tolist() if channel.scale else [_BOOLEAN[v] for v in column.tolist()]
                )
            for j, (i, decoded) in enumerate(zip(mine.tolist(), zip(*columns, strict=True), strict=True)):
                data[i] = text[j * width : (j + 1) * width]
                objects[i] = template % decoded
        return data, objects

    def _receptions(self, rng: np.random.Generator, batch: Batch) -> list[bytes]:
        """Return the items of all `rxInfo` lists of the batch, one after the other."""
        heard = batch.receptions
        n = len(heard.frame)
        times = time_column(batch.at)
        delay = rng.integers(_NS_DELAY[0] // 2, _NS_DELAY[1] // 2, n) * 2  # even, so that instants stay odd
        server_times = time_column(batch.at[heard.frame] + delay)
        counters = np.zeros((n, 6), dtype=np.uint8)
        counters[:, :4] = rng.integers(0, 256, (n, 4), dtype=np.uint8)
        context, width = base64_column(counters)
        gps = [g.has_gps for g in self._fleet.gateways]
        found = []
        for i, (frame, gateway, rssi, snr, channel, uplink_id) in enumerate(
            zip(
                heard.frame.tolist(),
                heard.gateway.tolist(),
                heard.rssi_dbm.tolist(),
                heard.snr_quarter_db.tolist(),
                batch.channel[heard.frame].tolist(),
                rng.integers(1, 1 << 32, n).tolist(),
                strict=True,
            )
        ):  # fmt: skip  (one column after the other)
            own = b'"gwTime":"%b",' % times[frame * _TIME : (frame + 1) * _TIME] if gps[gateway] else b""
            found.append(
                _RECEPTION
                % (
                    self._gateway[gateway],
                    uplink_id,
                    own,
                    server_times[i * _TIME : (i + 1) * _TIME],
                    rssi,
                    self._snr[snr],
                    self._channel[channel],
                    self._location[gateway],
                    context[i * width : i * width + 6],
                )
            )  # fmt: skip  (in the order of the template)
        return found


def draw_identifiers(rng: np.random.Generator, n: int) -> Identifiers:
    """Return `n` deduplication ids."""
    return Identifiers(uuid_column(rng, n))


def _object_template(service: int) -> bytes:
    channels = SERVICES[service].channels
    return b',"object":{%b}' % b",".join(
        b'"%b":%b' % (c.name.encode(), b"%r" if c.scale else b"%b") for c in channels
    )


def _raw(values: Ints) -> Octets:
    """Return readings as a device packs them: big-endian 32-bit integers, one after the other."""
    return np.ascontiguousarray(values.astype(">i4")).view(np.uint8).reshape(len(values), -1)
