"""A commune's sheet, from the first check to the undo, on a real registry."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from sqlalchemy import Engine, insert, select

from lora_registry.coverage.grid import cells_of
from lora_registry.domain.access import Role, Viewer
from lora_registry.domain.errors import ImportFileError, RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.services import OrganisationKind
from lora_registry.onboarding.plan import Verdict
from lora_registry.pipeline import onboard, onboard_network
from lora_registry.pipeline.onboard import PlanChangedError, Request
from lora_registry.store import coverage_writes, journal
from lora_registry.store.coverage_packing import pack_heard_by
from lora_registry.store.coverage_writes import CellRow
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal_tables import Change, ChangeSet, ColumnMapping, DeviceAttribute
from lora_registry.store.registry import DeviceRecord, Network, Organisation, Position, Service, Territory
from tests.commands import run

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SQUARE = {"type": "Polygon", "coordinates": [[[3.8, 43.5], [4.0, 43.5], [4.0, 43.7], [3.8, 43.7], [3.8, 43.5]]]}
CANARY = "CA4A51CA4A51CA4A51CA4A51CA4A51CA"
TOKEN = "CANARYTOKEN"  # noqa: S105 - one that must not be found again
HEADINGS = "dev_eui;nom;usage;latitude;longitude;app_key;code_qr;Regard\n"


@pytest.fixture
def town(engine: Engine) -> Engine:
    """Return a registry with a commune and its service."""
    with writing(engine) as connection:
        connection.execute(insert(Network).values(id="chirpstack", name="C", kind="chirpstack"))
        connection.execute(insert(Territory).values(code="34129", name="Lattes", boundary=SQUARE, schematic=False))
        connection.execute(insert(Organisation).values(id="lattes", name="Commune de Lattes", kind="commune"))
        connection.execute(insert(Organisation).values(id="regie", name="Régie des eaux", kind="partner"))
        connection.execute(
            insert(Service).values(
                id="air", name="Qualité de l'air", owner_id="lattes", purpose="Aérer", privacy="public",
                consumers=[], tolerance={},
            )
        )  # fmt: skip
    return engine


def sheet(folder: Path, rows: int = 30, *, headings: str = HEADINGS) -> Path:
    """Write a sheet of sensors, one with a QR code instead of a DevEUI."""
    lines = [
        f"70b3d57ed00000{n:02x};Salle {n};Qualité de l'air;43,6{n:02d};3,87;{CANARY};;R{n}"
        for n in range(rows - 1)
    ]
    lines.append(f";Salle QR;air;43,55;3,9;;LW:D0:70B3D57ED0000000:70B3D57ED00000FF:00010002:O{TOKEN}:SS1;R99")
    path = folder / "capteurs.csv"
    path.write_bytes((headings + "\n".join(lines) + "\n").encode("cp1252"))
    return path


def held(engine: Engine) -> list[Sequence[Any]]:
    with reading(engine) as connection:
        return [
            connection.execute(select(model.table()).order_by(*model.table().primary_key)).all()
            for model in (DeviceRecord, Position, DeviceAttribute)
        ]


def test_a_sheet_is_checked_applied_found_again_and_taken_back(town: Engine, tmp_path: Path) -> None:
    request = Request(sheet(tmp_path), "chirpstack", organisation="Commune de Lattes", model="Maker M1")
    checked = onboard.check(town, request, now=NOW)
    assert checked.plan.counts == {"create": 30, "update": 0, "unchanged": 0, "refused": 0}
    assert held(town) == [[], [], []]
    applied, _ = onboard.apply(town, request, by="Ada", now=NOW)
    records, positions, attributes = held(town)
    assert (len(records), len(positions)) == (30, 30)
    assert {(r.owner_id, r.service_id, r.model, r.lifecycle) for r in records} == {
        ("lattes", "air", "Maker M1", "planned")
    }
    assert {a.name for a in attributes} == {"Regard", "numéro de série"}
    again, _ = onboard.apply(town, request, by="Ada", now=LATER)
    assert (again.number, again.plan.counts["unchanged"]) == (None, 30)
    number, undone = onboard.undo(town, request.path, by="Ada", now=LATER)
    assert (number, undone.left) == (applied.number, [])
    assert held(town) == [[], [], []]


def test_three_mistakes_are_told_at_once_and_nothing_is_written(town: Engine, tmp_path: Path) -> None:
    path = sheet(tmp_path)
    good = path.read_bytes()
    bad = good.replace(b"70b3d57ed0000003;", b"70b3d57ed000000;").replace(b"43,605;3,87", b"3,87;43,605")
    path.write_bytes(bad.replace(b"Salle 7;Qualit\xe9 de l'air", b"Salle 7;Eau"))
    request = Request(path, "chirpstack", organisation="lattes")
    plan = onboard.check(town, request, now=NOW).plan
    faults = [(r.line, r.code) for r in plan.all_remarks if r.gravity == "error"]
    assert faults == [(5, "bad_dev_eui"), (7, "swapped"), (9, "bad_service")]
    with pytest.raises(ImportFileError, match="3 lines cannot be applied, nothing was written"):
        onboard.apply(town, request, by="Ada", now=NOW)
    assert held(town) == [[], [], []]
    path.write_bytes(good)
    onboard.apply(town, request, by="Ada", now=NOW)
    assert len(held(town)[0]) == 30


def test_an_undo_restores_what_an_update_replaced(town: Engine, tmp_path: Path) -> None:
    onboard.apply(town, Request(sheet(tmp_path), "chirpstack"), by="Ada", now=NOW)
    before = held(town)
    path = tmp_path / "correction.csv"
    path.write_text(
        "dev_eui;nom;latitude;longitude;Regard\n70b3d57ed0000001;Autre;43,61;3,88;-\n", encoding="utf-8"
    )
    request = Request(path, "chirpstack")
    applied, _ = onboard.apply(town, request, by="Bob", now=LATER)
    assert [one.verdict for one in applied.plan.lines] == [Verdict.UPDATE]
    assert held(town) != before
    onboard.undo(town, path, by="Bob", now=LATER)
    assert held(town) == before


def test_only_the_plan_that_was_shown_is_applied(town: Engine, tmp_path: Path) -> None:
    path = sheet(tmp_path)
    sent = replace(Request(Path("capteurs.csv"), "chirpstack", organisation="lattes"), data=path.read_bytes())
    shown = onboard.check(town, sent, now=NOW).fingerprint
    assert onboard.check(town, sent, now=LATER).fingerprint == shown
    other = replace(sent, data=path.read_bytes().replace(b"Salle 3", b"Salle trois"), shown=shown)
    with pytest.raises(PlanChangedError, match="look again"):
        onboard.apply(town, other, by="Ada", now=NOW)
    with writing(town) as connection:
        row = {"dev_eui": DevEui("70b3d57ed0000001"), "network_id": "chirpstack", "recorded_at": NOW, "name": "X"}
        connection.execute(insert(DeviceRecord).values(row))
    with pytest.raises(PlanChangedError):
        onboard.apply(town, replace(sent, shown=shown), by="Ada", now=LATER)
    assert len(held(town)[0]) == 1
    now_shown = onboard.check(town, sent, now=LATER).fingerprint
    assert onboard.apply(town, replace(sent, shown=now_shown), by="Ada", now=LATER)[0].number is not None


def test_only_the_organisation_that_applied_a_set_takes_it_back(town: Engine, tmp_path: Path) -> None:
    path = sheet(tmp_path)
    applied, _ = onboard.apply(town, Request(path, "chirpstack", organisation="lattes"), by="Ada", now=NOW)
    number = applied.number or 0
    with pytest.raises(RefusedError, match="no change set"):
        onboard_network.undo_set(town, number, None, organisation="regie", by="Eve", now=LATER)
    assert len(held(town)[0]) == 30
    onboard_network.undo_set(town, number, None, organisation="lattes", by="Ada", now=LATER)
    assert held(town) == [[], [], []]


def test_who_does_not_see_a_place_or_a_stock_is_told_of_neither(town: Engine, tmp_path: Path) -> None:
    """A model in stock, and one of it two steps away: told to the operator, not to another's agent."""
    path = tmp_path / "regie.csv"
    path.write_text(
        "dev_eui;modele;latitude;longitude;cycle_de_vie\n70b3d57ed00000a1;M1;43,61;3,87;in_service\n"
        "70b3d57ed00000a2;M1;;;removed\n", encoding="utf-8",
    )  # fmt: skip
    onboard.apply(town, Request(path, "chirpstack", organisation="regie"), by="Ada", now=NOW)
    new = tmp_path / "lattes.csv"
    new.write_text("dev_eui;modele;latitude;longitude\n70b3d57ed0000001;M1;43,61;3,87\n", encoding="utf-8")
    agent = Viewer(
        name="Ada", organisation="lattes", organisation_kind=OrganisationKind.COMMUNE, role=Role.CONTRIBUTOR
    )
    request = Request(new, "chirpstack", organisation="lattes")
    told = {remark.code for remark in onboard.check(town, request, now=NOW).plan.all_remarks}
    scoped = onboard.check(town, replace(request, viewer=agent), now=NOW).plan.all_remarks
    assert told - {remark.code for remark in scoped} == {"neighbour", "in_stock"}


