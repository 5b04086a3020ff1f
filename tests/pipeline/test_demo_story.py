"""The demonstration's story: a service from its sheet to its score, its rows, a decision and what that changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from lora_registry import wiring
from lora_registry.demo.decided import DECIDED_DAYS_AGO, DECIDED_OF, MEASURED_AFTER_DAYS
from lora_registry.demo.documents import write_documents
from lora_registry.demo.usefulness import serve
from lora_registry.pipeline.backfill import CaptureSource
from lora_registry.pipeline.import_registry import import_registry
from lora_registry.pipeline.run_audit import run_audit
from lora_registry.pipeline.service_sheet import sheet
from lora_registry.settings import Settings
from lora_registry.simulate import Slowed, simulate
from lora_registry.store import decision_rows, migrations
from lora_registry.store.engine import make_engine, reading

END = datetime(2026, 7, 15, 6, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")


def test_one_service_is_followed_from_its_sheet_to_the_measured_effect(tmp_path: Path) -> None:
    city = simulate(26, 50, 4, END, slowed=Slowed(DECIDED_OF, DECIDED_DAYS_AGO))
    engine = make_engine(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    migrations.upgrade(engine)
    file = tmp_path / "registry.json"
    file.write_text(json.dumps(city.registry()), encoding="utf-8")
    import_registry(engine, file, now=END - timedelta(days=50))
    source = CaptureSource(city.lines(), read_at=END)
    wiring.live_ingest(Settings(batch_size=5000), engine, source, lambda: END).run(stop=lambda: False)
    run_audit(engine, now=END, clock=lambda: END, zone=ZONE)
    for _ in range(2):  # a demonstration judges every minute, and decides once
        serve(engine, now=END, clock=lambda: END, zone=ZONE)
    with reading(engine) as connection:
        told = sheet(connection, DECIDED_OF, on=END.date())
        assert len(decision_rows.decisions(connection)) == 1
    documents = write_documents(
        engine, city, tmp_path, now=END, zone=ZONE, language="fr", url="http://127.0.0.1:1/"
    )
    engine.dispose()
    assert documents.account == "accounts/annual/2026"
    account = (documents.files / "2026.fr.html").read_text(encoding="utf-8")
    assert "Effet constaté" in account
    assert "Délibération simulée" in account
    assert {path.name for path in documents.files.iterdir()} >= {"2026.en.html", "2026.fr.csv", "2026-07.fr.html"}
    assert documents.mail is not None
    mail = documents.mail.read_text(encoding="utf-8")
    assert documents.commune in mail
    assert "Nouveau cette semaine" in mail
    assert "\x1f" not in mail
    assert documents.mail.parent == documents.mails
    assert told["purpose"]
    assert [(row["source"], row["reads"] > 0) for row in told["usage"]] == [("portail", True)]
    assert told["low"] == sum(line["low"] for line in told["lines"])
    (worst, *_) = told["worst_objects"]
    assert all(line["sentence"]["fr"] for line in worst["lines"])
    (decision,) = told["decisions"]
    assert decision["decided_on"] == END.date() - timedelta(days=DECIDED_DAYS_AGO)
    assert decision["measure_on"] == decision["decided_on"] + timedelta(days=MEASURED_AFTER_DAYS)
    before, after = decision["effect"]["before"], decision["effect"]["after"]
    assert after["uplinks_per_day"] / before["uplinks_per_day"] < 0.6
    assert decision["effect"]["outcome"] == "done"
    assert "Effet constaté" in decision["effect"]["sentence"]["fr"]
