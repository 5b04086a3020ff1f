"""Whom the judgement finds, whom it wrongs, and whether its advice holds: on a city whose truth is known.

    python -m bench.usefulness.run --devices 1200 --seed 1

Everything goes the way of production: events, ingest, audit, judgement, in SQLite. The 30 days after the judgement
are then drawn from the same city and each advice is tried on them, by a computation of its own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from scipy import stats
from sqlalchemy import Engine, select

from bench.usefulness.city import END, LEARNT_DAYS, UNREAD, Truth, city, reads
from lora_registry import wiring
from lora_registry.pipeline.backfill import CaptureSource
from lora_registry.pipeline.garbage import few_collections
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.pipeline.import_usage import import_usage
from lora_registry.pipeline.judge_usefulness import in_words, judge_usefulness
from lora_registry.pipeline.rescore import rescore
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.settings import Settings
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine, reading
from lora_registry.store.scores import DeviceUsefulness
from lora_registry.usefulness import cadence
from lora_registry.usefulness.facts import Facts, decoded
from lora_registry.usefulness.information import judged_channels
from lora_registry.usefulness.lines import WEIGHTS
from lora_registry.usefulness.score import score, shares

_ZONE = ZoneInfo("Europe/Paris")
_FAULTS = ("constant", "stuck", "twin", "over_reports", "wastes_airtime", "silent", "unread")
_SENTINELS = ("fuites-batiments", "crues")
_SEASONAL = "arrosage"
_DRAWS = 1000


def main() -> None:
    """Make a city, judge it, compare."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--devices", type=int, default=1200)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    made, truth = city(given.seed, given.devices)
    lines = made.lines()
    with tempfile.TemporaryDirectory(prefix="usefulness-") as folder:
        engine = make_engine(f"sqlite:///{folder}/registry.sqlite")
        migrations.upgrade(engine)
        file = Path(folder) / "registry.json"
        file.write_text(json.dumps(made.registry()), encoding="utf-8")
        import_registry(engine, file, now=END - timedelta(days=LEARNT_DAYS))
        spent = time.monotonic()
        until = END.isoformat().replace("+00:00", "").encode()
        source = CaptureSource(takewhile(lambda line: _received(line) < until, lines), read_at=END)
        with few_collections():
            wiring.live_ingest(Settings(batch_size=5000), engine, source, lambda: END).run(stop=lambda: False)
        print(f"ingest {time.monotonic() - spent:.0f} s")
        import_usage(engine, reads(END.date()), by="bench", now=END)
        run_audit(engine, now=END, clock=lambda: END, zone=_ZONE)
        spent = time.monotonic()
        said = judge_usefulness(engine, clock=lambda: END, zone=_ZONE)
        print(f"judged {said.objects} objects in {time.monotonic() - spent:.1f} s; {in_words(said)}")
        again = rescore(engine)
        print(f"rescored from the snapshot: {again.same} the same bytes, {len(again.differing)} not")
        judged = _judged(engine)
    _print_faults(judged, truth)
    _print_wronged(judged, truth)
    _print_weights([facts for facts, _ in judged.values()])
    _print_advice(judged, lines)


def _received(line: bytes) -> bytes:
    """Return when a line was received, as its text: ISO 8601 sorts."""
    place = line.index(b'"received_at":"') + 15
    return line[place : place + 19]


Judged = dict[str, tuple[Facts, dict[str, Any]]]


def _judged(engine: Engine) -> Judged:
    with reading(engine) as connection:
        query = select(DeviceUsefulness.dev_eui, DeviceUsefulness.facts, DeviceUsefulness.told)
        return {str(eui): (decoded(facts), told) for eui, facts, told in connection.execute(query)}


