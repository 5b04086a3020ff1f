"""The guides cannot rot: their tables and examples are what the program says."""

from __future__ import annotations

import re

import pytest

from lora_registry.cli import main as _main  # noqa: F401 - attaches every command
from lora_registry.onboarding import columns
from lora_registry.onboarding.adoption_document import read_rules
from lora_registry.onboarding.adoption_rules import SETTABLE
from lora_registry.store.sync_reads import Difference
from tests.cli.test_readme import existing
from tests.conftest import ROOT

_GUIDES = ("adoption.md", "onboarding.md", "onboarding.fr.md")


def _text(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_the_french_guide_has_every_column() -> None:
    """Written by `python -c 'from lora_registry.onboarding import columns; print(columns.as_markdown())'`."""
    assert columns.as_markdown() in _text("onboarding.fr.md")


def test_the_rules_of_the_guide_can_be_read_and_all_that_can_be_set_is_named() -> None:
    text = _text("adoption.md")
    (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    assert [rule.name for rule in read_rules(example.encode())] == [
        "Water meters", "What the field team surveyed", "One application a service",
    ]  # fmt: skip
    assert [key for key in SETTABLE if key != "owner" and f"`{key}`" not in text] == []


def test_every_kind_of_difference_is_explained() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \| ", _text("adoption.md"), flags=re.MULTILINE) == list(Difference)


@pytest.mark.parametrize("guide", _GUIDES)
def test_every_command_of_a_guide_exists(guide: str) -> None:
    named = set(re.findall(r"lora-registry ((?:[a-z]+)(?: [a-z]+)?)", _text(guide)))
    known = existing()
    assert {name for name in named if name not in known and name.split()[0] not in known} == set()
