"""Rows of a sheet as lines about devices: checked one by one, with every fault at its column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lora_registry.domain.errors import IdentifierError
from lora_registry.domain.identifiers import DevEui, Eui64
from lora_registry.domain.secret import Secret
from lora_registry.onboarding import cells
from lora_registry.onboarding import changes as fields
from lora_registry.onboarding.adoption_rules import SETTABLE
from lora_registry.onboarding.columns import Column, Headings, Use
from lora_registry.onboarding.faults import shown
from lora_registry.onboarding.places import Place, place_of
from lora_registry.onboarding.references import References
from lora_registry.onboarding.registry_values import value_of
from lora_registry.onboarding.sheet import Sheet
from lora_registry.onboarding.tell import Gravity, Remark, Told, told
from lora_registry.onboarding.tr005 import Label, LabelError, read_label, without_secrets

EMPTIED = "-"
"""A cell that says: nothing any more. An empty cell leaves what is there."""
_KEY = re.compile(r"[0-9a-fA-F]{32}")
_VERSION = re.compile(r"(?:MAC_V|LORAWAN_|V)?1[._](?:(0)(?:[._]([0-4]))?|(1)(?:[._]\d)?)", re.IGNORECASE)
_ESCAPED = re.compile(r"\A'(?=['=+\-@])")
_LONGEST_ATTRIBUTE = 2000
_PLACE_NUMBERS = ("latitude", "longitude", "altitude_m", "accuracy_m", "x_l93", "y_l93")


@dataclass(slots=True)
class Line:
    """What one row says of one device."""

    number: int
    """As a spreadsheet counts."""
    dev_eui: DevEui | None = None
    words: dict[str, Any] = field(default_factory=dict)
    """By field, as `onboarding.changes` names it; None empties."""
    network: str | None = None
    join_eui: str | None = None
    version: str | None = None
    """LoRaWAN, as 1.0.3."""
    profile: str | None = None
    keys: dict[str, Secret] = field(default_factory=dict)
    """`app_key`, `nwk_key`: for the network server alone."""
    place: Place | None = None
    known: fields.Words = field(default_factory=dict)
    """All that would be said of the device once the line is applied."""
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, gravity: Gravity, code: str, column: str | None, words: Told) -> None:
        """Add something to know of this line."""
        self.remarks.append(Remark(gravity, code, self.number, column, words))

    @property
    def refused(self) -> bool:
        """True when it cannot be applied."""
        return any(remark.gravity is Gravity.ERROR for remark in self.remarks)


def read_lines(sheet: Sheet, headings: Headings, references: References) -> Iterator[Line]:
    """Yield a line for each row of a sheet."""
    pairs = list(zip(sheet.headings, headings.columns, strict=True))
    for number, row in sheet.rows:
        line = Line(number)
        numbers: dict[str, tuple[str, str]] = {}
        for (heading, column), cell in zip(pairs, row, strict=True):
            if cell:
                _read(line, heading, column, cell, references=references, numbers=numbers)
        _place(line, numbers)
        if line.dev_eui is None and not line.refused:
            line.remark(Gravity.ERROR, "no_dev_eui", None, told(
                "no DevEUI: copy its 16 digits from the label, or scan the QR code",
                "pas de DevEUI : recopiez les 16 chiffres de l'étiquette, ou scannez le code QR",
            ))  # fmt: skip
        yield line


def _read(
    line: Line,
    heading: str,
    column: Column | None,
    cell: str,
    *,
    references: References,
    numbers: dict[str, tuple[str, str]],
) -> None:
    if column is not None and column.use is Use.SECRET:
        _key(line, heading, column.key, cell)
    elif column is not None and column.use in (Use.REFUSED, Use.LEFT):
        pass
    elif cells.looks_like_key(cell):
        _refuse_key(line, heading)
    elif column is None:
        _attribute(line, heading, without_secrets(cell))
    elif column.use is Use.IDENTITY:
        _identity(line, heading, column.key, cell, references)
    elif column.use is Use.DEVICE:
        _word(line, heading, column.key, without_secrets(cell), references)
    elif column.use is Use.PLACE:
        numbers[column.key] = (heading, without_secrets(cell))
    else:
        _radio(line, heading, column.key, without_secrets(cell))


def _attribute(line: Line, heading: str, cell: str) -> None:
    value = None if cell == EMPTIED else _ESCAPED.sub("", cell, count=1)[:_LONGEST_ATTRIBUTE]
    line.words[fields.ATTRIBUTE + heading[:150]] = value


def _refuse_key(line: Line, heading: str) -> None:
    """Refuse what is a key by its look where none belongs: it would be stored, or shown in a message."""
    line.remark(Gravity.ERROR, "key_elsewhere", heading, told(
        "this looks like a key, and is not read: call its column app_key or nwk_key, or take it out of the file",
        "ceci ressemble à une clé et n'est pas lu : nommez la colonne app_key ou nwk_key, ou retirez-la",
    ))  # fmt: skip


def _word(line: Line, heading: str, key: str, cell: str, references: References) -> None:
    if cell == EMPTIED:
        line.words[SETTABLE[key]] = None
        return
    value, wrong = value_of(key, _ESCAPED.sub("", cell, count=1), references)
    if wrong is not None:
        line.remark(Gravity.ERROR, f"bad_{key}", heading, wrong)
    else:
        line.words[SETTABLE[key]] = value


def _identity(line: Line, heading: str, key: str, cell: str, references: References) -> None:
    if key == "dev_eui" and cell.upper().startswith(("LW:", "URN:")):
        _label(line, heading, cell)  # the whole text of the QR code, where its number was meant
    elif key == "network":
        cell = without_secrets(cell)
        if cell not in references.networks:
            line.remark(Gravity.ERROR, "unknown_network", heading, told(
                f"{shown(cell)} is no network of the registry: one of {', '.join(references.networks)}",
                f"{shown(cell)} n'est pas un réseau du registre : {', '.join(references.networks)}",
            ))  # fmt: skip
        else:
            line.network = cell
    elif key == "qr":
        _label(line, heading, cell)
    else:
        try:
            _set_dev_eui(line, heading, DevEui.parse(cell))
        except IdentifierError as error:
            line.remark(Gravity.ERROR, "bad_dev_eui", heading, told(
                str(error),
                f"{shown(cell)} n'est pas un DevEUI : 16 chiffres de 0 à 9 et de A à F, recopiés de l'étiquette"
                + _spreadsheet(cell),
            ))  # fmt: skip


def _spreadsheet(cell: str) -> str:
    """Return what to do about a number that a spreadsheet has rounded."""
    is_rounded = re.fullmatch(r"\d[.,]?\d*E[+]?\d+", cell, re.IGNORECASE) is not None
    return " ; le tableur l'a arrondi : mettez la colonne au format Texte" if is_rounded else ""


def _label(line: Line, heading: str, cell: str) -> None:
    try:
        label: Label = read_label(cell)
    except LabelError as error:
        line.remark(Gravity.ERROR, "bad_label", heading, told(
            f"QR code: {error}", f"Code QR illisible ({error})",
        ))  # fmt: skip
        return
    _set_dev_eui(line, heading, label.dev_eui)
    line.join_eui = label.join_eui or line.join_eui
    if label.serial:
        line.words[fields.ATTRIBUTE + "numéro de série"] = label.serial


def _set_dev_eui(line: Line, heading: str, dev_eui: DevEui) -> None:
    if line.dev_eui not in (None, dev_eui):
        line.remark(Gravity.ERROR, "two_dev_euis", heading, told(
            f"{dev_eui} is not the DevEUI of the other column: keep the one on the object's label",
            f"{dev_eui} n'est pas le DevEUI de l'autre colonne : gardez celui de l'étiquette de l'objet",
        ))  # fmt: skip
    line.dev_eui = dev_eui


def _radio(line: Line, heading: str, key: str, cell: str) -> None:
    if key == "profile":
        line.profile = cell
        return
    if key == "join_eui":
        try:
            digits = Eui64._normalise(cell)  # noqa: SLF001 - zeros, which no device has, are a JoinEUI
        except IdentifierError as error:
            line.remark(Gravity.ERROR, "bad_join_eui", heading, told(
                str(error), f"{shown(cell)} n'est pas un JoinEUI : 16 chiffres de 0 à 9 et de A à F",
            ))  # fmt: skip
        else:
            line.join_eui = digits
        return
    match = _VERSION.fullmatch(cell)
    if match is None:
        line.remark(Gravity.ERROR, "bad_version", heading, told(
            f"{shown(cell)} is no version of LoRaWAN: write 1.0.2, 1.0.3, 1.0.4 or 1.1",
            f"{shown(cell)} n'est pas une version de LoRaWAN : écrivez 1.0.2, 1.0.3, 1.0.4 ou 1.1",
        ))  # fmt: skip
        return
    line.version = "1.1.0" if match[3] else f"1.0.{match[2] or 0}"


def _key(line: Line, heading: str, key: str, cell: str) -> None:
    digits = re.sub(r"[\s:-]", "", cell)
    if not _KEY.fullmatch(digits):
        # Never the value itself: a key with one digit wrong is nearly the key.
        line.remark(Gravity.ERROR, f"bad_{key}", heading, told(
            f"not a key: {len(digits)} characters instead of 32 hexadecimal digits",
            f"ce n'est pas une clé : {len(digits)} caractères au lieu de 32 chiffres hexadécimaux",
        ))  # fmt: skip
    elif set(digits) == {"0"}:
        line.remark(Gravity.ERROR, f"bad_{key}", heading, told(
            "a key of zeros protects nothing: ask the maker for the object's own",
            "une clé de zéros ne protège rien : demandez au fabricant celle de l'objet",
        ))  # fmt: skip
    else:
        line.keys[key] = Secret(digits.lower())


def _place(line: Line, cells_of: Mapping[str, tuple[str, str]]) -> None:
    """Read the cells about the place together: one is wrong only beside the others."""
    numbers: dict[str, float] = {}
    for key in _PLACE_NUMBERS:
        if key not in cells_of or cells_of[key][1] == EMPTIED:
            continue
        heading, cell = cells_of[key]
        value = cells.decimal(cell)
        if value is None:
            line.remark(Gravity.ERROR, f"bad_{key}", heading, told(
                f"{shown(cell)} is not a number: write it like 43.61 or 43,61",
                f"{shown(cell)} n'est pas un nombre : écrivez-le 43,61 ou 43.61",
            ))  # fmt: skip
        else:
            numbers[key] = value
    headings = {key: heading for key, (heading, _) in cells_of.items()}
    source = cells_of.get("position_source", ("", ""))[1]
    since = None
    if "since" in cells_of:
        heading, cell = cells_of["since"]
        since = cells.day(cell)
        if since is None:
            line.remark(Gravity.ERROR, "bad_since", heading, told(
                f"{shown(cell)} is not a date: write it like 2026-01-31 or 31/01/2026",
                f"{shown(cell)} n'est pas une date : écrivez-la 2026-01-31 ou 31/01/2026",
            ))  # fmt: skip
    line.place = place_of(line.remark, numbers, headings, source=source, since=since)
    if line.place is not None:
        line.words[fields.POSITION] = line.place.plain()
