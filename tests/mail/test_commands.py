"""The command line of mails, against a real mail server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from lora_registry.store.engine import writing
from lora_registry.store.registry import Organisation
from tests.commands import Done, run
from tests.mail.server import MailServer
from tests.mail.town import DAY, MONDAY, SENDER, URL, audit, device, finding, town

ANNE = "anne@lattes.example"


@pytest.fixture
def command(engine: Engine, database_url: str, server: MailServer) -> Any:
    """Return what runs a command on a town with a finding."""
    town(engine)
    finding(engine, device(engine, 1, "parking-lattes"), seen_at=MONDAY - DAY, run=audit(engine, MONDAY - DAY))

    def called(*arguments: str, **more: Any) -> Done:
        settings = {
            "database_url": database_url, "smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "off",
            "mail_from": SENDER, "public_url": URL,
        }  # fmt: skip
        return run(*arguments, **(settings | more))

    return called


def test_from_nobody_to_a_mail_that_went_out(command: Any, server: MailServer) -> None:
    command("recipients", "add", "lattes", ANNE, "--language", "en")
    refused = command("recipients", "enable", "lattes", check=False)
    assert (refused.returncode, "0 of 2 weeks previewed" in refused.stderr) == (1, True)
    assert "Place 1" in command("recipients", "preview", "lattes", "--now", MONDAY.isoformat()).stdout
    command("recipients", "preview", "lattes", "--now", (MONDAY - 7 * DAY).isoformat())
    command("recipients", "enable", "lattes")
    assert "1 sent" in command("report", "weekly", "--send").stderr
    assert "0 sent" in command("report", "weekly", "--send").stderr
    assert [to for to, _ in server.taken] == [(ANNE,)]
    assert '"last_state": "sent"' in command("recipients", "list", "--format", "json").stdout
    command("recipients", "remove", "lattes", ANNE)
    assert command("recipients", "list", "--format", "json").stdout.strip() == "[]"


def test_everybody_s_mail_can_be_looked_at_as_files(command: Any, tmp_path: Path, engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(Organisation.table().update().values(name="<b>&"))
    done = command("report", "weekly", "--out", str(tmp_path / "mails"), "--now", MONDAY.isoformat())
    assert {path.name for path in (tmp_path / "mails").iterdir()} == {
        f"{name}.{form}" for name in ("lattes", "metropole") for form in ("html", "txt", "csv")
    }
    assert "&lt;b&gt;&amp;" in (tmp_path / "mails" / "lattes.html").read_text()
    assert "1 nouveau" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (("recipients", "add", "lattes", "a@b.fr, c@d.fr"), {}, "is no address"),
        (("recipients", "add", "lattes", "a@b.fr\nBcc: x@y.fr"), {}, "is no address"),
        (("recipients", "add", "nobody", ANNE), {}, "no organisation 'nobody'"),
        (("recipients", "add", "lattes", ANNE, "--language", "de"), {}, "choose from"),
        (("recipients", "preview", "nobody"), {}, "choose from lattes, metropole"),
        (("recipients", "remove", "lattes", "x@y.fr"), {}, "gets no mail of 'lattes'"),
        (("report", "weekly"), {}, "say either --out DIR"),
        (("report", "weekly", "--send"), {"public_url": ""}, "LORA_REGISTRY_PUBLIC_URL not set"),
        (("report", "weekly", "--send"), {"smtp_host": "mail.example.org"}, "need starttls or tls"),
        (("report", "weekly", "--send"), {"public_url": "http://x"}, "write https://HOST"),
        (("report", "weekly", "--send"), {"mail_from": "Anne <a@b.fr>"}, "write an address"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_way_out(
    command: Any, arguments: tuple[str, ...], more: dict[str, str], words: str
) -> None:
    refused = command(*arguments, check=False, **more)
    assert refused.returncode in (1, 2)
    assert words in refused.stderr