def _true_faults(eui: str, told: Truth, facts: Facts, twins: set[str]) -> set[str]:
    """Return what is really wrong with an object, as far as the registry knows what it is for."""
    found = set()
    if told.fault in ("constant", "stuck", "over_reports", "wastes_airtime"):
        found.add(told.fault)
    if eui in twins:
        found.add("twin")
    if told.service == UNREAD and told.is_registered:
        found.add("unread")
    if told.fault in ("dead", "flat_battery") and (facts.radio.silent_days or 0) >= 30:
        found.add("silent")
    return found


def _print_faults(judged: Judged, truth: dict[str, Truth]) -> None:
    twins = {eui for eui, told in truth.items() if told.twin} | {told.twin for told in truth.values() if told.twin}
    print("\n| fault | there | of these judged | found | precision | recall |\n|---|---|---|---|---|---|")
    for fault in _FAULTS:
        there = {eui for eui, told in truth.items() if fault in _true_faults(eui, told, judged[eui][0], twins)}
        can = {eui for eui in there if _can_be_judged(fault, judged[eui][0])}
        # "other" at SF12 is the simulation's own: neither clearly an abuse nor clearly none.
        found = {
            eui
            for eui, (_, told) in judged.items()
            if fault in told["defects"] and not _is_edge(fault, truth[eui])
        }
        right = len(found & there)
        precision = f"{right / len(found):.3f}" if found else "-"
        recall = f"{len(found & can) / len(can):.3f}" if can else "-"
        print(f"| {fault} | {len(there)} | {len(can)} | {len(found)} | {precision} | {recall} |")
        for eui in sorted((found - there) | (can - found)):
            print(f"    {eui} {truth[eui]} {judged[eui][1]['defects']}")
    proposed = {eui for eui, (facts, _) in judged.items() if facts.neighbours.proposed}
    both = [eui for eui, told in truth.items() if told.twin is not None and {eui, told.twin} <= proposed]
    print(f"both twins proposed: {len(both)} pairs")


def _is_edge(fault: str, told: Truth) -> bool:
    return fault == "wastes_airtime" and told.fault == "other"


def _can_be_judged(fault: str, facts: Facts) -> bool:
    if fault in ("constant", "stuck"):
        return facts.information.reason is None
    if fault == "twin":
        return facts.neighbours.reason is None
    if fault == "wastes_airtime":
        return facts.radio.airtime_waste is not None
    if fault == "over_reports":
        return facts.radio.need_period_s is not None
    return True


def _print_wronged(judged: Judged, truth: dict[str, Truth]) -> None:
    sentinels = [judged[eui] for eui, told in truth.items() if told.service in _SENTINELS]
    constant = sum("constant" in told["defects"] for _, told in sentinels)
    print(f"\nsentinels: {len(sentinels)}, called constant: {constant}")
    seasonal = [judged[eui] for eui, told in truth.items() if told.service == _SEASONAL and told.is_registered]
    asleep = {"delivery", "availability", "airtime"}
    lost = sum(
        line["of"] - line["high"] for _, told in seasonal for line in told["lines"] if line["name"] in asleep
    )
    print(f"out of season: {len(seasonal)}, points lost for being so: {lost}, faults: {_faults(seasonal)}")
    healthy = [
        judged[eui]
        for eui, told in truth.items()
        if told.fault is None and told.is_registered and told.service != UNREAD
    ]
    print(f"healthy: {len(healthy)}, faults: {_faults(healthy)}")
    nobody = [judged[eui] for eui, told in truth.items() if not told.is_registered]
    blamed = sum(
        line["high"] < line["of"]
        for _, told in nobody
        for line in told["lines"]
        if line["part"] in ("use", "information", "uniqueness")
    )
    print(f"of whom nobody said anything: {len(nobody)}, lines of what is unknown that cost a point: {blamed}")
    closed = [facts for facts, _ in judged.values() if facts.information.reason is not None]
    costs = sum(
        line.high < line.of for facts in closed for line in score(facts).lines
        if line.part == "information" and facts.use.family not in ("sentinel", "actuator")
    )  # fmt: skip
    print(f"values not judged: {len(closed)}, information lines that cost a point: {costs}")
    exact = sum(
        told["low"] == sum(line["low"] for line in told["lines"])
        and told["high"] == sum(line["high"] for line in told["lines"])
        for _, told in judged.values()
    )
    print(f"score is the sum of its lines: {exact} of {len(judged)}")


