"""What an alert says: every kind and phase in both languages, from one catalogue that holds nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest

from lora_registry.domain.alerting import Phase
from lora_registry.report.alert import HEADLINES, Alert, Letter, mail
from lora_registry.store.alert_reads import KINDS
from tests.catalogues import catalogue, differing_fields
from tests.conftest import ROOT

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def alert(kind: str, phase: Phase, name: str = "Clocher") -> Alert:
    return Alert(
        number=1, phase=phase, kind=kind, subject_kind="device", subject="a" * 16, since=NOW, raised_at=NOW,
        cleared_at=NOW if phase is Phase.RECOVERED else None, name=name, services=["Crues"],
        communes=["Lattes"], devices=2, private=False, explanation={"fr": "Parce que.", "en": "Because."},
    )  # fmt: skip


def html_of(raw: bytes) -> str:
    """Return the HTML of a mail."""
    body = message_from_bytes(raw, policy=policy.default).get_body(("html",))  # type: ignore[attr-defined]
    return str(body.get_content())


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_words_for_both_phases(kind: str, phase: Phase, language: str) -> None:
    letter = Letter("a@b.example", "c@d.example", language, ZoneInfo("Europe/Paris"), "https://r.example")
    built = message_from_bytes(mail(alert(kind, phase), letter, contact=1, made_at=NOW), policy=policy.default)
    assert "Clocher" in built["Subject"]
    assert built["Content-Language"] == language
    body = built.get_body(("plain",))  # type: ignore[attr-defined]
    assert (
        "22/11/2026 11:00" in body.get_content() if language == "fr" else "2026-11-22 11:00" in body.get_content()
    )


def test_the_french_catalogue_has_every_text_and_no_other() -> None:
    folder = ROOT / "lora_registry" / "report"
    source = "".join(path.read_text() for path in (folder / "alert.py", *(folder / "templates").glob("alert.*")))
    used = {text for both in HEADLINES.values() for text in both}
    used |= set(re.findall(r'(?<!_of_mail\.)text\(\s*"([^"]+)"', source))
    counted = set(re.findall(r'many\(\s*"([^"]+)",\s*"([^"]+)"', source))
    known = catalogue("alerts", "fr")
    assert {key for key in known if "\0" not in key} == used
    assert {tuple(key.split("\0")) for key in known if "\0" in key} == counted
    assert differing_fields("alerts", "fr") == []
