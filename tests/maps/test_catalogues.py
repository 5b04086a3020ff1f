"""The catalogues against the code: every word that is used is translated, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import maps
from lora_registry import i18n
from lora_registry.i18n import CatalogueError, languages, parse_po, translator
from maps import page, wording
from tests.catalogues import catalogue, differing_fields, pairs

_TABLES = (
    "STATE_WORDS",
    "STATE_MEANINGS",
    "GATEWAY_STATE_WORDS",
    "GATEWAY_STATE_MEANINGS",
    "REASONS",
    "OUTAGE_CAUSES",
)


def messages_in_use() -> set[str]:
    """Return the catalogue keys of the map's code and template; a plural follows its singular after NUL."""
    folder = Path(maps.__file__).parent
    used = {message for name in _TABLES for message in getattr(wording, name).values()}
    used |= {
        f"{form}\0{form}" for form in (*page.STATES_IN_SENTENCE.values(), *page.GATEWAYS_IN_SENTENCE.values())
    }
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.py"))]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if isinstance(call.func, ast.Attribute) and texts and call.func.attr in ("text", "many"):
            used.add(texts[0] if call.func.attr == "text" else "\0".join(texts[:2]))
    template = "".join(path.read_text(encoding="utf-8") for path in sorted((folder / "static").glob("*.j2")))
    for kind, one, several in re.findall(r'words\.(text|many)\("([^"]*)"(?:, "([^"]*)")?', template):
        used.add(one if kind == "text" else f"{one}\0{several}")
    return used


def test_french_says_everything_that_the_map_says_and_nothing_else() -> None:
    assert set(catalogue("maps", "fr")) == messages_in_use()


def test_a_translation_fills_the_same_fields() -> None:
    assert differing_fields("maps", "fr") == []
    assert [pair for pair in pairs("maps", "fr") if pair[0].count("%") != pair[1].count("%")] == []


def test_english_and_french_are_the_languages() -> None:
    assert languages() == ("en", "fr")


@pytest.mark.parametrize(
    ("n", "french", "english"), [(0, "objet", "objects"), (1, "objet", "object"), (2, "objets", "objects")]
)
def test_plurals_follow_the_language(n: int, french: str, english: str) -> None:
    assert translator("fr").ngettext("{n} object", "{n} objects", n) == "{n} " + french
    assert translator("en").ngettext("{n} object", "{n} objects", n) == "{n} " + english


def test_a_catalogue_is_read_with_contexts_continuations_and_without_fuzzy_entries() -> None:
    text = """
# comment
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgctxt "verb"
msgid "open"
msgstr "ou"
"vrir"
msgid "one"
msgid_plural "several"
msgstr[0] "un"
msgstr[1] "\\"plusieurs\\""

#, fuzzy
msgid "guess"
msgstr "deviner"

msgid "untranslated"
msgstr ""

#~ msgid "old"
#~ msgstr "vieux"
"""
    assert parse_po(text, name="x.po") == {
        "": "Content-Type: text/plain; charset=UTF-8\n",
        "verb\x04open": "ouvrir",
        "one\0several": 'un\0"plusieurs"',
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "x.po, line 1: 'hello' is not gettext"),
        ('msgid "a"\nmsgstr b', "x.po, line 2: 'b' is not a text in double quotes"),
        ('msgid "a', "x.po, line 1: '\"a' is not a text in double quotes"),
        ("msgid 1", "x.po, line 1: '1' is not a text in double quotes"),
    ],
)
def test_a_broken_catalogue_names_its_line(text: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(message)):
        parse_po(text, name="x.po")


def test_a_missing_catalogue_is_refused_by_name() -> None:
    with pytest.raises(CatalogueError, match="'fr' has no catalogue named 'nothing'"):
        translator("fr", "nothing")


def test_a_catalogue_in_parts_is_one_and_no_message_is_in_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    monkeypatch.setattr(i18n, "_locales", lambda: tmp_path)
    (folder / "shop.po").write_text('msgid "open"\nmsgstr "ouvert"\n')
    (folder / "shop-late.po").write_text('msgid "closed"\nmsgstr "clos"\n')
    (folder / "shopping.po").write_text('msgid "list"\nmsgstr "liste"\n')
    words = translator.__wrapped__("fr", "shop")
    assert [words.gettext(one) for one in ("open", "closed", "list")] == ["ouvert", "clos", "list"]
    (folder / "shop-late.po").write_text('msgid "open"\nmsgstr "ouverte"\n')
    with pytest.raises(
        CatalogueError, match=re.escape("fr/shop-late.po: 'open' is in another part of 'shop' too")
    ):
        translator.__wrapped__("fr", "shop")
