"""Durations and shares as people read them, in the languages of the findings."""

from __future__ import annotations

_MINUTE_S = 60.0
_HOUR_S = 3600.0
_DAY_S = 86_400.0


def duration(seconds: float) -> dict[str, str]:
    """Return `seconds` in words, by language.

    seconds   90       5400     20160    172800   864000
    en        2 min    90 min   5.6 h    48 h     10 days
    fr        2 min    90 min   5,6 h    48 h     10 jours
    """
    if seconds < 2 * _HOUR_S:
        text = f"{max(round(seconds / _MINUTE_S), 1)} min"
        return {"en": text, "fr": text}
    if seconds <= 2 * _DAY_S:
        text = f"{seconds / _HOUR_S:.1f}".removesuffix(".0")
        return {"en": f"{text} h", "fr": f"{text.replace('.', ',')} h"}
    days = round(seconds / _DAY_S)
    return {"en": f"{days} days", "fr": f"{days} jours"}


def percent(share: float) -> str:
    """Return a share as a whole percentage, without its sign: 0.684 is "68"."""
    return f"{100 * share:.0f}"
