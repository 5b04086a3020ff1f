"""ChirpStack 3 sends the same status again and again, without an identity or a time: each is a sign of its day."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, text

from integrations.chirpstack import decode
from lora_registry.domain.events import RawMessage
from lora_registry.store.engine import reading, writing
from lora_registry.store.writes import Batch, write_batch
from tests.integrations.samples import ARRIVAL, DEV_EUI


def test_the_last_status_is_the_state_even_when_it_repeats_an_earlier_one(engine: Engine) -> None:
    for day, margin in enumerate((9, -21, 9)):
        payload = json.dumps({"devEUI": DEV_EUI, "margin": margin, "batteryLevelUnavailable": True}).encode()
        raw = RawMessage(f"application/1/device/{DEV_EUI}/event/status", payload, ARRIVAL + timedelta(days=day))
        event: Any = decode(raw)
        with writing(engine) as connection:
            write_batch(connection, Batch("chirpstack", device_events=[event]), ARRIVAL)
    with reading(engine) as connection:
        assert connection.scalar(text("SELECT count(*) FROM device_event")) == 2
        assert connection.scalar(text("SELECT margin_db FROM device_state")) == 9
