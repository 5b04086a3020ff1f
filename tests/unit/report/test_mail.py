"""The weekly mail as people read it, and as hostile names would like it."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser

import pytest

from lora_registry.audit import RULES
from lora_registry.report.digest import Deafness
from lora_registry.report.mail import CSV_COLUMNS, LEAVE_HERE, edition, one_line
from lora_registry.report.mail_terms import ABOUT, CAUSES, CHANGES, KINDS, PARTS, SEVERITIES, TO_DO
from tests.catalogues import catalogue, differing_fields
from tests.conftest import ROOT
from tests.unit.report.items import DAY, PARIS, WEEK, item, told

URL = "https://registre.example"
HOSTILE = [
    "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "</title><script>alert(1)</script>",
    "a\r\nBcc: victim@example.org", '=HYPERLINK("http://x")', "+1+1", "@SUM(A1)", "-2+3", "{{ 7 * 7 }}",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe", "\N{PILE OF POO}" * 10_000, "javascript:alert(1)", "\t=1", LEAVE_HERE,
]  # fmt: skip


class Tags(HTMLParser):
    """The elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_largest_mail_stays_small_and_needs_nothing_else(language: str) -> None:
    items = [
        item(n, name="\N{PILE OF POO}" * 500, service=f"{n % 100} é" * 90, commune=f"{n % 31} è" * 90,
             explanation=dict.fromkeys(("fr", "en"), "œ" * 5000))
        for n in range(500)
    ]  # fmt: skip
    outages = [
        Deafness(WEEK.since + n * DAY / 100, WEEK.since + n * DAY / 90, "not_listening") for n in range(300)
    ]
    made = edition(told(*items, outages=outages), language=language, zone=PARIS, public_url=URL)
    # Base64, four letters for three bytes and ends of lines, is what mail does to letters beyond ASCII at worst.
    assert (len(made.html.encode()) + len(made.text.encode())) * 4 / 3 * 78 / 76 <= 50_000
    assert not {"img", "script", "link", "iframe", "svg", "video"} & set(Tags(made.html).names)
    assert "480" not in made.subject
    assert len(made.subject) < 150


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    made = told(
        item(name=name, service=name, commune=name, explanation={"fr": name, "en": name}), organisation=name
    )
    plain = told(item(name="x", service="x", commune="x", explanation={"fr": "x", "en": "x"}), organisation="x")
    drawn, harmless = (edition(one, language="fr", zone=PARIS, public_url=URL) for one in (made, plain))
    assert Tags(drawn.html).names == Tags(harmless.html).names
    assert {name for name, _ in Tags(drawn.html).attributes} == {
        name for name, _ in Tags(harmless.html).attributes
    }
    assert drawn.subject.isprintable()
    assert drawn.html.count(LEAVE_HERE) == drawn.text.count(LEAVE_HERE) == 1
    assert len(drawn.text.splitlines()) == len(harmless.text.splitlines())
    (header, row) = csv.reader(drawn.csv.splitlines())
    assert header == list(CSV_COLUMNS)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_a_mail_says_why_since_when_and_what_to_do_with_a_link_each() -> None:
    made = edition(told(item(17)), language="fr", zone=PARIS, public_url=URL)
    assert made.subject == "Ville de Lattes : 1 nouveau, 0 terminé, 1 à regarder"
    for words in (
        "Objet silencieux", "Sonde 17", "depuis le 20/11/2026", "Silencieux depuis hier.", "À faire :",
        "https://registre.example/devices/0000000000000011", "Stationnement · Lattes", LEAVE_HERE,
    ):  # fmt: skip
        assert words in made.text
        assert words in made.html
    english = edition(told(item(17)), language="en", zone=PARIS, public_url=URL)
    assert english.subject == "Ville de Lattes: 1 new, 0 over, 1 to look at"
    assert "Silent since yesterday." in english.html


def test_without_a_public_address_there_are_no_links() -> None:
    made = edition(told(item()), language="fr", zone=PARIS, public_url="")
    assert "href" not in made.html
    assert "http" not in made.text


def test_no_data_and_the_first_mail_say_so() -> None:
    deaf = edition(told(item(), last_data_at=WEEK.since), language="en", zone=PARIS, public_url="")
    assert deaf.subject == "Ville de Lattes: no data received since 2026-11-16"
    first = edition(told(item(), is_first=True), language="en", zone=PARIS, public_url="")
    assert "Where things stand, by service" in first.text


def test_names_are_cut_and_put_on_one_line() -> None:
    assert one_line("a\r\n b\N{RIGHT-TO-LEFT OVERRIDE}c") == "a b c"
    assert len(one_line("é" * 500).encode()) <= 60


def test_every_rule_has_its_words() -> None:
    assert {rule.name for rule in RULES} == set(KINDS) == set(TO_DO)


def test_the_french_catalogue_has_every_text_and_no_other() -> None:
    used = {text for table in (KINDS, TO_DO, SEVERITIES, CHANGES, PARTS, ABOUT, CAUSES) for text in table.values()}
    folder = ROOT / "lora_registry" / "report"
    source = "".join(path.read_text() for path in (folder / "mail.py", *(folder / "templates").glob("digest.*")))
    used |= set(re.findall(r'text\(\s*"([^"]+)"', source))
    counted = set(re.findall(r'many\(\s*"([^"]+)",\s*"([^"]+)"', source))
    known = catalogue("mail", "fr")
    assert {key for key in known if "\0" not in key} == used
    assert {tuple(key.split("\0")) for key in known if "\0" in key} == counted
    assert differing_fields("mail", "fr") == []
    assert set(catalogue("mail", "en")) <= set(known)
