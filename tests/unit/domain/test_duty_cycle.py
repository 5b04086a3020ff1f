"""Sub-bands and what a transmitter takes of them."""

from __future__ import annotations

import pytest

from lora_registry.domain.duty_cycle import EU868, sub_bands, uses


@pytest.mark.parametrize(
    ("frequency_hz", "name", "limit_s"),
    [
        (863_500_000, "863-865", 3.6),
        (867_900_000, "865-868", 36.0),
        (868_100_000, "868-868.6", 36.0),
        (868_000_000, "868-868.6", 36.0),
        (868_800_000, "868.7-869.2", 3.6),
        (869_525_000, "869.4-869.65", 360.0),
        (869_900_000, "869.7-870", 36.0),
    ],
)
def test_an_hour_s_limit_in_europe(frequency_hz: int, name: str, limit_s: float) -> None:
    (use,), outside_s = uses([(frequency_hz, limit_s / 4)] * 4, 3600.0)
    assert use.band.name == name
    assert (use.airtime_s, use.of_limit, outside_s) == (pytest.approx(limit_s), pytest.approx(1.0), 0.0)


def test_each_sub_band_has_its_own_limit_and_the_most_used_comes_first() -> None:
    used, outside_s = uses(
        [(867_100_000, 18.0), (868_100_000, 9.0), (868_300_000, 18.0), (868_650_000, 2.0)], 3600.0
    )
    assert [(one.band.name, one.of_limit) for one in used] == [
        ("868-868.6", pytest.approx(0.75)),
        ("865-868", pytest.approx(0.5)),
    ]
    assert outside_s == 2.0


def test_nothing_sent_uses_nothing_and_no_time_is_no_time() -> None:
    assert uses([], 3600.0) == ([], 0.0)
    with pytest.raises(ValueError, match="over_s 0 must be positive"):
        uses([], 0)


def test_other_regions_are_told_as_text() -> None:
    bands = sub_bands("869.4-869.65:10, 865-868:1")
    assert [(one.name, one.share) for one in bands] == [("865-868", 0.01), ("869.4-869.65", 0.1)]
    told = ",".join(f"{one.name}:{100 * one.share:g}" for one in EU868)
    assert sub_bands(told) == EU868
    (use,), _ = uses([(866_000_000, 36.0)], 3600.0, bands)
    assert use.of_limit == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("865-868", "'865-868' is not low-high:percent in MHz: write it like 865-868:1"),
        ("865-868:1%", "is not low-high:percent"),
        ("868-865:1", "low must be below high"),
        ("865-868:0", "the limit above 0"),
        ("865-868:101", "the limit above 0 to 100 %"),
        ("865-868:1,867-869:1", "sub-bands 865-868 and 867-869 overlap"),
        ("", "'' is not low-high"),
    ],
)
def test_a_sub_band_that_cannot_be_says_why(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sub_bands(text)