def _faults(judged: Iterable[tuple[Facts, dict[str, Any]]]) -> dict[str, int]:
    return dict(Counter(defect for _, told in judged for defect in told["defects"]))


def _print_weights(facts: list[Facts]) -> None:
    """Draw the weights anew, each within 20 %, and compare the order of the objects."""
    rng = np.random.default_rng(7)
    table = np.array([[(share.low + share.high) / 2 for share in shares(one)] for one in facts])
    base = np.array(list(WEIGHTS.values()), dtype=np.float64)
    as_is = table @ base
    worst = set(np.argsort(as_is, kind="stable")[: len(facts) // 10].tolist())
    agreement, overlap = [], []
    for _ in range(_DRAWS):
        drawn = base * rng.uniform(0.8, 1.2, len(base))
        ranked = table @ (100 * drawn / drawn.sum())
        agreement.append(stats.kendalltau(as_is, ranked).statistic)
        other = set(np.argsort(ranked, kind="stable")[: len(facts) // 10].tolist())
        overlap.append(len(worst & other) / len(worst | other))
    low = np.quantile(agreement, 0.05)
    print(
        f"\nweights within 20 %, {_DRAWS} draws: Kendall's tau {np.mean(agreement):.3f} on average, {low:.3f} in "
        f"95 %, {min(agreement):.3f} at worst; worst tenth the same by Jaccard {np.mean(overlap):.3f}"
    )


def _print_advice(judged: Judged, lines: Iterator[bytes]) -> None:
    """Try each advice by content on the 30 days that follow."""
    advised = {}
    for eui, (facts, _) in judged.items():
        told = cadence.advice(facts)
        if told is not None and told.missed is not None:
            advised[eui] = (told.every, facts)
    values = _values(lines, advised.keys())
    held = tried = 0
    by_every: dict[int, list[float]] = defaultdict(list)
    for eui, (every, facts) in advised.items():
        missed = [
            _missed(values[eui][one.name], every, one.tolerance or 0.0)
            for one in judged_channels(facts.information, facts.use.family)
            if len(values[eui].get(one.name, ())) >= 5 * every
        ]
        if missed:
            tried += 1
            held += max(missed) <= 0.05
            by_every[every].append(max(missed))
    print(
        f"\nadvice on cadence: {len(advised)} objects, tried on the next 30 days: {tried}, held by {held} "
        f"({held / max(tried, 1):.3f})"
    )
    for every, found in sorted(by_every.items()):
        mean, most = np.mean(found), max(found)
        print(f"    one in {every}: {len(found)} objects, values missed {mean:.4f} on average, at most {most:.4f}")


def _values(lines: Iterator[bytes], wanted: Collection[str]) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Return (Unix time, value) of each channel of some objects."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if b"/event/up" not in line:
            continue
        payload = json.loads(line)["payload"]
        eui = payload["deviceInfo"]["devEui"]
        if eui not in wanted:
            continue
        at_s = datetime.fromisoformat(payload["time"][:19]).replace(tzinfo=UTC).timestamp()
        for name, value in payload.get("object", {}).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found[eui][name].append((at_s, float(value)))
    return found


def _missed(series: list[tuple[float, float]], every: int, delta: float) -> float:
    """Return the share of values that keeping one in `every` would miss, over all phases."""
    at, value = np.array(sorted(series)).T
    missed = []
    for phase in range(every):
        kept = np.zeros(len(at), dtype=bool)
        kept[phase::every] = True
        inside = (at >= at[kept][0]) & (at <= at[kept][-1])
        drawn = np.interp(at[inside], at[kept], value[kept])
        missed.append(np.mean(np.abs(drawn - value[inside]) > delta * (1 + 1e-6)))
    return float(np.mean(missed))


if __name__ == "__main__":
    main()
