"""What the simulated city uses its objects for: one literal table, in the owners' words.

Shares and cadences are chosen so that 600 devices send about 8,500 heard uplinks a day, half of the devices
being water meters and two thirds belonging to households.
"""

from __future__ import annotations

from typing import NamedTuple


class Channel(NamedTuple):
    """One decoded value of `object`: a number printed in steps of 1/scale, or a flag when `scale` is 0."""

    name: str
    scale: int


class Model(NamedTuple):
    """A product, and the firmware its owners wrote down."""

    name: str
    firmware: str


class Service(NamedTuple):
    """A service and the habits of its objects."""

    id: str
    name: str
    purpose: str
    decision: str
    owner: str
    consumers: tuple[str, ...]
    family: str
    privacy: str | None
    share: float
    """Of all devices."""
    periods_s: tuple[int, ...]
    """Cadences in use; each device has one."""
    channels: tuple[Channel, ...]
    tolerance: dict[str, float]
    models: tuple[Model, ...]
    f_port: int = 2
    indoor_db: tuple[float, float] = (0.0, 3.0)
    """Extra path loss of where it is mounted: mean and spread."""
    status_days: int = 0
    """One battery status every so many days; 0 for none."""
    external_power: bool = False
    confirmed: bool = False
    device_class: str = "CLASS_A"
    months: tuple[int, ...] | None = None
    """The operating season: it sends nothing outside it. None: all year."""
    weekdays: tuple[int, ...] | None = None
    hours: tuple[int, int] | None = None
    events_per_day: float = 0.0
    """Frames sent when something happens, on top of the periodic ones."""
    battery_years: float = 8.0
    batch: str | None = None


METROPOLIS, WATER, HOUSING = "3m", "regie-eaux", "bailleur"