def test_another_organisation_s_objects_cannot_be_taken_over(town: Engine, tmp_path: Path) -> None:
    onboard.apply(town, Request(sheet(tmp_path), "chirpstack", organisation="lattes"), by="Ada", now=NOW)
    request = Request(sheet(tmp_path), "chirpstack", organisation="regie")
    plan = onboard.check(town, request, now=NOW).plan
    assert plan.counts["refused"] == 30
    assert all(
        "attes" not in words for r in plan.all_remarks for words in r.words.values() if r.code == "not_yours"
    )


def test_headings_said_once_are_remembered_for_the_organisation(town: Engine, tmp_path: Path) -> None:
    odd = HEADINGS.replace("dev_eui", "N° capteur").replace("nom", "Endroit")
    path = sheet(tmp_path, headings=odd)
    said = {"N° capteur": "dev_eui", "Endroit": "name"}
    onboard.apply(town, Request(path, "chirpstack", organisation="lattes", headings=said), by="Ada", now=NOW)
    with reading(town) as connection:
        assert connection.execute(select(ColumnMapping.heading, ColumnMapping.field)).all() == [
            ("endroit", "name"), ("ncapteur", "dev_eui"),
        ]  # fmt: skip
    second = onboard.check(town, Request(path, "chirpstack", organisation="lattes"), now=LATER).plan
    assert second.counts["unchanged"] == 30
    other = onboard.check(town, Request(path, "chirpstack", organisation="regie"), now=LATER).plan
    assert not other.can_be_applied
    with pytest.raises(RefusedError, match="no such column"):
        onboard.check(town, Request(path, "chirpstack", headings={"x": "nonsense"}), now=NOW)


