"""Whether a silence began with the closing of a season, or before it."""

from __future__ import annotations

from lora_registry.domain.facts import DeviceFacts


def worked_until_the_closing(facts: DeviceFacts) -> bool:
    """Tell whether it was last heard before the season opened, and was not silent yet when the one before ended.

    Such a silence is told as "not back"; one that had begun before goes on under its own name.
    """
    opened_at, since_opened_s = facts.season_opened_at, facts.watched_since_opened_s
    last_at, since_last_s = facts.last_uplink_at, facts.watched_since_last_s
    if opened_at is None or since_opened_s is None or last_at is None or since_last_s is None:
        return False
    before_closing_s = since_last_s - since_opened_s
    return last_at < opened_at and (facts.silent_after_s is None or before_closing_s <= facts.silent_after_s)
