"""Files that browsers keep for ever: their names hold the hash of what is in them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lora_registry.report.account.document import style as account_style
from maps import assets

_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
_HASH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    content_type: str
    body: bytes
    packed: bytes
    """The same, gzip."""


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Every file by the name that is in its address."""

    by_address: Mapping[str, StaticFile]
    addresses: Mapping[str, str]
    """A file's plain name -> its name in addresses."""

    def url(self, name: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: no such file.

        """
        return f"/static/{self.addresses[name]}"


def static_file(name: str, text: str) -> tuple[str, StaticFile]:
    """Return the name with the hash in it, and the file."""
    stem, _, extension = name.rpartition(".")
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()[:_HASH_DIGITS]
    packed = gzip.compress(body, 9, mtime=0)
    return f"{stem}.{digest}.{extension}", StaticFile(_KINDS[extension], body, packed)


@cache
def static_files() -> StaticFiles:
    """Read them all: our own, Leaflet with the map's, and the style of accounts."""
    folder = files("lora_registry.web") / "static"
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}
    texts |= {
        "leaflet.js": assets.leaflet_script(),
        "leaflet.css": assets.leaflet_style(),
        "map.js": assets.own_script(),
        "map.css": assets.own_style(),
        "account.css": account_style(),
    }
    found = {name: static_file(name, text) for name, text in texts.items()}
    return StaticFiles(dict(found.values()), {name: address for name, (address, _) in found.items()})
