"""docker-compose.yml: what can be known of it without an engine."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from compose_spec import PyCompose

from lora_registry import settings
from tests.deploy.conftest import ReadCompose

# Their images name a user that is not root; nothing is gained by naming it again.
OWN_USER = {"chirpstack", "gateway-bridge"}
# One-shots end by themselves, a UDP relay has nothing to ask, listener and scheduler stop when they cannot go on.
NO_HEALTHCHECK = {"migrate", "tools", "listen", "schedule", "gateway-bridge"}
ONE_SHOT = {"migrate", "tools"}


def services_that(compose: dict[str, Any], **expected: object) -> set[str]:
    return {
        name
        for name, service in compose["services"].items()
        if all(service.get(key) == value for key, value in expected.items())
    }


def test_the_compose_file_follows_the_specification(compose: dict[str, Any]) -> None:
    parsed = PyCompose.from_json(json.dumps(compose))
    parsed.validate()
    assert set(parsed.service_names()) == set(compose["services"])


def test_a_key_that_compose_does_not_know_would_be_noticed(compose: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(compose))
    wrong["services"]["listen"]["helthcheck"] = {}
    with pytest.raises(ValueError, match="helthcheck"):
        PyCompose.from_json(json.dumps(wrong))


def test_without_passwords_compose_stops_and_names_the_script(read_compose: ReadCompose) -> None:
    with pytest.raises(LookupError, match=r"Run deploy/init-secrets\.sh once"):
        read_compose()


def test_every_file_that_a_service_mounts_exists(compose: dict[str, Any], project: Path) -> None:
    sources = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    }
    assert sources
    assert [source for source in sources if not (project / source).exists()] == []


def test_every_volume_and_network_that_is_used_is_declared_and_the_reverse(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    volumes = {v.split(":")[0] for s in services for v in s.get("volumes", ()) if not v.startswith(".")}
    networks = {network for service in services for network in service["networks"]}
    assert volumes == set(compose["volumes"])
    assert networks == set(compose["networks"])


def test_images_are_pinned_to_a_version(compose: dict[str, Any]) -> None:
    images = {service["image"] for service in compose["services"].values()}
    assert [i for i in images if not re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", i)] == []


def test_the_image_has_the_version_of_the_project(compose: dict[str, Any], project: Path) -> None:
    version = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    assert compose["services"]["listen"]["image"] == f"lora-registry:{version}"
    assert f'org.opencontainers.image.version="{version}"' in (project / "Dockerfile").read_text()


def test_every_service_is_closed_as_far_as_it_goes(compose: dict[str, Any]) -> None:
    everything = set(compose["services"])
    hardened = services_that(compose, read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges:true"])
    limited = {n for n, s in compose["services"].items() if "memory" in s["deploy"]["resources"]["limits"]}
    numbered = {n for n, s in compose["services"].items() if re.fullmatch(r"[1-9]\d*:\d+", s.get("user", ""))}
    assert hardened == everything
    assert limited == everything
    assert numbered == everything - OWN_USER


def test_servers_come_back_and_say_how_they_are(compose: dict[str, Any]) -> None:
    everything = set(compose["services"])
    assert services_that(compose, restart="unless-stopped") == everything - ONE_SHOT
    assert {n for n, s in compose["services"].items() if "healthcheck" in s} == everything - NO_HEALTHCHECK


def test_a_service_waits_only_for_health_that_is_checked(compose: dict[str, Any]) -> None:
    awaited = {
        name
        for service in compose["services"].values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }
    assert awaited <= set(compose["services"]) - NO_HEALTHCHECK


def test_ports_are_opened_on_this_machine_alone_unless_told(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert len(ports) == 4
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_databases_are_on_networks_that_lead_nowhere(compose: dict[str, Any]) -> None:
    inside = {name for name, network in compose["networks"].items() if network and network.get("internal")}
    for name in ("postgres", "chirpstack-postgres", "chirpstack-redis"):
        assert set(compose["services"][name]["networks"]) <= inside


def test_without_a_profile_the_registry_comes_up_alone(compose: dict[str, Any]) -> None:
    default = {name for name, service in compose["services"].items() if "profiles" not in service}
    assert default == {"migrate", "listen", "schedule", "postgres", "mosquitto"}


def test_every_setting_that_is_given_is_a_documented_one(compose: dict[str, Any], project: Path) -> None:
    given = {
        name
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if name.startswith("LORA_REGISTRY_")
    }
    for unit in (project / "deploy/systemd").glob("*.service"):
        given |= set(re.findall(r"^Environment=(LORA_REGISTRY_\w+)=", unit.read_text(), re.MULTILINE))
    assert len(given) == 5
    assert {name.removesuffix("_FILE") for name in given} <= settings.documented_names()


def test_secrets_come_from_files_and_every_file_is_used(compose: dict[str, Any]) -> None:
    used = set()
    for service in compose["services"].values():
        environment = service.get("environment", {})
        secrets = set(service.get("secrets", ()))
        files = {name: value for name, value in environment.items() if name.endswith("_FILE")}
        sensitive = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|URL|DSN")
        suspect = {name for name in environment if sensitive.search(name)} - {"LORA_REGISTRY_PUBLIC_URL"}
        assert suspect <= set(files)
        assert {value.removeprefix("/run/secrets/") for value in files.values()} <= secrets
        used |= secrets
    assert used == set(compose["secrets"])


def test_no_address_with_a_password_is_written_down(project: Path) -> None:
    files = [project / "docker-compose.yml", project / "Dockerfile", *(project / "deploy").rglob("*")]
    # A password that is made elsewhere (%s), or left to the reader's imagination.
    address = re.compile(r"://[\w.-]+:(?!%s@|…@)[^@\s/]+@")
    shown = [
        f"{path.name}: {found}"
        for path in files
        if path.is_file() and "secrets" not in path.relative_to(project).parts
        for found in address.findall(path.read_text(encoding="utf-8"))
    ]
    assert shown == []
