"""Settings: read once, every fault at once, secrets from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from lora_registry import settings
from lora_registry.domain.errors import SettingsError
from lora_registry.settings import Settings, from_environ
from tests.conftest import ROOT


def test_without_anything_the_defaults_hold() -> None:
    assert from_environ({"HOME": "/", "OTHER_VARIABLE": "x"}) == Settings()


def test_the_command_line_wins_over_the_environment() -> None:
    environ = {"LORA_REGISTRY_MQTT_URL": "mqtt://broker.example", "LORA_REGISTRY_BATCH_SIZE": "7"}
    read = from_environ(environ, mqtt_url="mqtts://other.example:8884", database_url=None)
    assert read.mqtt_url == "mqtts://other.example:8884"
    assert read.batch_size == 7


def test_all_faults_are_told_at_once_with_name_value_and_remedy() -> None:
    environ = {
        "LORA_REGISTRY_MQTT_URI": "mqtt://x",
        "LORA_REGISTRY_BATCH_SIZE": "0",
        "LORA_REGISTRY_MQTT_URL": "http://x",
        "LORA_REGISTRY_LANGUAGE": "de",
        "LORA_REGISTRY_BATCH_AGE_S": "nan",
    }
    with pytest.raises(SettingsError) as refused:
        from_environ(environ)
    message = str(refused.value)
    for words in (
        "LORA_REGISTRY_MQTT_URI is not a setting",
        "LORA_REGISTRY_BATCH_SIZE is '0': write a whole number above 0",
        "LORA_REGISTRY_MQTT_URL is 'http://x': write mqtt://",
        "LORA_REGISTRY_LANGUAGE is 'de': write fr or en",
        "LORA_REGISTRY_BATCH_AGE_S is 'nan'",
    ):
        assert words in message


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:p@h/d\n")
    assert from_environ({"LORA_REGISTRY_DATABASE_URL_FILE": str(secret)}).database_url == "postgresql://u:p@h/d"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"LORA_REGISTRY_DATABASE_URL_FILE": "/nowhere/x"}, "names '/nowhere/x', which cannot be read"),
        (
            {"LORA_REGISTRY_DATABASE_URL_FILE": "/x", "LORA_REGISTRY_DATABASE_URL": "sqlite://"},
            "are both set: remove one",
        ),
    ],
)
def test_a_secret_s_file_that_is_wrong(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        from_environ(environ)


def test_a_path_setting_is_not_read_as_a_secret() -> None:
    assert from_environ({"LORA_REGISTRY_MQTT_CA_FILE": "/etc/ca.pem"}).mqtt_ca_file == "/etc/ca.pem"


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        from_environ({"LORA_REGISTRY_MQTT_URL": "amqp://user:hunter2@broker.example"})
    assert "hunter2" not in str(refused.value)


def test_the_documentation_has_every_setting() -> None:
    """Written by `python -c 'from lora_registry import settings; print(settings.as_markdown())'`."""
    assert settings.as_markdown() in (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
