from __future__ import annotations

from datetime import UTC, datetime

import shapely
from shapely.geometry import shape

from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.services import Family, OrganisationKind, PositionSource, PrivacyClass
from lora_registry.simulate import simulate
from tests.unit.simulate.conftest import Told

END = datetime(2026, 10, 3, 6, tzinfo=UTC)


def test_words_are_those_of_the_domain(told: Told) -> None:
    registry = told.registry
    assert {o["kind"] for o in registry["organisations"]} <= set(OrganisationKind)
    assert {s["family"] for s in registry["services"]} == set(Family)
    assert {s["privacy"] for s in registry["services"]} == {*PrivacyClass, None}
    assert {d["lifecycle"] for d in registry["devices"]} <= {*Lifecycle, None}
    assert {d["position"]["source"] for d in registry["devices"] if d["position"]} <= set(PositionSource)


def test_every_reference_leads_somewhere(told: Told) -> None:
    registry = told.registry
    organisations = {o["id"] for o in registry["organisations"]}
    services = {s["id"] for s in registry["services"]}
    territories = {t["code"] for t in registry["territories"]}
    networks = {n["id"] for n in registry["networks"]}
    assert {e["owner"] for key in ("services", "gateways") for e in registry[key]} <= organisations
    assert {d["service"] for d in registry["devices"]} <= services
    assert {d["territory"] for d in registry["devices"]} - {None} <= territories
    assert {d["network"] for d in registry["devices"]} <= networks


def test_owners_know_most_devices_and_most_positions_but_not_all() -> None:
    large = simulate(2_000, 1, 5, END)
    devices = large.registry()["devices"]
    assert isinstance(devices, list)
    assert 0.93 < len(devices) / 2_000 < 0.99
    fixed = [d for d in devices if d["service"] != "proprete-vehicules"]
    assert 0.85 < sum(d["position"] is not None for d in fixed) / len(fixed) < 0.95
    assert 0.8 < sum(d["territory"] is not None for d in devices) / len(devices) < 0.95


def test_positions_are_right_within_what_they_claim(told: Told) -> None:
    true = {d["dev_eui"]: d for d in told.truth["devices"]}
    near = []
    for device in told.registry["devices"]:
        if device["position"]:
            north = (device["position"]["latitude"] - true[device["dev_eui"]]["latitude"]) * 111_132
            near.append(abs(north) <= 2 * device["position"]["accuracy_m"])
    assert sum(near) >= 0.98 * len(near)


def test_declared_communes_hold_their_devices_within_the_schematic_boundaries(told: Told) -> None:
    drawn = {t["code"]: shape(t["boundary"]) for t in told.registry["territories"]}
    true = {d["dev_eui"]: d for d in told.truth["devices"]}
    assert all(t["schematic"] for t in told.registry["territories"])
    for device in told.registry["devices"]:
        place = true[device["dev_eui"]]
        if device["territory"] and place["defect"] != "twin":  # a twin may stand across the street
            assert drawn[device["territory"]].covers(
                shapely.Point(place["longitude"], place["latitude"]).buffer(1e-5)
            )


def test_unregistered_devices_do_transmit(told: Told) -> None:
    registered = {d["dev_eui"] for d in told.registry["devices"]}
    unknown = [d for d in told.truth["devices"] if d["dev_eui"] not in registered]
    assert unknown
    assert {d["registered"] for d in unknown} == {False}
    assert sum(d["sent"] > 0 for d in unknown) >= len(unknown) - 1  # one may be out of season
