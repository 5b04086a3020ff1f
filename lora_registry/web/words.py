"""The words of the pages: the catalogue `web`, and for states, numbers and times those of the map."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from lora_registry.domain.mapdata import GatewayState
from lora_registry.domain.radio_state import RadioState
from lora_registry.i18n import translator
from maps.wording import NOTHING, STATE_MEANINGS, Wording


def N_(message: str) -> str:  # noqa: N802 - gettext's name for a message that is translated later
    """Mark a message for the catalogue."""
    return message


KINDS: Mapping[str, str] = {
    "silent_device": N_("Silent object"),
    "never_seen": N_("Object never seen"),
    "silent_gateway": N_("Silent gateway"),
    "low_delivery": N_("Many messages lost"),
    "low_battery": N_("Battery running out"),
    "to_complete": N_("To complete in the registry"),
    "incident": N_("One cause of several silences"),
    "not_back": N_("Not back after its season"),
    "wasteful_radio": N_("Radio that wastes energy"),
    "over_duty_cycle": N_("On air longer than allowed"),
    "sends_too_often": N_("Sends more often than needed"),
}
"""A rule's name as people read it; a rule that is not here is shown by its name."""
SEVERITIES: Mapping[str, str] = {
    "critical": N_("Critical"),
    "warning": N_("To watch"),
    "info": N_("For information"),
}
CONFIDENCES: Mapping[str, str] = {"low": N_("low"), "medium": N_("medium"), "high": N_("high")}
LIFECYCLES: Mapping[str, str] = {
    "planned": N_("Planned"),
    "provisioned": N_("Provisioned"),
    "in_service": N_("In service"),
    "suspended": N_("Suspended"),
    "to_remove": N_("To remove"),
    "removed": N_("Removed"),
    "reused": N_("Reused"),
    "recycled": N_("Recycled"),
}
FAMILIES: Mapping[str, str] = {
    "measure": N_("Measure"),
    "meter": N_("Meter"),
    "state": N_("State"),
    "sentinel": N_("Alarm"),
    "position": N_("Position"),
    "actuator": N_("Actuator"),
}
PARTS: Mapping[str, str] = {
    "use": N_("Use"),
    "information": N_("Information"),
    "uniqueness": N_("Uniqueness"),
    "reliability": N_("Reliability"),
    "sobriety": N_("Radio sobriety"),
    "durability": N_("Durability"),
    "cap": N_("Cap: what is known to be wrong"),
}
GESTURES: Mapping[str, str] = {
    "keep": N_("Keep"),
    "reduce_cadence": N_("Send less often"),
    "move": N_("Move"),
    "repair": N_("Repair"),
    "retire": N_("Retire"),
}
ANSWERS: Mapping[str, str] = {
    "needed": N_("Still needed"),
    "partly": N_("Needed in part"),
    "not_needed": N_("No longer needed"),
}
PRIVACY: Mapping[str, str] = {
    "public": N_("Public"),
    "internal": N_("Internal"),
    "household": N_("Household"),
    "mobile_person": N_("Follows a person"),
}
ROLES: Mapping[str, str] = {
    "reader": N_("Reader"),
    "contributor": N_("Contributor"),
    "admin": N_("Administrator"),
    "auditor": N_("Auditor"),
    "field": N_("Field team"),
}
CADENCES: Mapping[str, str] = {
    "periodic": N_("on a timer"),
    "event": N_("when something happens"),
    "heartbeat+event": N_("when something happens, and a sign of life"),
    "learning": N_("still being learnt"),
}
EVIDENCE: Mapping[str, str] = {
    "devices": N_("Objects"),
    "without_service": N_("Without a service"),
    "without_owner": N_("Without an owner"),
    "battery_pct": N_("Battery, %"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """One language and one time zone."""

    language: str
    of_map: Wording
    _catalogue: gettext.NullTranslations
    _findings: gettext.NullTranslations

    def text(self, message: str, /, **values: object) -> str:
        """Return the message in the reader's language, its `{names}` filled."""
        found = self._catalogue.gettext(message)
        return found.format(**values) if values else found

    def many(self, one: str, several: str, n: int, /, **values: object) -> str:
        """Return the form that agrees with `n`, `{n}` filled with the number as the language writes it."""
        return self._catalogue.ngettext(one, several, n).format(n=self.of_map.number(n), **values)

    def named(self, table: Mapping[str, str], key: str | None) -> str:
        """Return the word of a key; one that is not known is shown as it is."""
        if key is None:
            return NOTHING
        return self.text(table[key]) if key in table else key

    def kind(self, kind: str) -> str:
        """Return a rule's name."""
        return self.named(KINDS, kind)

    def status(self, word: str | None) -> str:
        """Return what people call a finding's status, an action, or why an audit opened it again."""
        return self._findings.gettext(word or "audit")

    def state(self, state: str | None) -> str:
        """Return the word of a radio state; before an audit there is none."""
        return self.of_map.state(RadioState(state)) if state is not None else self.text("Not judged yet")

    def meaning(self, state: str) -> str:
        """Return what a radio state means."""
        return self.of_map.text(STATE_MEANINGS[RadioState(state)])

    def gateway_state(self, state: str | None) -> str:
        """Return the word of a gateway's state."""
        return self.of_map.gateway_state(GatewayState(state) if state is not None else GatewayState.UNKNOWN)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """Return a number as the language writes it."""
        return self.of_map.number(value, decimals) if value is not None else NOTHING

    def percent(self, share: float | None) -> str:
        """Return a share as a percentage."""
        return self.of_map.percent(share) if share is not None else NOTHING

    def moment(self, value: datetime | None) -> str:
        """Return a time to the minute, in the zone that is shown."""
        return self.of_map.moment(value) if value is not None else NOTHING

    def day(self, value: date | None) -> str:
        """Return a day."""
        return self.of_map.day(value) if value is not None else NOTHING

    def week(self, value: date) -> str:
        """Return the ISO week of a day, `2026-W48`; French writes S for W."""
        year, week, _ = value.isocalendar()
        return f"{year}-{'S' if self.language == 'fr' else 'W'}{week:02d}"

    def duration(self, seconds: float | None) -> str:
        """Return a time span in its largest unit."""
        return self.of_map.duration(seconds) if seconds is not None else NOTHING

    def since(self, moment: datetime | None, now: datetime) -> str:
        """Return how long ago something was."""
        return self.of_map.span(moment, now) if moment is not None else self.text("Never")

    def evidence(self, name: str, value: object) -> tuple[str, str]:
        """Return a measured value with its name; the unit is in the name, as `silence_s`."""
        title = self.text(EVIDENCE[name]) if name in EVIDENCE else name
        if isinstance(value, bool) or value is None:
            return title, NOTHING if value is None else str(value)
        if isinstance(value, int | float):
            if name.endswith("_s"):
                return title, self.duration(float(value))
            if name.endswith(("ratio", "low", "high")) and 0 <= value <= 1:
                return title, self.percent(float(value))
            return title, self.number(value, 0 if float(value).is_integer() else 2)
        return title, str(value)


def iso(moment: datetime) -> str:
    """Return an instant for a `<time>` element and for programs: UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@lru_cache
def words_of(language: str, timezone: str) -> Words:
    """Return the words of a language.

    Raises:
        CatalogueError: no catalogue for the language.

    """
    return Words(
        language, Wording.of(language, timezone), translator(language, "web"), translator(language, "findings")
    )
