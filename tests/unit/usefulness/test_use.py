"""Evidence of use: what is counted, declared or confirmed, and what of it is known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lora_registry.domain.errors import ImportFileError
from lora_registry.usefulness import use
from lora_registry.usefulness.facts import Use
from lora_registry.usefulness.usage_file import Reads, read_usage
from tests.unit.usefulness.facts import TODAY


def test_use_is_known_from_any_evidence_and_else_unknown() -> None:
    assert not use.is_used(Use(), TODAY)
    assert use.is_used(Use(consumers=1), TODAY)
    assert use.is_used(Use(integrations=1), TODAY)
    assert not use.is_used(Use(integrations=0), TODAY)
    assert use.is_used(Use(counted_days=3, reads=1), TODAY)
    assert use.is_used(Use(answer="partly", answered_on=TODAY), TODAY)
    assert not use.is_used(Use(answer="needed", answered_on=TODAY - timedelta(days=397)), TODAY)


def test_counting_beats_declaring() -> None:
    """Somebody declared a reader two years ago; the portal has counted none since."""
    assert not use.is_used(Use(consumers=3, counted_days=80), TODAY)
    assert use.is_used(Use(consumers=3, counted_days=59), TODAY), "not counted for long enough to know"


@pytest.mark.parametrize(
    ("told", "low", "high"),
    [
        (Use(), 0.0, 1.0),
        (Use(consumers=1), 0.5, 1.0),
        (Use(integrations=2), 0.5, 1.0),
        (Use(counted_days=30, read_days_30=4, read_days=4, reads=9, sources=("portal",)), 0.5, 0.5),
        (Use(counted_days=30, read_days_30=8, read_days=8, reads=9, sources=("portal",)), 1.0, 1.0),
        (Use(counted_days=30, read_days_30=4, read_days=4, reads=9, sources=("a",), consumers=2), 0.5, 1.0),
        (Use(counted_days=60, sources=("portal",), consumers=2), 0.0, 0.0),
    ],
)
def test_what_reading_brings(told: Use, low: float, high: float) -> None:
    (share,) = [share for share in use.shares(told, TODAY) if share.name == "read"]
    assert (share.low, share.high) == (low, high)


def test_a_service_that_nobody_confirmed_is_to_be_reviewed() -> None:
    assert use.is_review_due(Use(service="s"), TODAY)
    assert not use.is_review_due(Use(service="s", answer="needed", answered_on=TODAY), TODAY)
    assert not use.is_review_due(Use(), TODAY), "there is nobody to ask"


HEADER = "service,day,reads,source\n"


def test_a_file_of_reads_is_read_and_summed() -> None:
    text = [
        "\ufeffservice,day,reads,source,note",
        "a,2026-05-01,3,grafana,x",
        "a,2026-05-01,4,grafana,",
        "b,2026-05-01,0,api,",
    ]
    assert read_usage(text, today=TODAY) == [
        Reads("a", date(2026, 5, 1), "grafana", 7),
        Reads("b", date(2026, 5, 1), "api", 0),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (",2026-05-01,3,x", "line 2: service is empty"),
        ("a,01/05/2026,3,x", "line 2: day '01/05/2026' is not a date: write 2026-01-31"),
        ("a,20260501,3,x", "line 2: day"),
        ("a,2026-06-02,3,x", "line 2: day 2026-06-02 is in the future"),
        ("a,2026-05-01,-3,x", "line 2: reads '-3' is not a whole number"),
        ("a,2026-05-01,3.5,x", "line 2: reads"),
        ("a,2026-05-01,99999999999,x", "line 2: reads"),
        ("a,2026-05-01,3,", "line 2: source '' is not a name"),
        ("a,2026-05-01,3", "line 2: source"),
    ],
)
def test_every_fault_is_told_with_its_line(line: str, fault: str) -> None:
    with pytest.raises(ImportFileError) as raised:
        read_usage([HEADER, line], today=TODAY)
    assert fault in str(raised.value)


def test_missing_columns_are_told_with_the_header() -> None:
    with pytest.raises(
        ImportFileError, match="columns missing: day, source; the header is service,day,reads,source"
    ):
        read_usage(["service;reads".replace(";", ","), "a,1"], today=TODAY)
