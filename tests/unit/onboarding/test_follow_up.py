"""Where a new device is on its way, when it stalls, and the remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lora_registry.domain.identifiers import DevEui
from lora_registry.onboarding.follow_up import PATIENCE, Progress, Step, follow

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
LONG, LATELY = NOW - timedelta(days=30), NOW - timedelta(hours=2)
_NEW = Progress(
    dev_eui=DevEui("70b3d57ed0000001"), name="A", lifecycle="planned", planned_at=LATELY, provisioned_at=None,
    last_join_at=None, joins=0, first_data_at=None, logs={}, last_log="", has_place=True, profile="M1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("known", "step", "words"),
    [
        # what is known, where it is, what the remedy speaks of (None: it does not stall)
        ({}, Step.PLANNED, None),
        ({"planned_at": LONG}, Step.PLANNED, "ne l'attend pas"),
        ({"provisioned_at": LATELY}, Step.PROVISIONED, None),
        ({"lifecycle": "provisioned"}, Step.PROVISIONED, None),
        ({"provisioned_at": LONG}, Step.PROVISIONED, "aucune demande d'entrée"),
        ({"provisioned_at": LONG, "has_place": False}, Step.PROVISIONED, "Notez son lieu"),
        ({"provisioned_at": LATELY, "logs": {"UPLINK_MIC": 9}}, Step.PROVISIONED, "mauvaises clés : 9"),
        (
            {"provisioned_at": LATELY, "logs": {"OTAA": 2}, "last_log": "DevNonce used"}, Step.PROVISIONED,
            "DevNonce used",
        ),
        ({"joins": 1, "last_join_at": LATELY}, Step.JOINED, None),
        ({"joins": 1, "last_join_at": LONG}, Step.JOINED, "attendez sa période"),
        ({"joins": 8, "last_join_at": LONG}, Step.JOINED, "n'entend pas la réponse"),
        ({"joins": 1, "last_join_at": LONG, "first_data_at": LATELY}, Step.FIRST_DATA, None),
        ({"first_data_at": LONG}, Step.FIRST_DATA, "dites qu'il est en service"),
        ({"first_data_at": LONG, "lifecycle": "in_service"}, Step.IN_SERVICE, None),
    ],
)  # fmt: skip
def test_a_step_and_its_remedy(known: dict[str, Any], step: Step, words: str | None) -> None:
    found = follow(_NEW._replace(**known), now=NOW)
    assert (found.step, found.stalled) == (step, words is not None)
    if words is None:
        assert found.advice is None
    else:
        assert found.advice is not None
        assert words in found.advice["fr"]
        assert found.advice["en"] != found.advice["fr"]


@pytest.mark.parametrize("step", [Step.PLANNED, Step.PROVISIONED, Step.JOINED, Step.FIRST_DATA])
def test_a_step_stalls_once_its_time_is_over_and_not_before(step: Step) -> None:
    began = NOW - PATIENCE[step]
    known = {
        Step.PLANNED: {"planned_at": began}, Step.PROVISIONED: {"provisioned_at": began},
        Step.JOINED: {"joins": 1, "last_join_at": began}, Step.FIRST_DATA: {"first_data_at": began},
    }[step]  # fmt: skip
    one = _NEW._replace(**known)  # type: ignore[arg-type]
    assert not follow(one, now=NOW).stalled
    assert follow(one, now=NOW + timedelta(seconds=1)).stalled
