"""Kill a campaign again and again in its middle: `python -m tests.mail.killed URL PORT KILLS SEED`.

Each worker is a child forked from one process that has imported everything, so that the kills fall into the work
and not into its start; it is killed with SIGKILL after a random time, the last one works to the end.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from sqlalchemy import func, select

from lora_registry.store.engine import make_engine, reading
from lora_registry.store.outbox import OutboxMail
from lora_registry.store.process_lock import MAILING, holding
from tests.mail.town import prepare, send

_SHORTEST_S, _LONGEST_S = 0.02, 0.2


def work(url: str, port: int) -> None:
    """Do what `report weekly --send` does."""
    engine = make_engine(url)
    with holding(engine, MAILING):
        prepare(engine)
        send(engine, port)


def sent(url: str) -> int:
    """Return how many mails are noted as sent."""
    engine = make_engine(url)
    with reading(engine) as connection:
        count = connection.scalar(select(func.count()).select_from(OutboxMail).where(OutboxMail.state == "sent"))
    engine.dispose()
    return int(count or 0)


def main(url: str, port: int, kills: int, seed: int) -> None:
    """Kill so many workers, then let one work to its end; write how many were killed, and what they sent.

    The mails are written beforehand, in one transaction: kills are for those that send them.
    """
    draw, killed, before = random.Random(seed), 0, 0
    engine = make_engine(url)
    prepare(engine)
    engine.dispose()
    for turn in range(kills + 1):
        child = os.fork()
        if child == 0:
            work(url, port)
            os._exit(0)
        if turn == kills:
            before = sent(url)
        else:
            time.sleep(draw.uniform(_SHORTEST_S, _LONGEST_S))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
    if status != 0:
        sys.exit("the last worker failed")
    sys.stdout.write(f"{killed} {before}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
