"""Floor 1: the rules. Pure functions from facts to findings; they never query, and never ask the clock."""

from __future__ import annotations

from lora_registry.audit import (
    incident,
    low_battery,
    low_delivery,
    never_seen,
    not_back,
    over_duty_cycle,
    sends_too_often,
    silent_device,
    silent_gateway,
    to_complete,
    wasteful_radio,
)
from lora_registry.audit.rule import Rule, run

__all__ = ["RULES", "Rule", "run"]

RULES: tuple[Rule, ...] = (
    incident.RULE,
    silent_device.RULE,
    not_back.RULE,
    never_seen.RULE,
    silent_gateway.RULE,
    low_delivery.RULE,
    low_battery.RULE,
    wasteful_radio.RULE,
    over_duty_cycle.RULE,
    sends_too_often.RULE,
    to_complete.RULE,
)
"""Every rule, by hand: each has its file, its test file and its section in docs/rules.md."""
