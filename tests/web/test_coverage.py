"""Coverage in tables: what was worked out after the last build, read and never computed."""

from __future__ import annotations

import re

from sqlalchemy import Engine, delete

from lora_registry.domain.access import Role
from lora_registry.store.coverage import CoveragePlan, CoverageRun
from lora_registry.store.engine import writing
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, objects

_MOST_STATEMENTS = 4  # the session, the build, its answers; the names of objects on the page of gateways


def cells(text: str, caption: str) -> list[str]:
    """Return the cells of the table with this caption, their markup taken away."""
    table = text.partition(f'id="{caption}"')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", table, re.DOTALL)]


def test_shares_gaps_and_sites_are_read_with_few_statements(server: Server) -> None:
    client = server.signed_in(METROPOLIS, Role.ADMIN)
    client.get("/coverage")
    with server.counted() as statements:
        text = client.get("/coverage").text
    assert len(statements) <= _MOST_STATEMENTS, statements
    assert cells(text, "cap-communes")[:6] == ["Lattes", "28.0", "71%", "6%", "23%", "900"]
    assert cells(text, "cap-gaps")[:4] == ["1", "Lattes", "0.48", "2"]
    assert cells(text, "cap-next")[1:4] == ["Mairie", "2.2", "0.8 and 3.6"]
    assert '<a href="/covered?lat=43.56&amp;lon=3.91">' in text


def test_what_could_go_names_only_objects_that_the_visitor_sees(server: Server) -> None:
    hidden = {one.name for one in objects()}
    with server.counted() as statements:
        text = server.signed_in(METROPOLIS, Role.ADMIN).get("/coverage/switch-off").text
    assert "1 of 2 gateways of ours would keep" in text
    assert "310 (0.38 %)" in text
    assert not any(name in text for name in hidden), "the metropolis runs none of the realm's objects"
    assert "25" in cells(text, "cap-cost"), "but how many"
    assert any(
        one.name in server.signed_in(ME, Role.AUDITOR).get("/coverage/switch-off").text for one in objects()
    )
    assert len([one for one in statements if "coverage" in one]) <= _MOST_STATEMENTS


def test_before_the_first_build_and_before_its_answers_the_pages_say_so(
    server: Server, realm_engine: Engine
) -> None:
    client = server.signed_in(METROPOLIS, Role.ADMIN)
    with writing(realm_engine) as connection:
        connection.execute(delete(CoveragePlan))
    assert "come back in some minutes" in client.get("/coverage").text
    assert "This has not been worked out yet" in client.get("/coverage/switch-off").text
    with writing(realm_engine) as connection:
        connection.execute(delete(CoverageRun))
    assert "Coverage has not been worked out yet" in client.get("/coverage").text
    assert client.get("/export/coverage-gaps.csv").text.count("\n") == 1, "a heading, no row"


def test_tables_are_taken_home(server: Server) -> None:
    client = server.signed_in(METROPOLIS, Role.ADMIN)
    assert "Lattes;700;500;40;160" in client.get("/export/coverage-communes.csv").text
    assert client.get("/export/coverage-gaps.geojson").json()["features"][0]["properties"]["silent"] == 2
    assert "Château d'eau" in client.get("/export/switch-off.csv").text
    assert server.signed_in(ME, Role.ADMIN).get("/export/switch-off.csv").status_code == 404
