"""A mail through a real mail server, OpenSMTPD, that relays it to another: once, as we wrote it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.conftest import free_port, listening, missing, wait_until
from tests.mail.server import MailServer
from tests.mail.town import DAY, MONDAY, audit, device, finding, prepare, send, subscribe, town

ANNE = "anne@lattes.example"


@pytest.fixture
def relay(server: MailServer, tmp_path: Path) -> Iterator[int]:
    """Run OpenSMTPD, which takes mails of this machine and hands them to the tests' server; return its port."""
    program = shutil.which("smtpd") or shutil.which("smtpd", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        missing("opensmtpd", "apt-get install opensmtpd, or ./dev test as root")
    if os.geteuid() != 0:
        missing("the right to run smtpd", "it wants root: run ./dev test as root")
    assert program is not None
    port, config = free_port(), tmp_path / "smtpd.conf"
    config.write_text(
        f"listen on 127.0.0.1 port {port}\n"
        f'action "onwards" relay host smtp://127.0.0.1:{server.port}\n'
        'match from any for any action "onwards"\n'
    )
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([program, "-d", "-f", str(config)], stdout=log, stderr=log)
        try:
            wait_until(lambda: listening(port) or process.poll() is not None, "smtpd did not listen")
            assert process.poll() is None, (tmp_path / "log").read_text(errors="replace")
            yield port
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_mail_goes_through_a_real_server_once_and_as_it_was_written(
    engine: Engine, server: MailServer, relay: int
) -> None:
    town(engine)
    subscribe(engine, "lattes", ANNE)
    finding(engine, device(engine, 1, "parking-lattes"), seen_at=MONDAY - DAY, run=audit(engine, MONDAY - DAY))
    prepare(engine)
    assert send(engine, relay, timeout_s=20).sent == 1
    wait_until(lambda: bool(server.taken), "the mail did not come out of the relay")
    assert send(engine, relay, timeout_s=20).sent == 0
    (taken,) = server.taken
    assert taken.recipients == (ANNE,)
    assert "OpenSMTPD" in str(taken.mail["Received"])
    assert taken.mail["List-Unsubscribe"].startswith("<https://registre.example/leave/")
    assert taken.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert taken.mail["Subject"] == "Ville de lattes : 1 point à regarder"
    assert [part.get_content_type() for part in taken.mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv",
    ]  # fmt: skip
