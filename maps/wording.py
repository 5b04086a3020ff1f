"""Words, numbers and times as the reader writes them: French or English, in the data's time zone."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from lora_registry.domain.mapdata import GatewayState
from lora_registry.domain.radio_state import RadioState
from lora_registry.i18n import translator

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
NOTHING = "\N{EN DASH}"
"""What stands where there is nothing to say."""

_NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Wording:
    """One language and one time zone; every text of a page passes through here."""

    language: str
    zone: ZoneInfo
    _words: gettext.NullTranslations

    @classmethod
    def of(cls, language: str, timezone: str) -> Wording:
        """Return the wording of a language for an IANA time zone.

        Raises:
            CatalogueError: no catalogue for the language.
            ZoneInfoNotFoundError: no such zone.

        """
        return cls(language, ZoneInfo(timezone), translator(language))

    def text(self, message: str, /, **values: object) -> str:
        """Return the message in the reader's language, its `{names}` filled."""
        found = self._words.gettext(message)
        return found.format(**values) if values else found

    def many(self, one: str, several: str, n: int, /, **values: object) -> str:
        """Return the form that agrees with `n`, `{n}` filled with the number as the language writes it."""
        return self._words.ngettext(one, several, n).format(n=self.number(n), **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return `1 234,5` in French, `1,234.5` in English."""
        written = f"{value:,.{decimals}f}"
        if self.language != "fr":
            return written
        return written.replace(",", _NARROW_SPACE).replace(".", ",")

    def percent(self, share: float) -> str:
        """Return a share in [0, 1] as a whole percentage; 100 % and 0 % only when it is exactly that."""
        whole = round(share * 100)
        if 0 < share < 1:
            whole = min(max(whole, 1), 99)
        return f"{whole}{_NARROW_SPACE}%" if self.language == "fr" else f"{whole}%"

    def day(self, value: date) -> str:
        """Return `28/09/2023` in French, `28 Sep 2023` in English."""
        if self.language == "fr":
            return f"{value:%d/%m/%Y}"
        return f"{value.day} {self.text(_MONTHS[value.month - 1])} {value.year}"

    def moment(self, value: datetime) -> str:
        """Return a time to the minute, in the page's zone."""
        local = value.astimezone(self.zone)
        return f"{self.day(local.date())} {local:%H:%M}"

    def duration(self, seconds: float) -> str:
        """Return a time span in its largest unit: `15 min`, `1 h`, `1.5 d`."""
        for unit_s, unit in ((_DAY_S, self.text("d")), (_HOUR_S, "h"), (_MINUTE_S, "min")):
            if seconds >= unit_s:
                tenths = round(seconds / unit_s, 1)
                return f"{self.number(tenths, 0 if tenths.is_integer() else 1)} {unit}"
        return f"{self.number(seconds)} s"

    def span(self, since: datetime, until: datetime) -> str:
        """Return how long something lasted."""
        return self.duration(max(until - since, timedelta()).total_seconds())

    def state(self, state: RadioState) -> str:
        """Return the word of an object's state."""
        return self.text(STATE_WORDS[state])

    def reason(self, reason: str) -> str:
        """Return the sentence of a state's reason; one that is not known is shown as it is."""
        return self.text(REASONS[reason]) if reason in REASONS else reason or NOTHING

    def outage_cause(self, cause: str) -> str:
        """Return the sentence of an outage's cause; one that is not known is shown as it is."""
        return (
            self.text(OUTAGE_CAUSES[cause]) if cause in OUTAGE_CAUSES else self.text(cause) if cause else NOTHING
        )

    def gateway_state(self, state: GatewayState) -> str:
        """Return the word of a gateway's state."""
        return self.text(GATEWAY_STATE_WORDS[state])


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

STATE_WORDS: dict[RadioState, str] = {
    RadioState.NEVER_SEEN: "Never seen",
    RadioState.LEARNING: "Learning",
    RadioState.ACTIVE: "Active",
    RadioState.LATE: "Late",
    RadioState.SILENT: "Silent",
    RadioState.UNDETERMINED: "Undetermined",
    RadioState.NOT_JUDGED: "Not judged",
}

STATE_MEANINGS: dict[RadioState, str] = {
    RadioState.NEVER_SEEN: "Registered, but no message has ever been received.",
    RadioState.LEARNING: "Recently started: its usual rhythm is not known yet.",
    RadioState.ACTIVE: "Sends at its usual rhythm.",
    RadioState.LATE: "Should already have sent a message.",
    RadioState.SILENT: "Has sent nothing for much longer than usual: to be checked.",
    RadioState.UNDETERMINED: "Nothing can be said: the reception was down, or it is not its season.",
    RadioState.NOT_JUDGED: "Belongs to another network, which we do not hear.",
}

REASONS: dict[str, str] = {
    "other_network": "It is on another network, which we do not hear.",
    "collection_down": "We were not listening.",
    "network_not_heard": "Nothing at all was heard from its network.",
    "seen_before_listening": "The network heard it before we listened; we never did.",
    "no_uplink": "No message yet.",
    "off_season": "It is out of its season.",
    "gateway_down": "The antenna that hears it is down.",
    "backhaul_down": "What links the antennas that hear it is down.",
    "network_down": "Nothing is heard from its whole network.",
    "application_down": "Nothing is heard from its whole application.",
    "beyond_alert_threshold": "Its silence is too long to be chance.",
    "too_few_messages": "Too few messages to know its rhythm.",
    "beyond_watch_threshold": "Its silence is longer than usual.",
    "within_its_rhythm": "It keeps its rhythm.",
}
"""What `lora_registry.audit.radio_state` gives as the reason of a state."""

OUTAGE_CAUSES: dict[str, str] = {
    "not_listening": "We were not listening.",
    "member_away": "One of several listeners was away.",
    "counters_jump": "The objects sent messages that never reached us.",
    "gateways_gone": "Nothing came from any antenna.",
}
"""What `lora_registry.domain.outage` names as the cause of an outage."""

GATEWAY_STATE_WORDS: dict[GatewayState, str] = {
    GatewayState.HEARD: "Gateway that works",
    GatewayState.SILENT: "Silent gateway",
    GatewayState.UNKNOWN: "Gateway in an unknown state",
}

GATEWAY_STATE_MEANINGS: dict[GatewayState, str] = {
    GatewayState.HEARD: "A gateway is an antenna that receives the objects' messages.",
    GatewayState.SILENT: "Nothing has come through this antenna of late.",
    GatewayState.UNKNOWN: "Nothing can be said about this antenna.",
}

STATES_BY_CONCERN: tuple[RadioState, ...] = (
    RadioState.SILENT,
    RadioState.LATE,
    RadioState.NEVER_SEEN,
    RadioState.LEARNING,
    RadioState.ACTIVE,
    RadioState.UNDETERMINED,
    RadioState.NOT_JUDGED,
)
"""The order of legends and columns: what calls for somebody comes first."""
