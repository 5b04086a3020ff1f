"""What the demonstration adds to coverage: sites one would think of, and the truth."""

from __future__ import annotations

import numpy as np

from lora_registry.coverage.grid import cells_of
from lora_registry.demo.cover import against_truth, town_halls
from lora_registry.simulate.communes import COMMUNES
from lora_registry.simulate.propagation import propagation


def test_a_commune_with_a_gateway_near_its_centre_is_no_site() -> None:
    assert len(town_halls([])) == len(COMMUNES)
    first = COMMUNES[0]
    left = town_halls([(first.latitude + 0.005, first.longitude)])
    assert f"Mairie ({first.name})" not in {site.name for site in left}
    assert len(left) >= len(COMMUNES) - 2


def test_states_are_held_against_the_air_of_the_very_city() -> None:
    latitudes, longitudes = np.array([43.611, 43.2]), np.array([3.877, 3.2])
    delivery = propagation(1).delivery(latitudes, longitudes)
    assert delivery[0] > 0.95 > delivery[1]
    cells = cells_of(latitudes, longitudes)
    rows = [
        {"northing_m": cell.northing_m, "easting_m": cell.easting_m, "state": state}
        for cell, state in zip(cells, ("covered", "covered"), strict=True)
    ]
    assert against_truth(1, rows, 0.95).covered_right == 0.5
