"""Words in the reader's language, from gettext catalogues read as they are written: `.po`, never compiled.

A checkout, an editable install and a wheel therefore speak the same languages without a build step. English is
the language of the message identifiers: its catalogue holds only what should read otherwise.
"""

from __future__ import annotations

import ast
import gettext
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from lora_registry.domain.errors import LoraRegistryError

_CONTEXT_END = "\x04"
_FORM_END = "\x00"
_MO_MAGIC = 0x950412DE
_MO_HEADER_BYTES = 28


class CatalogueError(LoraRegistryError, ValueError):
    """A language has no catalogue, or one of its lines is not gettext."""


@dataclass(slots=True)
class _Entry:
    texts: dict[str, str] = field(default_factory=dict)
    fuzzy: bool = False


def _locales() -> Traversable:
    return files("lora_registry") / "locales"


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a catalogue, sorted."""
    return tuple(sorted(folder.name for folder in _locales().iterdir() if folder.is_dir()))


@lru_cache
def translator(language: str, domain: str = "maps") -> gettext.NullTranslations:
    """Return the words of one catalogue: `gettext`, `ngettext`, `pgettext`; a missing word stays English.

    A large catalogue has parts: beside `web.po` stand `web-coverage.po` and others, each with its own messages.

    Raises:
        CatalogueError: no such catalogue, one that cannot be read, or two parts that hold the same message.

    """
    messages: dict[str, str] = {}
    for source in parts(language, domain):
        part = parse_po(source.read_text(encoding="utf-8"), name=f"{language}/{source.name}")
        if twice := messages.keys() & part.keys() - {""}:
            raise CatalogueError(f"{language}/{source.name}: {min(twice)!r} is in another part of {domain!r} too")
        messages |= part
    return gettext.GNUTranslations(BytesIO(_mo(messages)))


def parts(language: str, domain: str) -> list[Traversable]:
    """Return the files of a catalogue, the one of its own name first.

    Raises:
        CatalogueError: no such catalogue.

    """
    if language not in languages():
        raise CatalogueError(f"no catalogue for the language {language!r}: choose from {', '.join(languages())}")
    folder = _locales() / language / "LC_MESSAGES"
    own = folder / f"{domain}.po"
    if not own.is_file():
        raise CatalogueError(f"the language {language!r} has no catalogue named {domain!r}")
    others = (one for one in folder.iterdir() if one.name.startswith(f"{domain}-") and one.name.endswith(".po"))
    return [own, *sorted(others, key=lambda one: one.name)]


def parse_po(text: str, *, name: str) -> dict[str, str]:
    """Return a catalogue's messages, keyed and joined as gettext's binary form has them.

    A context precedes its message with U+0004; a plural follows its singular, and forms follow each other,
    with U+0000. Untranslated, obsolete and fuzzy entries are left out (the header is always kept).
    `name` says in errors where the text comes from.

    Raises:
        CatalogueError: a line that is neither comment, keyword nor quoted text.

    """
    entries = [_Entry()]
    keyword = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            if entries[-1].texts:
                entries.append(_Entry())
            entries[-1].fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        word, _, rest = line.partition(" ") if not line.startswith('"') else (keyword, "", line)
        if word in ("msgctxt", "msgid") and "msgid" in entries[-1].texts and word != keyword:
            entries.append(_Entry())
        keyword = word
        if not (word.startswith(("msgid", "msgstr")) or word == "msgctxt"):
            raise CatalogueError(f"{name}, line {number}: {raw!r} is not gettext")
        texts = entries[-1].texts
        texts[word] = texts.get(word, "") + _unquoted(rest, name, number)
    return dict(_message(entry) for entry in entries if _is_usable(entry))


def _unquoted(quoted: str, name: str, number: int) -> str:
    try:
        text = ast.literal_eval(quoted)
    except (SyntaxError, ValueError):
        text = None
    if not (isinstance(text, str) and quoted.startswith('"')):
        raise CatalogueError(f"{name}, line {number}: {quoted!r} is not a text in double quotes")
    return text


def _is_usable(entry: _Entry) -> bool:
    if "msgid" not in entry.texts or (entry.fuzzy and entry.texts["msgid"]):
        return False
    forms = [text for word, text in entry.texts.items() if word.startswith("msgstr")]
    return bool(forms) and all(forms)


def _message(entry: _Entry) -> tuple[str, str]:
    texts = entry.texts
    key = texts["msgid"]
    if "msgctxt" in texts:
        key = texts["msgctxt"] + _CONTEXT_END + key
    if "msgid_plural" not in texts:
        return key, texts["msgstr"]
    forms = sorted(word for word in texts if word.startswith("msgstr["))
    return key + _FORM_END + texts["msgid_plural"], _FORM_END.join(texts[form] for form in forms)


def _mo(messages: dict[str, str]) -> bytes:
    """Return gettext's binary form, without hash table (GNU gettext manual, "The Format of GNU MO Files")."""
    keys = sorted(messages)
    blobs = [key.encode() for key in keys] + [messages[key].encode() for key in keys]
    table_bytes = 8 * len(keys)
    offset = _MO_HEADER_BYTES + 2 * table_bytes
    index = bytearray()
    for blob in blobs:
        index += struct.pack("<2I", len(blob), offset)
        offset += len(blob) + 1
    header = struct.pack(
        "<7I", _MO_MAGIC, 0, len(keys), _MO_HEADER_BYTES, _MO_HEADER_BYTES + table_bytes, 0, offset
    )
    return header + bytes(index) + b"".join(blob + b"\0" for blob in blobs)
