"""Years and months: their days, their neighbours, what is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.errors import UsageError
from lora_registry.report.account.period import Kind, Period


@given(st.sampled_from(Kind), st.dates(date(2001, 1, 1), date(2098, 12, 31)))
def test_periods_follow_each_other_without_a_hole(kind: Kind, day: date) -> None:
    period = Period.of(kind, day)
    assert period.first <= day <= period.last
    assert period.following.first - period.last == timedelta(days=1)
    assert period.following.before == period
    assert Period.parse(kind, period.label) == period
    assert period.end - period.start == timedelta(days=(period.last - period.first).days + 1)


def test_a_period_is_over_with_its_last_instant() -> None:
    february = Period.parse(Kind.MONTHLY, "2028-02")
    assert february.last == date(2028, 2, 29)
    assert february.option == "--month 2028-02"
    assert Period.parse(Kind.ANNUAL, "2028").option == "--year 2028"
    end = datetime(2028, 3, 1, tzinfo=UTC)
    assert (february.is_over(end), february.is_over(end - timedelta(seconds=1))) == (True, False)
    begin = datetime(2028, 2, 1, tzinfo=UTC)
    assert (february.has_begun(begin), february.has_begun(begin - timedelta(seconds=1))) == (True, False)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Kind.ANNUAL, "26"), (Kind.ANNUAL, "2026-01"), (Kind.MONTHLY, "2026-13"), (Kind.MONTHLY, "2026"),
     (Kind.ANNUAL, "20\N{FULLWIDTH DIGIT TWO}6"), (Kind.MONTHLY, "2026-1")],
)  # fmt: skip
def test_what_is_no_period_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(UsageError, match="write 2026"):
        Period.parse(kind, text)
