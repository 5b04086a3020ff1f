"""Reading measured receptions: what is taken, what is left out and why."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.coverage.pairs import Pairs
from lora_registry.coverage.pairs_csv import Receptions, read_receptions
from lora_registry.coverage.path_loss import censored_line, received_line
from lora_registry.coverage.plane import plane_of, roughly_km
from lora_registry.domain.errors import ImportFileError
from tests.unit.coverage.cities import city

HEADER = "point_id,lat,lon,gateway_id,gateway_lat,gateway_lon,heard,rssi_dbm,snr_db,sf"
GOOD = "p1,49.20,16.61,g1,49.21,16.62,1,-110,5,7"


def read(*rows: str, header: str = HEADER, max_km: float = 15) -> Receptions:
    return read_receptions([f"{line}\n" for line in (header, *rows)], max_km=max_km)


def test_a_row_is_a_pair() -> None:
    pairs = read(GOOD, "p2,49.25,16.61,g1,49.21,16.62,0,,,").pairs
    assert pairs.heard.tolist() == [True, False]
    # RSSI -110 dBm, SNR 5 dB: the signal is 10 log10(1 + 10^-0.5) below the whole.
    assert pairs.level_dbm[0] == pytest.approx(-110 - 10 * math.log10(1 + 10**-0.5))
    assert math.isnan(pairs.level_dbm[1])
    assert pairs.demand_db.tolist() == [12.5, 0.0]
    assert pairs.distance_km[0] == pytest.approx(1.329, abs=0.002)


def test_columns_come_in_any_order_and_others_are_ignored() -> None:
    pairs = read(
        "x,yes,g1,16.62,49.21,16.61,49.20,p1,-101.5",
        header="remark,HEARD,gateway_id,gateway_lon,gateway_lat,lon,lat,\ufeffpoint_id,esp_dbm",
    ).pairs
    assert pairs.level_dbm.tolist() == [-101.5]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("p,0,0,g1,49.21,16.62,1,-110,5,7", "lat and lon are 0 (a receiver without a fix)"),
        ("p,49.2,16.6,g1,0,0,1,-110,5,7", "gateway_lat and gateway_lon are 0"),
        ("p,16.61,49.20,g1,49.21,16.62,1,-110,5,7", "latitude and longitude are swapped"),
        ("p,16.61,49.20,g1,16.62,49.21,1,-110,5,7", "latitude and longitude are swapped"),
        ("p,16.6,149.2,g1,49.21,16.62,1,,,", "km from the other gateways"),
        ("p,170.0,49.2,g1,49.21,16.62,1,,,", "latitude and longitude are swapped"),
        ("p,6279000,770000,g1,49.21,16.62,1,,,", "metres (Lambert-93?)"),
        ("p,200,300,g1,49.21,16.62,1,,,", "not on the globe"),
        ("p,nan,16.6,g1,49.21,16.62,1,,,", "column lat: 'nan' is not a finite number"),
        ("p,49.2,inf,g1,49.21,16.62,1,,,", "column lon: 'inf' is not a finite number"),
        ("p,north,16.6,g1,49.21,16.62,1,,,", "column lat: 'north' is not a number"),
        ("p,,16.6,g1,49.21,16.62,1,,,", "no position: column lat or lon is empty"),
        ("p,49.2,16.6,g9,,,1,,,", "no position: column gateway_lat or gateway_lon is empty"),
        ("p,48.8,2.3,g1,49.21,16.62,1,,,", "km from the other gateways"),
        (GOOD, "duplicate: point 'p1' and gateway 'g1' are in line 2 already"),
        ("p1,49.20,16.61,g1,49.21,16.62,0,,,7", "duplicate"),
        ("p,49.2,16.6,g1,49.21,16.62,maybe,,,", "column heard: 'maybe' is neither 1 nor 0"),
        ("p,49.2,16.6,g1,49.21,16.62,1,-999,0,", "column rssi_dbm: no gateway receives"),
        ("p,49.2,16.6,g1,49.21,16.62,1,20,,", "column rssi_dbm: no gateway receives 20 dBm"),
        ("p,49.2,16.6,g1,49.21,16.62,1,-110,99,", "column snr_db: no receiver measures 99 dB"),
        ("p,49.2,16.6,g1,49.21,16.62,1,-110,5,13", "column sf: '13' is not a spreading factor"),
        (",49.2,16.6,g1,49.21,16.62,1,,,", "column point_id is empty"),
        ("p,49.2,16.6,g1,49.21,16.62,1", "7 columns where the header has 10"),
        ('p,"49.2,16.6,g1,49.21,16.62,1,,,', "not CSV from here on"),
    ],
)
def test_a_row_that_cannot_be_true_is_left_out_with_its_line_and_reason(row: str, words: str) -> None:
    read_ = read(GOOD, "p3,49.22,16.61,g1,49.21,16.62,1,-110,5,7", row)
    (rejected,) = read_.rejected
    assert rejected.line == 4
    assert words in rejected.reason
    assert len(read_.pairs) == 2


def test_the_same_pair_at_another_spreading_factor_is_another_observation() -> None:
    assert len(read(GOOD, GOOD.removesuffix("7") + "SF12").pairs) == 2


def test_a_gateway_that_moved_is_another_gateway() -> None:
    """150 m north starts new evidence, 50 m does not."""
    moved = [
        GOOD.replace("p1", f"p{i}").replace("49.21,", f"{lat},")
        for i, lat in enumerate((49.21, 49.21045, 49.21135))
    ]
    assert read(*moved).pairs.gateway.tolist() == [0, 0, 1]


def test_pairs_farther_than_asked_for_are_counted() -> None:
    read_ = read(GOOD, "p2,49.40,16.61,g1,49.21,16.62,0,,,")
    assert (len(read_.pairs), read_.too_far) == (1, 1)
    with pytest.raises(ImportFileError, match=r"none of 1 pairs is within 0\.1 km \(the nearest: 1\.3 km\)"):
        read(GOOD, max_km=0.1)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "the file is empty"),
        ("hello", "column point_id: found 0 times in 'hello'"),
        (HEADER.replace(",heard", ""), "column heard: found 0 times"),
        (HEADER + ",lat", "column lat: found 2 times"),
    ],
)
def test_a_header_that_is_none(header: str, words: str) -> None:
    with pytest.raises(ImportFileError, match=words):
        read(header=header)


def test_a_file_of_bad_rows_alone_is_told_with_the_first() -> None:
    with pytest.raises(ImportFileError, match="no row can be used of 2; line 2: no position"):
        read("p,0,0,g1,0,0,1,,,", "p,0,0,g1,0,0,1,,,")


@given(st.lists(st.text(alphabet='0123456789.,-"eEnaif \n', max_size=40), max_size=8))
def test_whatever_is_in_a_file_it_is_read_or_told(rows: list[str]) -> None:
    try:
        pairs = read(GOOD, *rows).pairs
    except ImportFileError:
        return
    assert np.isfinite(pairs.xy_km).all()


def test_planes() -> None:
    assert plane_of(43.6, 3.9).epsg == 2154
    assert plane_of(49.2, 16.6).epsg == 32633
    assert plane_of(-33.9, 151.2).epsg == 32756
    assert plane_of(0.0, 180.0).epsg == 32660
    (montpellier,) = plane_of(43.6, 3.9).xy_km(np.array([43.61]), np.array([3.877]))
    np.testing.assert_allclose(montpellier, [770.8, 6279.4], atol=1.0)
    with pytest.raises(ValueError, match="has no place in EPSG:32633"):
        plane_of(49.2, 16.6).xy_km(np.array([np.inf]), np.array([16.6]))
    assert roughly_km(49.0, 179.9, 49.0, -179.9) == pytest.approx(14.6, abs=0.2)


def test_the_censored_line_finds_what_the_received_one_cannot() -> None:
    """Exponent 3, sd 8 dB, half of the frames under the threshold: the mean of ten samples of 1,500."""
    censored, plain = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        km = 10 ** rng.uniform(-0.5, 1, 1500)
        level = -105 - 30 * np.log10(km) + 8 * rng.normal(size=1500)
        heard = level > np.median(level)
        pairs = Pairs(
            np.zeros((1500, 2)), np.zeros(1500, dtype=np.int64), km, heard, np.where(heard, level, np.nan),
            np.zeros(1500), np.ones(1500),
        )  # fmt: skip
        line = censored_line(pairs, threshold_dbm=float(np.median(level)))
        naive = received_line(pairs)
        assert line is not None
        assert naive is not None
        censored.append((line.exponent, line.sd_db))
        plain.append((naive.exponent, naive.sd_db))
    assert np.mean(censored, axis=0) == pytest.approx([3.0, 8.0], abs=0.1)
    assert np.mean(plain, axis=0) == pytest.approx([1.8, 6.8], abs=0.2)


def test_a_threshold_that_nobody_told_is_found() -> None:
    pairs = city(points=800, gateways=1, side_km=12, threshold_dbm=-122, shadow_db=0.1)
    line = censored_line(pairs)
    assert line is not None
    assert line.exponent == pytest.approx(3.0, abs=0.3)
    assert line.sd_db == pytest.approx(4.0, abs=0.6)
    assert censored_line(pairs.take(np.arange(5))) is None
