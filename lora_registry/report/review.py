"""The service review as a document: HTML for a committee, CSV for those who go on working with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from lora_registry.domain.plain import harmless
from lora_registry.i18n import translator
from lora_registry.report.digest_item import Item
from lora_registry.report.wording import Words
from lora_registry.usefulness.carbon import Factor

CSV_COLUMNS: Final = (
    "rank", "service", "name", "owner", "family", "objects", "score_low", "score_high", "serves", "does_not",
    "unknown", "proposal", "objects_to_decide", "airtime_s_per_day", "airtime_saved_s_per_day",
    "cost_eur_per_year", "carbon_kg_low", "carbon_kg_central", "carbon_kg_high", "ask_owner", "owner_answer",
    "answered_on", "unanswered",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Review:
    """What there is to arbitrate, by one judgement."""

    judged_at: datetime
    rule_version: int
    figures: Mapping[str, Any]
    """The one number, see `usefulness.figures`."""
    last_year: Mapping[str, Any] | None
    last_year_at: datetime | None
    goals: Sequence[Mapping[str, Any]]
    """Each with its `goal` and `progress`."""
    services: Sequence[Mapping[str, Any]]
    """Sheets, in the order of arbitration."""
    kept: Sequence[str]
    """Names of the services of which nothing is to be decided."""
    decisions: Sequence[Mapping[str, Any]]
    factors: Sequence[Factor]
    unanswered: Sequence[Item] = ()
    """Findings of which nobody has said a word for five weeks, worst first."""

    def unanswered_of(self, service: str | None) -> int:
        """Return how many of these are a service's, by its name."""
        return sum(one.service == service for one in self.unanswered)


def as_html(review: Review, *, language: str, zone: ZoneInfo) -> str:
    """Return the review as one page that needs nothing else: no script, no font, no picture."""
    environment = Environment(
        loader=PackageLoader("lora_registry.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = Words(translator(language, "report"), language, zone)
    environment.globals.update(_=words.text, n_=words.many)
    environment.filters.update(
        number=words.number, day=words.day, said=words.said, range=words.range, word=words.text
    )
    return environment.get_template("review.html.j2").render(review=review, language=language)


def as_csv(review: Review) -> str:
    """Return a row a service, in the order of arbitration; text that a spreadsheet would run is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for rank, told in enumerate(review.services, start=1):
        row = [*_row(rank, told), review.unanswered_of(told["name"])]
        writer.writerow([harmless(value) for value in row])
    return out.getvalue()


def _row(rank: int, told: Mapping[str, Any]) -> list[Any]:
    serves, gestures = told["serves"] or {}, told["gestures"] or {}
    carbon = told["carbon"]["kg_per_year"] or (None, None, None)
    answer = told["answer"]
    return [
        rank,
        told["id"],
        told["name"],
        told["organisation"],
        told["family"],
        told["objects"],
        told["low"],
        told["high"],
        *(serves.get(word, 0) for word in ("serves", "does_not", "unknown")),
        told["gesture"],
        sum(count for gesture, count in gestures.items() if gesture != "keep"),
        told["airtime_s_per_day"],
        told["airtime_saved_s_per_day"],
        told["cost_eur_per_year"],
        *carbon,
        "yes" if told["review_due"] else "no",
        None if answer is None else answer["answer"],
        None if answer is None else answer["answered_on"],
    ]
