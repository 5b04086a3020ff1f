"""What a silent device's last weeks say of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lora_registry.domain.own_causes import Conviction, LastWeeks, OwnCause, heard_as_usual, own_causes

STRONG, LIKELY, POSSIBLE = Conviction.STRONG, Conviction.LIKELY, Conviction.POSSIBLE


@pytest.mark.parametrize(
    ("facts", "cause", "conviction"),
    [
        ({"battery_pct": 10.0}, OwnCause.BATTERY, STRONG),
        ({"battery_pct": 11.0}, OwnCause.BATTERY, LIKELY),
        ({"battery_pct": 21.0}, OwnCause.BATTERY, POSSIBLE),
        ({"battery_pct": 60.0, "battery_fall_pct_30d": 15.0}, OwnCause.BATTERY, POSSIBLE),
        # 28 %, losing 10 points a month, 60 days ago: some 8 % by now
        ({"battery_pct": 28.0, "battery_fall_pct_30d": 10.0, "silent_days": 60.0}, OwnCause.BATTERY, STRONG),
        ({"battery_pct": 9.0, "battery_days": 61.0}, OwnCause.BATTERY, LIKELY),
        ({"joins_since": 3}, OwnCause.REJOIN_STORM, STRONG),
        ({"joins_since": 1}, OwnCause.REJOIN_STORM, POSSIBLE),
        ({"joins_7d": 10}, OwnCause.REJOIN_STORM, LIKELY),
        ({"joins_7d": 3}, OwnCause.REJOIN_STORM, POSSIBLE),
        ({"margin_p10_db": 1.9, "margin_p10_usual_db": 4.9}, OwnCause.FADING_MARGIN, STRONG),
        ({"margin_p10_db": 1.9, "margin_p10_usual_db": 4.8}, OwnCause.FADING_MARGIN, LIKELY),
        ({"margin_p10_db": -0.5}, OwnCause.FADING_MARGIN, LIKELY),
        ({"margin_p10_db": 9.0, "margin_p10_usual_db": 15.0}, OwnCause.FADING_MARGIN, LIKELY),
        ({"usual_gateways_share": 0.05, "receptions_7d": 20}, OwnCause.MOVED, STRONG),
        ({"usual_gateways_share": 0.2, "receptions_7d": 90}, OwnCause.MOVED, LIKELY),
        ({"usual_gateways_share": 0.45, "receptions_7d": 90}, OwnCause.MOVED, POSSIBLE),
        ({"resets_7d": 3}, OwnCause.COUNTER_RESETS, LIKELY),
        ({"resets_7d": 1}, OwnCause.COUNTER_RESETS, POSSIBLE),
    ],
)
def test_each_cause_convinces_as_its_table_says(
    facts: dict[str, Any], cause: OwnCause, conviction: Conviction
) -> None:
    (found,) = own_causes(LastWeeks(**facts))
    assert (found.cause, found.conviction) == (cause, conviction)
    assert set(found.sentence) == {"en", "fr"}
    assert all(text.endswith(".") and text[0].isupper() for text in found.sentence.values())
    json.dumps(found.evidence, allow_nan=False)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"battery_pct": 31.0, "battery_fall_pct_30d": 14.0},
        {"battery_pct": 2.0, "external_power": True},
        {"battery_pct": 25.0, "battery_days": 90.0},
        {"battery_pct": 80.0, "battery_fall_pct_30d": -5.0},
        {"joins_since": 0, "joins_7d": 2},
        {"margin_p10_db": 2.0, "margin_p10_usual_db": 7.9},
        {"usual_gateways_share": 0.0, "receptions_7d": 19},
        {"usual_gateways_share": 0.5, "receptions_7d": 90},
        {"resets_7d": 0},
    ],
)
def test_what_is_ordinary_or_unknown_explains_nothing(facts: dict[str, Any]) -> None:
    assert own_causes(LastWeeks(**facts)) == []


def test_the_most_convincing_comes_first_and_equals_in_the_order_of_the_list() -> None:
    facts = LastWeeks(
        battery_pct=15.0, joins_7d=12, margin_p10_db=1.0, margin_p10_usual_db=9.0, resets_7d=1,
        usual_gateways_share=0.4, receptions_7d=200,
    )  # fmt: skip
    assert [(one.cause.value, one.conviction.name) for one in own_causes(facts)] == [
        ("fading_margin", "STRONG"),
        ("battery", "LIKELY"),
        ("rejoin_storm", "LIKELY"),
        ("moved", "POSSIBLE"),
        ("counter_resets", "POSSIBLE"),
    ]


def test_sentences_carry_their_figures_in_both_languages() -> None:
    (battery,) = own_causes(LastWeeks(battery_pct=9.6, battery_fall_pct_30d=12.0))
    assert battery.sentence == {
        "en": "Its battery was at 10 %, 12 points less than a month before.",
        "fr": "Sa batterie était à 10 %, 12 points de moins en un mois.",
    }
    (twice,) = own_causes(LastWeeks(resets_7d=2))
    assert "restarted twice" in twice.sentence["en"]
    assert "redémarré 2 fois" in twice.sentence["fr"]


@pytest.mark.parametrize(
    ("usual", "recent", "share"),
    [
        ({"a": 95, "b": 5}, {"a": 10, "b": 0}, 1.0),
        ({"a": 95, "b": 5}, {"b": 10}, 0.0),  # b was never one of those that usually hear it
        ({"a": 60, "b": 35, "c": 5}, {"b": 6, "d": 6}, 0.5),
        ({"a": 100}, {"d": 30}, 0.0),
        ({"a": 100}, {}, None),
        ({}, {"a": 3}, None),
    ],
)
def test_who_used_to_hear_it(usual: dict[str, int], recent: dict[str, int], share: float | None) -> None:
    assert heard_as_usual(usual, recent) == share
