"""The words of the pages: every one is in French, and nothing else is."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from babel.messages.extract import extract_from_dir

from lora_registry.audit import RULES
from lora_registry.web.words import KINDS
from tests.catalogues import catalogue, differing_fields

_KEYWORDS = {"_": None, "many": (1, 2), "N_": None, "text": None}
# Methods of `Words` that pass a message on, and words of the map's own catalogue.
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]


def messages_in_use() -> set[str]:
    """Return what pages and templates ask for; a plural follows its singular after NUL."""
    folder = Path(str(files("lora_registry.web")))
    found = extract_from_dir(folder, _METHODS, {"**": {}}, keywords=_KEYWORDS)
    return {"\0".join(message) if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def test_french_says_everything_that_the_pages_say_and_nothing_else() -> None:
    assert len(messages_in_use()) > 200, "else this test would see nothing"
    assert set(catalogue("web", "fr")) == messages_in_use()


def test_a_translation_fills_the_same_fields() -> None:
    assert differing_fields("web", "fr") == []


def test_no_template_holds_words_of_its_own() -> None:
    """Text between tags comes from the catalogue: a word left in a template would never be translated."""
    import re

    for path in (files("lora_registry.web") / "templates").iterdir():
        text = re.sub(r"\{[{%#].*?[}%#]\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", "\n", text)
        words = {word for word in re.findall(r"[^\W\d_]{2,}", text) if word not in _NAMES}
        assert words == set(), path.name


_NAMES = {"ChirpStack", "lora", "registry", "GeoJSON", "amp"}
"""Names that no language changes."""


def test_every_rule_of_the_audit_has_a_name_for_people() -> None:
    assert {rule.name for rule in RULES} == set(KINDS)
