"""deploy/init-secrets.sh and its reader, run on a copy of the project's two files that they touch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import FindTool, ReadCompose


@pytest.fixture
def checkout(project: Path, tmp_path: Path) -> Path:
    (tmp_path / "deploy").mkdir()
    shutil.copy(project / "deploy/init-secrets.sh", tmp_path / "deploy")
    return tmp_path


def init_secrets(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(checkout / "deploy/init-secrets.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir() if path.name != ".gitignore"}


def test_it_makes_every_secret_that_compose_mounts(checkout: Path, compose: dict[str, Any]) -> None:
    assert init_secrets(checkout).returncode == 0
    assert set(compose["secrets"]) <= set(contents(checkout / "deploy/secrets"))


def test_compose_then_finds_the_folder(checkout: Path, read_compose: ReadCompose) -> None:
    init_secrets(checkout)
    variables = dict(line.split("=", 1) for line in (checkout / ".env").read_text().splitlines())
    secret = read_compose(**variables)["secrets"]["database_url"]["file"]
    assert (checkout / secret).is_file()


def test_passwords_are_long_and_each_its_own(checkout: Path) -> None:
    init_secrets(checkout)
    made = contents(checkout / "deploy/secrets")
    words = [text for name, text in made.items() if name.endswith(("_password", "_secret"))]
    assert len(words) == 7
    assert len(set(words)) == 7
    assert [word for word in words if not re.fullmatch(r"[0-9a-f]{48}", word)] == []


def test_addresses_carry_the_password_of_their_account(checkout: Path) -> None:
    init_secrets(checkout)
    made = contents(checkout / "deploy/secrets")
    database = f"postgresql+psycopg://lora_registry:{made['postgres_password']}@postgres:5432/lora_registry"
    assert made["database_url"] == database
    assert made["mqtt_url"] == f"mqtt://listener:{made['mqtt_listener_password']}@mosquitto:1883"
    assert f"listener:{made['mqtt_listener_password']}\n" in made["mosquitto_accounts"]


def test_nothing_secret_is_printed(checkout: Path) -> None:
    done = init_secrets(checkout)
    assert "made postgres_password" in done.stdout
    assert re.search(r"[0-9a-f]{48}", done.stdout + done.stderr) is None


def test_a_second_run_changes_nothing(checkout: Path) -> None:
    init_secrets(checkout)
    before = contents(checkout / "deploy/secrets")
    environment = (checkout / ".env").read_text()
    assert init_secrets(checkout).returncode == 0
    assert contents(checkout / "deploy/secrets") == before
    assert (checkout / ".env").read_text() == environment


def test_a_removed_password_is_made_anew_and_an_added_account_is_taken_up(checkout: Path) -> None:
    init_secrets(checkout)
    secrets = checkout / "deploy/secrets"
    before = contents(secrets)
    (secrets / "mqtt_listener_password").unlink()
    (secrets / "mqtt_url").unlink()
    (secrets / "mqtt_gateway-17_password").write_text("chosen")
    init_secrets(checkout)
    after = contents(secrets)
    assert after["mqtt_url"] != before["mqtt_url"]
    assert f"listener:{after['mqtt_listener_password']}\n" in after["mosquitto_accounts"]
    assert "gateway-17:chosen\n" in after["mosquitto_accounts"]
    assert after["postgres_password"] == before["postgres_password"]


def test_the_folder_is_closed_and_its_files_readable_for_containers(checkout: Path) -> None:
    init_secrets(checkout)
    secrets = checkout / "deploy/secrets"
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in secrets.iterdir() if path.name != ".gitignore"} == {0o444}
    assert (secrets / ".gitignore").read_text() == "*\n"


def test_other_lines_of_the_environment_file_stay(checkout: Path) -> None:
    (checkout / ".env").write_text("NETWORK=city\n")
    init_secrets(checkout)
    assert (checkout / ".env").read_text() == "NETWORK=city\nSECRETS_DIR=./deploy/secrets\n"


def test_an_environment_file_that_names_another_folder_is_not_overruled(checkout: Path) -> None:
    (checkout / ".env").write_text("SECRETS_DIR=/elsewhere\n")
    done = init_secrets(checkout)
    assert done.returncode == 1
    assert "another SECRETS_DIR" in done.stderr


def test_secrets_reach_a_program_through_its_environment(
    project: Path, tmp_path: Path, find_tool: FindTool
) -> None:
    (tmp_path / "dsn").write_text("a b$c'd")
    environment = os.environ | {"SECRETS_MOUNT": str(tmp_path), "THE_DSN_FILE": str(tmp_path / "dsn")}
    script = str(project / "deploy/chirpstack/secrets-to-env.sh")
    command = [find_tool("sh"), script, "sh", "-c", 'printf %s "$THE_DSN"']
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "a b$c'd")


def test_a_missing_secret_stops_the_program_with_its_name(
    project: Path, tmp_path: Path, find_tool: FindTool
) -> None:
    environment = os.environ | {"SECRETS_MOUNT": str(tmp_path), "THE_DSN_FILE": str(tmp_path / "absent")}
    script = str(project / "deploy/chirpstack/secrets-to-env.sh")
    command = [find_tool("sh"), script, "sh", "-c", "echo started"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "THE_DSN_FILE" in done.stderr


def test_files_that_are_no_secrets_are_left_alone(project: Path, tmp_path: Path, find_tool: FindTool) -> None:
    (tmp_path / "certificates").write_text("public")
    environment = os.environ | {"THE_CERTIFICATES_FILE": str(tmp_path / "certificates")}
    script = str(project / "deploy/chirpstack/secrets-to-env.sh")
    command = [find_tool("sh"), script, "sh", "-c", 'printf %s "${THE_CERTIFICATES-unset}"']
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "unset")
