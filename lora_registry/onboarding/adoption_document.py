"""Ordered rules that attribute a fleet, from and to TOML, or from plain values as a form makes them.

```toml
[[rule]]
name = "Water meters"
when = { application = "Eau*", name = "CPT-{commune}-*" }
set = { service = "eau-compteurs", territory = "{commune}", model = "{profile}" }
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import tomli_w

from lora_registry.domain.errors import ImportFileError
from lora_registry.onboarding.adoption_rules import (
    MATCHED,
    NUMBERS,
    SETTABLE,
    Join,
    Pattern,
    PatternError,
    Rule,
    Template,
)
from lora_registry.onboarding.faults import shown
from lora_registry.onboarding.tell import Told, ToldError, told

Said = Mapping[str, Any]
"""A rule as TOML holds it: `name`, `when`, `set`, `attributes`, `join`, `overwrite`."""
_RULE_KEYS: Final = ("name", "when", "set", "attributes", "join", "overwrite")
_JOIN_KEYS: Final = ("file", "column", "on")
_LOOKED_AT: Final = ", ".join(MATCHED)


def read_rules(data: bytes) -> list[Rule]:
    """Return the rules of a TOML file, in its order.

    Raises:
        ImportFileError: not TOML; or lists every fault by rule.

    """
    return rules_of(read_document(data))


def read_document(data: bytes) -> list[Any]:
    """Return what a TOML file says, rule by rule, unchecked.

    Raises:
        ToldError: not TOML, or no rules.

    """
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ToldError([told(
            "not UTF-8 text: save the file with the encoding UTF-8",
            "ce n'est pas du texte UTF-8 : enregistrez le fichier avec l'encodage UTF-8",
        )]) from None  # fmt: skip
    except tomllib.TOMLDecodeError as error:
        raise ToldError([told(f"not TOML: {error}", f"ce n'est pas du TOML : {error}")]) from None
    faults = [
        told(
            f"{shown(key)} is not known here: rules are written [[rule]]",
            f"{shown(key)} n'est pas connu ici : une règle s'écrit [[rule]]",
        )
        for key in document
        if key != "rule"
    ]
    given = document.get("rule")
    if not isinstance(given, list) or not given:
        faults.append(told("no rules: write at least one [[rule]]", "aucune règle : écrivez au moins un [[rule]]"))
        given = []
    if faults:
        raise _error(faults)
    return given


def rules_of(given: Sequence[Any]) -> list[Rule]:
    """Return rules from plain values, numbered from 1.

    Raises:
        ToldError: lists every fault by rule.

    """
    faults: list[Told] = []
    rules = [_rule(number, one, faults) for number, one in enumerate(given, start=1)]
    if faults:
        raise _error(faults)
    return rules


def written(rules: Sequence[Said]) -> str:
    """Return rules as the TOML file that `adopt` reads."""
    return tomli_w.dumps({"rule": [dict(rule) for rule in rules]})


def _error(faults: Sequence[Told]) -> ImportFileError:
    error = ToldError(faults)
    listed = "\n".join(f"  {fault['en']}" for fault in faults)
    error.args = (f"{len(faults)} {'faults' if len(faults) > 1 else 'fault'} in the rules\n{listed}",)
    return error


def _rule(number: int, given: Any, faults: list[Told]) -> Rule:  # noqa: ANN401 - TOML is any
    where = f"rule {number}"
    if not isinstance(given, dict):
        faults.append(told(f"{where}: not a table: write [[rule]]", f"règle {number} : écrivez [[rule]]"))
        given = {}
    name = given.get("name", where)
    place = _Place(f"{where} ({name})", f"règle {number} ({name})", faults)
    for key in given:
        if key not in _RULE_KEYS:
            keys = ", ".join(_RULE_KEYS)
            place.fault(
                f"{shown(key)} is not known: the keys are {keys}",
                f"{shown(key)} n'est pas connu : les clés sont {keys}",
            )
    rule = Rule(
        number=number,
        name=str(name),
        when=_when(given.get("when", {}), place),
        values=_values(given.get("set", {}), place),
        attributes={
            str(key): Template.of(str(value))
            for key, value in place.table(given.get("attributes", {}), "attributes").items()
        },
        join=_join(given.get("join"), place),
        overwrite=given.get("overwrite", False) is True,
    )
    if not isinstance(given.get("overwrite", False), bool):
        value = shown(given["overwrite"])
        place.fault(
            f"overwrite is {value}: write true or false", f"overwrite vaut {value} : écrivez true ou false"
        )
    if not given.get("set") and not rule.attributes:
        place.fault(
            'it sets nothing: write set = { service = "..." }',
            "elle ne dit rien des objets : indiquez au moins un service, un organisme ou une autre valeur",
        )
    if not given.get("when") and rule.join is None:
        place.fault(
            'it is about nobody: write when = { application = "..." }, or "*" for all',
            "elle ne désigne aucun objet : indiquez une application, un nom…, ou * pour tous",
        )
    _check_names(rule, place)
    return rule


class _Place:
    """Where in the rules we are, and what is wrong there."""

    def __init__(self, english: str, french: str, faults: list[Told]) -> None:
        self._english, self._french, self._faults = english, french, faults

    def fault(self, english: str, french: str) -> None:
        """Note what is wrong."""
        self._faults.append(told(f"{self._english}: {english}", f"{self._french} : {french}"))

    def table(self, given: Any, key: str) -> dict[str, Any]:  # noqa: ANN401
        """Return `given` if it is a table."""
        if isinstance(given, dict):
            return given
        value = shown(given)
        self.fault(
            f"{key} is {value}: write a table, {{ key = value }}",
            f"{key} vaut {value} : écrivez une table, {{ clé = valeur }}",
        )
        return {}


def _when(given: Any, place: _Place) -> dict[str, Pattern]:  # noqa: ANN401
    table = dict(place.table(given, "when"))
    tags = place.table(table.pop("tags", {}), "when.tags")
    patterns = {}
    for key, value in [*table.items(), *((f"tag.{name}", value) for name, value in tags.items())]:
        if key not in MATCHED and not key.startswith("tag."):
            place.fault(
                f"when.{key} is not known: look at {_LOOKED_AT} or tags",
                f"when.{key} n'est pas connu : regardez {_LOOKED_AT} ou tags",
            )
            continue
        if not isinstance(value, str):
            place.fault(
                f"when.{key} is {shown(value)}: write a text", f"when.{key} vaut {shown(value)} : écrivez un texte"
            )
            continue
        try:
            patterns[key] = Pattern.of(value)
        except PatternError as error:
            place.fault(f"when.{key}: {error.words['en']}", f"when.{key} : {error.words['fr']}")
    return patterns


def _values(given: Any, place: _Place) -> dict[str, Template]:  # noqa: ANN401
    values = {}
    for key, value in place.table(given, "set").items():
        if key not in SETTABLE and key not in NUMBERS and key != "position_source":
            known = ", ".join([*SETTABLE, *NUMBERS, "position_source"])
            place.fault(
                f"set.{key} is not known: it may be {known}", f"set.{key} n'est pas connu : ce peut être {known}"
            )
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            place.fault(
                f"set.{key} is {shown(value)}: write a text or a number",
                f"set.{key} vaut {shown(value)} : écrivez un texte ou un nombre",
            )
        else:
            values[key] = Template.of(str(value))
    for one, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if one in values and other not in values:
            place.fault(f"set.{one} without {other}: a place needs both", f"{one} sans {other} : il faut les deux")
    if "owner" in values and "organisation" in values:
        place.fault(
            "organisation and owner are the same: keep one",
            "organisation et owner sont la même chose : gardez-en un",
        )
    return values


def _join(given: Any, place: _Place) -> Join | None:  # noqa: ANN401
    if given is None:
        return None
    table = place.table(given, "join")
    wrong = [key for key in _JOIN_KEYS if not isinstance(table.get(key), str)]
    unknown = [key for key in table if key not in _JOIN_KEYS]
    if wrong or unknown:
        example = '{ file = "x.csv", column = "DevEUI", on = "dev_eui" }'
        place.fault(f"join needs file, column and on: {example}", f"join veut file, column et on : {example}")
        return None
    if table["on"] not in MATCHED and not table["on"].startswith("tag."):
        place.fault(
            f"join.on is {shown(table['on'])}: one of {_LOOKED_AT}, or tag.NAME",
            f"join.on vaut {shown(table['on'])} : l'un de {_LOOKED_AT}, ou tag.NOM",
        )
    return Join(table["file"], table["column"], table["on"])


def _check_names(rule: Rule, place: _Place) -> None:
    """Refuse placeholders that nothing can fill."""
    captured = {word for pattern in rule.when.values() for word in pattern.compiled.groupindex}
    for key, template in [*rule.values.items(), *rule.attributes.items()]:
        for name in template.names:
            known = name in MATCHED or name.startswith("tag.") or name in captured
            if not known and not (name.startswith("column.") and rule.join is not None):
                place.fault(
                    f"{{{name}}} in {key} comes from nowhere: use {_LOOKED_AT}, tag.NAME, "
                    "a {word} of a pattern, or column.NAME of a joined file",
                    f"{{{name}}} dans {key} ne vient de nulle part : prenez {_LOOKED_AT}, tag.NOM, "
                    "un {mot} d'un motif, ou column.NOM d'un fichier joint",
                )
