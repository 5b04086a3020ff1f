"""The history, span by span: frames with their counters, losses and receptions, in global time order.

A span is a day at most. All draws of what happens come from one stream per span, so that counting a history
without printing it gives the same history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import DAY, SECOND, Bools, Ints
from lora_registry.simulate.fleet import WAYPOINTS, Fleet
from lora_registry.simulate.habits import Sendings, sendings
from lora_registry.simulate.radio import CHANNELS_HZ, Receptions, receive

BATCH = 8_192
"""Frames whose receptions are drawn at once: bounds memory whatever the size of the city."""
DAY_FADE_DB = 1.5
"""Leaves, rain, a parked lorry: what changes a place from one day to the next."""


class Outage(NamedTuple):
    """A gateway that hears nothing during [begin, until) ns."""

    gateway: int
    begin: int
    until: int


@dataclass(slots=True)
class State:
    """What carries over from one span to the next; columns of one entry per device."""

    at: int
    """ns: everything before has happened."""
    next_f_cnt: Ints
    sessions: Ints
    """Joins so far."""
    losing: Bools
    """In a burst of losses at the last frame."""
    turns: Ints
    """Event frames so far: a parking space is taken at odd ones."""

    @classmethod
    def initial(cls, devices: int, at: int) -> State:
        """Return the state of a city where nothing has happened by `at` (ns)."""
        zeros = np.zeros(devices, dtype=np.int64)
        return cls(at, zeros, zeros.copy(), zeros.astype(np.bool_), zeros.copy())

    def copy(self) -> State:
        """Return a state of its own: advancing one leaves the other alone."""
        return State(self.at, self.next_f_cnt.copy(), self.sessions.copy(), self.losing.copy(), self.turns.copy())


class Batch(NamedTuple):
    """Frames and joins in time order; one entry each, except `receptions` (of frames, by position here)."""

    begin: int
    until: int
    """The batch covers [begin, until) ns, batches follow on without a gap."""
    span: int
    """Number of the span it belongs to."""
    at: Ints
    device: Ints
    is_join: Bools
    f_cnt: Ints
    session: Ints
    turn: Ints
    channel: Ints
    waypoint: Ints
    """Where on its round a vehicle is; -1 for what stands still."""
    receptions: Receptions
    heard_by: Ints
    """Gateways that heard each frame; 0 for joins and lost frames."""


def batches(
    fleet: Fleet,
    seed: int,
    outages: tuple[Outage, ...],
    state: State,
    *,
    until: int | None,
    first_span: int = 0,
) -> Iterator[Batch]:
    """Advance `state` span by span up to `until` (ns; None: for ever) and give what happens."""
    span = first_span
    while until is None or state.at < until:
        stop = state.at + DAY if until is None else min(state.at + DAY, until)
        rng = np.random.default_rng([seed, 2, span])
        yield from _span(rng, fleet, outages, state, stop=stop, span=span)
        state.at = stop
        span += 1


def _span(
    rng: np.random.Generator, fleet: Fleet, outages: tuple[Outage, ...], state: State, *, stop: int, span: int
) -> Iterator[Batch]:
    sent = sendings(rng, fleet, state.at, stop)
    by_device = np.lexsort((sent.at, sent.device))
    sent = Sendings(sent.at[by_device], sent.device[by_device], sent.is_event[by_device], sent.is_join[by_device])
    f_cnt, session, turn = _count(state, sent)
    lost = _bursts(rng, fleet, state, sent)
    fade = rng.normal(0.0, DAY_FADE_DB, len(fleet))
    order = np.argsort(sent.at, kind="stable")
    begin = state.at
    for low in range(0, max(len(order), 1), BATCH):
        rows = order[low : low + BATCH]
        is_last = low + BATCH >= len(order)
        end = stop if is_last else int(sent.at[order[low + BATCH]])
        device, at = sent.device[rows], sent.at[rows]
        vehicle = fleet.first_waypoint[device]
        waypoint = np.where(vehicle >= 0, at // (300 * SECOND) % WAYPOINTS, -1)
        link = np.where(vehicle >= 0, vehicle + waypoint, device)
        usable = np.repeat(~(lost[rows] | sent.is_join[rows])[:, None], len(fleet.gateways), axis=1)
        for outage in outages:
            usable[(at >= outage.begin) & (at < outage.until), outage.gateway] = False
        receptions = receive(
            rng, fleet.mean_snr[link] + fade[device][:, None], fleet.spreading_factor[device], usable
        )
        yield Batch(
            begin,
            end,
            span,
            at,
            device,
            sent.is_join[rows],
            f_cnt[rows],
            session[rows],
            turn[rows],
            rng.integers(0, len(CHANNELS_HZ), len(rows)),
            waypoint,
            receptions,
            np.bincount(receptions.frame, minlength=len(rows)),
        )  # fmt: skip  (in the order of the fields)
        begin = end


def _count(state: State, sent: Sendings) -> tuple[Ints, Ints, Ints]:
    """Return frame counter, session and turn of each entry (sorted by device, then time); advances `state`.

    A join starts a session whose first frame has counter 0.
    """
    n = len(sent.at)
    if not n:
        return (np.zeros(0, dtype=np.int64),) * 3
    position = np.arange(n)
    opens = np.ones(n, dtype=np.bool_)
    opens[1:] = sent.device[1:] != sent.device[:-1]
    first: Ints = np.maximum.accumulate(np.where(opens, position, 0))
    anchor = np.maximum.accumulate(np.where(opens | sent.is_join, position, 0))
    f_cnt = position - anchor - sent.is_join[anchor]
    f_cnt += np.where(sent.is_join[anchor], 0, state.next_f_cnt[sent.device])
    session = state.sessions[sent.device] + _since(first, sent.is_join)
    turn = state.turns[sent.device] + _since(first, sent.is_event)
    closes = np.append(opens[1:], True)
    last: Ints = sent.device[closes]
    state.next_f_cnt[last] = f_cnt[closes] + 1
    state.sessions[last] = session[closes]
    state.turns[last] = turn[closes]
    return f_cnt, session, turn


def _since(first: Ints, flags: Bools) -> Ints:
    """Return how many `flags` each entry has seen since the first entry of its group, itself included."""
    total: Ints = np.cumsum(flags, dtype=np.int64)
    found: Ints = total - total[first] + flags[first]
    return found


def _bursts(rng: np.random.Generator, fleet: Fleet, state: State, sent: Sendings) -> Bools:
    """Return which frames are lost to bursts: one two-state Markov (Gilbert) chain per device.

    One uniform draw decides both states' next step: below P(start) the chain is lost whatever it was, above
    1 - P(end) it passes whatever it was, in between it stays. So the state is the last one forced.
    """
    draw = rng.uniform(0.0, 1.0, len(sent.at))
    start, end = fleet.burst_start[sent.device], fleet.burst_end[sent.device]
    to_loss: Bools = draw < start
    to_pass: Bools = draw > 1.0 - end
    opens = np.ones(len(draw), dtype=np.bool_)
    opens[1:] = sent.device[1:] != sent.device[:-1]
    forced = to_loss | to_pass | opens
    value: Bools = np.where(to_loss | to_pass, to_loss, state.losing[sent.device])
    if len(draw):
        value = value[np.maximum.accumulate(np.where(forced, np.arange(len(draw)), 0))]
        closes = np.append(opens[1:], True)
        state.losing[sent.device[closes]] = value[closes]
    return value