# A table to be read across, not a call to be read down.
# fmt: off
SERVICES = (
    Service(
        "eau-compteurs", "Télérelève des compteurs d'eau",
        "Relever les compteurs sans passage et voir les fuites après compteur",
        "Alerter l'abonné dès une fuite probable", WATER, ("facturation", "portail abonnés"), "meter",
        "household", 0.5, (86_400, 43_200),
        (Channel("index_m3", 1_000), Channel("flow_alarm", 0), Channel("battery_v", 100)),
        {"index_m3": 0.01}, (Model("Aqua 868", "3.1"), Model("Aqua 868", "3.2"), Model("Hydro NB", "1.9")),
        f_port=3, indoor_db=(9.0, 4.0), status_days=7, battery_years=14.0, batch="2022-11",
    ),
    Service(
        "logements-chaleur", "Sous-comptage de chaleur des logements", "Répartir les charges de chauffage",
        "Régler les chaufferies", HOUSING, ("syndics",), "meter", "household", 0.16, (21_600,),
        (Channel("energy_kwh", 1), Channel("supply_c", 10), Channel("return_c", 10)),
        {"energy_kwh": 1.0, "supply_c": 1.0}, (Model("Therma 2", "2.0"),), f_port=4, indoor_db=(12.0, 4.0),
        status_days=7, battery_years=10.0,
    ),
    Service(
        "qualite-air", "Qualité de l'air", "Suivre les particules fines dans les rues",
        "Adapter la circulation les jours de pic", METROPOLIS, ("portail open data", "service santé"),
        "measure", "public", 0.04, (900, 1_800),
        (Channel("pm25", 10), Channel("pm10", 10), Channel("temperature", 10)),
        {"pm25": 2.0, "pm10": 3.0, "temperature": 0.5},
        (Model("Maker M1", "1.2"), Model("Maker M1", "1.4")), status_days=1, battery_years=3.0,
    ),
    Service(
        "eclairage", "Éclairage public", "Allumer et graduer les lampadaires, voir les pannes",
        "Envoyer une équipe changer une lampe", METROPOLIS, ("exploitation",), "actuator", "internal", 0.07,
        (3_600,), (Channel("dim_pct", 1), Channel("power_w", 10), Channel("fault", 0)),
        {"dim_pct": 5.0, "power_w": 2.0}, (Model("Lampe C2", "5.0"),), status_days=1, external_power=True,
        device_class="CLASS_C",
    ),
    Service(
        "stationnement", "Places de livraison et PMR", "Voir les places réservées libres",
        "Ajuster la surveillance", METROPOLIS, ("application mobile",), "state", "public", 0.05, (21_600,),
        (Channel("occupied", 0), Channel("battery_v", 100), Channel("temperature", 1)),
        {"battery_v": 0.05, "temperature": 2.0}, (Model("Spot P", "2.3"),), indoor_db=(6.0, 3.0),
        status_days=1, events_per_day=22.0, battery_years=4.0,
    ),
    Service(
        "ilots-chaleur", "Îlots de chaleur", "Mesurer la chaleur des quartiers", "Choisir où planter",
        METROPOLIS, ("portail open data", "urbanisme"), "measure", "public", 0.04, (1_200, 1_800),
        (Channel("temperature", 10), Channel("humidity", 1), Channel("battery_v", 100)),
        {"temperature": 0.5, "humidity": 3.0}, (Model("Meteo S", "1.0"), Model("Meteo S", "1.1")),
        status_days=1, battery_years=5.0,
    ),
    Service(
        "dechets", "Remplissage des colonnes de tri", "Ne collecter que les colonnes pleines",
        "Dessiner la tournée du lendemain", METROPOLIS, ("collecte",), "measure", "internal", 0.04,
        (21_600,), (Channel("fill_pct", 1), Channel("temperature", 1), Channel("fire", 0)),
        {"fill_pct": 5.0, "temperature": 3.0}, (Model("Bac U", "1.5"),), indoor_db=(5.0, 3.0),
        status_days=1, battery_years=6.0,
    ),
    Service(
        "fuites-batiments", "Fuites dans les bâtiments publics", "Être prévenu d'une fuite d'eau",
        "Couper l'eau et intervenir", METROPOLIS, ("astreinte",), "sentinel", "internal", 0.02, (43_200,),
        (Channel("leak", 0), Channel("temperature", 10), Channel("battery_v", 100)), {"temperature": 1.0},
        (Model("Goutte", "1.0"),), indoor_db=(12.0, 4.0), status_days=1, confirmed=True, battery_years=7.0,
    ),
    Service(
        "crues", "Vigilance crues du Lez et de la Mosson", "Suivre la hauteur des cours d'eau",
        "Fermer les routes inondables", METROPOLIS, ("sécurité civile",), "sentinel", "public", 0.01,
        (3_600,), (Channel("water_level_m", 100), Channel("flood", 0), Channel("battery_v", 100)),
        {"water_level_m": 0.05}, (Model("Sonde R", "4.2"),), status_days=1,
    ),
    Service(
        "arrosage", "Arrosage des parcs", "Mesurer l'humidité du sol des parcs",
        "Arroser seulement quand il le faut", METROPOLIS, ("espaces verts",), "measure", "internal", 0.02,
        (3_600,),
        (Channel("soil_moisture_pct", 10), Channel("soil_temperature", 10), Channel("battery_v", 100)),
        {"soil_moisture_pct": 1.0, "soil_temperature": 0.5}, (Model("Racine", "0.9"),),
        indoor_db=(7.0, 3.0), status_days=1, months=(4, 5, 6, 7, 8, 9),
    ),
    Service(
        "air-ecoles", "Air intérieur des écoles", "Suivre le CO2 des classes",
        "Aérer et régler la ventilation", METROPOLIS, ("écoles", "service santé"), "measure", "internal",
        0.03, (1_800,), (Channel("co2_ppm", 1), Channel("temperature", 10), Channel("humidity", 1)),
        {"co2_ppm": 50.0, "temperature": 0.5, "humidity": 3.0}, (Model("Classe CO2", "2.1"),),
        indoor_db=(11.0, 4.0), status_days=1,
    ),
    Service(
        "proprete-vehicules", "Tournées de propreté", "Suivre l'avancement des tournées",
        "Renvoyer un véhicule sur une rue oubliée", METROPOLIS, ("propreté",), "position", "mobile_person",
        0.01, (300,),
        (Channel("latitude", 100_000), Channel("longitude", 100_000), Channel("speed_kmh", 1)),
        {"speed_kmh": 5.0}, (Model("Trace V", "1.1"),), external_power=True, status_days=1,
        weekdays=(1, 2, 3, 4, 5, 6), hours=(6, 13),
    ),
    # Left without a privacy class on purpose: it must be treated as a household's.
    Service(
        "comptage-passages", "Comptage de passages", "Compter les passages devant les commerces", "",
        METROPOLIS, (), "measure", None, 0.01, (1_800,),
        (Channel("count_in", 1), Channel("count_out", 1), Channel("battery_v", 100)),
        {"count_in": 2.0, "count_out": 2.0}, (Model("Pas 1", "1.0"),), status_days=1,
    ),
)
# fmt: on
"""In this order everywhere: a device's service is an index into this table."""

INDEX = {service.id: i for i, service in enumerate(SERVICES)}


def apportion(devices: int) -> list[int]:
    """Return how many of `devices` each service has: at least one each, the rest by largest remainder.

    Raises:
        ValueError: fewer devices than services.

    """
    if devices < len(SERVICES):
        raise ValueError(f"{devices} devices cannot serve {len(SERVICES)} services: ask for at least as many")
    exact = [service.share * devices for service in SERVICES]
    counts = [max(1, int(e)) for e in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (exact[i] - int(exact[i]), -i), reverse=True)
    while sum(counts) < devices:
        for i in by_remainder[: devices - sum(counts)]:
            counts[i] += 1
    while sum(counts) > devices:
        counts[counts.index(max(counts))] -= 1
    return counts
