"""Why one device fell silent by itself: what its last weeks say, the most convincing first.

Asked once no shared cause explains it (`audit.causes`). Each cause is a small table from what was measured to how
convincing that is; several may be told, and a person decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from lora_registry.domain.findings import Evidence

_FEWEST_RECEPTIONS = 20
_MOST_OF_THEM = 0.9
_STALE_DAYS = 60.0


class OwnCause(StrEnum):
    """What may have happened to the device; of two that convince alike, the one told first here comes first."""

    BATTERY = "battery"
    REJOIN_STORM = "rejoin_storm"
    FADING_MARGIN = "fading_margin"
    MOVED = "moved"
    COUNTER_RESETS = "counter_resets"


class Conviction(IntEnum):
    """How well a cause explains the silence."""

    POSSIBLE = 1
    LIKELY = 2
    STRONG = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWeeks:
    """What is known of a device's last weeks; None: not known. Days count back from its last uplink."""

    external_power: bool = False
    battery_pct: float | None = None
    """The last level it reported."""
    battery_days: float | None = None
    """How long before its last uplink it did."""
    battery_fall_pct_30d: float | None = None
    """By how many points the level fell in the 30 days before."""
    silent_days: float = 0.0
    """Since its last uplink."""
    margin_p10_db: float | None = None
    """Margin above the demodulation floor at the best gateway that nine of ten uplinks of the last 7 days had."""
    margin_p10_usual_db: float | None = None
    """The same over the 30 days before those."""
    joins_since: int | None = None
    """Joins after its last uplink."""
    joins_7d: int | None = None
    resets_7d: int | None = None
    """Times that its frame counter began anew without a join."""
    receptions_7d: int = 0
    usual_gateways_share: float | None = None
    """Share of the receptions of the last 7 days at the gateways that used to hear it; see `heard_as_usual`."""


class Explanation(NamedTuple):
    """One cause, with what it rests on."""

    cause: OwnCause
    conviction: Conviction
    evidence: Evidence
    sentence: dict[str, str]
    """By language (`en`, `fr`)."""


def own_causes(facts: LastWeeks) -> list[Explanation]:
    """Return what may explain the silence, the most convincing first; empty when nothing was unusual."""
    found = [one for judge in _JUDGES if (one := judge(facts)) is not None]
    order = list(OwnCause)
    return sorted(found, key=lambda one: (-one.conviction, order.index(one.cause)))


def heard_as_usual(usual: Mapping[str, int], recent: Mapping[str, int]) -> float | None:
    """Return the share of `recent` receptions by the gateways that made 90 % of the `usual` ones.

    Both by gateway. None without receptions in either. A device that was carried away keeps next to none.
    """
    needed, kept = _MOST_OF_THEM * sum(usual.values()), set[str]()
    for gateway, count in sorted(usual.items(), key=lambda pair: (-pair[1], pair[0])):
        if needed <= 0:
            break
        kept.add(gateway)
        needed -= count
    received = sum(recent.values())
    if not kept or not received:
        return None
    return sum(count for gateway, count in recent.items() if gateway in kept) / received


def _battery(facts: LastWeeks) -> Explanation | None:
    """Judge the last level and its fall.

    level at the last uplink, or what its fall leaves by now   conviction
    10 % or less                                               strong
    20 % or less                                               likely
    30 % or less, or a fall of 15 points in a month            possible
    reported more than 60 days before                          one less
    """
    level = facts.battery_pct
    if facts.external_power or level is None:
        return None
    fall = max(facts.battery_fall_pct_30d or 0.0, 0.0)
    days = facts.battery_days or 0.0
    left = max(level - fall * (days + facts.silent_days) / 30.0, 0.0)
    conviction = _from((left <= 10.0, 3), (left <= 20.0, 2), (left <= 30.0 or fall >= 15.0, 1))  # noqa: PLR2004
    conviction -= days > _STALE_DAYS
    return _told(
        OwnCause.BATTERY,
        conviction,
        {"battery_pct": round(level, 1), "battery_fall_pct_30d": round(fall, 1), "battery_days": round(days, 1)},
        f"Its battery was at {level:.0f} %" + (f", {fall:.0f} points less than a month before." if fall else "."),
        f"Sa batterie était à {level:.0f} %" + (f", {fall:.0f} points de moins en un mois." if fall else "."),
    )


