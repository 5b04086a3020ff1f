"""The one gesture that a judgement proposes, and what it would save. People decide."""

from __future__ import annotations

from typing import Final, NamedTuple

from lora_registry.usefulness import cadence
from lora_registry.usefulness.decided import Gesture
from lora_registry.usefulness.facts import Facts
from lora_registry.usefulness.standing import Defect, defects
from lora_registry.usefulness.wording import Sentence, comma, point

FLAT_BATTERY_PCT: Final = 10.0


class Proposal(NamedTuple):
    """A gesture, why, and what it would save."""

    gesture: Gesture
    sentence: Sentence
    every: int | None = None
    """Send one message in so many."""
    airtime_saved_s_per_day: float | None = None


_WORDS: Final[dict[Defect, tuple[Gesture, str, str]]] = {
    Defect.ENDED: (
        Gesture.RETIRE, "Le service est terminé : récupérer l'objet et le réemployer.",
        "The service has ended: bring it back and use it elsewhere.",
    ),
    Defect.NOT_NEEDED: (
        Gesture.RETIRE, "Son propriétaire n'en a plus besoin : le récupérer et le réemployer.",
        "Its owner no longer needs it: bring it back and use it elsewhere.",
    ),
    Defect.UNREAD: (
        Gesture.RETIRE, "Nul ne le consulte : demander à son propriétaire, puis l'arrêter.",
        "Nobody reads it: ask its owner, then stop it.",
    ),
    Defect.SILENT: (
        Gesture.REPAIR, "Il s'est tu : aller voir, réparer, ou retirer si personne ne s'en est aperçu.",
        "It has gone silent: look, repair, or retire it if nobody has noticed.",
    ),
    Defect.NEVER_HEARD: (
        Gesture.REPAIR, "Il n'a jamais parlé : vérifier qu'il est allumé et ses clés.",
        "It never spoke: check that it is on, and its keys.",
    ),
    Defect.STUCK: (
        Gesture.REPAIR, "Il répète une valeur : remplacer la sonde, ou redémarrer l'objet.",
        "It repeats one value: replace the probe, or restart it.",
    ),
    Defect.CONSTANT: (
        Gesture.MOVE, "Ici, il n'apprend rien : le déplacer là où la mesure varie.",
        "It tells nothing here: move it to where what it measures varies.",
    ),
    Defect.TWIN: (
        Gesture.MOVE, "Un voisin dit la même chose : le déplacer là où il manque un capteur.",
        "A neighbour says the same: move it to where a sensor is missing.",
    ),
    Defect.WASTES_AIRTIME: (
        Gesture.REPAIR, "Activer le débit adaptatif : il occupe l'antenne bien trop longtemps.",
        "Turn adaptive data rate on: it is on the air far too long.",
    ),
}  # fmt: skip
_ORDER: Final = (
    Defect.ENDED, Defect.NOT_NEEDED, Defect.UNREAD, Defect.SILENT, Defect.NEVER_HEARD, Defect.STUCK,
    Defect.CONSTANT, Defect.TWIN,
)  # fmt: skip


def proposal(facts: Facts) -> Proposal:
    """Return the one gesture that is proposed; of two twins never both are."""
    found = defects(facts)
    for defect in _ORDER:
        if defect in found and (defect is not Defect.TWIN or facts.neighbours.proposed):
            return _said(defect, facts)
    battery = facts.equipment.battery_pct
    if battery is not None and battery <= FLAT_BATTERY_PCT and not facts.equipment.external_power:
        return Proposal(
            Gesture.REPAIR,
            {"fr": f"Pile à {battery:.0f} % : la changer.", "en": f"Battery at {battery:.0f} %: replace it."},
        )
    advice = cadence.advice(facts)
    if advice is not None:
        return _reduce(advice, facts)
    if Defect.WASTES_AIRTIME in found:
        return _said(Defect.WASTES_AIRTIME, facts)
    if facts.neighbours.proposed:
        return Proposal(
            Gesture.MOVE,
            {
                "fr": "Ses voisins savent déjà ce qu'il mesure : il servirait mieux là où il manque un capteur.",
                "en": "Its neighbours know what it measures: it would serve better where a sensor is missing.",
            },
        )
    return Proposal(Gesture.KEEP, {"fr": "Rien à changer.", "en": "Nothing to change."})


def _said(defect: Defect, facts: Facts) -> Proposal:
    gesture, french, english = _WORDS[defect]
    saved = facts.radio.airtime_s_per_day if gesture is Gesture.RETIRE else None
    if defect is Defect.WASTES_AIRTIME:
        waste, spent = facts.radio.airtime_waste, facts.radio.airtime_s_per_day
        if waste is not None and spent is not None:
            saved = spent * (1 - 1 / waste)
    return Proposal(gesture, {"fr": french, "en": english}, airtime_saved_s_per_day=saved)


def _reduce(advice: cadence.Advice, facts: Facts) -> Proposal:
    spent = facts.radio.airtime_s_per_day
    saved = None if spent is None else spent * (1 - 1 / advice.every)
    if advice.missed is None:
        french, english = "c'est ce dont son service a besoin", "that is what its service needs"
    else:
        kept = 100 * (1 - advice.missed)
        french = f"{comma(kept)} % des valeurs resteraient dans la tolérance"
        english = f"{point(kept)} % of values would stay within tolerance"
    sentence = {
        "fr": f"Émettre {advice.every} fois moins souvent : {french}.",
        "en": f"Send {advice.every} times less often: {english}.",
    }
    return Proposal(Gesture.REDUCE_CADENCE, sentence, advice.every, saved)
