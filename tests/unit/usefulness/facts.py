"""Facts of a healthy object, and of one of which nothing is known: each test changes what it is about."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from lora_registry.domain.cadence import CadenceClass
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.radio_state import RadioState
from lora_registry.domain.services import Family
from lora_registry.usefulness.facts import Channel, Equipment, Facts, Information, Neighbours, Radio, Use
from lora_registry.usefulness.use import Answer

TODAY = date(2026, 6, 1)

TEMPERATURE = Channel(
    name="temperature",
    declared=True,
    tolerance=0.5,
    values=2000,
    changes=900,
    lowest=8.0,
    highest=31.0,
    entropy_low=3.0,
    entropy_high=3.0,
    useful_cadence=1,
    missed={2: 0.2, 3: 0.4, 4: 0.6, 6: 0.7, 12: 0.8, 24: 0.9},
    recent_values=400,
    recent_changes=180,
    recent_lowest=12.0,
    recent_highest=25.0,
)
LEAK = Channel(name="leak", is_state=True, values=1000, changes=0, recent_values=90)
HEALTHY = Facts(
    dev_eui="70b3d57ed0000042",
    judged_on=TODAY,
    use=Use(
        service="ilots-chaleur",
        family="measure",
        has_owner=True,
        has_purpose=True,
        has_decision=True,
        consumers=2,
        counted_days=90,
        read_days=60,
        read_days_30=20,
        reads=300,
        last_read_on=TODAY,
        sources=("grafana", "portal"),
        answer="needed",
        answered_on=TODAY - timedelta(days=60),
    ),
    radio=Radio(
        state="active",
        known_days=400,
        silent_days=0.01,
        cadence="periodic",
        period_s=1800,
        need_period_s=1800,
        uplinks_per_day=48,
        airtime_s_per_day=3.0,
        delivery_low=0.97,
        delivery_high=0.99,
        days_heard=30,
        days_expected=30,
        adr=True,
        spreading_factor=8,
        spreading_factor_enough=8,
        airtime_waste=1.0,
    ),
    information=Information(days=90, recent_days=10, frames=4000, channels=(TEMPERATURE,)),
    neighbours=Neighbours(near=3, nearest_m=700.0, error=2.4, within=0.1, days=34),
    equipment=Equipment(
        model="Meteo S", age_years=2.0, battery_pct=90.0, has_position=True, lifecycle="in_service"
    ),
)
UNKNOWN = Facts(
    dev_eui="70b3d57ed0000043",
    judged_on=TODAY,
    use=Use(),
    radio=Radio(state="active"),
    information=Information(reason="class"),
    neighbours=Neighbours(reason="class"),
    equipment=Equipment(),
)


def changed(facts: Facts = HEALTHY, **parts: dict[str, Any]) -> Facts:
    """Return facts of which some parts are changed: `changed(radio={"state": "silent"})`."""
    return msgspec.structs.replace(
        facts, **{name: msgspec.structs.replace(getattr(facts, name), **told) for name, told in parts.items()}
    )


def with_channels(*channels: Channel, **parts: dict[str, Any]) -> Facts:
    """Return facts of an object with these channels."""
    return changed(**{"information": {"channels": channels}} | parts)


_share = st.floats(0, 1)
_maybe_days = st.none() | st.integers(0, 30)
_numbers = st.floats(-100, 100)


@st.composite
def _channels(draw: st.DrawFn) -> Channel:
    lowest, recent = draw(_numbers), draw(_numbers)
    entropy = draw(st.floats(0, 5))
    return Channel(
        name=draw(st.sampled_from(["temperature", "leak", "vdd", "pm25"])),
        is_state=draw(st.booleans()),
        is_index=draw(st.booleans()),
        declared=draw(st.booleans()),
        tolerance=draw(st.none() | st.floats(0.01, 10)),
        values=draw(st.integers(0, 3000)),
        changes=draw(st.integers(0, 3000)),
        lowest=lowest,
        highest=lowest + draw(st.sampled_from([0.0, 1.0, 50.0])),
        entropy_low=entropy,
        entropy_high=entropy + draw(st.sampled_from([0.0, 1.0])),
        missed=draw(st.just({}) | st.fixed_dictionaries(dict.fromkeys((2, 3, 4, 6, 12, 24), _share))),
        recent_values=draw(st.integers(0, 400)),
        recent_lowest=recent,
        recent_highest=recent + draw(st.sampled_from([0.0, 1.0])),
    )


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    """Draw facts of any object, also of one that cannot be."""
    low = draw(_share)
    counted = draw(st.integers(0, 90))
    read = draw(st.integers(0, counted))
    return Facts(
        dev_eui="70b3d57ed0000042",
        judged_on=TODAY,
        use=Use(
            service=draw(st.sampled_from([None, "s"])),
            family=draw(st.sampled_from([None, *Family])),
            has_owner=draw(st.booleans()),
            has_purpose=draw(st.booleans()),
            has_decision=draw(st.booleans()),
            consumers=draw(st.integers(0, 3)),
            integrations=draw(st.none() | st.integers(0, 2)),
            counted_days=counted,
            read_days=read,
            read_days_30=min(read, draw(st.integers(0, 30))),
            reads=read * 2,
            sources=("portal",) if counted else (),
            answer=draw(st.sampled_from([None, *Answer])),
            answered_on=draw(st.none() | st.dates(date(2024, 1, 1), TODAY)),
            ends_on=draw(st.none() | st.dates(date(2025, 1, 1), date(2027, 1, 1))),
        ),
        radio=Radio(
            state=draw(st.sampled_from(list(RadioState))),
            in_season=draw(st.booleans()),
            known_days=draw(st.floats(0, 500)),
            silent_days=draw(st.none() | st.floats(0, 500)),
            cadence=draw(st.sampled_from(list(CadenceClass))),
            period_s=draw(st.none() | st.floats(60, 90_000)),
            need_period_s=draw(st.none() | st.integers(60, 90_000)),
            airtime_s_per_day=draw(st.none() | st.floats(0, 500)),
            delivery_low=draw(st.none() | st.just(low)),
            delivery_high=draw(st.none() | st.floats(low, 1)),
            days_heard=draw(_maybe_days),
            days_expected=draw(_maybe_days),
            adr=draw(st.none() | st.booleans()),
            airtime_waste=draw(st.none() | st.floats(1, 24)),
            spreading_factor=draw(st.none() | st.integers(7, 12)),
            spreading_factor_enough=draw(st.none() | st.integers(7, 12)),
        ),
        information=Information(
            reason=draw(st.sampled_from([None, "class", "undecoded", "too_few"])),
            days=draw(st.integers(0, 91)),
            recent_days=draw(st.integers(0, 13)),
            channels=tuple(draw(st.lists(_channels(), max_size=4))),
        ),
        neighbours=draw(
            st.sampled_from(
                [
                    Neighbours(reason="class"),
                    Neighbours(),
                    Neighbours(near=2, nearest_m=5.0, error=0.4, within=1.0, days=30, twin="x", proposed=True),
                    Neighbours(near=5, nearest_m=900.0, error=1.2, within=0.6, days=30),
                ]
            )
        ),
        equipment=Equipment(
            age_years=draw(st.none() | st.floats(0, 30)),
            battery_pct=draw(st.none() | st.floats(0, 100)),
            external_power=draw(st.booleans()),
            has_position=draw(st.booleans()),
            lifecycle=draw(st.sampled_from([None, *Lifecycle])),
        ),
    )
