"""A network goes to JSON and back; agreement with a truth."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lora_registry.coverage import remembered
from lora_registry.coverage.against_truth import agreement
from lora_registry.coverage.explained import impossible, sentence
from lora_registry.coverage.heads import learn_network
from tests.unit.coverage.cities import city


@pytest.mark.parametrize("levels", [True, False])
def test_a_network_is_the_same_after_json(*, levels: bool) -> None:
    network = learn_network(city(points=30, gateways=2, levels=levels))
    assert remembered.from_json(json.loads(json.dumps(remembered.as_json(network)))) == network


def test_agreement_counts_what_was_called_what() -> None:
    state = np.array(["covered", "covered", "gap", "gap", "unknown"])
    found = agreement(state, np.array([0.99, 0.92, 0.2, 0.97, 0.96]), 0.95)
    assert (found.covered, found.gaps, found.unknown) == (2, 2, 1)
    assert (found.covered_right, found.covered_nearly, found.gaps_right) == (0.5, 1.0, 0.5)
    assert found.unknown_delivers == 1.0
    assert agreement(state[:0], np.empty(0), 0.95).covered_right is None


def test_every_state_has_its_sentence_in_both_languages() -> None:
    told = sentence("gap", "measured", devices=1, last_on=None)
    assert told == {
        "en": "Not covered: objects there lose too many messages (1 object).",
        "fr": "Non couvert : des objets y perdent trop de messages (1 objet).",
    }
    for state, basis in (("covered", "predicted"), ("unknown", "withheld"), ("unknown", "measured")):
        assert set(sentence(state, basis, devices=2, last_on=None)) == {"en", "fr"}
    assert "inversées" in impossible("latitude and longitude are swapped")["fr"]
