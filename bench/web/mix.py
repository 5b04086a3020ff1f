"""The pages that are asked: one definition for processor time and for answer times."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence


class Mix:
    """Pages in turn, with a filter, a search or a device that differs each time."""

    def __init__(self, dev_euis: Sequence[str], seed: int = 3) -> None:
        chance = random.Random(seed)  # noqa: S311 - which page next
        self._paths: dict[str, Callable[[], str]] = {
            "list": lambda: "/devices",
            "filtered list": lambda: (
                f"/devices?state=silent&commune=34172&sort={chance.choice(('name', '-silence'))}"
            ),
            "searched list": lambda: f"/devices?q={chance.randrange(1000)}",
            "device": lambda: f"/devices/{chance.choice(dev_euis)}",
            "findings": lambda: "/findings",
            "home": lambda: "/",
        }

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of the pages."""
        return tuple(self._paths)

    def path(self, page: str) -> str:
        """Return the next address of a page."""
        return self._paths[page]()
