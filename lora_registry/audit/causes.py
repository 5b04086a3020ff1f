"""Why devices fell silent together: a gateway, what carries it, the network server, an application, a batch.

A noisy-OR search (science note, 3.3): every silence has an explanation of its own, by chance or because the device
died, and a shared cause is believed when it explains the silences together far better than that. One after the
other, the best first; what one explains is no longer there for the next to explain. Pure: from a `Summary` of the
whole fleet, however it was split.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import log
from typing import NamedTuple

import numpy as np

from lora_registry.audit.cause_evidence import Cause, CauseKind, Flags, Floats, Ints, Summary, Totals
from lora_registry.domain.run_length import GRACE, missed

_DEATHS_PER_S = 0.05 / (365.25 * 86_400.0)
"""One device in twenty stops for good in a year, of itself."""
_SURELY_DEAD = 0.5
_ENOUGH = log(20.0)
"""How much better than chance, as a logarithm, the whole must be explained."""
_MUTE = -log(1e-6)
"""Receptions missing, of a cause that nothing came through: by chance once in a million."""
_MOST_FROM_ONE = 5.0
_FEWEST = 3
"""Two that fall silent in one hour are two visits at worst; a gateway that stopped reporting needs none."""
_FEWEST_OF_BATCH = 3
_EXPLAINED = log(2.0)
_JITTER = 0.02
"""Share of a period: a message due at the very moment that a cause failed was missed before it."""
_PRIORS = {
    CauseKind.GATEWAY: 1e-2,  # down three or four days a year
    CauseKind.BACKHAUL: 1e-3,
    CauseKind.NETWORK: 1e-3,
    CauseKind.APPLICATION: 1e-3,
    CauseKind.BATCH: 1e-3,
}
_WIDEST_FIRST = (
    CauseKind.NETWORK, CauseKind.BACKHAUL, CauseKind.GATEWAY, CauseKind.APPLICATION, CauseKind.BATCH,
)  # fmt: skip
"""Of two that explain the same equally well, the wider is believed."""
_REPORTING, _NOT_REPORTING = 1e-4, 0.5
"""Of a gateway that goes on sending statistics, and of one that has stopped."""


class GatewayKnown(NamedTuple):
    """What is known of a gateway beside what it hears."""

    reporting: bool | None = None
    """It goes on sending statistics; None for one that never sent any."""
    backhaul: str = ""
    """What carries it, with others: an operator's link, a site; "" where unknown."""
    last_s: float | None = None
    """When anything was last heard through it, epoch seconds; None: as far as the links tell."""
    age_s: float | None = None
    """Watched seconds since."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One shared cause with the devices whose silence it explains."""

    cause: Cause
    since_s: float
    """Epoch seconds; since anything was last heard through it (a batch: since its first device fell silent)."""
    silent_s: float
    """Watched seconds since."""
    devices: tuple[int, ...]
    """Stored DevEUIs, ascending: no findings of their own."""
    members: int
    expected: float
    """Uplinks that should have come through it since."""
    gain: float
    """How much better than by chance, as a natural logarithm, prior included."""


@dataclass(frozen=True, slots=True)
class Causes:
    """What was found."""

    incidents: tuple[Incident, ...] = ()
    explained: Mapping[int, Cause] = field(default_factory=dict)
    """Stored DevEUI -> its cause."""


def _as_known(total: Totals, known: GatewayKnown | None) -> Totals:
    """Return a gateway's totals with what is known of it beside its links."""
    if known is None or known.last_s is None or known.age_s is None:
        return total
    return replace(total, last_s=max(total.last_s, known.last_s), age_s=min(total.age_s, known.age_s))


class _Candidate(NamedTuple):
    cause: Cause
    totals: Totals
    rows: Ints
    """Quiet devices that it might explain."""
    log_likelihood: Floats
    """Of their silence, if it failed."""
    log_prior: float
    share: Floats
    """Of their uplinks, what comes through the cause."""


def find_causes(summary: Summary, gateways: Mapping[str, GatewayKnown]) -> Causes:
    """Return the incidents, the best explained first; `gateways` by the names that links use."""
    search = _Search(summary, gateways)
    incidents: list[Incident] = []
    explained: dict[int, Cause] = {}
    while (best := search.best()) is not None:
        incident = search.take(*best)
        incidents.append(incident)
        explained.update(dict.fromkeys(incident.devices, incident.cause))
    return Causes(tuple(incidents), explained)


