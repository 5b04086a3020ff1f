"""EUIs as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import DevEui, GatewayId


@pytest.mark.parametrize(
    "written",
    [
        "70b3d57ed0000042",
        "70B3D57ED0000042",
        "70-B3-D5-7E-D0-00-00-42",
        "70:b3:d5:7e:d0:00:00:42",
        "0x70B3D57ED0000042",
        " 70b3 d57e d000 0042\n",
    ],
)
def test_usual_writings_are_one_identifier(written: str) -> None:
    assert DevEui.parse(written) == "70b3d57ed0000042"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "70b3d57ed000004",
        "70b3d57ed00000422",
        "70b3d57ed000004g",
        "７0b3d57ed0000042",  # noqa: RUF001 - a full-width digit
        "70b3d57ed000004а",  # noqa: RUF001 - a Cyrillic letter that looks Latin
        "0000000000000000",
        "FFFFFFFFFFFFFFFF",
        "7,0E+15",
    ],
)
def test_what_is_none_is_refused_with_the_value_and_the_way_out(written: str) -> None:
    with pytest.raises(IdentifierError) as refused:
        DevEui.parse(written)
    assert "DevEui" in str(refused.value)


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_the_integer_of_a_database_is_the_same_identifier(value: int) -> None:
    assert GatewayId.from_int64(value).to_int64() == value
    assert len(GatewayId.from_int64(value)) == 16
