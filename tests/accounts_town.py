"""A small town in which every part of a public account has something to tell, and some of it is bad."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, insert

from lora_registry.domain.identifiers import DevEui
from lora_registry.domain.watching import Span
from lora_registry.store import registry as model
from lora_registry.store import watches
from lora_registry.store.audits import AuditRun, DeviceVerdict
from lora_registry.store.collection import CollectionOutage
from lora_registry.store.coverage import CoverageCell, CoverageRun
from lora_registry.store.decisions import Decision, Goal
from lora_registry.store.engine import writing
from lora_registry.store.incident_tables import Incident
from lora_registry.store.scores import DeviceUsefulness, UsefulnessRun
from lora_registry.store.telemetry import Device, DeviceDay, DeviceState
from lora_registry.usefulness.carbon import Factor, Range
from lora_registry.usefulness.facts import Equipment, Facts, Information, Neighbours, Radio, Use, encoded
from lora_registry.usefulness.figures import figures_of
from lora_registry.usefulness.standing import Serves, Standing

NOW: Final = datetime(2026, 3, 2, 6, tzinfo=UTC)
"""The 2nd of March: February is over, the year is not."""
DAY: Final = timedelta(days=1)
FACTORS: Final = (
    Factor("m1", {"fr": "capteur M1", "en": "M1 sensor"}, Range(2, 6, 15), 8, ("M1",), "maker", 2024),
)
COMMUNES: Final = {"34172": "Montpellier", "34129": "Lattes", "34217": "Prades <b>le</b> Lez"}
# commune, service, lifecycle, state, serves, how many: each count of a commune under 3 is to be withheld.
OBJECTS: Final = (
    ("34172", "eau", "in_service", "active", "serves", 6),
    ("34172", "eau", "in_service", "silent", "does_not", 4),
    ("34172", "air", "in_service", "active", "serves", 3),
    ("34172", "air", "to_remove", "late", "unknown", 1),
    ("34129", "eau", "in_service", "active", "serves", 5),
    ("34129", "eau", None, "never_seen", "unknown", 3),
    ("34129", "air", "in_service", "undetermined", "unknown", 2),
    ("34217", "air", "in_service", "active", "serves", 2),
    (None, None, None, "learning", "unknown", 1),
    ("34172", "air", "removed", "silent", "does_not", 2),
    ("34129", "air", "reused", "active", "serves", 1),
    ("34129", "air", "recycled", "silent", "does_not", 1),
    ("34172", "eau", "planned", "never_seen", "unknown", 2),
)  # fmt: skip


def make(engine: Engine) -> None:
    """Write the town, judged this morning."""
    with writing(engine) as connection:

        def add(table: Any, *rows: dict[str, Any]) -> None:
            connection.execute(insert(table), list(rows))

        add(model.Network, {"id": "chirpstack", "name": "C", "kind": "chirpstack"})
        add(model.Territory, *({"code": code, "name": name} for code, name in COMMUNES.items()))
        add(model.Organisation, {"id": "3m", "name": "Métropole", "kind": "metropolis", "territory_code": None})
        add(
            model.Service,
            {"id": "eau", "name": "Compteurs d'eau", "family": "meter", "privacy": "household"} | _SERVICE,
            {"id": "air", "name": "=Air <i>", "family": "measure", "privacy": "public"} | _SERVICE,
        )
        add(AuditRun, {"id": 1, "judged_at": NOW - DAY / 8, "completed_at": NOW, "rules": {}, "light": False})
        judged = []
        for number, (commune, service, lifecycle, state, serves) in enumerate(_each(), start=1):
            eui = DevEui(f"70b3d57ed000{number:04x}")
            facts = _facts(eui, service, lifecycle, state, number)
            judged.append((facts, Standing(Serves(serves), "used", ())))
            _object(add, eui, number, commune=commune, service=service, lifecycle=lifecycle)
            add(DeviceVerdict, _verdict(eui, state))
            told = {"defects": ["silent"] if state == "silent" else [], "lines": []}
            add(
                DeviceUsefulness,
                {"dev_eui": eui, "run_id": 1, "low": 1, "high": 9, "serves": serves, "gesture": "keep",
                 "told": told, "facts": encoded(facts)},
            )  # fmt: skip
        figures = figures_of(judged).as_json()
        add(
            UsefulnessRun,
            {"run_id": 1, "judged_at": NOW - DAY / 8, "completed_at": NOW, "rule_version": 1, "figures": figures},
        )
        _events(add)
        spans = [Span(NOW - 40 * DAY, NOW - 20 * DAY), Span(NOW - 21 * DAY, NOW)]
        watches.replace(connection, network="chirpstack", session="s", source="listener", spans=spans)


_SERVICE: Final = {"owner_id": "3m", "consumers": [], "tolerance": {}}


def _each() -> list[tuple[Any, ...]]:
    return [one[:5] for one in OBJECTS for _ in range(one[5])]


def _facts(eui: DevEui, service: str | None, lifecycle: str | None, state: str, number: int) -> Facts:
    return Facts(
        dev_eui=str(eui),
        judged_on=NOW.date(),
        use=Use(service=service, family="measure", has_owner=True, counted_days=number % 2),
        radio=Radio(state=state),
        information=Information(reason="class"),
        neighbours=Neighbours(reason="class"),
        equipment=Equipment(lifecycle=lifecycle, has_position=True),
    )


def _object(
    add: Any, eui: DevEui, number: int, *, commune: str | None, service: str | None, lifecycle: str | None
) -> None:
    bought = None if number % 5 == 0 else date(2026 - number % 12, 1, 15)
    if service is not None:
        add(
            model.DeviceRecord,
            {"dev_eui": eui, "network_id": "chirpstack", "recorded_at": NOW - 400 * DAY,
             "name": f"Canari {number}", "service_id": service, "lifecycle": lifecycle,
             "territory_code": commune, "purchased_on": bought,
             "model": "M1" if number % 3 else "M9", "condition": "reused" if number % 7 == 0 else "new"},
        )  # fmt: skip
    words = ("name", "application_id", "application_name", "profile_id", "profile_name", "tenant_id",
             "tenant_name", "device_class")  # fmt: skip
    add(
        Device,
        dict.fromkeys(words, "x")
        | {"dev_eui": eui, "network_id": "chirpstack", "tags": {}, "registered_at": NOW - 400 * DAY},
    )
    if number % 6:
        heard = NOW - 200 * number * DAY / 4
        add(DeviceState, {"dev_eui": eui, "first_uplink_at": heard, "last_uplink_at": NOW - number * DAY})
        days = [date(2025, 12, 31), date(2026, 1, 20), date(2026, 2, 3), date(2026, 2, 28), date(2026, 3, 1)]
        add(
            DeviceDay,
            *({"dev_eui": eui, "day": day, "uplinks": 20 + number, "airtime_s": 1.25 * number} | _NOTHING
              for day in days),
        )  # fmt: skip


_ZEROS: Final = ("retransmissions", "mac_only", "qos0", "joins", "sf7", "sf8", "sf9", "sf10", "sf11", "sf12")
_NOTHING: Final[dict[str, Any]] = dict.fromkeys(_ZEROS, 0) | {"links": b""}


def _verdict(eui: DevEui, state: str) -> dict[str, Any]:
    return {
        "dev_eui": eui, "run_id": 1, "state": state, "reason": "", "cadence": "periodic", "period_s": 3600.0,
        "facts": {}, "gateways_30d": 1, "territory_code": None,
    }  # fmt: skip


def _events(add: Any) -> None:
    """Write decisions, goals, coverage, outages and shared failures."""
    common = {"reason": "Trop", "decided_by": "Anne Canari", "recorded_at": NOW, "objects": ["a", "b"]}
    effects = {
        "done": (date(2026, 1, 5), 30.5), "worse": (date(2025, 12, 1), -4.0), "unknown": (date(2026, 2, 1), None),
    }  # fmt: skip
    for outcome, (day, saved) in effects.items():
        effect = {"outcome": outcome, "airtime_saved_s_per_day": saved, "sentence": {"fr": "Vu.", "en": "Seen."}}
        add(
            Decision,
            common
            | {"service_id": "air", "gesture": "reduce_cadence", "decided_on": day, "equipment": "unknown",
               "expected": {"kg_co2e_avoided": None}, "measure_on": day, "effect": effect,
               "measured_at": datetime(2026, 2, 20, tzinfo=UTC)},
        )  # fmt: skip
    add(
        Decision,
        common
        | {"dev_eui": DevEui("70b3d57ed0000001"), "gesture": "retire", "decided_on": date(2026, 2, 10),
           "equipment": "reused", "expected": {"kg_co2e_avoided": [1.0, 3.5, 8.0]},
           "measure_on": date(2026, 6, 1)},
    )  # fmt: skip
    goal = {"baseline": 40.0, "baseline_on": date(2026, 1, 1), "reference": "D-1", "set_at": NOW, "set_by": "Anne"}
    add(
        Goal,
        goal | {"id": "utiles", "indicator": "serve_of_100", "targets": {"2027": 95.0}},
        goal | {"id": "jugeables", "indicator": "judgeable_of_100", "targets": {"2027": 1.0}},
    )
    add(CoverageRun, {"id": 1, "built_at": NOW - DAY, "completed_at": NOW, "target": 0.9, "rejected": {}})
    states = ["covered"] * 7 + ["gap"] * 2 + ["unknown"] * 4
    add(CoverageCell, *(_cell(number, state) for number, state in enumerate(states)))
    add(
        CollectionOutage,
        {"network_id": "chirpstack", "started_at": datetime(2025, 12, 31, 22, tzinfo=UTC),
         "ended_at": datetime(2026, 1, 1, 3, tzinfo=UTC), "cause": "not_listening", "evidence": {}},
        {"network_id": "chirpstack", "started_at": datetime(2026, 2, 27, tzinfo=UTC), "ended_at": None,
         "cause": "counters_jump", "evidence": {}},
    )  # fmt: skip
    add(
        Incident,
        {"cause_kind": "gateway", "cause": "b000000000000001", "began_at": datetime(2026, 2, 3, tzinfo=UTC),
         "ended_at": datetime(2026, 2, 3, 12, tzinfo=UTC), "name": "Mât", "silent_s": 1.0, "devices": 5,
         "members": 6, "expected": 9.0, "gain": 1.0, "first_run_id": 1, "last_run_id": 1},
    )  # fmt: skip


def _cell(number: int, state: str) -> dict[str, Any]:
    zeros = ("frames", "gateways", "strong", "any_hears", "without_worst", "sf7", "indoor", "devices")
    place = {"run_id": 1, "northing_m": 200 * number, "easting_m": 0, "state": state, "basis": "predicted"}
    return (
        place | dict.fromkeys(zeros, 0) | {"heard_by": b"", "territory_code": "34172" if number % 2 else "34129"}
    )
