"""Numbers as people read them, in the languages of the sentences."""

from __future__ import annotations

from datetime import date

Sentence = dict[str, str]
"""One sentence by language: `fr`, `en`."""


def comma(value: float, digits: int = 1) -> str:
    """Return a number the French way: 2.5 is "2,5", 3.0 is "3"."""
    return point(value, digits).replace(".", ",")


def point(value: float, digits: int = 1) -> str:
    """Return a number the English way: 2.5 is "2.5", 3.0 is "3"."""
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """Return a share as a whole percentage, without its sign."""
    return f"{100 * share:.0f}"


def days(count: float) -> Sentence:
    """Return a number of days in words."""
    whole = round(count)
    return {
        "fr": f"{whole} jour{'s' if whole > 1 else ''}",
        "en": f"{whole} day{'' if whole == 1 else 's'}",
    }


def every(period_s: float) -> Sentence:
    """Return a period in words.

    period_s  120        5400         86400    259200
    fr        2 min      1,5 h        24 h     3 jours
    """
    if period_s < 2 * 3600 and period_s % 3600:
        minutes = max(round(period_s / 60), 1)
        return {"fr": f"{minutes} min", "en": f"{minutes} min"}
    if period_s <= 2 * 86_400:
        return {"fr": f"{comma(period_s / 3600)} h", "en": f"{point(period_s / 3600)} h"}
    return days(period_s / 86_400)


def dated(day: date) -> Sentence:
    """Return a day as people write it."""
    return {"fr": f"{day:%d/%m/%Y}", "en": day.isoformat()}
