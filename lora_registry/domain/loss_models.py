"""Three explanations of a device's lost messages, each with how well it explains them and what it expects next.

    independent   every message is lost with one probability, whatever became of the one before
    gilbert       a loss begins with one probability and goes on with another (E. N. Gilbert, 1960)
    overlaid      independent losses, and now and then a burst on top of them (a van in front of the antenna)

Which of them holds cannot be told from a few losses, and a wrong choice rings fifty times the budget: an average
of the three, weighted by how well each explains what was lost, is what `run_length` judges with. The data are
counts: how many gaps missed 0, 1, 2, ... messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, log1p
from typing import NamedTuple

from lora_registry.domain.beta_law import digamma, log_beta

MissCounts = Sequence[int]
"""How many gaps missed 0, 1, 2, ... messages; at least one gap."""

_UNKNOWN = (0.5, 0.5)
"""Jeffreys' prior of a probability."""
_GOES_ON = (1.0, 1.0)
"""Prior of "the burst goes on": anything is possible, and logs of real networks show 0.4 to 0.94 (science 2)."""
_BURST_BEGINS = (0.5, 20.0)
"""Overlaid bursts are rare by nature: what is frequent is explained without them."""
_ROUNDS = 40
_SETTLED = 0.01
_LIKELY_BURST = 0.9
_UNLIKELY_BURST = 0.05


class Branch(NamedTuple):
    """A way to miss messages: P(run >= m) = start * product over j < m - 1 of (again + j) / (again + stop + j).

    That is a geometric run whose probability of going on is itself known only as Beta(again, stop): the fewer runs
    were seen, the heavier the tail.
    """

    start: float
    again: float
    stop: float

    def log_chance(self, misses: float) -> float:
        """Return the logarithm of P(run >= `misses`), for misses >= 1."""
        more = misses - 1.0
        return (
            log(self.start)
            + lgamma(self.again + more)
            - lgamma(self.again)
            + lgamma(self.again + self.stop)
            - lgamma(self.again + self.stop + more)
        )


class Explained(NamedTuple):
    """One model after the data."""

    log_evidence: float
    """Logarithm of the probability that it gave to what was seen."""
    branches: tuple[Branch, ...]


def independent(counts: MissCounts) -> Explained:
    """Explain losses that know nothing of each other."""
    gaps, lost = float(sum(counts)), float(sum(m * n for m, n in enumerate(counts)))
    again, stop = _UNKNOWN[0] + lost, _UNKNOWN[1] + gaps
    return Explained(
        log_beta(again, stop) - log_beta(*_UNKNOWN), (Branch(again / (again + stop), again + 1.0, stop),)
    )


def gilbert(counts: MissCounts) -> Explained:
    """Explain losses of which each makes the next likelier."""
    gaps, lost = float(sum(counts)), float(sum(m * n for m, n in enumerate(counts)))
    runs = gaps - counts[0]
    begun, not_begun = _UNKNOWN[0] + runs, _UNKNOWN[1] + gaps - runs
    again, stop = _GOES_ON[0] + lost - runs, _GOES_ON[1] + runs
    evidence = log_beta(begun, not_begun) - log_beta(*_UNKNOWN) + log_beta(again, stop) - log_beta(*_GOES_ON)
    return Explained(evidence, (Branch(begun / (begun + not_begun), again, stop),))


def overlaid(counts: MissCounts) -> Explained:
    """Explain independent losses with bursts among them.

    Which run was a burst is unknown: variational Bayes (D. M. Blei et al., 2017) shares each out between the two
    causes, and its lower bound stands for the evidence. Without a run of two there is nothing to share out.
    """
    gaps = float(sum(counts))
    seen = [(float(m), float(n)) for m, n in enumerate(counts) if n]
    if seen[-1][0] <= 1.0:
        return _without_bursts(gaps, sum(m * n for m, n in seen))
    lost = sum(m * n for m, n in seen)
    # Begin with the runs that independent losses would hardly make once in so many gaps.
    longest = max(2.0, log(gaps + 1.0) / log1p((gaps + 0.5) / (lost + 0.5)))
    share = [0.0 if m == 0 else _LIKELY_BURST if m >= longest else _UNLIKELY_BURST for m, _ in seen]
    bound = float("-inf")
    for _ in range(_ROUNDS):
        laws = _laws(seen, share, gaps, lost)
        before, (bound, share) = bound, _shared_out(seen, laws)
        if bound - before < _SETTLED:
            break
    begins, loses, goes_on = laws
    bursts = begins[0] / sum(begins)
    alone = (1.0 - bursts) * loses[0] / sum(loses)
    return Explained(bound, (Branch(alone, loses[0] + 1.0, loses[1]), Branch(bursts, *goes_on)))


_Beta = tuple[float, float]


def _without_bursts(gaps: float, lost: float) -> Explained:
    again, stop = _UNKNOWN[0] + lost, _UNKNOWN[1] + gaps
    begins, not_begins = _BURST_BEGINS[0], _BURST_BEGINS[1] + gaps
    bursts = begins / (begins + not_begins)
    return Explained(
        log_beta(again, stop) - log_beta(*_UNKNOWN) + log_beta(begins, not_begins) - log_beta(*_BURST_BEGINS),
        (Branch((1.0 - bursts) * again / (again + stop), again + 1.0, stop), Branch(bursts, *_GOES_ON)),
    )


def _laws(
    seen: list[tuple[float, float]], share: list[float], gaps: float, lost: float
) -> tuple[_Beta, _Beta, _Beta]:
    """Return the posteriors of "a burst begins", "a message is lost alone" and "the burst goes on"."""
    bursts = sum(n * s for (_, n), s in zip(seen, share, strict=True))
    in_bursts = sum(m * n * s for (m, n), s in zip(seen, share, strict=True))
    return (
        (_BURST_BEGINS[0] + bursts, _BURST_BEGINS[1] + gaps - bursts),
        (_UNKNOWN[0] + lost - in_bursts, _UNKNOWN[1] + gaps - bursts),
        (_GOES_ON[0] + in_bursts - bursts, _GOES_ON[1] + bursts),
    )


def _shared_out(seen: list[tuple[float, float]], laws: tuple[_Beta, _Beta, _Beta]) -> tuple[float, list[float]]:
    """Return the lower bound of the log evidence, and for each length the share of its runs that are bursts."""
    (begins, not_begins), (loses, keeps), (goes_on, stops) = [_expected_logs(law) for law in laws]
    bound, share = 0.0, []
    for m, n in seen:
        alone = not_begins + keeps + m * loses
        if m == 0:
            bound += n * alone
            share.append(0.0)
            continue
        burst = begins + stops + (m - 1.0) * goes_on
        odds = min(max(burst - alone, -700.0), 700.0)
        bound += n * (alone + (odds + log1p(exp(-odds)) if odds > 0 else log1p(exp(odds))))
        share.append(1.0 / (1.0 + exp(-odds)))
    for law, prior in zip(laws, (_BURST_BEGINS, _UNKNOWN, _GOES_ON), strict=True):
        yes, no = _expected_logs(law)
        bound -= log_beta(*prior) - log_beta(*law) + (law[0] - prior[0]) * yes + (law[1] - prior[1]) * no
    return bound, share


def _expected_logs(law: _Beta) -> tuple[float, float]:
    both = digamma(law[0] + law[1])
    return digamma(law[0]) - both, digamma(law[1]) - both
