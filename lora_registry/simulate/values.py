"""What the sensors measure: smooth functions of device and time, plus the noise of each reading.

No state but a parking space's: a reading can be computed for any instant, so a meter's index never steps back
and a stuck sensor repeats the reading of the instant it stuck at. Twins share their dials, so they agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lora_registry.simulate.columns import DAY, SECOND, Floats, Ints
from lora_registry.simulate.local_time import LocalTime
from lora_registry.simulate.services import SERVICES

_HOUR = 3600.0 * SECOND
_YEAR_DAYS = 365.25


class Moment(NamedTuple):
    """Readings asked for: columns of one entry per reading, all of one service."""

    at: Ints
    local: LocalTime
    dials: Floats
    """(readings, 6)."""
    noise: Floats
    """(readings, 3), standard normal; 0 for a stuck sensor."""
    turn: Ints
    """Movements of a parking space so far."""
    battery: Floats
    """0 to 1."""
    latitude: Floats
    longitude: Floats
    """Of a vehicle."""


def read(service: int, asked: Moment) -> Ints:
    """Return the channels of `SERVICES[service]` in steps of 1/scale (flags 0 or 1): (readings, channels)."""
    columns = _READERS[SERVICES[service].id](asked)
    scales = [max(channel.scale, 1) for channel in SERVICES[service].channels]
    return np.column_stack(
        [np.round(column * scale).astype(np.int64) for column, scale in zip(columns, scales, strict=True)]
    )


def _wave(m: Moment, *periods_h: float) -> Floats:
    """Return a slow oscillation of the device's own, about -1 to 1, over the given periods in hours."""
    total = np.zeros(len(m.at))
    for i, period in enumerate(periods_h):
        total += np.sin(2 * np.pi * (m.at / (period * _HOUR) + m.dials[:, 2 + i]))
    return total / len(periods_h)


def _outdoor(m: Moment) -> Floats:
    """Return the air temperature of the city, °C: season, day and passing weather."""
    season = np.cos(2 * np.pi * (m.local.year_day - 205.0) / _YEAR_DAYS)
    day = np.cos(2 * np.pi * (m.local.hour - 15.5) / 24.0)
    weather = np.sin(2 * np.pi * m.at / (97.0 * _HOUR)) + 0.7 * np.sin(2 * np.pi * m.at / (221.0 * _HOUR))
    found: Floats = 15.2 + 8.0 * season + (3.6 + 1.4 * season) * day + 1.8 * weather
    return found


def _busy(m: Moment) -> Floats:
    """Return how awake the city is, 0 to 1: two bumps a day, lower on Sundays."""
    hour = m.local.hour
    bumps = np.exp(-(((hour - 8.5) / 2.2) ** 2)) + np.exp(-(((hour - 18.0) / 2.8) ** 2))
    found: Floats = np.minimum(bumps, 1.0) * np.where(m.local.weekday == 7, 0.5, 1.0)  # noqa: PLR2004 - Sunday
    return found


def _volts(m: Moment) -> Floats:
    """Return a lithium cell's voltage: flat for most of its life, then falling."""
    return 3.0 + 0.6 * m.battery - 0.35 * np.exp(-12.0 * m.battery)


def _water(m: Moment) -> list[Floats]:
    days = m.at / DAY - 19_000.0
    # The bump within a day is a little less steep than the mean, so the index never goes back.
    litres = 60.0 + 400.0 * m.dials[:, 0]
    index = 35.0 * m.dials[:, 1] + litres / 1000.0 * (days + 0.15 * np.sin(2 * np.pi * (m.local.hour - 9) / 24))
    return [index, np.zeros(len(m.at)), _volts(m)]


def _heat(m: Moment) -> list[Floats]:
    # Heating needs integrate the season: energy is the integral of a raised cosine, always growing.
    years = m.at / DAY / _YEAR_DAYS - 52.0
    kwh = 1_500.0 + 4_000.0 * m.dials[:, 0]
    index = kwh * (years + 0.95 * np.sin(2 * np.pi * (years - 0.06)) / (2 * np.pi)) + 900.0 * m.dials[:, 1]
    demand = np.clip((19.0 - _outdoor(m)) / 20.0, 0.0, 1.0)
    supply = 24.0 + 34.0 * demand + 1.5 * _wave(m, 5.0, 13.0) + 0.3 * m.noise[:, 0]
    return [index, supply, supply - 2.0 - 12.0 * demand + 0.2 * m.noise[:, 1]]


def _air(m: Moment) -> list[Floats]:
    stagnant = 1.0 + 0.5 * np.sin(2 * np.pi * m.at / (119.0 * _HOUR))
    pm25 = (3.0 + 4.0 * m.dials[:, 0]) * stagnant + (4.0 + 10.0 * m.dials[:, 1]) * _busy(m) * stagnant
    pm25 = np.maximum(pm25 * (1.0 + 0.25 * _wave(m, 4.3, 11.0)) + 0.3 * m.noise[:, 0], 0.5)
    pm10 = 1.55 * pm25 + 2.0 + 0.6 * m.noise[:, 1]
    return [pm25, np.maximum(pm10, 1.0), _street(m)]


