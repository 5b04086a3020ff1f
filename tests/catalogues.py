"""What every test of a catalogue needs: its texts, and whether a translation fills the same fields."""

from __future__ import annotations

import re

from lora_registry.i18n import parse_po, parts

_FIELD = re.compile(r"\{\w+\}")


def catalogue(domain: str, language: str) -> dict[str, str]:
    """Return the catalogue's texts by key; a plural follows its singular after NUL in both."""
    found: dict[str, str] = {}
    for source in parts(language, domain):
        part = parse_po(source.read_text(encoding="utf-8"), name=source.name)
        part.pop("")
        assert part.keys().isdisjoint(found), source.name
        found |= part
    return found


def pairs(domain: str, language: str) -> list[tuple[str, str]]:
    """Return each form beside its translation."""
    return [
        pair
        for key, text in catalogue(domain, language).items()
        for pair in zip(key.split("\0"), text.split("\0"), strict=True)
    ]


def differing_fields(domain: str, language: str) -> list[tuple[str, str]]:
    """Return the pairs whose `{fields}` are not the same ones."""
    return [
        pair
        for pair in pairs(domain, language)
        if sorted(_FIELD.findall(pair[0])) != sorted(_FIELD.findall(pair[1]))
    ]
