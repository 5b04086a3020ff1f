"""A small invented city that holds one of everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.mapdata import (
    GatewayState,
    MapCell,
    MapCommune,
    MapData,
    MapDevice,
    MapGateway,
    MapOutage,
    Position,
)
from lora_registry.domain.radio_state import RadioState

NOW = datetime(2026, 3, 2, 8, 25, tzinfo=UTC)


def square(west: float, south: float, side: float) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return a square as a polygon without holes."""
    east, north = west + side, south + side
    return (((west, south), (east, south), (east, north), (west, north), (west, south)),)


@pytest.fixture(scope="session")
def city() -> MapData:
    """Return three communes (one undrawn), three gateways, 21 shown objects and 23 household ones."""
    communes = (
        MapCommune(
            "99001",
            "Aubenas-le-Lac",
            (square(3.0, 43.0, 0.1),),
            household={RadioState.ACTIVE: 12, RadioState.SILENT: 2},
        ),
        MapCommune("99002", "Brissac", (square(3.1, 43.0, 0.1),), schematic=True, household={RadioState.LATE: 5}),
        MapCommune("99003", "Courlaoux", None),
    )
    gateways = tuple(
        MapGateway(
            GatewayId(f"00000000000000a{number}"),
            f"Antenne {number}",
            Position(43.02 + number / 50, 3.05),
            state,
            NOW - timedelta(minutes=number) if state is not GatewayState.UNKNOWN else None,
            devices_heard=number * 700,
            third_party=number == 2,
        )
        for number, state in enumerate(GatewayState)
    )
    devices = tuple(
        MapDevice(
            DevEui(f"70b3d57ed00000{number:02x}"),
            f"Sonde {number:02d}",
            ("Air", "Eau", None)[number % 3],
            ("99001", "99002", "99003")[number % 3],
            tuple(RadioState)[number % 7],
            Position(43.01 + number / 300, 3.01 + number / 130) if number else None,
            None if number % 7 == 0 else NOW - timedelta(hours=number),
            period_s=900 * number or None,
            delivery_ratio=0.98,
            delivery_low=0.95,
            delivery_high=0.996,
            reason="" if number % 7 == 2 else "no_uplink",
        )
        for number in range(21)
    )
    return MapData(
        "Communauté du Lac",
        NOW,
        NOW - timedelta(hours=3),
        communes,
        gateways,
        devices,
        household_elsewhere={RadioState.ACTIVE: 4},
        cells=(MapCell(square(3.02, 43.02, 0.002)[0], 1234, 2, date(2026, 3, 1)),),
        outages=(MapOutage(NOW - timedelta(days=2), NOW - timedelta(days=2, hours=-3), "The broker was down."),),
        simulated=True,
    )


@pytest.fixture(scope="session")
def large_city(city: MapData) -> MapData:
    """Return 40,000 shown objects, all named and placed otherwise, and 11,000 squares."""
    devices = tuple(
        replace(
            city.devices[1 + number % 20],
            dev_eui=DevEui(f"70b3d57e{number * 2654435761 % 2**32:08x}"),
            name=f"Sonde {('Rue', 'Place', 'Parc')[number % 3]} {number:05d}",
            position=Position(43 + number * 7919 % 100_003 / 1e6, 3 + number * 104_729 % 200_003 / 1e6),
            last_uplink_at=NOW - timedelta(minutes=number * 31 % 10_000),
            delivery_ratio=0.7 + number % 300 / 1000,
        )
        for number in range(40_000)
    )
    cells = tuple(
        MapCell(
            square(3 + number % 110 / 550, 43 + number // 110 / 500, 0.0018)[0],
            number * 37 % 4000,
            1 + number % 9,
            date(2026, 3, 1),
        )
        for number in range(11_000)
    )
    return replace(city, devices=devices, cells=cells)
