"""The page of timed jobs: for whom it is, what it shows, and that it changes what the scheduler reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import Engine

from lora_registry.domain.access import Role
from lora_registry.pipeline.export_open_data import NAMES, export_open_data
from lora_registry.pipeline.timed_jobs import JOBS, planner_over, rows, trigger_of
from lora_registry.settings import Settings
from lora_registry.store import jobs
from lora_registry.store.engine import writing
from tests.maps.test_browser import ARGUMENTS
from tests.web.conftest import Server, form_token, serving
from tests.web.realm import ME, METROPOLIS, NOW
from tests.web.test_browser import NARROW, sign_in, violations

ZONE = "Europe/Paris"


@pytest.fixture
def planned(realm_engine: Engine) -> Iterator[Server]:
    """Plan every job as a scheduler would, and serve the realm."""
    with planner_over(realm_engine, ZoneInfo(ZONE)) as planner:
        for job in JOBS:
            planner.add_job(
                "lora_registry.schedule:run_job", trigger_of(job, ZoneInfo(ZONE)), args=[job.name], id=job.name
            )
    with writing(realm_engine) as connection:
        number = jobs.begin(connection, "retain", now=NOW)
        jobs.end(connection, number, exit_code=1, words="<b>the week of 2026-09-07</b> is sealed", now=NOW)
    with serving(realm_engine) as server:
        yield server


def states(engine: Engine) -> dict[str, bool]:
    return {row["job"]: row["paused"] for row in rows(engine, zone=ZONE, language="en")}


def test_only_administrators_of_who_runs_the_network_see_it(planned: Server) -> None:
    seen = {
        (organisation, role): planned.signed_in(organisation, role).get("/schedule").status_code
        for organisation, role in [(ME, role) for role in Role] + [(METROPOLIS, Role.ADMIN)]
    }
    assert {who for who, code in seen.items() if code == 200} == {(METROPOLIS, Role.ADMIN)}
    assert set(seen.values()) == {200, 404}
    assert planned.client().get("/schedule").headers["location"].startswith("/login?back=")


def test_it_shows_how_each_ended_and_what_it_said_as_text(planned: Server) -> None:
    text = planned.signed_in(METROPOLIS, Role.ADMIN).get("/schedule").text
    assert "To look at (exit 1)" in text
    assert "&lt;b&gt;the week of 2026-09-07&lt;/b&gt; is sealed" in text
    assert text.count("It never ran.") == len(JOBS) - 1


def test_pause_resume_and_now_change_what_the_scheduler_reads(planned: Server, realm_engine: Engine) -> None:
    client = planned.signed_in(METROPOLIS, Role.ADMIN)
    token, origin = form_token(client, "/schedule"), {"Origin": planned.url}

    def send(job: str, action: str) -> str:
        answer = client.post(f"/schedule/{job}", data={"form_token": token, "action": action}, headers=origin)
        assert answer.status_code == 303
        return answer.headers["location"]

    assert send("audit", "pause") == "/schedule?said=pause"
    assert states(realm_engine)["audit"]
    assert send("audit", "now") == "/schedule?said=not", "it is paused"
    assert send("audit", "resume") == "/schedule?said=resume"
    assert not states(realm_engine)["audit"]
    assert send("sync", "now") == "/schedule?said=now"
    next_at = {row["job"]: row["next_at"] for row in rows(realm_engine, zone=ZONE, language="en")}
    assert next_at["sync"] == NOW
    shown = client.get("/schedule?said=now").text
    assert "It runs within half a minute" in shown


@pytest.mark.parametrize(("job", "action"), [("audit", "delete"), ("no-such", "pause"), ("audit", "")])
def test_nothing_else_can_be_asked_for(planned: Server, job: str, action: str) -> None:
    client = planned.signed_in(METROPOLIS, Role.ADMIN)
    data = {"form_token": form_token(client, "/schedule"), "action": action}
    assert client.post(f"/schedule/{job}", data=data, headers={"Origin": planned.url}).status_code == 404


def test_who_does_not_run_the_network_changes_nothing(planned: Server, realm_engine: Engine) -> None:
    client = planned.signed_in(ME, Role.ADMIN)
    data = {"form_token": form_token(client, "/account"), "action": "pause"}
    assert client.post("/schedule/audit", data=data, headers={"Origin": planned.url}).status_code == 404
    assert not states(realm_engine)["audit"]


def test_before_a_scheduler_ever_ran_it_says_what_to_start(server: Server) -> None:
    text = server.signed_in(METROPOLIS, Role.ADMIN).get("/schedule").text
    assert "lora-registry schedule run" in text
    assert "LORA_REGISTRY_SMTP_HOST" in text
    assert 'value="pause"' not in text


def test_open_data_is_served_to_anybody_where_the_settings_say_so_and_nothing_else_of_the_folder(
    realm_engine: Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "open"
    export_open_data(realm_engine, folder, include=(), blurred=(), publisher="v", homepage="", now=NOW)
    (folder / "secret.txt").write_text("secret")
    with serving(realm_engine, Settings(opendata_dir=str(folder), language="en")) as server:
        assert server.client().get("/open-data").status_code == 404, "it has to be asked for"
    with serving(realm_engine, Settings(opendata_dir=str(folder), opendata_served="on", language="en")) as server:
        client = server.client()
        page = client.get("/open-data")
        assert page.status_code == 200
        assert "objets.csv" in page.text
        assert "Canary" not in page.text
        for name in NAMES:
            answer = client.get(f"/open-data/{name}")
            assert answer.status_code == (200 if (folder / name).is_file() else 404), name
            assert "Canary" not in answer.text
            if answer.status_code == 200:
                assert answer.content == (folder / name).read_bytes()
                assert (
                    client.get(f"/open-data/{name}", headers={"Accept-Encoding": "identity"}).text == answer.text
                )
        tag = client.get("/open-data/objets.csv").headers["etag"]
        assert client.get("/open-data/objets.csv", headers={"If-None-Match": tag}).status_code == 304
        for other in ("secret.txt", "..%2Frealm.sqlite", ".objets.csv.part"):
            assert client.get(f"/open-data/{other}").status_code == 404
    with serving(realm_engine, Settings(opendata_dir=str(tmp_path / "none"), opendata_served="on")) as server:
        assert server.client().get("/open-data").status_code == 200, "nothing yet, and it says so"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_both_pages_keep_the_rules_of_accessibility_as_narrow_as_a_telephone(
    realm_engine: Engine, planned: Server, chromium: str, tmp_path: Path, language: str
) -> None:
    del planned  # for its jobs
    folder = tmp_path / "open"
    export_open_data(realm_engine, folder, include=(), blurred=(), publisher="v", homepage="", now=NOW)
    settings = Settings(opendata_dir=str(folder), opendata_served="on", language=language)
    with serving(realm_engine, settings) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = browser.new_context(viewport=NARROW)
        page = sign_in(context, server, METROPOLIS)
        wrong = []
        for path in ("/schedule", "/open-data"):
            page.goto(server.url + path)
            if path == "/schedule":
                page.locator("details").first.evaluate("node => node.open = true")
            wrong += violations(page, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path
        browser.close()
    assert wrong == []
