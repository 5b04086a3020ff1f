"""The words of documents: each that is used has its French, and no other."""

from __future__ import annotations

import re
from importlib.resources import files
from zoneinfo import ZoneInfo

from lora_registry.domain.services import Family
from lora_registry.i18n import translator
from lora_registry.report.wording import Words
from lora_registry.usefulness.decided import Gesture, Indicator
from lora_registry.usefulness.figures import NO_FAMILY
from lora_registry.usefulness.lines import CAP, WEIGHTS
from lora_registry.usefulness.standing import Defect, Serves
from lora_registry.usefulness.use import Answer
from tests.catalogues import catalogue, differing_fields

CODES = {
    *(f"family_{one}" for one in (*Family, NO_FAMILY)),
    *(f"gesture_{one}" for one in Gesture),
    *(f"indicator_{one}" for one in Indicator),
    *(f"serves_{one}" for one in Serves),
    *(f"defect_{one}" for one in Defect),
    *(f"answer_{one}" for one in Answer),
    *(f"line_{one}" for one in (*WEIGHTS, CAP)),
}
OF_WORDS = {"unknown", "{central} ({low} to {high})"}


def used() -> set[str]:
    template = (files("lora_registry") / "report/templates/review.html.j2").read_text(encoding="utf-8")
    plain = set(re.findall(r'(?<![\w])_\("([^"]+)"', template))
    plurals = {f"{one}\0{several}" for one, several in re.findall(r'n_\("([^"]+)", "([^"]+)"', template)}
    return plain | plurals | OF_WORDS | CODES


def test_french_says_every_word_and_nothing_else() -> None:
    assert set(catalogue("report", "fr")) == used()
    assert differing_fields("report", "fr") == []
    assert set(catalogue("report", "en")) == CODES, "the other words are English already"


def test_numbers_and_days_are_the_reader_s() -> None:
    zone = ZoneInfo("Europe/Paris")
    french, english = (Words(translator(code, "report"), code, zone) for code in ("fr", "en"))
    assert (french.number(12345.67, 1), english.number(12345.67, 1)) == ("12\u202f345,7", "12,345.7")
    assert french.range((0.5, 1.0, 2.5), 1) == "1,0 (0,5 à 2,5)"
    assert (french.range(None), french.number(None)) == ("inconnu", "\N{EN DASH}")
