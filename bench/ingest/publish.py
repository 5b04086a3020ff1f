"""Publishes a written stretch at QoS 1, cheaply: packets as they are, confirmations only counted.

    python bench/ingest/publish.py FILE PORT [RATE]

Prints JSON: [[monotonic seconds, messages handed to the broker so far], ...], once all are confirmed.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from pathlib import Path

_CHUNK = 100
_UNCONFIRMED = 10_000
_CONNECT = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x00\x00\x07loadgen"
_CONFIRMATION = 4


def _packets(path: Path) -> list[bytes]:
    data, packets, place = path.read_bytes(), [], 0
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        packets.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    return packets


def main(path: Path, port: int, rate: float | None) -> list[tuple[float, int]]:
    """Publish all; return when how many were out."""
    packets = _packets(path)
    confirmed = sent = 0
    told: list[tuple[float, int]] = []
    with socket.create_connection(("127.0.0.1", port)) as broker:
        broker.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        broker.sendall(_CONNECT)
        broker.recv(4)
        begun, pending = time.monotonic(), 0
        told.append((begun, 0))
        while confirmed < len(packets):
            chunk = packets[sent : sent + _CHUNK]
            if chunk and sent - confirmed < _UNCONFIRMED:
                if rate is not None:
                    time.sleep(max(0.0, begun + sent / rate - time.monotonic()))
                broker.sendall(b"".join(chunk))
                sent += len(chunk)
                told.append((time.monotonic(), sent))
            waiting, _, _ = select.select(
                [broker], [], [], 0.0 if chunk and sent - confirmed < _UNCONFIRMED else 1.0
            )
            if waiting:
                pending += len(broker.recv(1 << 16))
            confirmed, pending = confirmed + pending // _CONFIRMATION, pending % _CONFIRMATION
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else None)))
