"""What our dependencies do not say of themselves (ADR 0004)."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT


def test_chirpstack_api_imports_whole() -> None:
    """Its generated code refuses older grpcio and protobuf, only at import."""
    from chirpstack_api import api, common, gw, integration

    assert api.DeviceServiceStub
    assert gw.GatewayStats
    assert integration.UplinkEvent
    assert common.Location


@pytest.mark.parametrize(
    ("name", "floor"), [("grpcio", "1.84"), ("protobuf", "7.35.1"), ("chirpstack-api", "4.20")]
)
def test_we_declare_the_floors_that_it_does_not(name: str, floor: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = {r.name: r for r in map(Requirement, project["dependencies"])}
    assert f">={floor}" in str(requirements[name].specifier)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_hashed_and_name_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    pinned = re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE)
    assert len(pinned) > 40
    assert text.count("--hash=sha256:") >= len(pinned)


def test_the_development_lock_holds_the_same_versions() -> None:
    def versions(lock: str) -> set[str]:
        text = (ROOT / lock).read_text(encoding="utf-8")
        return set(re.findall(r"^[a-z0-9-]+==\S+", text, flags=re.MULTILINE))

    assert versions("requirements.lock") <= versions("requirements-dev.lock")
