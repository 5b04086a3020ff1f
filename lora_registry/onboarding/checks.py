"""Checks that save a trip: what is told of a line before anything is written, each with what to do."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.secret import Secret
from lora_registry.domain.services import NetworkKind
from lora_registry.onboarding.complete import missing
from lora_registry.onboarding.lines import Line
from lora_registry.onboarding.places import check_territory
from lora_registry.onboarding.registry_facts import Covered, Facts, Installed
from lora_registry.onboarding.tell import Gravity, Remark, told

NEAR_M = 20.0
"""Closer than this, two objects of one model see the same thing."""
_CELL = 0.0005
"""Degrees, some 50 m: neighbours are looked for in 3 x 3 cells of it."""
_FRENCH_LACKS = {
    "service": "le service", "organisation": "l'organisation propriétaire", "purpose": "la finalité du service",
    "place": "le lieu", "privacy": "la classe de confidentialité", "model": "le modèle",
}  # fmt: skip
_SHOWN = 3


def reversed_eui(eui: DevEui) -> DevEui:
    """Return a DevEUI with its bytes in the opposite order, as some labels and radios have it."""
    return DevEui("".join(eui[place : place + 2] for place in range(14, -2, -2)))


def check_repeated(lines: Sequence[Line]) -> None:
    """Refuse a device that is on several lines, each naming the others."""
    places: dict[DevEui, list[int]] = defaultdict(list)
    for line in lines:
        if line.dev_eui is not None:
            places[line.dev_eui].append(line.number)
    for line in lines:
        others = [number for number in places.get(line.dev_eui or DevEui(""), ()) if number != line.number]
        if others:
            named = ", ".join(map(str, others[:_SHOWN]))
            line.remark(Gravity.ERROR, "twice", None, told(
                f"DevEUI {line.dev_eui} is on line {named} too: keep one",
                f"le DevEUI {line.dev_eui} est aussi à la ligne {named} : gardez-en une",
            ))  # fmt: skip
        opposite = places.get(reversed_eui(line.dev_eui), ()) if line.dev_eui is not None else ()
        others = [number for number in opposite if number != line.number]
        if others:
            line.remark(Gravity.ERROR, "eui_reversed", None, told(
                f"this is the DevEUI of line {others[0]} read backwards: take it from the label as printed",
                f"c'est le DevEUI de la ligne {others[0]} lu à l'envers : recopiez l'étiquette telle quelle",
            ))  # fmt: skip


def check_keys(lines: Sequence[Line], facts: Facts, *, provision: bool) -> None:
    """Say when devices share a key, and refuse a new device that is to be provisioned without those it needs."""
    counted: Counter[Secret] = Counter(key for line in lines for key in line.keys.values())
    for line in lines:
        if any(counted[key] > 1 for key in line.keys.values()):
            line.remark(Gravity.WARNING, "key_shared", None, told(
                "another line has the same key: whoever reads one object can then speak for the other",
                "une autre ligne a la même clé : qui lit un objet peut alors parler pour l'autre",
            ))  # fmt: skip
        needed = (
            ("app_key", "nwk_key")
            if facts.references.version_of(line.version, line.profile).startswith("1.1")
            else ("app_key",)
        )
        absent = [name for name in needed if name not in line.keys]
        is_known = line.dev_eui in facts.said or line.dev_eui in facts.listed
        is_declared = facts.references.networks.get(line.network or "") == NetworkKind.DECLARED
        if provision and absent and not is_declared and (line.keys or not is_known):
            line.remark(Gravity.ERROR, "no_key", absent[0], told(
                f"no {' and no '.join(absent)}: ChirpStack needs it for the object to join",
                f"pas de {' ni de '.join(absent)} : ChirpStack en a besoin pour que l'objet rejoigne le réseau",
            ))  # fmt: skip


def check_identity(line: Line, eui: DevEui, facts: Facts, organisation: str | None, *, claims: bool) -> None:
    """Refuse what is somebody else's, without saying whose, and a DevEUI that is known backwards.

    Without `claims`, what is known here and said to be nobody's is somebody else's too.
    """
    backwards = reversed_eui(eui)
    is_known = eui in facts.said or eui in facts.listed
    if backwards != eui and not is_known and (backwards in facts.said or backwards in facts.listed):
        line.remark(Gravity.ERROR, "eui_reversed", None, told(
            f"{eui} is a known DevEUI read backwards: the label says {backwards}",
            f"{eui} est un DevEUI connu lu à l'envers : l'étiquette dit {backwards}",
        ))  # fmt: skip
    elif not is_known and eui[:6] not in facts.makers and backwards[:6] in facts.makers:
        line.remark(Gravity.WARNING, "eui_maybe_reversed", None, told(
            f"{eui} begins like no object here, but read backwards it does: compare it with the label",
            f"{eui} ne commence comme aucun objet d'ici, mais lu à l'envers, si : comparez avec l'étiquette",
        ))  # fmt: skip
    if organisation is not None and _is_another_s(eui, facts, organisation, claims=claims):
        line.words.clear()
        line.remark(Gravity.ERROR, "not_yours", None, told(
            f"{eui} is known here already and is not yours: check the label, or ask the registry's operator",
            f"{eui} est déjà connu ici et n'est pas à vous : vérifiez l'étiquette, ou demandez à l'exploitant "
            "du registre",
        ))  # fmt: skip
        return
    for listed in facts.listed.get(eui, ()):
        if eui not in facts.said:
            line.remark(Gravity.HINT, "in_network", None, told(
                f"the network server ({listed.network}) knows it already: it will get its words here",
                f"le serveur de réseau ({listed.network}) le connaît déjà : il recevra ici ses informations",
            ))  # fmt: skip


def _is_another_s(eui: DevEui, facts: Facts, organisation: str, *, claims: bool) -> bool:
    words = facts.said.get(eui)
    if words is not None:
        owner = facts.references.owner_of(words.get("owner_id"), words.get("service_id"))
        if owner is not None:
            return owner != organisation
    owners = {facts.tenants.get(one.tenant_id) for one in facts.listed.get(eui, ())} - {None}
    if owners:
        return organisation not in owners
    return not claims and (words is not None or eui in facts.listed)


def check_owner(line: Line, facts: Facts, organisation: str) -> None:
    """Refuse to give an object away, or to leave it to nobody: that is a transfer, and the operator's."""
    if facts.references.owner_of(line.known.get("owner_id"), line.known.get("service_id")) != organisation:
        line.remark(Gravity.ERROR, "not_for_you", None, told(
            "this would make it another organisation's: leave the owner cell empty, or ask who runs the registry",
            "il appartiendrait à une autre organisation : laissez vide la cellule du propriétaire, ou demandez à "
            "l'exploitant du registre",
        ))  # fmt: skip


