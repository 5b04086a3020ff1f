"""The truth of the air is that which the devices' frames went through."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from lora_registry.simulate import simulate
from lora_registry.simulate.communes import to_metres
from lora_registry.simulate.propagation import propagation

END = datetime(2026, 3, 1, tzinfo=UTC)


def test_gateways_and_shadowing_are_those_of_the_city() -> None:
    fleet = simulate(120, 1, 3, END).fleet
    still = np.flatnonzero(fleet.first_waypoint < 0)
    air = propagation(3)
    outdoors = air.network.mean_snr(
        *to_metres(fleet.latitude[still], fleet.longitude[still]), np.zeros(len(still))
    )
    lost = outdoors - fleet.mean_snr[still]
    # What a device lacks of it is its mounting: the same at every gateway, and nothing but a loss.
    assert np.ptp(lost, axis=1).max() < 0.02
    assert lost.min() > -0.02
    assert np.abs(propagation(4).network.offset_db - air.network.offset_db).max() > 0.1


def test_delivery_is_a_share_that_falls_with_speed_and_distance() -> None:
    air = propagation(1)
    at = np.array([43.611, 43.611, 43.2]), np.array([3.877, 3.6, 3.2])
    slow, fast = air.delivery(*at), air.delivery(*at, spreading_factor=7)
    assert ((fast >= 0.0) & (fast <= slow) & (slow <= 1.0)).all()
    assert slow[0] > 0.99
    assert slow[2] < 0.2
    assert np.allclose(air.delivery(at[0][:1], at[1][:1]), slow[:1])


def test_devices_are_heard_as_the_air_allows() -> None:
    truth = simulate(300, 5, 1, END).truth()
    devices = truth["devices"]
    assert isinstance(devices, list)
    standing = [one for one in devices if one["delivery"] is not None and not one["mobile"] and one["sent"] > 20]
    places = (np.array([one[name] for one in standing]) for name in ("latitude", "longitude"))
    expected = propagation(1).delivery(*places)
    heard = np.array([one["delivery"] for one in standing])
    near, far = heard[expected > 0.99].mean(), heard[expected < 0.8].mean()
    assert abs(near - 0.97) < 0.03, "interference and the outage take the rest"
    assert far < near - 0.05
