"""Asks a running listener what it says of itself."""

from __future__ import annotations

import re
import urllib.error
import urllib.request


def ask(port: int, path: str) -> tuple[int, str]:
    """Return the status and the text of an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def figures(port: int) -> dict[str, float]:
    """Return every figure of a listener, by name (and labels)."""
    text = ask(port, "/metrics")[1]
    return {name: float(value) for name, value in re.findall(r"^(lora_\S+) (\S+)$", text, flags=re.MULTILINE)}