def _rejoin_storm(facts: LastWeeks) -> Explanation | None:
    """Judge joins: a device that goes on asking is alive, and cannot keep its session.

    joins since its last uplink   3 or more   strong     1 or 2   possible
    joins in the week before      10 or more  likely     3 to 9   possible
    """
    since, before = facts.joins_since or 0, facts.joins_7d or 0
    conviction = _from((since >= 3, 3), (before >= 10, 2), (since >= 1 or before >= 3, 1))  # noqa: PLR2004
    if since:
        return _told(
            OwnCause.REJOIN_STORM,
            conviction,
            {"joins_since": since, "joins_7d": before},
            f"It has joined the network {_times(since)} since, without sending anything: it is alive.",
            f"Il a rejoint le réseau {since} fois depuis, sans rien émettre : il est en vie.",
        )
    return _told(
        OwnCause.REJOIN_STORM,
        conviction,
        {"joins_since": since, "joins_7d": before},
        f"It joined the network {_times(before)} in its last week: it lost its session again and again.",
        f"Il a rejoint le réseau {before} fois dans sa dernière semaine : il perdait sans cesse sa session.",
    )


def _fading_margin(facts: LastWeeks) -> Explanation | None:
    """Judge how near to the edge of reception it was, and whether it was on its way there.

    margin p10 of the last week   fell by     conviction
    below 2 dB                    3 dB or more   strong
    below 2 dB                    less, unknown  likely
    2 dB or more                  6 dB or more   likely
    """
    margin, usual = facts.margin_p10_db, facts.margin_p10_usual_db
    if margin is None:
        return None
    fell = 0.0 if usual is None else usual - margin
    edge = margin < 2.0  # noqa: PLR2004
    conviction = _from((edge and fell >= 3.0, 3), (edge or fell >= 6.0, 2))  # noqa: PLR2004
    told = f"{margin:.0f} dB"
    return _told(
        OwnCause.FADING_MARGIN,
        conviction,
        {"margin_p10_db": round(margin, 1), "margin_fall_db": round(fell, 1)},
        f"It was hardly heard any more: {told} of margin"
        + (f", {fell:.0f} dB less than usual." if fell >= 1.0 else "."),
        f"Il n'était presque plus entendu : {told} de marge"
        + (f", {fell:.0f} dB de moins que d'habitude." if fell >= 1.0 else "."),
    )


def _moved(facts: LastWeeks) -> Explanation | None:
    """Judge who heard it last.

    receptions at its usual gateways   below 10 %   strong    below 30 %   likely    below 50 %   possible
    fewer than 20 receptions           not judged
    """
    share = facts.usual_gateways_share
    if share is None or facts.receptions_7d < _FEWEST_RECEPTIONS:
        return None
    conviction = _from((share < 0.1, 3), (share < 0.3, 2), (share < 0.5, 1))  # noqa: PLR2004
    return _told(
        OwnCause.MOVED,
        conviction,
        {"usual_gateways_share": round(share, 3), "receptions_7d": facts.receptions_7d},
        f"In its last week only {100 * share:.0f} % of what was heard came by its usual gateways: it was moved.",
        f"Sa dernière semaine, {100 * share:.0f} % seulement a été entendu par ses passerelles habituelles : "
        "il a été déplacé.",
    )


def _counter_resets(facts: LastWeeks) -> Explanation | None:
    """Judge restarts: a voltage that collapses when it sends, or a watchdog.

    counter began anew in the week before   3 times or more   likely    once or twice   possible
    """
    resets = facts.resets_7d or 0
    return _told(
        OwnCause.COUNTER_RESETS,
        _from((resets >= 3, 2), (resets >= 1, 1)),  # noqa: PLR2004
        {"resets_7d": resets},
        f"It restarted {_times(resets)} in its last week: a weak supply, or a fault of its program.",
        f"Il a redémarré {resets} fois dans sa dernière semaine : alimentation faible, ou défaut de programme.",
    )


_JUDGES = (_battery, _rejoin_storm, _fading_margin, _moved, _counter_resets)


def _from(*lines: tuple[bool, int]) -> int:
    """Return the conviction of the first line that applies, 0 without one."""
    return next((conviction for applies, conviction in lines if applies), 0)


def _told(cause: OwnCause, conviction: int, evidence: Evidence, english: str, french: str) -> Explanation | None:
    if conviction < Conviction.POSSIBLE:
        return None
    return Explanation(cause, Conviction(conviction), evidence, {"en": english, "fr": french})


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
