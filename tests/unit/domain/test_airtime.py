"""Time on air against the reference values of science.md 1.1 and the Semtech calculator."""

from __future__ import annotations

import pytest

from lora_registry.domain.airtime import phy_payload_size, time_on_air_s


def test_lorawan_adds_thirteen_bytes() -> None:
    assert phy_payload_size(0) == 13
    assert phy_payload_size(51) == 64


def test_the_published_value_of_the_application_note() -> None:
    seconds = time_on_air_s(spreading_factor=9, bandwidth_hz=125_000, payload_bytes=13)
    assert seconds == pytest.approx(0.164864, abs=1e-9)


@pytest.mark.parametrize(
    ("spreading_factor", "bandwidth_hz", "milliseconds"),
    [
        # application payloads of 10, 20 and 51 bytes
        (12, 125_000, (1483, 1810, 2794)),
        (11, 125_000, (823, 987, 1561)),
        (10, 125_000, (371, 453, 698)),
        (9, 125_000, (206, 247, 390)),
        (8, 125_000, (113, 134, 216)),
        (7, 125_000, (62, 72, 118)),
        (7, 250_000, (31, 36, 59)),
    ],
)
def test_every_european_data_rate_lasts_what_the_reference_says(
    spreading_factor: int, bandwidth_hz: int, milliseconds: tuple[int, int, int]
) -> None:
    measured = [
        1000
        * time_on_air_s(
            spreading_factor=spreading_factor,
            bandwidth_hz=bandwidth_hz,
            payload_bytes=phy_payload_size(size),
        )
        for size in (10, 20, 51)
    ]
    assert measured == pytest.approx(milliseconds, abs=0.55)  # published rounded to the millisecond


def test_a_tenth_of_a_millisecond_separates_it_from_the_formula_at_no_size() -> None:
    """Against AN1200.13 written out a second time, in whole symbols: SF7 to SF12, every LoRaWAN payload."""
    for spreading_factor in range(7, 13):
        low_data_rate = spreading_factor >= 11
        for payload_bytes in range(13, 256):
            bits, per_block = (
                8 * payload_bytes - 4 * spreading_factor + 44,
                4 * (spreading_factor - 2 * low_data_rate),
            )
            blocks = max(-(-bits // per_block), 0)
            quarter_symbols = 4 * (8 + 8 + 5 * blocks) + 17
            milliseconds = quarter_symbols * 2**spreading_factor / 4 / 125
            measured = time_on_air_s(
                spreading_factor=spreading_factor, bandwidth_hz=125_000, payload_bytes=payload_bytes
            )
            assert abs(1000 * measured - milliseconds) < 0.1


@pytest.mark.parametrize(
    ("coding_rate", "seconds"),
    [
        # SF7, 125 kHz, 23 bytes: 8 + 4.25 + 8 symbols, then 8 blocks of 5 or 8, each of 1.024 ms
        (1, (20.25 + 8 * 5) * 0.001024),
        (4, (20.25 + 8 * 8) * 0.001024),
    ],
)
def test_a_stronger_code_lengthens_each_block(coding_rate: int, seconds: float) -> None:
    measured = time_on_air_s(spreading_factor=7, bandwidth_hz=125_000, payload_bytes=23, coding_rate=coding_rate)
    assert measured == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize("symbols", [6, 8, 12])
def test_each_preamble_symbol_counts_once(symbols: int) -> None:
    base = time_on_air_s(spreading_factor=8, bandwidth_hz=125_000, payload_bytes=20, preamble_symbols=0)
    longer = time_on_air_s(spreading_factor=8, bandwidth_hz=125_000, payload_bytes=20, preamble_symbols=symbols)
    assert longer - base == pytest.approx(symbols * 0.002048, abs=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        {"spreading_factor": 4},
        {"spreading_factor": 13},
        {"coding_rate": 0},
        {"coding_rate": 5},
        {"bandwidth_hz": 0},
        {"payload_bytes": -1},
        {"preamble_symbols": -1},
    ],
)
def test_what_no_radio_has_is_refused_by_name(wrong: dict[str, int]) -> None:
    arguments = {"spreading_factor": 7, "bandwidth_hz": 125_000, "payload_bytes": 20, **wrong}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        time_on_air_s(**arguments)
