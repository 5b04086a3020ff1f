from __future__ import annotations

import numpy as np
import pytest

from lora_registry.simulate.radio import (
    MAX_SNR_DB,
    NOISE_FLOOR_DBM,
    SNR_FLOOR_DB,
    Network,
    chance,
    receive,
    setting,
)


@pytest.mark.parametrize(
    ("best_snr_db", "spreading_factor"),
    [(20.0, 7), (0.5, 7), (0.4, 8), (-2.0, 8), (-2.1, 9), (-9.5, 11), (-9.6, 12), (-40.0, 12)],
)
def test_the_lowest_spreading_factor_that_leaves_a_margin_is_set(
    best_snr_db: float, spreading_factor: int
) -> None:
    assert setting(np.array([[-60.0, best_snr_db]])).tolist() == [spreading_factor]


def _draw(mean_snr_db: float, spreading_factor: int, frames: int = 4_000):  # type: ignore[no-untyped-def]  # noqa: ANN202 - Receptions
    shape = (frames, 2)
    usable = np.ones(shape, dtype=np.bool_)
    usable[:, 1] = False
    return receive(
        np.random.default_rng(3), np.full(shape, mean_snr_db), np.full(frames, spreading_factor), usable
    )


@pytest.mark.parametrize("spreading_factor", [7, 10, 12])
@pytest.mark.parametrize("margin_db", [-6.0, -2.0, 0.0, 3.0, 8.0])
def test_frames_are_heard_as_often_as_their_margin_says(spreading_factor: int, margin_db: float) -> None:
    snr = SNR_FLOOR_DB[spreading_factor - 7] + margin_db
    heard = len(_draw(snr, spreading_factor).frame) / 4_000
    expected = chance(np.array([[snr]]), np.array([spreading_factor]))[0, 0]
    assert heard == pytest.approx(expected, abs=0.03)


def test_an_unusable_gateway_hears_nothing() -> None:
    assert set(_draw(10.0, 7).gateway.tolist()) == {0}


def test_no_reception_shows_a_signal_that_its_spreading_factor_cannot_carry() -> None:
    for sf in range(7, 13):
        quarters = _draw(float(SNR_FLOOR_DB[sf - 7]), sf).snr_quarter_db
        assert quarters.min() >= 4 * SNR_FLOOR_DB[sf - 7]
        assert quarters.max() <= 4 * MAX_SNR_DB


@pytest.mark.parametrize(
    ("mean_snr_db", "rssi_dbm"),
    # Far below the noise the gateway measures the noise itself; far above it, the signal.
    [(-18.0, NOISE_FLOOR_DBM), (30.0, NOISE_FLOOR_DBM + 30.0)],
)
def test_rssi_is_signal_and_noise_together(mean_snr_db: float, rssi_dbm: float) -> None:
    assert _draw(mean_snr_db, 12).rssi_dbm.mean() == pytest.approx(rssi_dbm, abs=1.0)


def test_loss_grows_by_the_exponent_with_distance() -> None:
    rng = np.random.default_rng(4)
    network = Network(rng, np.zeros(200), np.zeros(200))
    near, far = network.mean_snr(np.array([0.0, 0.0]), np.array([500.0, 5_000.0]), np.zeros(2))
    # Over 200 independent drawings of the shadowing, a decade costs 10 n = 29 dB.
    assert (near - far).mean() == pytest.approx(29.0, abs=2.0)


def test_shadowing_is_alike_at_a_few_metres_and_unlike_at_kilometres() -> None:
    network = Network(np.random.default_rng(5), np.zeros(300), np.zeros(300))
    # All three at the same distance from the gateways: only shadowing differs.
    east, north = np.array([3_000.0, 2_999.98, -3_000.0]), np.array([0.0, 10.0, 0.0])
    here, beside, across = network.mean_snr(east, north, np.zeros(3))
    spread = (here - network.offset_db).std()
    assert spread == pytest.approx(6.0, abs=1.0)
    assert (here - beside).std() < 0.5
    assert (here - across).std() > 6.0
