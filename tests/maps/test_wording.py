from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from lora_registry.domain.outage import Cause
from maps.wording import OUTAGE_CAUSES, Wording


def plain(text: str) -> str:
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("value", "decimals", "french", "english"),
    [
        (0, 0, "0", "0"),
        (1234, 0, "1 234", "1,234"),
        (1_234_567.25, 1, "1 234 567,2", "1,234,567.2"),
        (0.5, 1, "0,5", "0.5"),
    ],
)
def test_a_number_is_written_as_the_language_does(value: float, decimals: int, french: str, english: str) -> None:
    assert plain(Wording.of("fr", "UTC").number(value, decimals)) == french
    assert Wording.of("en", "UTC").number(value, decimals) == english


@pytest.mark.parametrize(
    ("share", "written"),
    [(0.0, "0 %"), (0.001, "1 %"), (0.125, "12 %"), (0.984, "98 %"), (0.9999, "99 %"), (1.0, "100 %")],
)
def test_only_a_full_share_reads_100_percent(share: float, written: str) -> None:
    assert plain(Wording.of("fr", "UTC").percent(share)) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (900, "15 min"),
        (3600, "1 h"),
        (5400, "1,5 h"),
        (86400, "1 j"),
        (216000, "2,5 j"),
    ],
)
def test_a_duration_is_written_in_its_largest_unit(seconds: float, written: str) -> None:
    assert Wording.of("fr", "UTC").duration(seconds) == written


@pytest.mark.parametrize(
    ("at", "french", "english"),
    [
        (datetime(2026, 1, 31, 23, 30, tzinfo=UTC), "01/02/2026 00:30", "1 Feb 2026 00:30"),
        (datetime(2026, 7, 14, 22, 0, tzinfo=UTC), "15/07/2026 00:00", "15 Jul 2026 00:00"),
    ],
)
def test_a_moment_is_written_in_the_zone_of_the_city(at: datetime, french: str, english: str) -> None:
    assert Wording.of("fr", "Europe/Paris").moment(at) == french
    assert Wording.of("en", "Europe/Paris").moment(at) == english


def test_a_day_is_written_without_a_zone() -> None:
    assert Wording.of("en", "Pacific/Auckland").day(date(2026, 12, 1)) == "1 Dec 2026"


def test_a_text_from_the_data_is_shown_as_it_is_when_no_word_is_known() -> None:
    assert Wording.of("fr", "UTC").text("{never} a message %s") == "{never} a message %s"


def test_every_cause_of_an_outage_has_its_sentence() -> None:
    assert set(OUTAGE_CAUSES) == set(Cause)
    assert Wording.of("fr", "UTC").outage_cause("not_listening") == "Nous n'étions pas à l'écoute."
