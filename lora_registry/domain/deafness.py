"""When we were deaf, read from what we do have: absences, counters that jump, gateways that fall silent.

Pure arithmetic on epoch seconds. A first start is no outage, nor is a message that came without guarantee (QoS 0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lora_registry.domain import intervals
from lora_registry.domain.intervals import Spans
from lora_registry.domain.outage import Cause, Deaf

SHORTEST_S = 600.0
"""Shorter stretches are no outage: a restart, a broker's update."""
MEMBER_FORGOTTEN_S = 7 * 86400.0
"""A member of a group that stays away this long has left it: the broker forgets its share (the default of
LORA_REGISTRY_MQTT_SESSION_EXPIRY_S)."""
BIN_S = 600
"""Counters are compared per bin of ten minutes."""
FEWEST_DEVICES = 5
"""Fewer devices that jump at once may share a place, not a deafness."""
FEWEST_GATEWAYS = 2
"""One gateway that falls silent is a silent gateway."""
_HALF = 0.5
# Chernoff: P(at least m of n lost | usual share p) <= exp(-n KL(m/n || p)); e^-20 is 2 in a thousand million.
_SURE_NATS = 20.0
_LEAST_USUAL_LOSS = 0.02
_LARGEST_JUMP = 16_384  # as domain.history: beyond it, another session


class Heard(NamedTuple):
    """What came in one bin: its start (epoch seconds), uplinks, and the devices they came from."""

    start_s: float
    uplinks: int
    devices: int


class Hole(NamedTuple):
    """Two consecutive uplinks of one device and session, epoch seconds, and how many frames miss between them."""

    device: int
    since_s: float
    until_s: float
    missing: int


def absences(
    everyone: Spans, members: Mapping[str, Spans], history: Mapping[str, Spans], now_s: float
) -> list[Deaf]:
    """Return when nobody listened, or not every member of a group, and no late history covers it.

    `everyone` are the connected times of listeners that hear everything; `members` those of each listener that
    hears a share; `history` what late events vouch for, by member (the empty name: whatever was read as a whole).
    """
    anyone = intervals.union(everyone, *members.values())
    whole = history.get("", intervals.EMPTY)
    told = intervals.union(whole, *history.values())
    found = [
        Deaf(Cause.NOT_LISTENING, start, end, {})
        for start, end in _holes(anyone, told, now_s=now_s, forgotten_s=np.inf)
    ]
    if len(members) > 1:
        for name, spans in sorted(members.items()):
            covered = intervals.union(whole, everyone, history.get(name, intervals.EMPTY))
            # What nobody heard is told above.
            nobody = intervals.difference(np.array([[-np.inf, np.inf]]), anyone)
            found += [
                Deaf(Cause.MEMBER_AWAY, start, end, {"member": name})
                for start, end in _holes(
                    spans,
                    intervals.union(covered, nobody),
                    now_s=now_s,
                    forgotten_s=MEMBER_FORGOTTEN_S,
                )
            ]
    return found


def _holes(
    listened: Spans, covered: Spans, *, now_s: float, forgotten_s: float
) -> Iterable[tuple[float, float | None]]:
    """Yield the stretches between `listened` that nothing covers; the last may still last (None)."""
    if len(listened) == 0:
        return
    inner = intervals.difference(np.array([[listened[0, 0], listened[-1, 1]]]), listened)
    for start, end in intervals.difference(inner, covered):
        if end - start >= SHORTEST_S:
            yield float(start), float(end)
    last_s = float(listened[-1, 1])
    until_s = min(now_s, last_s + forgotten_s)
    open_ = intervals.difference(np.array([[last_s, max(until_s, last_s)]]), covered)
    for start, end in open_:
        if end - start >= SHORTEST_S:
            yield float(start), None if end == now_s else float(end)


