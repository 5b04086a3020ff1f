"""Every mail in a real Chromium, as narrow as a telephone: no rule of accessibility broken, nothing too wide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from lora_registry.domain.alerting import Phase
from lora_registry.domain.findings import Severity
from lora_registry.report.alert import HEADLINES, Letter, mail
from lora_registry.report.mail import LEAVE_HERE, edition
from lora_registry.report.unanswered import for_deputy
from tests.mail.town import PARIS, URL
from tests.maps.test_browser import ARGUMENTS
from tests.unit.report.items import WEEK, item, told
from tests.unit.report.test_alert import NOW, alert, html_of

NARROW = {"width": 320, "height": 640}
LONG = "Capteur_de_niveau_du_parking_souterrain_de_la_mairie_" * 3


def mails(language: str) -> Iterator[tuple[str, str]]:
    """Yield each kind of mail, with names that do not break by themselves."""
    items = [
        item(1, name=LONG, severity=Severity.CRITICAL, explanation={"fr": LONG, "en": LONG}, service=LONG),
        *(item(number, commune="Saint-Jean-de-Védas") for number in range(2, 30)),
        item(30, cleared_days_ago=1, seen_days_ago=9),
        item(31, seen_days_ago=40, kind="to_complete"),
    ]
    digests = {
        "changes": told(*items),
        "first": told(*items, is_first=True),
        "no data": told(*items, last_data_at=WEEK.since - timedelta(days=1)),
        "deputy": for_deputy(LONG, [item(1, seen_days_ago=40, name=LONG)], week=WEEK, told_before=()),
    }
    for name, digest in digests.items():
        html = edition(digest, language=language, zone=PARIS, public_url=URL).html
        yield name, html.replace(LEAVE_HERE, f"{URL}/leave/{'x' * 32}")
    letter = Letter("a@b.example", "c@d.example", language, PARIS, URL)
    for kind in HEADLINES:
        for phase in Phase:
            yield f"{kind} {phase}", html_of(mail(alert(kind, phase, name=LONG), letter, contact=1, made_at=NOW))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mail_can_be_read_on_a_telephone_and_by_everybody(browser: Browser, language: str) -> None:
    context = browser.new_context(viewport=NARROW)
    page, wrong = context.new_page(), []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, html in mails(language):
        page.set_content(html)
        assert page.get_attribute("html", "lang") == language
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW["width"]:
            wrong.append(f"{name}: {width} pixels wide")
        found = Axe().run(page).response["violations"]
        wrong += [f"{name}: {one['id']}" for one in found if one["impact"] in ("serious", "critical")]
    context.close()
    assert wrong == []
    assert asked == [], "a mail asks nothing of anybody"
