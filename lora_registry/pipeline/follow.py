"""`onboard follow`, `devices confirm`: new devices on their way into service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from lora_registry.domain.errors import RefusedError
from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.changes import Change, Verb
from lora_registry.onboarding.follow_up import Followed, Step, follow
from lora_registry.store import follow_reads, journal, reference_reads
from lora_registry.store.engine import reading, writing
from lora_registry.store.journal import About


def followed(engine: Engine, *, organisation: str | None, now: datetime) -> list[Followed]:
    """Return where each planned or provisioned device is, those that stall first.

    Raises:
        RefusedError: no such organisation.

    """
    with reading(engine) as connection:
        whose = None
        if organisation is not None:
            whose = reference_reads.references(connection).organisation(organisation)
            if whose is None:
                raise RefusedError(f"no organisation is called {organisation!r}")
        found = [follow(one, now=now) for one in follow_reads.on_the_way(connection, organisation=whose)]
    return sorted(found, key=lambda one: (not one.stalled, one.since, one.dev_eui))


def confirm(
    engine: Engine,
    dev_euis: Sequence[DevEui],
    *,
    by: str,
    now: datetime,
    why: str | None = None,
    organisation: str | None = None,
) -> int | None:
    """Say that devices serve; of all that sent data when none is named. Return the number of the set of changes.

    `organisation` (an identifier): nobody else's are confirmed.

    Raises:
        RefusedError: one of those named is not known, or has not sent anything yet.

    """
    with writing(engine) as connection:
        found = follow_reads.on_the_way(connection, organisation=organisation, dev_euis=dev_euis or None)
        steps = {one.dev_eui: follow(one, now=now).step for one in found}
        ready = [eui for eui, step in steps.items() if step is Step.FIRST_DATA]
        early = [eui for eui in dev_euis if steps.get(eui) not in (Step.FIRST_DATA, Step.IN_SERVICE)]
        if early:
            raise RefusedError(
                f"{', '.join(early)}: not in the registry, or no data yet: `onboard follow` tells why"
            )
        if not ready:
            return None
        said = journal.words(connection, ready, lock=True)
        serves, source = Lifecycle.IN_SERVICE.value, f"confirmed by {by}"
        made = [Change(eui, fields.LIFECYCLE, said[eui].get(fields.LIFECYCLE), serves, source) for eui in ready]
        return journal.apply(connection, About(Verb.CONFIRM, by, why, organisation_id=organisation), made, now=now)
