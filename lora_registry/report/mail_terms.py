"""The words of a mail by code: message identifiers of the catalogue `mail`, which has each in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lora_registry.domain.findings import Severity
from lora_registry.report.digest import About, Part
from lora_registry.report.digest_item import Change

KINDS: Final[Mapping[str, str]] = {
    "incident": "Shared failure",
    "silent_device": "Silent object",
    "not_back": "Not back with its season",
    "never_seen": "Never heard",
    "silent_gateway": "Silent gateway",
    "low_delivery": "Many messages lost",
    "low_battery": "Battery running out",
    "wasteful_radio": "Radio used wastefully",
    "over_duty_cycle": "Over its share of the air",
    "sends_too_often": "Sends more often than needed",
    "to_complete": "To complete in the registry",
}
"""Of each rule; one that is not here is told by its name."""
TO_DO: Final[Mapping[str, str]] = {
    "incident": "Mend the thing that is named and leave the objects alone.",
    "silent_device": "Look at its neighbours first, then at its battery, then go there. Not missed? Take it out.",
    "not_back": "Was it put away for the winter? Otherwise check its battery.",
    "never_seen": "Tell the installer: wrong key, no coverage, or still in its box.",
    "silent_gateway": "Check its power and its link before any object.",
    "low_delivery": "Move it or its antenna, or ask for better coverage.",
    "low_battery": "Plan a new battery with the next round, or the end of its service.",
    "wasteful_radio": "Let its data rate adapt (ADR): its battery will last longer.",
    "over_duty_cycle": "Reduce how often it sends: the law limits its time on the air.",
    "sends_too_often": "Reduce how often it sends to what its service needs.",
    "to_complete": "Say what these objects are for and whose they are.",
}
SEVERITIES: Final[Mapping[Severity, str]] = {
    Severity.CRITICAL: "Critical",
    Severity.WARNING: "To watch",
    Severity.INFO: "For information",
}
CHANGES: Final[Mapping[Change, str]] = {
    Change.NEW: "new",
    Change.AGAIN: "again",
    Change.ONGOING: "ongoing",
    Change.RESOLVED: "over",
    Change.HIDDEN: "put off",
}
PARTS: Final[Mapping[Part, str]] = {
    Part.INCIDENTS: "Shared failures",
    Part.NEW: "New this week",
    Part.RESOLVED: "Over since last week",
    Part.TO_COMPLETE: "To complete in the registry",
    Part.ONGOING: "Still there",
}
ABOUT: Final[Mapping[About, str]] = {
    About.BASELINE: (
        "This first mail says where things stand, service by service. The next ones tell only changes."
    ),
    About.CHANGES: "What has changed since the Monday before, worst first.",
    About.NO_DATA: "Nothing was received all week, so nothing can be said of any object. This is said once.",
    About.UNANSWERED: (
        "You are the deputy: nobody has said a word of these for four weeks. You are told once; those still "
        "without a word in a week go to the service review."
    ),
    About.NOTHING: "Nothing has changed.",
}
CAUSES: Final[Mapping[str, str]] = {
    "not_listening": "the registry was not listening",
    "member_away": "one of several listeners was away",
    "counters_jump": "messages of most objects never came",
    "gateways_gone": "no gateway was heard",
}