def _street(m: Moment) -> Floats:
    return _outdoor(m) + 3.0 * m.dials[:, 0] - 1.0 + 0.8 * _wave(m, 3.1, 17.0) + 0.05 * m.noise[:, 2]


def _lamp(m: Moment) -> list[Floats]:
    half_day = 6.1 + 1.5 * np.cos(2 * np.pi * (m.local.year_day - 172.0) / _YEAR_DAYS)
    dark = np.abs(m.local.hour - 13.6) > half_day
    late = (m.local.hour < 5.5) | (m.local.hour > 23.0)  # noqa: PLR2004 - dimmed at night
    dim = np.where(dark, np.where(late, 50.0, 100.0), 0.0)
    power = dim * (0.4 + 0.5 * m.dials[:, 0]) + np.where(dark, 0.4 * m.noise[:, 0], 0.0) + 0.8
    return [dim, power, np.where(m.dials[:, 1] > 0.97, 1.0, 0.0)]  # noqa: PLR2004 - 3 % have a fault


def _parking(m: Moment) -> list[Floats]:
    return [(m.turn % 2).astype(np.float64), _volts(m), _street(m)]


def _heat_island(m: Moment) -> list[Floats]:
    temperature = _street(m)
    humidity = 68.0 - 1.6 * (temperature - 15.0) + 6.0 * _wave(m, 9.0, 31.0) + 0.4 * m.noise[:, 1]
    return [temperature, np.clip(humidity, 12.0, 99.0), _volts(m)]


def _bin(m: Moment) -> list[Floats]:
    every = 2.0 + np.floor(5.0 * m.dials[:, 0])  # days between two collections, at dawn
    filled = (m.at / DAY - 0.2 + m.dials[:, 1]) % every / every
    fill = 100.0 * np.minimum(filled * (0.5 + 0.7 * m.dials[:, 2]), 1.0) + 0.7 * m.noise[:, 0]
    return [np.clip(fill, 0.0, 100.0), _street(m) + 1.0, np.zeros(len(m.at))]


def _leak(m: Moment) -> list[Floats]:
    cellar = 14.0 + 0.25 * (_outdoor(m) - 14.0) + 2.0 * m.dials[:, 0] + 0.05 * m.noise[:, 0]
    return [np.zeros(len(m.at)), cellar, _volts(m)]


def _river(m: Moment) -> list[Floats]:
    rain = np.maximum(np.sin(2 * np.pi * m.at / (163.0 * _HOUR)) - 0.8, 0.0)
    level = 0.4 + 0.5 * m.dials[:, 0] + 2.5 * rain + 0.05 * _wave(m, 21.0, 55.0) + 0.01 * m.noise[:, 0]
    return [level, np.where(level > 2.5, 1.0, 0.0), _volts(m)]  # noqa: PLR2004 - the alert level, metres


def _soil(m: Moment) -> list[Floats]:
    since_watered = (m.at / DAY + m.dials[:, 0]) % 3.0
    moisture = 34.0 - 4.5 * since_watered + 3.0 * m.dials[:, 1] + 0.2 * m.noise[:, 0]
    ground = 15.0 + 0.5 * (_outdoor(m) - 15.0) + 0.05 * m.noise[:, 1]
    return [moisture, ground, _volts(m)]


def _classroom(m: Moment) -> list[Floats]:
    hour = m.local.hour
    lesson = ((hour > 8.5) & (hour < 12.0)) | ((hour > 13.75) & (hour < 16.5))  # noqa: PLR2004 - the bell
    taught = lesson & np.isin(m.local.weekday, (1, 2, 4, 5)) & ~np.isin(m.local.month, (7, 8))
    co2 = np.where(taught, 750.0 + 900.0 * m.dials[:, 0] + 150.0 * _wave(m, 2.3, 5.9), 430.0)
    temperature = 19.5 + 0.15 * (_outdoor(m) - 15.0) + 1.5 * taught + 0.6 * m.dials[:, 1] + 0.05 * m.noise[:, 1]
    return [co2 + 8.0 * m.noise[:, 0], temperature, 45.0 + 6.0 * _wave(m, 7.0, 29.0) + 0.4 * m.noise[:, 2]]


def _vehicle(m: Moment) -> list[Floats]:
    return [
        m.latitude + 2e-5 * m.noise[:, 0],
        m.longitude + 2e-5 * m.noise[:, 1],
        np.maximum(14.0 + 8.0 * m.noise[:, 2], 0.0),
    ]


def _footfall(m: Moment) -> list[Floats]:
    rate = (5.0 + 60.0 * m.dials[:, 0]) * _busy(m)
    into = np.maximum(rate + np.sqrt(rate) * m.noise[:, 0], 0.0)
    return [into, np.maximum(rate + np.sqrt(rate) * m.noise[:, 1], 0.0), _volts(m)]


_READERS: dict[str, Callable[[Moment], list[Floats]]] = {
    "eau-compteurs": _water,
    "logements-chaleur": _heat,
    "qualite-air": _air,
    "eclairage": _lamp,
    "stationnement": _parking,
    "ilots-chaleur": _heat_island,
    "dechets": _bin,
    "fuites-batiments": _leak,
    "crues": _river,
    "arrosage": _soil,
    "air-ecoles": _classroom,
    "proprete-vehicules": _vehicle,
    "comptage-passages": _footfall,
}