def check_words(line: Line, facts: Facts) -> None:
    """Say what is missing, and what the place of a line tells."""
    lacks = missing(line.known, facts.references)
    if lacks:
        line.remark(Gravity.WARNING, "to_complete", None, told(
            f"to complete: {', '.join(lacks)}",
            f"à compléter : {', '.join(_FRENCH_LACKS[lack] for lack in lacks)}",
        ))  # fmt: skip
    if line.place is None:
        return
    check_territory(line.remark, line.place, facts.bounds)
    at = (line.place.latitude, line.place.longitude)
    drawn = facts.commune_of(*at) if facts.commune_of is not None else None
    said = line.known.get("territory_code")
    if drawn is not None and said is not None and drawn != said:
        names = facts.references.territories
        line.remark(Gravity.WARNING, "another_commune", None, told(
            f"the place is in {names.get(drawn, drawn)}, the line says {names.get(said, said)}",
            f"le lieu est à {names.get(drawn, drawn)}, la ligne dit {names.get(said, said)}",
        ))  # fmt: skip
    if facts.covered is None:
        return
    covered = facts.covered(*at)
    if covered is Covered.GAP:
        line.remark(Gravity.WARNING, "gap", None, told(
            "the network does not reach this place: another place, or a gateway, before somebody goes there",
            "le réseau n'atteint pas ce lieu : un autre lieu, ou une passerelle, avant d'y envoyer quelqu'un",
        ))  # fmt: skip
    elif covered is Covered.NOT_MEASURED:
        line.remark(Gravity.HINT, "not_measured", None, told(
            "nobody has measured the network at this place yet",
            "personne n'a encore mesuré le réseau à ce lieu",
        ))  # fmt: skip


def check_neighbours(lines: Sequence[Line], facts: Facts) -> None:
    """Say when an object of the same model is within a few steps, in the registry or in the file."""
    cells: dict[tuple[int, int], list[Installed]] = defaultdict(list)
    for one in [*facts.installed, *_placed(lines)]:
        cells[_cell(one.latitude, one.longitude)].append(one)
    for line in lines:
        place = line.place
        model = line.known.get("model")
        if place is None or model is None or line.refused:
            continue
        row, column = _cell(place.latitude, place.longitude)
        near = [
            one
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            for one in cells.get((row + i, column + j), ())
            if one.dev_eui != line.dev_eui
            and one.model == model
            and place.distance_m(one.latitude, one.longitude) <= NEAR_M
        ]
        if near:
            metres = min(place.distance_m(one.latitude, one.longitude) for one in near)
            line.remark(Gravity.WARNING, "neighbour", None, told(
                f"{len(near)} of this model within {NEAR_M:.0f} m (the nearest at {metres:.0f} m): is it needed?",
                f"{len(near)} objet(s) de ce modèle à moins de {NEAR_M:.0f} m (le plus proche à "
                f"{metres:.0f} m) : est-il utile ?",
            ))  # fmt: skip


def _placed(lines: Iterable[Line]) -> list[Installed]:
    return [
        Installed(line.dev_eui, line.place.latitude, line.place.longitude, line.known.get("model"), None)
        for line in lines
        if line.place is not None and line.dev_eui is not None
    ]


def _cell(latitude: float, longitude: float) -> tuple[int, int]:
    return math.floor(latitude / _CELL), math.floor(longitude / _CELL)


def stock_remarks(new: Sequence[Line], facts: Facts) -> list[Remark]:
    """Say of which models that are to be added working objects wait in stock."""
    wanted = Counter(line.known["model"] for line in new if line.known.get("model"))
    return [
        Remark(Gravity.HINT, "in_stock", None, "model", told(
            f"{facts.stock[model]} working objects of the model {model} are in stock, {count} are added here: "
            "reuse them first",
            f"{facts.stock[model]} objets en état du modèle {model} sont en stock, {count} sont ajoutés ici : "
            "réemployez-les d'abord",
        ))
        for model, count in sorted(wanted.items())
        if facts.stock.get(model)
    ]  # fmt: skip
