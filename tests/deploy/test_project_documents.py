"""Licence, publiccode.yml, changelog, decision records: present, complete and in agreement."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Status"]


@pytest.fixture(scope="module")
def metadata(project: Path) -> dict[str, Any]:
    content = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert isinstance(content, dict)
    return content


@pytest.fixture(scope="module")
def publiccode(project: Path) -> dict[str, Any]:
    content = yaml.safe_load((project / "publiccode.yml").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_the_licence_is_the_one_that_is_declared(project: Path, metadata: dict[str, Any]) -> None:
    text = (project / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2\n")
    assert "15.Applicable Law" in text
    assert metadata["license"] == "EUPL-1.2"


def test_publiccode_has_the_keys_that_the_standard_requires(publiccode: dict[str, Any]) -> None:
    required = {
        "publiccodeYmlVersion", "name", "url", "platforms", "developmentStatus", "softwareType",
        "description", "legal", "maintenance", "localisation",
    }  # fmt: skip
    assert required <= set(publiccode)
    assert publiccode["maintenance"]["contacts"][0]["name"]
    assert set(publiccode["localisation"]) == {"localisationReady", "availableLanguages"}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_publiccode_describes_within_the_lengths_of_the_standard(
    publiccode: dict[str, Any], language: str
) -> None:
    description = publiccode["description"][language]
    assert len(description["shortDescription"]) <= 150
    assert 150 <= len(description["longDescription"]) <= 10_000
    assert [feature for feature in description["features"] if len(feature) > 100] == []


def test_publiccode_agrees_with_the_package(publiccode: dict[str, Any], metadata: dict[str, Any]) -> None:
    assert publiccode["name"] == metadata["name"]
    assert publiccode["softwareVersion"] == metadata["version"]
    assert publiccode["legal"]["license"] == metadata["license"]


def test_the_changelog_has_a_place_for_the_next_change(project: Path) -> None:
    headings = re.findall(r"^## (.*)$", (project / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def test_every_decision_record_is_listed_with_its_title_and_numbered_in_order(project: Path) -> None:
    index = (project / "docs/adr/README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d{4})\]\((\1-[a-z0-9-]+\.md)\) \|", index, re.MULTILINE)
    files = sorted(path.name for path in (project / "docs/adr").glob("[0-9]*.md"))
    assert [name for _, name in listed] == files
    assert [int(number) for number, _ in listed] == list(range(1, len(files) + 1))


def test_every_decision_record_has_the_five_headings_and_stays_under_a_page(project: Path) -> None:
    for path in (project / "docs/adr").glob("[0-9]*.md"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS, path.name
        assert len(text.splitlines()) <= 60, path.name


def test_links_between_documents_lead_somewhere(project: Path) -> None:
    names = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md")
    documents = [*(project / name for name in names), *(project / "docs/adr").glob("*.md")]
    broken = [
        f"{path.name}: {target}"
        for path in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []
