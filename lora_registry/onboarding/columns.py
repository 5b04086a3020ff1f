"""What the headings of a sheet mean: The Things Stack's, the registry's French ones, and what people write.

A heading is compared folded: no case, no accents, no punctuation. What an organisation said once of its own
headings comes before these. A heading that nobody knows is an attribute, kept as it is and named in the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from lora_registry.onboarding.references import folded


class Use(StrEnum):
    """What becomes of a column."""

    DEVICE = "device"
    """A value of the device's record."""
    PLACE = "place"
    IDENTITY = "identity"
    RADIO = "radio"
    """For the network server alone."""
    SECRET = "secret"  # noqa: S105 - a word for a kind of column
    """Passes through memory to the network server; nowhere else."""
    REFUSED = "refused"
    """A key of a session: neither needed nor kept."""
    LEFT = "left"
    """Technical, of another network server: read by nobody here."""


class Column(NamedTuple):
    """A column that is understood."""

    key: str
    use: Use
    headings: tuple[str, ...]
    """The first is the one written in samples and exports."""
    sample: str = ""
    french: str = ""
    """What it holds, for the guide."""


COLUMNS: Final = (
    Column(
        "dev_eui",
        Use.IDENTITY,
        ("dev_eui", "deveui", "eui", "device eui"),
        "70B3D57ED0000042",
        "DevEUI, 16 chiffres de l'étiquette",
    ),
    Column(
        "join_eui",
        Use.RADIO,
        ("join_eui", "joineui", "app_eui", "appeui"),
        "70B3D57ED0000000",
        "JoinEUI (ou AppEUI) de l'étiquette",
    ),
    Column(
        "qr",
        Use.IDENTITY,
        ("code_qr", "qr", "qr code", "tr005"),
        "",
        "texte du code QR (TR005), remplace DevEUI et JoinEUI",
    ),
    Column("name", Use.DEVICE, ("nom", "name", "device name", "libelle"), "CO2-École-A1", "nom d'usage"),
    Column("service", Use.DEVICE, ("usage", "service"), "", "service du registre, par son nom ou son identifiant"),
    Column(
        "organisation",
        Use.DEVICE,
        ("organisation", "proprietaire", "owner", "siret_proprietaire"),
        "",
        "organisation propriétaire : nom, identifiant ou SIRET",
    ),
    Column("operator", Use.DEVICE, ("exploitant", "operator")),
    Column("maintainer", Use.DEVICE, ("mainteneur", "maintainer")),
    Column(
        "territory",
        Use.DEVICE,
        ("code_insee_commune", "code_insee", "insee", "commune", "nom_commune", "territory"),
        "34172",
        "commune : code INSEE ou nom",
    ),
    Column("latitude", Use.PLACE, ("latitude", "lat"), "43,6108", "degrés WGS 84"),
    Column("longitude", Use.PLACE, ("longitude", "lon", "lng", "long"), "3,8767", "degrés WGS 84"),
    Column("altitude_m", Use.PLACE, ("altitude_m", "altitude"), "", "mètres"),
    Column("accuracy_m", Use.PLACE, ("precision_m", "accuracy_m", "precision"), "", "mètres"),
    Column(
        "position_source", Use.PLACE, ("source_position", "position_source"), "", "surveyed, imported, geocoded..."
    ),
    Column(
        "since",
        Use.PLACE,
        ("date_installation", "installed_on", "date pose", "date de pose"),
        "2026-09-01",
        "jour de la pose",
    ),
    Column(
        "x_l93",
        Use.PLACE,
        ("x_l93", "x lambert 93", "x lambert93"),
        "",
        "mètres Lambert-93, à la place de la longitude",
    ),
    Column(
        "y_l93",
        Use.PLACE,
        ("y_l93", "y lambert 93", "y lambert93"),
        "",
        "mètres Lambert-93, à la place de la latitude",
    ),
    Column("model", Use.DEVICE, ("modele", "model", "model_id"), "Maker M1", "marque et modèle"),
    Column(
        "firmware",
        Use.DEVICE,
        ("version_micrologiciel", "firmware_version", "firmware"),
        "1.2",
        "version du logiciel embarqué",
    ),
    Column("batch", Use.DEVICE, ("lot", "batch")),
    Column("condition", Use.DEVICE, ("etat", "condition"), "neuf", "neuf ou réemploi"),
    Column("purchased_on", Use.DEVICE, ("date_achat", "purchased_on"), "2026-08-15", "jour de l'achat"),
    Column("warranty_until", Use.DEVICE, ("fin_garantie", "warranty_until")),
    Column("lifecycle", Use.DEVICE, ("cycle_de_vie", "lifecycle")),
    Column(
        "privacy",
        Use.DEVICE,
        ("classe_confidentialite", "confidentialite", "privacy"),
        "",
        "public, interne, foyer ou personne mobile",
    ),
    Column("network", Use.IDENTITY, ("reseau", "network"), "", "réseau du registre, si ce n'est pas le vôtre"),
    Column(
        "version", Use.RADIO, ("version_lorawan", "lorawan_version", "mac_version"), "1.0.3", "version de LoRaWAN"
    ),
    Column("profile", Use.RADIO, ("profil", "device_profile", "profile")),
    Column(
        "app_key",
        Use.SECRET,
        ("app_key", "appkey", "cle_application"),
        "",
        "AppKey, 32 chiffres ; jamais conservée",
    ),
    Column(
        "nwk_key", Use.SECRET, ("nwk_key", "nwkkey", "cle_reseau"), "", "NwkKey (LoRaWAN 1.1) ; jamais conservée"
    ),
    *(
        Column(name, Use.REFUSED, (name,))
        for name in (
            "app_s_key",
            "nwk_s_key",
            "f_nwk_s_int_key",
            "s_nwk_s_int_key",
            "nwk_s_enc_key",
            "gen_app_key",
        )
    ),
    *(
        Column(name, Use.LEFT, (name,))
        for name in (
            "id",
            "frequency_plan_id",
            "lorawan_phy_version",
            "brand_id",
            "hardware_version",
            "band_id",
            "rx1_delay",
            "supports_32_bit_f_cnt",
            "dev_addr",
            "last_f_cnt_up",
            "last_n_f_cnt_down",
            "last_a_f_cnt_down",
            "supports_class_c",
            "vendor_id",
            "vendor_profile_id",
        )
    ),
)
BY_KEY: Final = {column.key: column for column in COLUMNS}
_BY_HEADING: Final = {folded(heading): column for column in COLUMNS for heading in (column.key, *column.headings)}
ATTRIBUTE: Final = "attribute"
"""What an organisation may say of a heading: keep it as an attribute, whatever it resembles."""


class Headings(NamedTuple):
    """What the columns of one sheet mean, by place."""

    columns: tuple[Column | None, ...]
    """None: an attribute."""
    twice: tuple[str, ...]
    """Headings that mean what another one before them does."""


def understand(headings: Iterable[str], own: Mapping[str, str]) -> Headings:
    """Return what headings mean; `own` is what the organisation said: folded heading -> column key."""
    columns: list[Column | None] = []
    taken: set[str] = set()
    twice = []
    for heading in headings:
        said = own.get(folded(heading))
        column = BY_KEY.get(said) if said is not None else _BY_HEADING.get(folded(heading))
        if column is not None and column.use is not Use.LEFT and column.key in taken:
            twice.append(heading)
        if column is not None:
            taken.add(column.key)
        columns.append(column)
    return Headings(tuple(columns), tuple(twice))


def sample() -> str:
    """Return a sample file: the columns that people fill in, and one line; `;`, for spreadsheets in French."""
    shown = [column for column in COLUMNS if column.french and column.key not in ("qr", "x_l93", "y_l93")]
    lines = (";".join(column.headings[0] for column in shown), ";".join(column.sample for column in shown))
    return "\r\n".join(lines) + "\r\n"


def as_markdown() -> str:
    """Return the table of columns of docs/onboarding.fr.md."""
    lines = ["| colonne | aussi lue sous le nom | contenu |", "|---|---|---|"]
    for column in COLUMNS:
        if column.french:
            others = ", ".join(f"`{heading}`" for heading in column.headings[1:])
            lines.append(f"| `{column.headings[0]}` | {others} | {column.french} |")
    return "\n".join(lines) + "\n"
