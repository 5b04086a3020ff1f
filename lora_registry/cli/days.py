"""Days on the command line, without an hour."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from lora_registry.domain.errors import SettingsError
from lora_registry.settings import Settings


def day(option: str, text: str | None, *, now: datetime, settings: Settings) -> date:
    """Read a day; today, by the city's clock, where none is given.

    Raises:
        SettingsError: not a day.

    """
    if text is None:
        return now.astimezone(ZoneInfo(settings.timezone)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{option} {text!r} is no day: write 2026-11-22") from None
