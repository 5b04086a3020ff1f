"""What gateways heard of a device in a day, folded and packed: however it is split, the sums are the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_registry.domain import links
from lora_registry.domain.events import Location, Reception
from lora_registry.domain.identifiers import GatewayId
from lora_registry.domain.links import LinkDay
from lora_registry.domain.signal import esp_dbm

DAY = date(2026, 9, 10)
MIDNIGHT = datetime(2026, 9, 10, tzinfo=UTC)
GATEWAYS = [GatewayId(f"{n:016x}") for n in (1, 2, 0x8000_0000_0000_0001)]
Heard = tuple[int, list[Reception]]

receptions = st.builds(
    Reception,
    st.sampled_from(GATEWAYS),
    st.integers(-160, 0),
    st.integers(-400, 400).map(lambda tenths: tenths / 10),
    st.integers(0, 3),
    st.one_of(
        st.none(),
        st.builds(
            Location,
            st.integers(-900_000_000, 900_000_000).map(lambda e7: e7 / 1e7),
            st.integers(-1_800_000_000, 1_800_000_000).map(lambda e7: e7 / 1e7),
            st.one_of(st.none(), st.integers(-400, 9000).map(float)),
        ),
    ),
)
uplinks = st.lists(st.tuples(st.integers(0, 86_399_999), st.lists(receptions, max_size=5)), max_size=12)


def folded(heard: list[Heard]) -> dict[GatewayId, LinkDay]:
    found: dict[GatewayId, LinkDay] = {}
    for at_ms, told in heard:
        links.fold(found, told, MIDNIGHT + timedelta(milliseconds=at_ms), suspect=False)
    return found


@given(uplinks, st.integers(0, 12))
def test_a_day_in_two_batches_is_the_day_in_one(heard: list[Heard], first: int) -> None:
    heard = sorted(heard, key=lambda one: one[0])
    later = folded(heard[first:])
    links.add(later, links.pack(folded(heard[:first]), DAY), DAY)
    whole = folded(heard)
    assert later.keys() == whole.keys()
    for gateway_id, link in whole.items():
        one = later[gateway_id]
        assert (one.uplinks, one.best, one.signals) == (link.uplinks, link.best, link.signals)
        assert (one.last_at, one.snr_max_db, one.location) == (link.last_at, link.snr_max_db, link.location)
        assert one.esp_sum_dbm == pytest.approx(link.esp_sum_dbm)
        assert one.esp_square_sum == pytest.approx(link.esp_square_sum)


@given(uplinks)
def test_every_uplink_that_was_heard_has_one_best_gateway(heard: list[Heard]) -> None:
    assert sum(link.best for link in folded(heard).values()) == sum(bool(told) for _, told in heard)


def test_two_antennas_of_one_gateway_are_one_gateway_by_the_better() -> None:
    told = [Reception(GATEWAYS[0], -110, -5.0, antenna, None) for antenna in (0, 1)]
    told[1] = told[1]._replace(snr_db=3.0)
    link = folded([(0, told)])[GATEWAYS[0]]
    assert (link.uplinks, link.best, link.signals, link.snr_max_db) == (1, 1, 1, 3.0)
    assert link.esp_sum_dbm == pytest.approx(esp_dbm(told[1]))


def test_an_impossible_signal_counts_as_heard_and_measures_nothing() -> None:
    found: dict[GatewayId, LinkDay] = {}
    links.fold(found, [Reception(GATEWAYS[0], 20, -999.0, 0, None)], MIDNIGHT, suspect=True)
    packed = links.pack(found, DAY)
    assert len(packed) == links.RECORD.size
    kept: dict[GatewayId, LinkDay] = {}
    links.add(kept, packed, DAY)
    assert (kept[GATEWAYS[0]].uplinks, kept[GATEWAYS[0]].signals, kept[GATEWAYS[0]].snr_max_db) == (1, 0, None)