def test_devices_of_another_operator_are_declared_only(town: Engine, tmp_path: Path) -> None:
    with writing(town) as connection:
        connection.execute(insert(Network).values(id="sigfox", name="Sigfox", kind="declared"))
    path = tmp_path / "autres.csv"
    path.write_text("dev_eui;reseau\n70b3d57ed0000001;sigfox\n", encoding="utf-8")
    onboard.apply(town, Request(path, "chirpstack", service="air"), by="Ada", now=NOW)
    assert [r.network_id for r in held(town)[0]] == ["sigfox"]


def test_the_last_coverage_build_is_asked_about_each_place(town: Engine, tmp_path: Path) -> None:
    places = {(43.60, 3.87): "covered", (43.61, 3.87): "gap"}
    with writing(town) as connection:
        run_id = coverage_writes.start_run(connection, built_at=NOW, target=0.9, network=None, rejected={})
        cells = [
            CellRow(
                run_id, *cell, state, "measured", 0.9, 5, 100.0, NOW.date(), 2.0, 1, 0.9, 0.5, 0.4, 0.3, "34129",
                pack_heard_by([]),
            )
            for (place, state) in places.items()
            for cell in cells_of(np.array([place[0]]), np.array([place[1]]))
        ]  # fmt: skip
        coverage_writes.write_tile(connection, run_id, (0, 0), b"", cells)
        coverage_writes.complete_run(connection, run_id, completed_at=NOW)
    path = tmp_path / "lieux.csv"
    rows = [f"70b3d57ed000000{n};{lat};{lon};air" for n, (lat, lon) in enumerate([*places, (43.65, 3.95)])]
    path.write_text("dev_eui;latitude;longitude;usage\n" + "\n".join(rows) + "\n", encoding="utf-8")
    plan = onboard.check(town, Request(path, "chirpstack"), now=NOW).plan
    told = [(r.line, r.code) for r in plan.all_remarks if r.code in ("gap", "not_measured")]
    assert told == [(3, "gap"), (4, "not_measured")]


