"""Clusters among silent devices."""

from __future__ import annotations

import numpy as np
import pytest

from lora_registry.audit.cause_evidence import Devices, Links, Summary, summarise
from lora_registry.audit.cause_wording import cluster_sentence
from lora_registry.audit.enrichment import clusters, upper_tail


def fleet(street: np.ndarray, silent: np.ndarray) -> Summary:
    n = len(street)
    ones = np.ones(n)
    names = np.full(n, "")
    devices = Devices(
        np.arange(n), ones, 9e4 * ones, 4e3 * ones, 3e-4 * ones, np.where(silent, -20.0, 0.0), silent,
        np.full(n, "chirpstack"), names, names, {"street": street, "building": names},
    )  # fmt: skip
    none = np.empty(0)
    return summarise(devices, Links(none.astype(np.int64), none.astype(np.str_), none, none, none, none))


@pytest.mark.parametrize(
    ("found", "drawn", "marked", "whole", "expected"),
    [
        (0, 5, 10, 50, 1.0),
        (5, 5, 5, 10, 1 / 252),
        (4, 5, 5, 10, 26 / 252),
        # Fisher's lady tasting tea: all four cups right
        (4, 4, 4, 8, 1 / 70),
    ],
)
def test_the_upper_tail_has_its_known_values(
    found: int, drawn: int, marked: int, whole: int, expected: float
) -> None:
    assert upper_tail(found, drawn=drawn, marked=marked, whole=whole) == pytest.approx(expected)


def test_a_street_where_many_are_silent_is_told_and_no_other() -> None:
    rng = np.random.default_rng(1)
    street = np.array([f"rue {n % 50}" for n in range(1000)])
    silent = rng.uniform(size=1000) < 0.02
    silent[(street == "rue 7") & (np.arange(1000) % 100 < 58)] = True
    (cluster,) = clusters(fleet(street, silent))
    assert (cluster.attribute, cluster.value, cluster.members) == ("street", "rue 7", 20)
    assert set(cluster.devices) == set(np.flatnonzero(silent & (street == "rue 7")).tolist())
    told = cluster_sentence(cluster, "la rue 7")
    assert told["fr"].startswith(f"{len(cluster.devices)} des 20 objets de la rue 7 sont silencieux")
    assert told["en"].startswith(f"{len(cluster.devices)} of the 20 devices")


def test_what_a_cause_explains_clusters_no_more() -> None:
    street = np.array([f"rue {n % 50}" for n in range(1000)])
    silent = street == "rue 7"
    assert clusters(fleet(street, silent))
    assert clusters(fleet(street, silent), set(np.flatnonzero(silent).tolist())) == []


def test_by_chance_alone_hardly_any_fleet_has_a_cluster() -> None:
    street = np.array([f"rue {n % 100}" for n in range(2000)])
    told = 0
    for seed in range(60):
        silent = np.random.default_rng(seed).uniform(size=2000) < 0.03
        told += bool(clusters(fleet(street, silent)))
    assert told <= 6
