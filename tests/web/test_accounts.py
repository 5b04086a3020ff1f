"""The pages of public accounts: for everybody who is signed in, drafts marked, files to take home."""

from __future__ import annotations

import csv
import io

import pytest

from lora_registry.domain.access import Role
from tests.web.conftest import Server
from tests.web.realm import HERE, STRANGER


def test_the_list_marks_drafts_and_leads_to_pages_and_files(server: Server) -> None:
    client = server.signed_in(STRANGER, Role.ADMIN)
    page = client.get("/accounts").text
    assert page.count("<strong>draft</strong>") == 1, "of the year; September is over"
    for address in (
        "/accounts/annual/2026", "/accounts/annual/2026/files/annual-2026.html",
        "/accounts/monthly/2026-09/files/monthly-2026-09.csv",
    ):  # fmt: skip
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


def test_a_page_is_in_the_reader_s_language_and_its_parts_are_linked(server: Server) -> None:
    client = server.signed_in()
    page = client.get("/accounts/annual/2026?lang=en").text
    assert "Connected objects: the account of 2026" in page
    assert "Draft." in page
    assert "style=" not in page, "the pages' policy refuses styles that stand inline"
    commune = f"/accounts/annual/2026/communes/{HERE}"
    assert f'href="{commune}"' in page
    assert "Lattes: objects in 2026" in client.get(commune).text
    month = client.get("/accounts/monthly/2026-09").text
    assert "September 2026" in month
    assert "Draft." not in month


def test_files_are_taken_home_whole(server: Server) -> None:
    client = server.signed_in()
    page = client.get("/accounts/annual/2026/files/annual-2026.html")
    assert page.headers["content-disposition"] == 'attachment; filename="annual-2026.html"'
    assert "<style>" in page.text
    assert "/accounts/" not in page.text, "a file leads nowhere"
    table = client.get("/accounts/annual/2026/files/annual-2026.csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")), delimiter=";"))
    assert {row["figure"] for row in rows} >= {"objects.park", "airtime.hours", "coverage.unknown_share"}


@pytest.mark.parametrize(
    "path",
    ["annual/2025", "annual/2026-09", "monthly/2026", "weekly/2026", "annual/2026/communes/00000",
     "annual/2026/files/annual-2025.html", "annual/2026/files/annual-2026.exe", "monthly/2026-09/communes/34129"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(server: Server, path: str) -> None:
    assert server.signed_in().get(f"/accounts/{path}").status_code == 404