def test_no_key_and_no_owner_token_is_in_the_registry_or_on_the_screen(
    town: Engine, tmp_path: Path, database_url: str
) -> None:
    path = sheet(tmp_path)
    settings = {"database_url": database_url}
    said = ""
    for verb in ("check", "apply", "undo"):
        done = run("onboard", verb, str(path), *(("--format", "json") if verb == "check" else ()), **settings)
        said += done.stdout + done.stderr
    said += run("onboard", "sheet", **settings).stdout + run("changes", "list", **settings).stdout
    with reading(town) as connection:
        for table in (DeviceRecord, Position, DeviceAttribute, Change, ChangeSet, ColumnMapping):
            said += "".join(map(repr, connection.execute(select(table.table())).all()))
    assert CANARY not in said.upper()
    assert TOKEN not in said
    assert "R12" in said, "else this test would see nothing"


def test_what_is_written_out_comes_back_without_a_change(town: Engine, tmp_path: Path, database_url: str) -> None:
    onboard.apply(town, Request(sheet(tmp_path), "chirpstack", organisation="lattes"), by="Ada", now=NOW)
    written = run("onboard", "sheet", "--organisation", "lattes", database_url=database_url).stdout
    out = tmp_path / "sortie.csv"
    out.write_text(written, encoding="utf-8", newline="")
    assert onboard.check(town, Request(out, "chirpstack"), now=LATER).plan.counts["unchanged"] == 30
    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(written.removeprefix("\ufeff")), delimiter=";"):
        book.active.append(row)
    book.save(tmp_path / "sortie.xlsx")
    request = Request(tmp_path / "sortie.xlsx", "chirpstack")
    assert onboard.check(town, request, now=LATER).plan.counts["unchanged"] == 30
    with writing(town) as connection:
        assert len(journal.sets(connection)) == 1


def test_the_commands_speak_the_reader_s_language(town: Engine, tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "un.csv"
    path.write_text("dev_eui\n70b3\n", encoding="utf-8")
    done = run("onboard", "check", str(path), check=False, database_url=database_url, language="fr")
    assert done.returncode == 1
    assert "✗ ligne 2, dev_eui: " in done.stderr
    assert "n'est pas un DevEUI" in done.stderr
    done = run("onboard", "check", str(path), check=False, database_url=database_url, language="en")
    assert "✗ line 2, dev_eui: DevEui '70b3' is not 16 hexadecimal digits" in done.stderr
    told = json.loads(
        run("onboard", "check", str(path), "--format", "json", check=False, database_url=database_url).stdout
    )
    assert (told["counts"]["refused"], told["can_be_applied"]) == (1, False)
    sample = tmp_path / "modele.csv"
    sample.write_text(run("onboard", "sample").stdout, encoding="utf-8")
    assert run("onboard", "check", str(sample), check=False, database_url=database_url).returncode in (0, 1)
    del town
