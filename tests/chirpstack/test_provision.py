"""Devices into ChirpStack over the wire: keys in their fields, duplicates, and 200 interruptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select

from integrations.chirpstack.api_calls import Connection
from integrations.chirpstack.api_write import ChirpStackProvisioning
from lora_registry.domain.errors import NetworkServerError, RefusedError, UnavailableError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.provisioning import MARK, Keys, keys_of
from lora_registry.domain.secret import Secret
from lora_registry.pipeline import onboard_network
from lora_registry.pipeline.onboard import Request
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine, reading, writing
from lora_registry.store.journal_tables import Change, ChangeSet
from lora_registry.store.registry import DeviceRecord, Network, Organisation, Service
from tests.chirpstack.server import ChirpStack, Key
from tests.commands import run

NOW = datetime(2026, 10, 3, 6, tzinfo=UTC)
HEADINGS = "dev_eui;join_eui;nom;usage;modele;lorawan_version;app_key;nwk_key\n"
ZEROS = "0" * 32


def key(number: int) -> str:
    return f"ca4a5e{number:026x}"


def sheet(folder: Path, rows: int = 15, name: str = "capteurs.csv") -> Path:
    """Write a sheet of new sensors of two services; every fifth speaks LoRaWAN 1.1."""
    lines = [
        f"70b3d57ed00000{n:02x};70b3d57ed0000000;Salle {n};{'air' if n % 2 else 'bruit'};M1;"
        + (f"1.1;{key(n)};{key(1000 + n)}" if n % 5 == 4 else f"1.0.3;{key(n)};")
        for n in range(rows)
    ]
    path = folder / name
    path.write_text(HEADINGS + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def fill(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(Network).values(id="chirpstack", name="C", kind="chirpstack"))
        connection.execute(insert(Organisation).values(id="lattes", name="Commune de Lattes", kind="commune"))
        for one in ("air", "bruit"):
            connection.execute(
                insert(Service).values(id=one, name=one.title(), owner_id="lattes", consumers=[], tolerance={})
            )


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Engine]:
    """Return a registry in SQLite: what is tried here is the network."""
    engine = make_engine(f"sqlite:///{tmp_path}/town.sqlite")
    # The network is cut here, not the power: no waiting for the disk at each of a thousand commits.
    event.listen(engine, "connect", lambda held, _: held.execute("PRAGMA synchronous = OFF"))
    migrations.upgrade(engine)
    fill(engine)
    yield engine
    engine.dispose()


def writer(server: ChirpStack, token: str = "admin", **given: Any) -> ChirpStackProvisioning:  # noqa: S107 - the double's
    return ChirpStackProvisioning(Connection(server.url, token, sleep=lambda _: None), **given)


def apply(engine: Engine, server: ChirpStack, path: Path, **given: Any) -> Any:
    request = Request(path, "chirpstack", provision=True)
    connection = writer(server, **given)
    try:
        return onboard_network.apply(engine, request, connection, region="EU868", by="Ada", now=NOW)[1]
    finally:
        connection.close()


def undo(engine: Engine, server: ChirpStack, path: Path) -> Any:
    connection = writer(server)
    try:
        return onboard_network.undo(engine, path, connection, by="Ada", now=NOW)
    finally:
        connection.close()


def records(engine: Engine) -> list[Sequence[Any]]:
    with reading(engine) as connection:
        return list(connection.execute(select(DeviceRecord.dev_eui, DeviceRecord.lifecycle)).all())


def agree(engine: Engine, server: ChirpStack, rows: int) -> None:
    """Check that registry and network hold the same devices, whole."""
    held = dict(map(tuple, records(engine)))
    assert set(held) == set(server.devices) == set(server.device_keys)
    assert len(held) == rows
    assert set(held.values()) <= {"provisioned"}
    with reading(engine) as connection:
        assert set(connection.execute(select(ChangeSet.state)).scalars()) <= {"applied", "undone"}


def test_everything_is_made_once_and_again_changes_nothing(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    path = sheet(tmp_path)
    done = apply(town, chirpstack, path)
    assert len(done.created) == 15
    agree(town, chirpstack, 15)
    (tenant,) = chirpstack.tenants.values()
    assert (tenant.body.name, dict(tenant.body.tags)) == ("Commune de Lattes", {MARK: "organisation:lattes"})
    assert {a.body.name for a in chirpstack.applications.values()} == {"Air", "Bruit"}
    assert {p.body.name for p in chirpstack.profiles.values()} == {"M1 1.0.3", "M1 1.1.0"}
    before = {eui: (d.body.SerializeToString(), d.updated_at) for eui, d in chirpstack.devices.items()}
    chirpstack.weather.clear()
    again = apply(town, chirpstack, path)
    assert len(again.unchanged) == 15
    assert {name.partition(".")[2] for name in chirpstack.weather.calls} == {"Get", "GetKeys"}
    assert before == {eui: (d.body.SerializeToString(), d.updated_at) for eui, d in chirpstack.devices.items()}


def test_keys_are_in_the_field_of_their_version(chirpstack: ChirpStack, town: Engine, tmp_path: Path) -> None:
    apply(town, chirpstack, sheet(tmp_path))
    for n in range(15):
        held = chirpstack.device_keys[f"70b3d57ed00000{n:02x}"]
        expected = (key(1000 + n), key(n)) if n % 5 == 4 else (key(n), ZEROS)
        assert (held.nwk_key, held.app_key) == expected


@pytest.mark.parametrize(
    ("version", "nwk_key", "keys"),
    [
        ("1.0.3", None, Keys(Secret("a"), None)),
        ("1.0.4", Secret("n"), Keys(Secret("a"), None)),
        ("1.1.0", Secret("n"), Keys(Secret("n"), Secret("a"))),
    ],
)
def test_where_a_key_goes(version: str, nwk_key: Secret | None, keys: Keys) -> None:
    assert keys_of(version, Secret("a"), nwk_key) == keys


def test_one_dot_one_needs_both_keys() -> None:
    with pytest.raises(ValueError, match="NwkKey"):
        keys_of("1.1.0", Secret("a"), None)


def test_an_undo_leaves_neither_side_with_anything_of_it(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    path = sheet(tmp_path)
    apply(town, chirpstack, path)
    _, undone, gone = undo(town, chirpstack, path)
    assert (len(gone), undone.left) == (15, [])
    agree(town, chirpstack, 0)


def test_what_others_made_is_neither_changed_nor_taken_back(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    tenant = chirpstack.add_tenant("Commune de Lattes")
    application = chirpstack.add_application(tenant, "Air")
    profile = chirpstack.add_profile(tenant, "theirs")
    chirpstack.add_device("70b3d57ed0000001", application, profile, name="theirs")
    path = sheet(tmp_path, 3)
    done = apply(town, chirpstack, path)
    assert (done.other_keys, len(done.created)) == ([DevEui("70b3d57ed0000001")], 2)
    assert len(chirpstack.tenants) == 1, "the one of that name is used"
    assert {d.body.application_id for e, d in chirpstack.devices.items() if e.endswith("01")} == {application}
    _, _, gone = undo(town, chirpstack, path)
    assert (len(gone), list(chirpstack.devices)) == (2, ["70b3d57ed0000001"])


def test_two_tenants_of_one_name_are_a_person_s_to_tell_apart(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    for _ in range(2):
        chirpstack.add_tenant("Commune de Lattes")
    with pytest.raises(NetworkServerError, match="ChirpStack has 2 called 'Commune de Lattes'"):
        apply(town, chirpstack, sheet(tmp_path, 2))
    assert (records(town), chirpstack.devices) == ([], {})


def test_a_dev_eui_that_a_foreign_tenant_has_takes_all_of_it_back(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    own, other = chirpstack.add_tenant("Own"), chirpstack.add_tenant("Other")
    chirpstack.keys["own"] = Key(own)
    foreign = chirpstack.add_application(other, "Secret")
    chirpstack.add_device("70b3d57ed0000002", foreign, chirpstack.add_profile(other, "p"))
    with pytest.raises(RefusedError, match="not ours to see") as refused:
        apply(town, chirpstack, sheet(tmp_path, 4), token="own", tenant_ids=(own,))  # noqa: S106
    assert "Secret" not in str(refused.value)
    assert "Other" not in str(refused.value)
    assert records(town) == []
    assert list(chirpstack.devices) == ["70b3d57ed0000002"]


def test_a_read_only_key_is_told_and_nothing_stays(chirpstack: ChirpStack, town: Engine, tmp_path: Path) -> None:
    with pytest.raises(NetworkServerError, match="may not do this"):
        apply(town, chirpstack, sheet(tmp_path, 2), token="reader")  # noqa: S106
    assert (records(town), chirpstack.tenants) == ([], {})


def test_a_device_left_without_keys_gets_them_at_the_next_try(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    path = sheet(tmp_path, 3)
    chirpstack.weather.dies_after = 8
    with pytest.raises(UnavailableError):
        apply(town, chirpstack, path)
    assert len(chirpstack.devices) > len(chirpstack.device_keys), chirpstack.weather.calls
    chirpstack.weather.clear()
    assert len(apply(town, chirpstack, path).completed) == 1
    agree(town, chirpstack, 3)


def test_without_the_switch_an_undo_says_what_it_needs(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    path = sheet(tmp_path, 2)
    apply(town, chirpstack, path)
    with pytest.raises(RefusedError, match="LORA_REGISTRY_PROVISIONING=on"):
        onboard_network.undo(town, path, None, by="Ada", now=NOW)
    agree(town, chirpstack, 2)


def reset(server: ChirpStack) -> None:
    server.weather.clear()
    for held in (server.tenants, server.applications, server.profiles, server.devices, server.device_keys):
        held.clear()


@pytest.mark.timeout(300)
def test_interrupted_at_every_call_it_resumes_or_goes_back(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    """Each call of an application is cut off before and after its effect; then resumed, or undone.

    Undos are cut off at every call too.
    """
    rows = 15
    path = sheet(tmp_path, rows)
    apply(town, chirpstack, path)
    calls = len(chirpstack.weather.calls)
    undo_calls = rows * 2
    undo(town, chirpstack, path)
    interruptions = 0
    for number in range(1, calls + 1):
        for how in ("dies_before", "dies_after"):
            for then in ("resume", "undo"):
                reset(chirpstack)
                setattr(chirpstack.weather, how, number)
                if (how, number) == ("dies_after", calls):
                    continue  # the last answer of all: nothing is left to be cut off
                with pytest.raises(UnavailableError):
                    apply(town, chirpstack, path)
                interruptions += 1
                chirpstack.weather.clear()
                if then == "resume":
                    apply(town, chirpstack, path)
                    agree(town, chirpstack, rows)
                undo(town, chirpstack, path)
                agree(town, chirpstack, 0)
    for number in range(1, undo_calls, 3):
        reset(chirpstack)
        apply(town, chirpstack, path)
        chirpstack.weather.clear()
        chirpstack.weather.dies_after = number
        with pytest.raises(UnavailableError):
            undo(town, chirpstack, path)
        interruptions += 1
        chirpstack.weather.clear()
        undo(town, chirpstack, path)
        agree(town, chirpstack, 0)
    assert interruptions >= 200


def test_no_key_is_in_the_registry_on_the_screen_or_in_a_message(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = sheet(tmp_path)
    settings = {
        "database_url": town.url.render_as_string(), "chirpstack_url": chirpstack.url, "chirpstack_key": "admin",
        "provisioning": "on",
    }  # fmt: skip
    said = ""
    chirpstack.weather.dies_after = 12
    for check in (False, True, True):
        done = run("onboard", "apply", str(path), check=check, **settings)
        said += done.stdout + done.stderr
        chirpstack.weather.clear()
    said += run("onboard", "undo", str(path), **settings).stderr
    with reading(town) as connection:
        for table in (DeviceRecord, Change, ChangeSet):
            said += "".join(map(repr, connection.execute(select(table.table())).all()))
    said += caplog.text + (tmp_path / "town.sqlite").read_bytes().decode("latin-1")
    assert "15 devices taken back" in said
    assert "no answer" in said
    assert "ca4a5e" not in said.lower()


@pytest.mark.parametrize("place", ["_finish", "take_back", "journal.undo"])
def test_killed_between_its_own_commits_it_goes_on(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    path = sheet(tmp_path, 4)
    if place != "_finish":
        apply(town, chirpstack, path)
    with monkeypatch.context() as patch:
        patch.setattr(f"lora_registry.pipeline.onboard_network.{place}", killed)
        with pytest.raises(KeyboardInterrupt):
            (apply if place == "_finish" else undo)(town, chirpstack, path)
    if place == "_finish":
        assert onboard_network.interrupted(town) == ["capteurs.csv"]
        apply(town, chirpstack, path)
        agree(town, chirpstack, 4)
    undo(town, chirpstack, path)
    agree(town, chirpstack, 0)
    assert onboard_network.interrupted(town) == []


def test_corrected_keys_of_the_same_sheet_replace_those_we_gave(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    path = sheet(tmp_path, 3)
    apply(town, chirpstack, path)
    path.write_text(path.read_text(encoding="utf-8").replace(key(1), key(77)), encoding="utf-8")
    assert apply(town, chirpstack, path).completed == [DevEui("70b3d57ed0000001")]
    assert chirpstack.device_keys["70b3d57ed0000001"].nwk_key == key(77)


def test_a_correction_without_keys_leaves_the_network_alone(
    chirpstack: ChirpStack, town: Engine, tmp_path: Path
) -> None:
    apply(town, chirpstack, sheet(tmp_path, 3))
    chirpstack.weather.clear()
    path = tmp_path / "noms.csv"
    path.write_text("dev_eui;nom\n70b3d57ed0000001;Autre\n", encoding="utf-8")
    for _ in range(2):
        apply(town, chirpstack, path)
    assert chirpstack.weather.calls == []
    path.write_text("dev_eui;nom\n70b3d57ed0000001;\n", encoding="utf-8")
    apply(town, chirpstack, path)
    agree(town, chirpstack, 3)
