"""ChirpStack's configuration: what the registry depends on, and that every variable in it is filled."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def configuration(project: Path) -> str:
    """All files of the folder in one, as ChirpStack reads them."""
    folder = project / "deploy/chirpstack/configuration"
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml")))


@pytest.fixture(scope="module")
def chirpstack(configuration: str) -> dict[str, Any]:
    return tomllib.loads(configuration)


def test_events_are_published_as_json_and_at_a_quality_that_waits_for_the_listener(
    chirpstack: dict[str, Any],
) -> None:
    mqtt = chirpstack["integration"]["mqtt"]
    assert (mqtt["json"], mqtt["qos"]) == (True, 1)
    assert chirpstack["integration"]["enabled"] == ["mqtt"]


def test_every_region_that_is_enabled_is_described(chirpstack: dict[str, Any]) -> None:
    described = [region["id"] for region in chirpstack["regions"]]
    assert described == chirpstack["network"]["enabled_regions"]


def test_every_variable_is_given_by_compose(configuration: str, compose: dict[str, Any]) -> None:
    asked = set(re.findall(r'"\$(\w+)"', configuration))
    given = compose["services"]["chirpstack"]["environment"]
    assert {f"{name}_FILE" for name in asked} == set(given)


def test_no_variable_begins_like_another(configuration: str) -> None:
    # ChirpStack replaces text, not words: $A would also be replaced inside $A_B.
    asked = sorted(set(re.findall(r'"\$(\w+)"', configuration)))
    assert [(a, b) for a in asked for b in asked if a != b and b.startswith(a)] == []


def test_server_and_bridge_speak_on_the_same_topics_of_the_same_broker(
    chirpstack: dict[str, Any], project: Path
) -> None:
    text = (project / "deploy/chirpstack/gateway-bridge/chirpstack-gateway-bridge.toml").read_text()
    bridge = tomllib.loads(text)["integration"]["mqtt"]
    backend = chirpstack["regions"][0]["gateway"]["backend"]["mqtt"]
    topics = [bridge[f"{kind}_topic_template"] for kind in ("event", "state", "command")]
    assert {topic.split("/")[0] for topic in topics} == {backend["topic_prefix"]}
    servers = {backend["server"], chirpstack["integration"]["mqtt"]["server"]}
    servers |= set(bridge["auth"]["generic"]["servers"])
    assert {server.rstrip("/") for server in servers} == {"tcp://mosquitto:1883"}
