"""The radio state of one device: what every list, map and mail shows until the next audit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from lora_registry.domain.cadence import CadenceClass
from lora_registry.domain.facts import DeviceFacts
from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import NetworkKind

COLLECTION_GRACE = timedelta(hours=1)
"""How far behind `now` the watched time may end before nothing can be said of the present."""


_BATCH = "batch"
_BEFORE_US = "seen_before_listening"


class Judgement(NamedTuple):
    """A state, and the word for why."""

    state: RadioState
    reason: str


def judge(facts: DeviceFacts) -> Judgement:
    """Return the state of a device, first line that applies.

    facts                                           state           reason
    another network                                 not_judged      other_network
    the collection does not reach the present       undetermined    collection_down
    no uplink ever, its network not heard either    undetermined    network_not_heard
    no uplink here, but one by its server's list    undetermined    seen_before_listening
    no uplink ever                                  never_seen      no_uplink
    outside its service's calendar                  undetermined    off_season
    a shared cause explains its silence             undetermined    gateway_down, backhaul_down, ...
    silent beyond the alert threshold               silent          beyond_alert_threshold
    too few messages to know it                     learning        too_few_messages
    silent beyond the watch threshold               late            beyond_watch_threshold
    otherwise                                       active          within_its_rhythm
    """
    excuse = excused_by(facts)
    table = (
        (facts.network_kind == NetworkKind.DECLARED, RadioState.NOT_JUDGED, "other_network"),
        (not facts.collection_alive, RadioState.UNDETERMINED, "collection_down"),
        (not _was_seen(facts) and not facts.network_heard, RadioState.UNDETERMINED, "network_not_heard"),
        (not _was_seen(facts) and facts.server_seen_at is not None, RadioState.UNDETERMINED, _BEFORE_US),
        (not _was_seen(facts), RadioState.NEVER_SEEN, "no_uplink"),
        (not facts.in_season, RadioState.UNDETERMINED, "off_season"),
        (excuse is not None, RadioState.UNDETERMINED, f"{excuse}_down"),
        (_beyond(facts, facts.silent_after_s), RadioState.SILENT, "beyond_alert_threshold"),
        (facts.cadence_class == CadenceClass.LEARNING, RadioState.LEARNING, "too_few_messages"),
        (_beyond(facts, facts.late_after_s), RadioState.LATE, "beyond_watch_threshold"),
    )
    for applies, state, reason in table:
        if applies:
            return Judgement(state, reason)
    return Judgement(RadioState.ACTIVE, "within_its_rhythm")


def excused_by(facts: DeviceFacts) -> str | None:
    """Return the kind of shared cause that silences it without any fault of its own; None: there is none.

    A batch excuses nobody: its devices are truly silent, and the batch is why.
    """
    kind = facts.shared_cause.partition(":")[0] if facts.shared_cause is not None else None
    return None if kind == _BATCH else kind


def is_collection_alive(watched_until: datetime | None, now: datetime) -> bool:
    """Say whether the watched time (its last end, None without any) reaches `now`, but for an hour."""
    return watched_until is not None and now - watched_until <= COLLECTION_GRACE


def _was_seen(facts: DeviceFacts) -> bool:
    return facts.last_uplink_at is not None


def _beyond(facts: DeviceFacts, limit_s: float | None) -> bool:
    waited_s = facts.watched_since_last_s
    return waited_s is not None and limit_s is not None and waited_s > limit_s
