"""How far a new device is on its way into service, and what to do where it stalls.

planned → provisioned → joined → first data → in service. The radio says the first four; that a device serves is a
person's word. Each step has a time after which it stalls, and a remedy by what the network server logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.onboarding.tell import Told, told


class Step(StrEnum):
    """Where a device is."""

    PLANNED = "planned"
    PROVISIONED = "provisioned"
    JOINED = "joined"
    FIRST_DATA = "first_data"
    IN_SERVICE = "in_service"


PATIENCE = {
    Step.PLANNED: timedelta(days=14),
    Step.PROVISIONED: timedelta(days=7),
    Step.JOINED: timedelta(days=1),
    Step.FIRST_DATA: timedelta(days=7),
}
"""How long a step may last: boxes wait for an installer, a joined device speaks within a day."""


class Progress(NamedTuple):
    """What is known of a device on its way."""

    dev_eui: DevEui
    name: str | None
    lifecycle: str | None
    planned_at: datetime
    provisioned_at: datetime | None
    """When the network server had it; None when it does not, or nobody looked."""
    last_join_at: datetime | None
    joins: int
    first_data_at: datetime | None
    logs: Mapping[str, int]
    """Code of the network server's log -> how often, since it was planned."""
    last_log: str
    """What the last of them said."""
    has_place: bool
    profile: str | None


class Followed(NamedTuple):
    """Where a device is, since when, and what to do."""

    dev_eui: DevEui
    name: str | None
    step: Step
    since: datetime
    stalled: bool
    advice: Told | None


def follow(one: Progress, *, now: datetime) -> Followed:
    """Return where a device is; `stalled` when it has been there for longer than is usual, or fails to join."""
    step, since = _step(one)
    fails = step is Step.PROVISIONED and any(one.logs.get(code) for code in ("UPLINK_MIC", "OTAA"))
    stalled = fails or (step in PATIENCE and now - since > PATIENCE[step])
    return Followed(one.dev_eui, one.name, step, since, stalled, _advice(one, step) if stalled else None)


def _step(one: Progress) -> tuple[Step, datetime]:
    began = one.first_data_at or one.last_join_at or one.provisioned_at or one.planned_at
    if one.lifecycle == Lifecycle.IN_SERVICE:
        return Step.IN_SERVICE, began
    if one.first_data_at is not None:
        return Step.FIRST_DATA, one.first_data_at
    if one.joins and one.last_join_at is not None:
        return Step.JOINED, one.last_join_at
    if one.provisioned_at is not None or one.lifecycle == Lifecycle.PROVISIONED:
        return Step.PROVISIONED, one.provisioned_at or one.planned_at
    return Step.PLANNED, one.planned_at


def _advice(one: Progress, step: Step) -> Told:
    match step:
        case Step.PLANNED:
            return told(
                "the network does not expect it yet: ask who runs the network to enter it in ChirpStack",
                "le réseau ne l'attend pas encore : demandez à l'exploitant du réseau de le créer dans ChirpStack",
            )
        case Step.PROVISIONED:
            return _no_join(one)
        case Step.JOINED:
            return _no_data(one)
        case _:
            return told(
                "it sends data: say that it serves",
                "il envoie des données : dites qu'il est en service",
            )


def _no_join(one: Progress) -> Told:
    if one.logs.get("UPLINK_MIC"):
        return told(
            f"wrong keys: {one.logs['UPLINK_MIC']} join requests whose signature does not fit. Compare AppKey and "
            "LoRaWAN version with the maker's list: for 1.1 there are two keys",
            f"mauvaises clés : {one.logs['UPLINK_MIC']} demandes d'entrée à la signature fausse. Comparez "
            "l'AppKey et la version de LoRaWAN à la liste du fabricant : en 1.1 il y a deux clés",
        )
    if one.logs.get("OTAA"):
        return told(
            f"the network refuses its join requests ({one.last_log}). After a move from another network, "
            "its old nonces have to be cleared in ChirpStack (Flush OTAA device nonces)",
            f"le réseau refuse ses demandes d'entrée ({one.last_log}). Après un changement de réseau, il faut "
            "effacer ses anciens nonces dans ChirpStack (Flush OTAA device nonces)",
        )
    where = "" if one.has_place else " Write its place down: the map then says whether a gateway is in reach."
    ou = "" if one.has_place else " Notez son lieu : la carte dira si une passerelle est à portée."
    return told(
        "no join request was ever heard: is it switched on, is its DevEUI the one of the label, is a gateway in "
        f"reach?{where}",
        "aucune demande d'entrée n'a été entendue : est-il allumé, son DevEUI est-il celui de l'étiquette, une "
        f"passerelle est-elle à portée ?{ou}",
    )


def _no_data(one: Progress) -> Told:
    if one.joins > 2:  # noqa: PLR2004 - a device may join twice when it is put in place
        return told(
            f"it has joined {one.joins} times and never sent data: it does not hear the answer. Check region and "
            f"receive window in the profile ({one.profile or 'unknown'}), and the nearest gateway",
            f"il est entré {one.joins} fois sans jamais envoyer de données : il n'entend pas la réponse. Vérifiez "
            f"la région et la fenêtre de réception du profil ({one.profile or 'inconnu'}), et la passerelle",
        )
    return told(
        f"it has joined and sends nothing: wait for its period, then check its settings and its profile "
        f"({one.profile or 'unknown'})",
        f"il est entré et n'envoie rien : attendez sa période, puis vérifiez ses réglages et son profil "
        f"({one.profile or 'inconnu'})",
    )
