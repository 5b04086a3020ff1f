"""Durations, days and shares as people read them, in the languages of the findings."""

from __future__ import annotations

from datetime import date

_MONTHS = {
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    "fr": (
        "janvier", "février", "mars", "avril", "mai", "juin",
        "juillet", "août", "septembre", "octobre", "novembre", "décembre",
    ),
}  # fmt: skip
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


def day(iso: str) -> dict[str, str]:
    """Return a date without its year, by language: 2026-04-01 is "1 April", « 1er avril »."""
    told = date.fromisoformat(iso)
    number = {"en": str(told.day), "fr": "1er" if told.day == 1 else str(told.day)}
    return {language: f"{number[language]} {months[told.month - 1]}" for language, months in _MONTHS.items()}


def percent(share: float) -> str:
    """Return a share as a whole percentage, without its sign: 0.684 is "68"."""
    return f"{100 * share:.0f}"
