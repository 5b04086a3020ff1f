"""The one number on the first page: for those who answer for all objects."""

from __future__ import annotations

from sqlalchemy import Engine, insert

from lora_registry.domain.access import Role
from lora_registry.store.engine import writing
from lora_registry.store.scores import UsefulnessRun
from lora_registry.usefulness.figures import Counts, Figures
from tests.web.conftest import Server
from tests.web.realm import ME, METROPOLIS, NOW

QUESTION = "Does it still serve somebody?"


def judged(engine: Engine) -> None:
    figures = Figures()
    meters = figures.by_family["meter"] = Counts(objects=40, judgeable=10)
    meters.serves.update({"serves": 30, "does_not": 2, "unknown": 8})
    alarms = figures.by_family["sentinel"] = Counts(objects=10, judgeable=10)
    alarms.serves.update({"serves": 10})
    with writing(engine) as connection:
        connection.execute(
            insert(UsefulnessRun).values(
                run_id=2, judged_at=NOW, completed_at=NOW, rule_version=1, figures=figures.as_json()
            )
        )


def test_who_runs_the_network_reads_it_by_family(server: Server, realm_engine: Engine) -> None:
    client = server.signed_in(METROPOLIS, Role.ADMIN)
    judged(realm_engine)
    text = client.get("/").text
    assert "Of 100 objects, 80 serve, 4 do not, of 16 it is unknown." in text
    assert "Enough is known to judge 40 of 100." in text
    assert '<th scope="row">Alarm</th><td class="n">10</td><td class="n">100</td>' in text


def test_a_commune_is_not_told_the_number_of_others(server: Server, realm_engine: Engine) -> None:
    judged(realm_engine)
    assert QUESTION not in server.signed_in(ME, Role.ADMIN).get("/").text


def test_before_a_judgement_there_is_no_number(server: Server) -> None:
    answer = server.signed_in(METROPOLIS, Role.ADMIN).get("/")
    assert (answer.status_code, QUESTION in answer.text) == (200, False)
