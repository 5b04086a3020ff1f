"""Device events other than uplinks: joins, battery statuses, downlinks and their acknowledgements, logs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import numpy as np

from lora_registry.simulate.columns import DAY, SECOND, Bools, time_column
from lora_registry.simulate.fleet import Fleet
from lora_registry.simulate.identity import dev_addr, event_topic
from lora_registry.simulate.local_time import local_time
from lora_registry.simulate.radio import CHANNELS_HZ, SNR_FLOOR_DB
from lora_registry.simulate.services import INDEX, SERVICES
from lora_registry.simulate.timeline import Batch
from lora_registry.simulate.uplinks import Identifiers, Message, UplinkPrinter

COMMAND_HOUR = 19
"""Local hour in which one lamp in four is given its dimming plan."""
RETRANSMISSIONS = 0.0006
"""Share of frames that are heard again and refused, with a log event."""
_WAITING_FOR_ACK = 2 * SECOND
# Level 254 is full; ChirpStack prints raw / 254 * 100 as a 32-bit float.
_LEVELS = [str(np.float32(raw) / np.float32(254) * np.float32(100)).encode() for raw in range(255)]
_STATUS = (
    b'{"deduplicationId":"%b","time":"%b","deviceInfo":%b,"margin":%d,"externalPowerSource":%b,'
    b'"batteryLevelUnavailable":false,"batteryLevel":%b}'
)
_JOIN = b'{"deduplicationId":"%b","time":"%b","deviceInfo":%b,"devAddr":"%08x","regionConfigId":"eu868"}'
_ACK = b'{"deduplicationId":"%b","time":"%b","deviceInfo":%b,"queueItemId":"%b","acknowledged":true,"fCntDown":%d}'
_TXACK = (
    b'{"downlinkId":%d,"time":"%b","deviceInfo":%b,"queueItemId":"%b","fCntDown":%d,"gatewayId":"%b",'
    b'"txInfo":{"frequency":%d,"power":14,"modulation":{"lora":{"bandwidth":125000,"spreadingFactor":%d,'
    b'"codeRate":"CR_4_5","polarizationInversion":true}},"timing":{"delay":{"delay":"1s"}},"context":"AAAAAQ=="}}'
)
_LOG = b'{"time":"%b","deviceInfo":%b,"level":"%b","code":"%b","description":"%b","context":%b}'


def _time(at: int) -> bytes:
    return time_column(np.array([at | 1], dtype=np.int64))


class Answers:
    """Prints what follows from frames; remembers who is due a status or still owes an acknowledgement."""

    def __init__(self, fleet: Fleet, printer: UplinkPrinter) -> None:
        """Share `printer`'s fragments."""
        self._fleet, self._printer = fleet, printer
        every = np.array([s.status_days for s in SERVICES])[fleet.service]
        self._status_days = np.maximum(every, 1)
        self._has_status: Bools = every > 0
        everyone = np.arange(len(fleet))
        self._commanded: Bools = (fleet.service == INDEX["eclairage"]) & (everyone % 4 == 0)
        self._span = -1
        self._status_due = self._command_due = np.zeros(len(fleet), dtype=np.bool_)
        self._owing: dict[int, tuple[int, bytes, int]] = {}
        self._refused = [d for d, kind in enumerate(fleet.defects.kind) if kind == "bad_keys"]

    def of(self, rng: np.random.Generator, batch: Batch, ids: Identifiers) -> Iterator[Message]:
        """Give the messages that `batch` leads to, in no order."""
        if batch.span != self._span:
            self._span = batch.span
            everyone = np.arange(len(self._fleet))
            self._status_due = self._has_status & ((batch.span + everyone) % self._status_days == 0)
            self._command_due = self._commanded.copy()
        yield from self._joins(batch, ids)
        yield from self._statuses(batch, ids)
        yield from self._acknowledgements(batch, ids)
        yield from self._commands(rng, batch)
        yield from self._logs(rng, batch, ids)

    def _joins(self, batch: Batch, ids: Identifiers) -> Iterator[Message]:
        for row in np.nonzero(batch.is_join)[0].tolist():
            d, at = int(batch.device[row]), int(batch.at[row])
            address = dev_addr(d, int(batch.session[row]))
            payload = _JOIN % (ids.of(row), _time(at), self._printer.info[d], address)
            yield at, event_topic(self._fleet, d, "join"), payload

    def _statuses(self, batch: Batch, ids: Identifiers) -> Iterator[Message]:
        rows = np.nonzero((batch.heard_by > 0) & self._status_due[batch.device])[0]
        devices, first = np.unique(batch.device[rows], return_index=True)
        self._status_due[devices] = False
        rows = rows[first]
        battery = self._printer.battery(devices, batch.at[rows])
        for d, row, level in zip(devices.tolist(), rows.tolist(), battery.tolist(), strict=True):
            wired = SERVICES[self._fleet.service[d]].external_power
            snr = self._fleet.mean_snr[d].max() - SNR_FLOOR_DB[self._fleet.spreading_factor[d] - 7]
            payload = _STATUS % (
                ids.of(row),
                _time(int(batch.at[row])),
                self._printer.info[d],
                int(np.clip(snr, -32, 31)),
                b"true" if wired else b"false",
                b"0.0" if wired else _LEVELS[max(1, int(254 * level))],
            )  # fmt: skip  (in the order of the template)
            yield int(batch.at[row]), event_topic(self._fleet, d, "status"), payload

    def _acknowledgements(self, batch: Batch, ids: Identifiers) -> Iterator[Message]:
        """Give an `ack` with the first frame heard after each confirmed downlink."""
        for d, (after, item, f_cnt_down) in list(self._owing.items()):
            rows = np.nonzero((batch.device == d) & (batch.heard_by > 0) & (batch.at > after))[0]
            if len(rows):
                del self._owing[d]
                row, at = int(rows[0]), int(batch.at[rows[0]])
                payload = _ACK % (ids.of(row), _time(at), self._printer.info[d], item, f_cnt_down)
                yield at, event_topic(self._fleet, d, "ack"), payload

    def _commands(self, rng: np.random.Generator, batch: Batch) -> Iterator[Message]:
        candidates = np.nonzero((batch.heard_by > 0) & self._command_due[batch.device])[0]
        evening = local_time(batch.at[candidates]).hour.astype(np.int64) == COMMAND_HOUR
        for row in candidates[evening].tolist():
            d, at = int(batch.device[row]), int(batch.at[row])
            if not self._command_due[d]:
                continue
            self._command_due[d] = False
            mine = batch.receptions.frame == row
            best = int(batch.receptions.gateway[mine][batch.receptions.rssi_dbm[mine].argmax()])
            item = str(uuid.UUID(bytes=rng.bytes(16), version=4)).encode()
            sf = int(self._fleet.spreading_factor[d])
            sent = at + _WAITING_FOR_ACK
            payload = _TXACK % (
                rng.integers(1, 1 << 32),
                _time(sent),
                self._printer.info[d],
                item,
                batch.span,
                self._fleet.gateways[best].gateway_id.encode(),
                CHANNELS_HZ[batch.channel[row]],
                sf,
            )  # fmt: skip  (in the order of the template)
            self._owing[d] = (sent, item, batch.span)
            yield sent, event_topic(self._fleet, d, "txack"), payload

    def _logs(self, rng: np.random.Generator, batch: Batch, ids: Identifiers) -> Iterator[Message]:
        again = (rng.uniform(0.0, 1.0, len(batch.at)) < RETRANSMISSIONS) & (batch.heard_by > 0)
        for row in np.nonzero(again)[0].tolist():
            d, at = int(batch.device[row]), int(batch.at[row]) + 3 * SECOND
            context = b'{"f_cnt_up":"%d","deduplication_id":"%b"}' % (batch.f_cnt[row], ids.of(row))
            payload = _LOG % (
                _time(at),
                self._printer.info[d],
                b"WARNING",
                b"UPLINK_F_CNT_RETRANSMISSION",
                b"Uplink was flagged as re-transmission / frame-counter did not increment",
                context,
            )  # fmt: skip  (in the order of the template)
            yield at, event_topic(self._fleet, d, "log"), payload
        for d in self._refused:  # its keys are wrong: it asks to join once a day, for ever
            at = batch.begin + (int(self._fleet.phase[d]) - batch.begin) % DAY
            if max(batch.begin, self._fleet.defects.installed_at[d]) <= at < batch.until:
                payload = _LOG % (
                    _time(at),
                    self._printer.info[d],
                    b"ERROR",
                    b"UPLINK_MIC",
                    b"Invalid MIC",
                    b"{}",
                )
                yield at, event_topic(self._fleet, d, "log"), payload
