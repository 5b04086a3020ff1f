"""How it runs: heard reliably, sparing with the air, good for some years. Out of season nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from typing import Final

from lora_registry.domain.services import Family
from lora_registry.usefulness.cadence import times_too_often
from lora_registry.usefulness.facts import Facts, Radio
from lora_registry.usefulness.lines import Share, between, known, unknown
from lora_registry.usefulness.wording import comma, percent, point

EXPECTED_LIFE_YEARS: Final = 8
"""Of a simple LoRaWAN object with one lithium cell: an estimate, docs/carbon.md."""
WASTEFUL_FROM: Final = 4.0
"""Times longer on the air than needed, as for the audit's finding: two spreading factors are ordinary caution."""
_AIRTIME_FREE_S: Final = 10.0
_GOOD_DELIVERY: Final = 0.95
_POOR_DELIVERY: Final = 0.5
_OFTEN_ENOUGH: Final = 2.0
"""Sending twice as often as needed costs nothing: some redundancy is wise on a lossy radio."""
_FULL_BATTERY_PCT: Final = 40.0


def is_wasteful(radio: Radio) -> bool:
    """Tell whether it is on the air four times longer than needed, and nothing will change that."""
    return radio.adr is False and radio.airtime_waste is not None and radio.airtime_waste >= WASTEFUL_FROM


def shares(facts: Facts) -> Iterator[Share]:
    """Yield what reliability, radio sobriety and durability deserve."""
    if facts.radio.in_season:
        yield _delivery(facts.radio)
        yield _availability(facts.radio)
        yield _airtime(facts.radio)
    else:
        asleep = {
            "fr": "Hors saison : rien n'est attendu de lui en ce moment.",
            "en": "Out of season: nothing is expected of it now.",
        }
        for name in ("delivery", "availability", "airtime"):
            yield known(name, 1, asleep)
    yield _cadence(facts)
    yield _data_rate(facts.radio)
    yield _battery(facts)
    yield _age(facts)


def _delivery(radio: Radio) -> Share:
    low, high = radio.delivery_low, radio.delivery_high
    if low is None or high is None:
        return unknown(
            "delivery",
            {"fr": "Part de messages reçus : pas encore connue.", "en": "Share of messages heard: not known yet."},
        )
    span = _GOOD_DELIVERY - _POOR_DELIVERY
    sentence = {
        "fr": f"Entre {percent(low)} et {percent(high)} % de ses messages sont reçus (95 suffisent).",
        "en": f"Between {percent(low)} and {percent(high)} % of its messages are heard (95 are enough).",
    }
    least, most = (low - _POOR_DELIVERY) / span, (high - _POOR_DELIVERY) / span
    return between("delivery", least, most, sentence, delivery_low=round(low, 4), delivery_high=round(high, 4))


def _availability(radio: Radio) -> Share:
    heard, expected = radio.days_heard, radio.days_expected
    if heard is None or not expected:
        return unknown(
            "availability",
            {"fr": "Jours de présence : pas encore connus.", "en": "Days on which it was heard: not known yet."},
        )
    sentence = {
        "fr": f"Entendu {heard} jour{'s' if heard > 1 else ''} sur les {expected} attendus.",
        "en": f"Heard on {heard} of the {expected} days expected.",
    }
    return known("availability", heard / expected, sentence, days_heard=heard, days_expected=expected)


def _airtime(radio: Radio) -> Share:
    spent = radio.airtime_s_per_day
    if spent is None:
        return unknown("airtime", {"fr": "Temps d'antenne inconnu.", "en": "Airtime unknown."})
    sentence = {
        "fr": f"{comma(spent)} s d'antenne par jour (jusqu'à 10 s, rien n'est perdu).",
        "en": f"{point(spent)} s on the air a day (up to 10 s nothing is lost).",
    }
    share = 1.0 if spent <= _AIRTIME_FREE_S else 1.0 - log10(spent / _AIRTIME_FREE_S)
    return known("airtime", share, sentence, airtime_s_per_day=round(spent, 3))


def _cadence(facts: Facts) -> Share:
    times = times_too_often(facts)
    if times is None:
        if facts.use.family in (Family.SENTINEL, Family.ACTUATOR) and facts.radio.period_s is not None:
            sentence = {"fr": "Cadence propre à sa mission.", "en": "Its cadence is that of its task."}
            return known("cadence", 1, sentence)
        sentence = {"fr": "Cadence utile : non jugée.", "en": "Useful cadence: not judged."}
        return unknown("cadence", sentence)
    if times <= _OFTEN_ENOUGH:
        sentence = {
            "fr": "Il n'émet guère plus souvent qu'il ne faut.",
            "en": "It hardly sends more often than it must.",
        }
        return known("cadence", 1, sentence, times=round(times, 2))
    sentence = {
        "fr": f"Il émet {comma(times, 0)} fois plus souvent qu'il ne faut.",
        "en": f"It sends {point(times, 0)} times as often as it must.",
    }
    return known("cadence", _OFTEN_ENOUGH / times, sentence, times=round(times, 2))


def _data_rate(radio: Radio) -> Share:
    used, enough = radio.spreading_factor, radio.spreading_factor_enough
    evidence = {"spreading_factor": used, "enough": enough, "adr": radio.adr, "waste": radio.airtime_waste}
    if used is None or enough is None or radio.airtime_waste is None or radio.adr is None:
        sentence = {"fr": "Débit radio : non jugé.", "en": "Data rate: not judged."}
        return unknown("data_rate", sentence, **evidence)
    if is_wasteful(radio):
        times = f"{radio.airtime_waste:.0f}"
        sentence = {
            "fr": f"Il émet en SF{used} où SF{enough} suffirait : {times} fois trop longtemps.",
            "en": f"It sends at SF{used} where SF{enough} would do: {times} times too long.",
        }
        return known("data_rate", 0, sentence, **evidence)
    sentence = {"fr": f"Débit adapté à sa distance (SF{used}).", "en": f"Its data rate suits it (SF{used})."}
    return known("data_rate", 1, sentence, **evidence)


def _battery(facts: Facts) -> Share:
    thing = facts.equipment
    if thing.external_power:
        return known("battery", 1, {"fr": "Alimenté par le secteur.", "en": "On external power."})
    if thing.battery_pct is None:
        sentence = {"fr": "Niveau de pile inconnu.", "en": "Battery level unknown."}
        return unknown("battery", sentence)
    sentence = {"fr": f"Pile à {thing.battery_pct:.0f} %.", "en": f"Battery at {thing.battery_pct:.0f} %."}
    return known("battery", thing.battery_pct / _FULL_BATTERY_PCT, sentence, battery_pct=thing.battery_pct)


def _age(facts: Facts) -> Share:
    age = facts.equipment.age_years
    if age is None:
        return unknown("age", {"fr": "Âge inconnu.", "en": "Age unknown."})
    sentence = {
        "fr": f"{comma(age)} ans, pour une durée de vie attendue de {EXPECTED_LIFE_YEARS}.",
        "en": f"{point(age)} years old; {EXPECTED_LIFE_YEARS} are expected.",
    }
    return known("age", 1 - 0.1 * max(0.0, age - EXPECTED_LIFE_YEARS), sentence, age_years=round(age, 2))