def jumps(heard: Sequence[Heard], holes: Sequence[Hole]) -> list[Deaf]:
    """Return when most devices' counters jump at once: messages were sent that never reached us.

    The frames that miss in a hole are taken as evenly spread in it. A run of bins is an outage when more than half
    of what was sent in it is missing, from at least `FEWEST_DEVICES` and from at least half of those concerned,
    and the usual loss cannot explain it. Bins in which nothing was sent end no run.
    """
    counted = [hole for hole in holes if 0 < hole.missing < _LARGEST_JUMP]
    if not counted:
        return []
    at_s, device = _missing_frames(counted)
    bins, index = np.unique(np.floor(at_s / BIN_S).astype(np.int64), return_inverse=True)
    received = {int(one.start_s // BIN_S): one for one in heard}
    total_heard = sum(one.uplinks for one in heard)
    usual = max(_LEAST_USUAL_LOSS, len(at_s) / (len(at_s) + total_heard))
    lost = np.bincount(index, minlength=len(bins))
    share = {
        int(b): n / (n + (received[int(b)].uplinks if int(b) in received else 0))
        for b, n in zip(bins, lost, strict=True)
    }
    found = []
    for first, last in _runs(sorted(share.keys() | received.keys()), share):
        inside = (at_s >= first * BIN_S) & (at_s < (last + 1) * BIN_S)
        missing, devices = int(inside.sum()), len(np.unique(device[inside]))
        came = [received[b] for b in range(first, last + 1) if b in received]
        uplinks, heard_from = sum(one.uplinks for one in came), sum(one.devices for one in came)
        if (
            devices >= FEWEST_DEVICES
            and devices >= _HALF * (devices + heard_from)
            and _surprise_nats(missing, uplinks, usual) >= _SURE_NATS
        ):
            evidence = {"devices": devices, "missing": missing, "received": uplinks, "usual_loss": round(usual, 3)}
            found.append(Deaf(Cause.COUNTERS_JUMP, float(first * BIN_S), float((last + 1) * BIN_S), evidence))
    return found


def _missing_frames(holes: Sequence[Hole]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return when each missing frame was sent, (n,) epoch seconds, and by which device, (n,)."""
    columns = np.array([(hole.since_s, hole.until_s, hole.missing) for hole in holes], dtype=np.float64)
    missing = columns[:, 2].astype(np.int64)
    rows = np.repeat(np.arange(len(holes)), missing)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(missing) - missing, missing) + 1
    step_s = (columns[:, 1] - columns[:, 0]) / (missing + 1)
    return columns[rows, 0] + rank * step_s[rows], np.array([hole.device for hole in holes], dtype=np.int64)[rows]


def _runs(bins: Sequence[int], share: Mapping[int, float]) -> Iterable[tuple[int, int]]:
    """Yield first and last bin of each run in which more than half is missing; empty bins are not in `bins`."""
    run: list[int] = []
    for number in bins:
        if share.get(number, 0.0) > _HALF:
            run.append(number)
        elif run:
            yield run[0], run[-1]
            run = []
    if run:
        yield run[0], run[-1]


def _surprise_nats(missing: int, received: int, usual: float) -> float:
    """Return n KL(missing share || usual share): how little chance explains (Chernoff's bound)."""
    n = missing + received
    share = missing / n
    if share <= usual:
        return 0.0
    rest = (1 - share) * np.log((1 - share) / (1 - usual)) if share < 1 else 0.0
    return float(n * (share * np.log(share / usual) + rest))


def silences(life: Iterable[tuple[float, float | None]], *, gateways: int, threshold_s: float) -> list[Deaf]:
    """Return the stretches in which no gateway that sends statistics sent any, and no device was heard either.

    `life` are stretches between consecutive signs of life of a network, epoch seconds, None for one that lasts.
    Statistics alone that stop (somebody turned them off) while uplinks come are no outage.
    """
    if gateways < FEWEST_GATEWAYS:
        return []
    return [
        Deaf(Cause.GATEWAYS_GONE, start, end, {"gateways": gateways})
        for start, end in life
        if end is None or end - start >= threshold_s
    ]


def outside(found: Iterable[Deaf], told: Spans) -> list[Deaf]:
    """Return `found` without the times that are told already; what remains short is left out."""
    kept = []
    for one in found:
        if one.ended_s is None:
            kept.append(one)
            continue
        for start, end in intervals.difference(np.array([[one.started_s, one.ended_s]]), told):
            if end - start >= SHORTEST_S:
                kept.append(Deaf(one.cause, float(start), float(end), one.evidence))
    return kept


def spans(found: Iterable[Deaf], now_s: float) -> Spans:
    """Return the times of `found`; one that lasts ends at `now_s`."""
    return intervals.normalise(
        [(one.started_s, max(one.started_s, now_s if one.ended_s is None else one.ended_s)) for one in found]
    )