class _Search:
    """The quiet devices with their best explanation so far, and the causes not taken yet."""

    def __init__(self, summary: Summary, gateways: Mapping[str, GatewayKnown]) -> None:
        self.quiet, self.links = summary.quiet, summary.links
        died = np.log(np.minimum(_DEATHS_PER_S * self.quiet.age_s, _SURELY_DEAD))
        self.own = np.logaddexp(self.quiet.log_chance, died)
        self.taken = False
        self.free: Flags = np.ones(len(self.quiet), dtype=np.bool_)
        networks = [one for cause, one in summary.totals.items() if cause.kind is CauseKind.NETWORK]
        self.alive_s = min((one.age_s for one in networks), default=0.0)
        """Watched seconds since anything at all was heard."""
        self.fleet = (summary.devices, int(np.count_nonzero(self.quiet.silent)))
        totals = {cause: _as_known(one, gateways.get(cause.key)) if cause.kind is CauseKind.GATEWAY else one
                  for cause, one in summary.totals.items()}  # fmt: skip
        self.open = sorted(
            [*self._total(totals), *self._by_gateway(totals, gateways)],
            key=lambda one: (_WIDEST_FIRST.index(one.cause.kind), one.cause.key),
        )
        self.batches = {cause: one for cause, one in summary.totals.items() if cause.kind is CauseKind.BATCH}

    def best(self) -> tuple[float, _Candidate] | None:
        """Return the cause that gains most, if any gains enough."""
        scored = [(self._score(one), one) for one in (*self.open, *self._partial())]
        found = [(score, one) for score, one in scored if score > _ENOUGH]
        return max(found, key=lambda pair: pair[0], default=None)

    def take(self, gain: float, one: _Candidate) -> Incident:
        """Attach to a cause what it explains."""
        better = one.log_likelihood - self.own[one.rows] > _EXPLAINED
        rows = one.rows[better & self.free[one.rows]]
        self.own[one.rows] = np.maximum(self.own[one.rows], one.log_likelihood)
        self.free[rows] = False
        self.taken = True
        self.open = [other for other in self.open if other.cause != one.cause]
        self.batches.pop(one.cause, None)
        since_s, silent_s = one.totals.last_s, one.totals.age_s
        if one.cause.kind is CauseKind.BATCH:
            since_s, silent_s = float(self.quiet.last_s[rows].min()), float(self.quiet.age_s[rows].max())
        return Incident(
            cause=one.cause,
            since_s=since_s,
            silent_s=silent_s,
            devices=tuple(np.sort(self.quiet.dev_eui[rows]).tolist()),
            members=one.totals.members,
            expected=one.totals.expected(silent_s),
            gain=gain,
        )

    def _score(self, one: _Candidate) -> float:
        """Return what believing in a cause gains, prior included; minus infinity where too few speak for it."""
        gains = np.maximum(one.log_likelihood - self.own[one.rows], 0.0)[self.free[one.rows]]
        gain = float(gains.sum()) + one.log_prior
        if one.cause.kind is CauseKind.BATCH:
            return gain
        enough = np.count_nonzero(gains > _EXPLAINED) >= _FEWEST or one.log_prior >= log(_NOT_REPORTING)
        missing = self._missing(one) + one.log_prior if self._missing(one) > _MUTE else float("-inf")
        return max(gain if enough else float("-inf"), missing)

    def _missing(self, one: _Candidate) -> float:
        """Return the receptions that are missing while others were heard, but for devices explained already."""
        if one.cause.kind is CauseKind.NETWORK and self.taken:
            return 0.0  # what was found explains it: a town of one gateway is silent with it
        alive_s = 0.0 if one.cause.kind is CauseKind.NETWORK else self.alive_s
        silent_s = one.totals.age_s - alive_s
        explained = ~self.free[one.rows]
        theirs = np.minimum(self.quiet.per_s[one.rows] * max(silent_s, 0.0), _MOST_FROM_ONE)[explained]
        certain = one.totals.missing(silent_s, most=_MOST_FROM_ONE) - float(theirs.sum())
        return max(certain, self._overdue(one, one.totals.age_s))

    def _overdue(self, one: _Candidate, age_s: float) -> float:
        """Return the receptions that are missing by when each quiet device last spoke.

        Of those that were in time when the cause failed, `age_s` ago: who missed one before died before.
        """
        rows = one.rows[self.free[one.rows]]
        waited_s, due_s = self.quiet.age_s[rows], self.quiet.due_s[rows]
        fresh = (due_s > 0) & (waited_s - age_s <= due_s)
        period_s = np.where(fresh, due_s, 1.0) / (1.0 + GRACE)
        misses = np.where(fresh, missed(waited_s / period_s, 1.0), 0.0)
        return float((np.minimum(misses, _MOST_FROM_ONE) * one.share[self.free[one.rows]]).sum())

    def _before(self, rows: Ints, age_s: float) -> Floats:
        """Return the log chance of the part of silences that came before a cause failed, `age_s` ago.

        A timer's silence is the messages missed: those due before count, in proportion. Events are due any time.
        """
        waited_s, period_s = self.quiet.age_s[rows], self.quiet.due_s[rows] / (1.0 + GRACE)
        earlier_s = np.maximum(waited_s - age_s, 0.0)
        per_s = 1.0 / np.where(period_s > 0, period_s, waited_s)
        misses = np.where(period_s > 0, np.maximum(np.floor(waited_s * per_s - GRACE), 1.0), 1.0)
        due = np.where(period_s > 0, np.floor(earlier_s * per_s + _JITTER), earlier_s * per_s)
        before: Floats = self.quiet.log_chance[rows] * np.minimum(due / misses, 1.0)
        return before

    def _total(self, totals: Mapping[Cause, Totals]) -> Iterator[_Candidate]:
        """Yield network servers and applications: if one fails nothing of its devices is heard."""
        columns = {CauseKind.NETWORK: self.quiet.network, CauseKind.APPLICATION: self.quiet.application}
        for cause, total in totals.items():
            if cause.kind in columns:
                rows = np.flatnonzero(columns[cause.kind] == cause.key)
                before = self._before(rows, total.age_s)
                yield _Candidate(cause, total, rows, before, log(_PRIORS[cause.kind]), np.ones(len(rows)))

    def _by_gateway(
        self, totals: Mapping[Cause, Totals], gateways: Mapping[str, GatewayKnown]
    ) -> Iterator[_Candidate]:
        """Yield gateways, and what carries several: who is heard by others as well goes on being heard."""
        groups: dict[str, list[str]] = {}
        for cause, total in totals.items():
            if cause.kind is not CauseKind.GATEWAY:
                continue
            known = gateways.get(cause.key, GatewayKnown())
            if known.backhaul:
                groups.setdefault(known.backhaul, []).append(cause.key)
            prior = {True: _REPORTING, False: _NOT_REPORTING, None: _PRIORS[CauseKind.GATEWAY]}[known.reporting]
            yield self._fallen(cause, total, [cause.key], log(prior))
        for backhaul, names in groups.items():
            if len(names) > 1:
                together = Totals()
                for name in names:
                    together.add(totals[Cause(CauseKind.GATEWAY, name)])
                cause = Cause(CauseKind.BACKHAUL, backhaul)
                yield self._fallen(cause, together, names, log(_PRIORS[CauseKind.BACKHAUL]))

    def _fallen(self, cause: Cause, total: Totals, names: list[str], log_prior: float) -> _Candidate:
        inside = np.isin(self.links.gateway, names)
        rows = np.unique(self.links.device[inside])
        alone = np.bincount(self.links.device[inside], self.links.alone[inside], len(self.quiet))
        outside = np.bincount(
            self.links.device[~inside],
            np.log1p(-np.minimum(self.links.heard[~inside], 1.0 - 1e-9)),
            len(self.quiet),
        )
        # Heard by others: what is not heard by these alone; of several together, also by the others' shares.
        others = np.minimum(1.0 - np.minimum(alone, 1.0), 1.0 - np.exp(outside))[rows]
        since_s = np.minimum(self.quiet.age_s[rows], total.age_s)
        likelihood = self._before(rows, total.age_s) - self.quiet.per_s[rows] * others * since_s
        share = np.bincount(self.links.device[inside], self.links.heard[inside], len(self.quiet))[rows]
        return _Candidate(cause, total, rows, likelihood, log_prior, np.minimum(share, 1.0))

    def _partial(self) -> Iterator[_Candidate]:
        """Yield batches: some of their devices fall silent, at no common time, others go on."""
        fleet, silent = self.fleet
        for cause in sorted(self.batches):
            total = self.batches[cause]
            rows = np.flatnonzero((self.quiet.batch == cause.key) & self.quiet.silent & self.free)
            failed, members = len(rows), total.members
            usual = (silent - failed + 0.5) / max(fleet - members + 1.0, 1.0)
            share = (failed + 0.5) / (members + 1.0)
            if failed < _FEWEST_OF_BATCH or share <= usual:
                continue
            spared = (members - failed) * log((1.0 - share) / (1.0 - min(usual, 0.99)))
            cost = spared - 0.5 * log(members) + log(_PRIORS[CauseKind.BATCH])
            # Each death gains what this batch dies more than others, whatever else might explain it.
            own = self.own[rows]
            likelihood = own + log(share) - np.maximum(own, log(usual))
            yield _Candidate(cause, total, rows, likelihood, cost, np.ones(len(rows)))
