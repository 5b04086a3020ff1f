"""A campaign killed in its middle, again and again: everybody gets the week's mail, and none gets two of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

from sqlalchemy import Engine, func, select

from lora_registry.store.engine import reading
from lora_registry.store.outbox import OutboxMail
from tests.conftest import ROOT
from tests.mail.server import MailServer
from tests.mail.town import subscribe, town

# `FAULTS_FULL=1` is the measure of docs/mail.md.
MAILS, KILLS = (200, 100) if os.environ.get("FAULTS_FULL") else (60, 25)


def test_kills_cost_nobody_a_mail_and_a_second_one_has_the_name_of_the_first(
    engine: Engine, database_url: str, server: MailServer
) -> None:
    town(engine)
    addresses = [f"agent{number}@lattes.example" for number in range(MAILS)]
    subscribe(engine, "lattes", *addresses)
    done = subprocess.run(
        [sys.executable, "-m", "tests.mail.killed", database_url, str(server.port), str(KILLS), "9"],
        cwd=ROOT, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    killed, before = (int(word) for word in done.stdout.split())
    assert before > 0, "the kills fell into the campaign"
    by_recipient = Counter(to[0] for to, _ in server.taken)
    assert set(by_recipient) == set(addresses), "everybody gets a mail"
    names = {(to[0], mail["Message-ID"]) for to, mail in server.taken}
    assert len(names) == MAILS, "a second one has the name of the first"
    twice = len(server.taken) - MAILS
    assert twice <= killed, "only a kill between the server's answer and our note of it sends one twice"
    with reading(engine) as connection:
        states = dict(connection.execute(select(OutboxMail.state, func.count()).group_by(OutboxMail.state)).all())
    assert states == {"sent": MAILS}
    sys.stdout.write(f"{MAILS} mails, {killed} kills, {before} sent by the killed, {twice} twice\n")
