"""What the demonstration says: complete in both languages, numbers as each writes them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lora_registry.cli.demo
import lora_registry.demo
from lora_registry.demo.telling import Words
from tests.catalogues import catalogue, differing_fields


def messages_in_use() -> set[str]:
    """Return the catalogue keys of the demonstration's code; a plural follows its singular after NUL."""
    sources = sorted(Path(lora_registry.demo.__file__).parent.glob("*.py"))
    sources.append(Path(lora_registry.cli.demo.__file__))
    used = set()
    for source in sources:
        for call in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                texts = [
                    arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
                ]
                if texts and call.func.attr in ("text", "many"):
                    used.add(texts[0] if call.func.attr == "text" else "\0".join(texts[:2]))
    return used


def test_french_says_everything_that_the_demonstration_says_and_nothing_else() -> None:
    assert set(catalogue("demo", "fr")) == messages_in_use()


def test_english_says_nothing_that_is_not_used() -> None:
    assert set(catalogue("demo", "en")) <= messages_in_use()


def test_a_translation_fills_the_same_fields() -> None:
    assert differing_fields("demo", "fr") == []


@pytest.mark.parametrize(
    ("duration_s", "french", "english"),
    [(0.04, "0,0", "0.0"), (3.21, "3,2", "3.2"), (9.96, "10", "10"), (44.6, "45", "45")],
)
def test_durations(duration_s: float, french: str, english: str) -> None:
    assert Words("fr").seconds(duration_s) == french
    assert Words("en").seconds(duration_s) == english


@pytest.mark.parametrize(
    ("n", "french", "english"),
    [
        (0, "0 objet", "0 objects"),
        (1, "1 objet", "1 object"),
        (508_777, "508\N{NARROW NO-BREAK SPACE}777 objets", "508,777 objects"),
    ],
)
def test_numbers_and_plurals(n: int, french: str, english: str) -> None:
    assert Words("fr").many("{n} object", "{n} objects", n) == french
    assert Words("en").many("{n} object", "{n} objects", n) == english
