"""Say when the auditor would have alarmed on a history, knowing at each instant only the past.

The honest way to try the silence test on recorded devices: each alone, without outages or shared causes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, TypedDict

import numpy as np

from lora_registry.audit.history_csv import Histories
from lora_registry.domain import cadence
from lora_registry.domain.cadence import Cadence
from lora_registry.domain.history import History, gaps_of

_EVERY_GAP_UNTIL = 5
_FIRST_STEP = 3
_STEPS_PER_WINDOW = 16
_STEPS_PER_MEMORY = 32
_FREE_RELEARNINGS = 50
_RELEARNING_SHARE = 0.02
_SETTLING_GAPS = 6


class Alarm(NamedTuple):
    """One silence noticed; epoch seconds. `cleared_s` is the next uplink, None while there is none."""

    at_s: float
    cleared_s: float | None


class AlarmRow(TypedDict):
    """An alarm as `audit evaluate --format json` shows it: UTC, ISO 8601, `Z`."""

    at: str
    cleared_at: str | None


EvaluatedDevice = TypedDict(
    "EvaluatedDevice",
    {"dev_eui": str, "class": str, "period_s": float | None, "alarms": list[AlarmRow]},
)


def evaluate(histories: Histories, *, beta: float = cadence.ALERT_BETA) -> list[EvaluatedDevice]:
    """Judge every device of a file on its own past; JSON-ready rows, in the order of the devices.

    Args:
        histories: as `history_csv.read_history` returns them.
        beta: false alarms accepted per device-year, > 0.

    """
    rows: list[EvaluatedDevice] = []
    for dev_eui, history in histories.devices:
        learnt, alarms = alarms_of(history, histories.end_s, beta=beta)
        rows.append(
            {
                "dev_eui": str(dev_eui),
                "class": learnt.kind.value,
                "period_s": None if learnt.period_s is None else round(learnt.period_s, 3),
                "alarms": [
                    {"at": _iso(at_s), "cleared_at": None if cleared_s is None else _iso(cleared_s)}
                    for at_s, cleared_s in alarms
                ],
            }
        )
    return rows


def alarms_of(history: History, end_s: float, *, beta: float) -> tuple[Cadence, list[Alarm]]:
    """Return the cadence known at `end_s`, and every alarm raised until then.

    The rhythm is learnt again some thirty times a year, and after an alarm; between two learnings the older,
    shorter past decides: never the future.

    Raises:
        ValueError: `beta` is not positive.

    """
    if not beta > 0:
        raise ValueError(f"beta {beta} must be positive: it is a number of false alarms per device-year")
    gaps = gaps_of(history)
    n = len(gaps)
    length_s = gaps.end_s - gaps.start_s
    alarms: list[Alarm] = []
    first, extra = 0, 0
    while first < n:
        limits_of = cadence.learn(gaps.part(0, first))
        last = min(first + _step(first, limits_of), n)
        limit_s = limits_of.limits_s(gaps.start_s[first:last], beta=beta)
        for row in np.flatnonzero(length_s[first:last] > limit_s).tolist():
            gap = first + row
            alarms.append(Alarm(float(gaps.start_s[gap] + limit_s[row]), float(gaps.end_s[gap])))
            # What rang teaches at once, unless the device rings so often that it would cost too much.
            if row + 1 >= _SETTLING_GAPS and extra < _FREE_RELEARNINGS + _RELEARNING_SHARE * gap:
                extra += 1
                last = gap + 1
                break
        first = last
    learnt = cadence.learn(gaps)
    data_s = history.at_s[~history.mac_only]
    if len(data_s):
        last_s = float(data_s[-1])
        raised_s = last_s + learnt.limit_s(last_s, beta=beta)
        if raised_s <= end_s:
            alarms.append(Alarm(raised_s, None))
    return learnt, alarms


def _step(known: int, learnt: Cadence) -> int:
    """Return how many gaps are judged before learning again.

    known                        0-4   5-19   20-63   360      50000
    the last 60 days, and all                         60, 360  8600, 50000
    step                         1     3      3       11       1562
    """
    if known < _EVERY_GAP_UNTIL:
        return 1
    return max(_FIRST_STEP, learnt.gaps // _STEPS_PER_WINDOW, learnt.remembered // _STEPS_PER_MEMORY)


def _iso(epoch_s: float) -> str:
    shown = datetime.fromtimestamp(round(epoch_s, 3), UTC).isoformat(timespec="milliseconds")
    return shown.removesuffix("+00:00") + "Z"
