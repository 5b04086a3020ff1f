"""What becomes of an account: by when it was used, when a notice was given, and whether it is closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from lora_registry.domain.account_life import Fate, Use, fate

NOW = datetime(2026, 11, 22, tzinfo=UTC)
YEARS = timedelta(days=730)


def ago(days: float | None) -> datetime | None:
    return None if days is None else NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("seen", "noticed", "disabled", "expected"),
    [
        (1, None, None, Fate.KEEP),
        (699.9, None, None, Fate.KEEP),
        (700, None, None, Fate.NOTICE),
        (2000, None, None, Fate.NOTICE),
        (729, 29, None, Fate.KEEP),
        (730, 30, None, Fate.DISABLE),
        (2000, 29, None, Fate.KEEP),
        (700, 800, None, Fate.NOTICE),
        (820, 120, 89, Fate.KEEP),
        (820, 120, 90, Fate.DELETE),
        (800, None, 500, Fate.DELETE),
        (600, None, 500, Fate.KEEP),
        (710, None, 500, Fate.KEEP),
    ],
)
def test_an_account_is_told_then_closed_then_deleted(
    seen: float, noticed: float | None, disabled: float | None, expected: Fate
) -> None:
    seen_at = ago(seen)
    assert seen_at is not None
    assert fate(Use(seen_at, ago(noticed), ago(disabled)), inactive=YEARS, now=NOW) == expected
