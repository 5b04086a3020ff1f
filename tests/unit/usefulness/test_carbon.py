"""Carbon: ranges with their sources, unknown where no factor names a model, avoided only by what is reused."""

from __future__ import annotations

import pytest

from lora_registry.domain.errors import ImportFileError
from lora_registry.usefulness import carbon
from lora_registry.usefulness.carbon import DEFAULTS, NOTHING, Factor, Range, avoided, footprint
from lora_registry.usefulness.factor_file import COLUMNS, read_factors

SIMPLE = Factor("simple", {"fr": "s", "en": "s"}, Range(2, 6, 15), 8.0, ("M1", "M 2"), "declaration", 2024)
COMPLEX = Factor("complex", {"fr": "c", "en": "c"}, Range(10, 20, 50), 5.0, ("CO2",), "declaration", 2024)


def test_without_a_file_every_model_is_unknown() -> None:
    told = footprint(["Meteo S", None, "M1"], DEFAULTS)
    assert (told.known, told.unknown, told.kg) == (0, 3, NOTHING)
    assert all(factor.source and factor.year for factor in DEFAULTS)


def test_ranges_add_up_bound_by_bound_and_name_their_factors() -> None:
    told = footprint(["m1", "M 2", "CO2", "?", None], (SIMPLE, COMPLEX))
    assert told.kg == Range(14, 32, 80)
    assert told.kg_per_year == pytest.approx(Range(4 / 8 + 2, 12 / 8 + 4, 30 / 8 + 10))
    assert (told.known, told.unknown, told.factors) == (3, 2, ("complex", "simple"))


def test_a_drawer_avoids_nothing_and_reuse_the_life_that_is_left() -> None:
    objects = [("M1", 2.0), ("M1", 20.0), (None, 1.0), ("M1", None)]
    assert avoided(objects, (SIMPLE,), is_bought_otherwise=False) == NOTHING
    assert avoided(objects, (SIMPLE,), is_bought_otherwise=True) == Range(1.5, 4.5, 11.25)
    assert avoided([(None, 1.0)], (SIMPLE,), is_bought_otherwise=True) is None, "unknown stays unknown"


def line(**told: str) -> str:
    values = {
        "id": "m", "label_fr": "capteur", "label_en": "sensor", "low_kg": "2", "central_kg": "6", "high_kg": "15",
        "life_years": "8", "models": "M1| M2", "source": "declaration", "year": "2024",
    }  # fmt: skip
    return ",".join((values | told)[name] for name in COLUMNS)


def test_a_city_s_own_factors_replace_the_table() -> None:
    (factor,) = read_factors([",".join(COLUMNS), line()])
    assert factor == Factor(
        "m", {"fr": "capteur", "en": "sensor"}, Range(2, 6, 15), 8.0, ("M1", "M2"), "declaration", 2024
    )
    assert carbon.by_model((factor,))["m2"] is factor


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"central_kg": "1"}, "line 2: low_kg, central_kg, high_kg do not increase"),
        ({"low_kg": "two"}, "line 2: low_kg, central_kg and high_kg are numbers"),
        ({"low_kg": "-2"}, "line 2: low_kg, central_kg and high_kg are numbers"),
        ({"source": ""}, "line 2: source is empty"),
        ({"year": "24"}, "line 2: year '24' is not a year"),
        ({"life_years": "0"}, "line 2: life_years '0' is not a number above 0"),
    ],
)
def test_every_fault_is_told_with_its_line(told: dict[str, str], fault: str) -> None:
    with pytest.raises(ImportFileError) as raised:
        read_factors([",".join(COLUMNS), line(**told)])
    assert fault in str(raised.value)


def test_missing_columns_are_told() -> None:
    with pytest.raises(ImportFileError, match="columns missing: label_fr"):
        read_factors(["id", "m"])
