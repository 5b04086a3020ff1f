"""What a person reads of where findings stand, and of how they came there, in their language."""

from __future__ import annotations

from collections.abc import Mapping

from lora_registry.domain.findings import Status
from lora_registry.i18n import translator

HIDDEN: Mapping[Status, tuple[str, str]] = {
    Status.SNOOZED: ("{n} snoozed", "{n} snoozed"),
    Status.RESOLVED: ("{n} resolved", "{n} resolved"),
}
"""What a list of things to do leaves out and counts: one, and several."""
NOT_LISTED = "Not listed: {counts}. `--all` shows them."
AUDIT = "audit"


class Terms:
    """The catalogue `findings` of one language: a word for each `Status`, `Action` and reason of an audit."""

    def __init__(self, language: str) -> None:
        """Read the catalogue.

        Raises:
            CatalogueError: no such language.

        """
        self._catalogue = translator(language, "findings")

    def word(self, code: str) -> str:
        """Return what people call a status, an action or a reason."""
        return self._catalogue.gettext(code)

    def not_listed(self, counts: Mapping[Status, int]) -> str | None:
        """Return how many findings a list leaves out, in words; None where it leaves out none."""
        told = [
            self._catalogue.ngettext(*HIDDEN[status], n).format(n=n)
            for status, n in counts.items()
            if status in HIDDEN
        ]
        return self._catalogue.gettext(NOT_LISTED).format(counts=", ".join(told)) if told else None
