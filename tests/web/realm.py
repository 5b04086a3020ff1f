"""A small realm for access: five organisations, and a device for each relation and privacy class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert

from lora_registry.domain.access import Aspect, Relation, Role, Viewer, privacy_of, seen
from lora_registry.domain.facts import GatewayFacts
from lora_registry.domain.identifiers import DevEui, GatewayId
from lora_registry.domain.services import OrganisationKind, PrivacyClass
from lora_registry.pipeline import passwords
from lora_registry.pipeline.make_account import make_account
from lora_registry.pipeline.plan_coverage import Question
from lora_registry.report.account.period import Kind, Period
from lora_registry.store import accounts, coverage_plans
from lora_registry.store import registry as model
from lora_registry.store.audits import AuditRun, DeviceVerdict, Finding, GatewayVerdict
from lora_registry.store.collection import CollectionOutage, DeadLetter, Gateway
from lora_registry.store.coverage import CoverageRun
from lora_registry.store.engine import writing
from lora_registry.store.journal_tables import Change, ChangeSet
from lora_registry.store.scores import DeviceUsefulness, UsefulnessRun
from lora_registry.store.telemetry import Device, DeviceState
from lora_registry.usefulness.figures import Figures

NOW: Final = datetime(2026, 10, 5, 7, 30, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
ME, METROPOLIS, OTHER, STRANGER, PARTNER = "lattes", "metropole", "pignan", "juvignac", "regie"
PASSWORD: Final = "violet marmot climbs ladders"  # noqa: S105 - of people who are not
SIRET: Final = "21340129200015"
HERE, ELSEWHERE = "34129", "34202"

CLASSES: Final[tuple[PrivacyClass | None, ...]] = (*PrivacyClass, None)


@dataclass(frozen=True)
class Object:
    """A device of the realm; `relation` is what ties it to the organisation `ME`, None for nothing."""

    dev_eui: DevEui
    relation: Relation | None
    privacy: PrivacyClass | None
    name: str
    """A canary: where it is read, the device is known."""
    latitude: str
    """Another: as pages write it."""


_TIES: Final[Mapping[Relation | None, dict[str, str]]] = {
    Relation.OWNER: {"owner_id": ME},
    Relation.OPERATOR: {"owner_id": OTHER, "operator_id": ME},
    Relation.MAINTAINER: {"owner_id": OTHER, "maintainer_id": ME},
    Relation.TERRITORY: {"owner_id": OTHER, "territory_code": HERE},
    None: {"owner_id": OTHER, "territory_code": ELSEWHERE},
}


def objects() -> list[Object]:
    """Return every device: a relation and a privacy class each."""
    return [
        Object(
            DevEui(f"a0{r:02x}00000000{p:02x}01"),
            relation,
            privacy,
            f"Canary-{relation or 'none'}-{privacy or 'unsaid'}",
            f"43.{5000 + 100 * r + p:04d}7",
        )
        for r, relation in enumerate(_TIES)
        for p, privacy in enumerate(CLASSES)
    ]


def viewer(organisation: str = ME, role: Role = Role.READER, *, alone: bool = False) -> Viewer:
    """Return somebody of an organisation."""
    kinds = {METROPOLIS: OrganisationKind.METROPOLIS, PARTNER: OrganisationKind.PARTNER}
    return Viewer(
        name=f"{role} of {organisation}",
        organisation=organisation,
        organisation_kind=kinds.get(organisation, OrganisationKind.COMMUNE),
        role=role,
        territory={ME: HERE, OTHER: ELSEWHERE}.get(organisation),
        alone=alone,
    )


def found(kind: str, subject_kind: str, subject: str, **values: Any) -> dict[str, Any]:
    """Return a finding's row."""
    return {
        "kind": kind, "subject_kind": subject_kind, "subject": subject, "since": NOW - 30 * HOUR,
        "severity": "warning", "confidence": "high", "evidence": {"silence_s": 90_000.0},
        "explanation": {"en": f"{subject} is silent.", "fr": f"{subject} se tait."}, "cause": None,
        "patience_s": 86_400.0, "rule_version": 1, "status": "open", "first_run_id": 1, "last_run_id": 1,
        "first_seen_at": NOW - 20 * HOUR, "last_seen_at": NOW - HOUR,
    } | values  # fmt: skip


def make(engine: Engine) -> None:
    """Write the realm."""
    verdict = {
        "run_id": 1, "state": "silent", "reason": "beyond_alert_threshold", "cadence": "periodic",
        "period_s": 3600.0, "delivery_ratio": 0.91, "delivery_low": 0.88, "delivery_high": 0.94,
        "airtime_s_per_day": 1.3, "gateways_30d": 2, "territory_code": None, "facts": {},
    }  # fmt: skip
    with writing(engine) as connection:

        def add(table: Any, *rows: dict[str, Any]) -> None:
            connection.execute(insert(table), list(rows))

        add(model.Network, {"id": "chirpstack", "name": "ChirpStack", "kind": "chirpstack"})
        add(model.Territory, *({"code": c, "name": n} for c, n in ((HERE, "Lattes"), (ELSEWHERE, "Pignan"))))
        add(
            model.Organisation,
            {"id": METROPOLIS, "name": "Métropole", "kind": "metropolis", "territory_code": None, "siret": None},
            {
                "id": ME,
                "name": "Ville de Lattes",
                "kind": "commune",
                "territory_code": HERE,
                "siret": "21340129200015",
            },
            {"id": OTHER, "name": "Pignan", "kind": "commune", "territory_code": ELSEWHERE, "siret": None},
            {"id": STRANGER, "name": "Juvignac", "kind": "commune", "territory_code": None, "siret": None},
            {"id": PARTNER, "name": "Régie", "kind": "partner", "territory_code": None, "siret": None},
        )
        add(
            model.Service,
            {"id": "air", "name": "Air", "owner_id": OTHER, "consumers": [], "tolerance": {}},
        )
        told = {"verb": "adopt", "state": "applied", "made_at": NOW - HOUR, "made_by": "Somebody"}
        change_set = connection.scalar(insert(ChangeSet).values(told).returning(ChangeSet.id))
        for one in objects():
            ties = {"operator_id": PARTNER} | _TIES[one.relation]
            add(
                model.DeviceRecord,
                {"dev_eui": one.dev_eui, "network_id": "chirpstack", "recorded_at": NOW, "name": one.name,
                 "service_id": "air", "privacy": one.privacy, "model": f"Model {one.name}"} | ties,
            )  # fmt: skip
            add(
                Device,
                {"dev_eui": one.dev_eui, "network_id": "chirpstack", "name": f"n {one.name}",
                 "application_id": "1", "application_name": "App", "profile_id": "p", "profile_name": "P",
                 "tenant_id": "t", "tenant_name": "T", "device_class": "A", "tags": {"street": f"Tag {one.name}"},
                 "registered_at": NOW},
            )  # fmt: skip
            add(
                DeviceState,
                {"dev_eui": one.dev_eui, "uplinks_total": 70, "first_uplink_at": NOW - 90 * HOUR,
                 "last_uplink_at": NOW - 30 * HOUR, "last_received_at": NOW - 30 * HOUR, "battery_pct": 61.5},
            )  # fmt: skip
            add(DeviceVerdict, verdict | {"dev_eui": one.dev_eui})
            add(
                DeviceUsefulness,
                {"dev_eui": one.dev_eui, "run_id": 1, "low": 41, "high": 63, "serves": "yes", "gesture": "keep",
                 "told": {"lines": [], "proposal": _KEEP},
                 "facts": {}},
            )  # fmt: skip
            add(
                model.Position,
                {"dev_eui": one.dev_eui, "since": NOW - 99 * HOUR, "source": "surveyed",
                 "latitude": float(one.latitude), "longitude": 3.9},
            )  # fmt: skip
            add(Finding, found("silent_device", "device", str(one.dev_eui)))
            place = {"latitude": float(one.latitude), "longitude": 3.9, "source": "surveyed"}
            changed = {"change_set_id": change_set, "before": None, "source": f"rule 1 (Rule {one.name})"}
            add(
                Change,
                changed | {"dev_eui": one.dev_eui, "field": "model", "after": f"Model {one.name}"},
                changed | {"dev_eui": one.dev_eui, "field": "position", "after": place},
            )
        gateway = GatewayId("b000000000000001")
        add(Gateway, {"gateway_id": gateway, "network_id": "chirpstack", "region": "eu868", "last_stats_at": NOW})
        add(
            model.GatewayRecord,
            {"gateway_id": gateway, "name": "Antenne", "owner_id": OTHER, "third_party": False},
        )
        add(GatewayVerdict, {"gateway_id": gateway, "run_id": 1, "state": "silent", "facts": _gateway_facts()})
        add(Finding, found("silent_gateway", "gateway", str(gateway), severity="critical"))
        add(Finding, found("to_complete", "application", "chirpstack/1", severity="info"))
        add(
            UsefulnessRun,
            {
                "run_id": 1,
                "judged_at": NOW - HOUR,
                "completed_at": NOW - HOUR,
                "rule_version": 1,
                "figures": Figures().as_json(),
            },
        )
        add(AuditRun, {"id": 1, "judged_at": NOW - HOUR, "completed_at": NOW - HOUR, "rules": {}})
        add(
            CollectionOutage,
            {"network_id": "chirpstack", "started_at": NOW - 50 * HOUR, "ended_at": NOW - 49 * HOUR,
             "cause": "not_listening", "evidence": {}},
        )  # fmt: skip
        add(
            DeadLetter,
            {"key": 1, "first_received_at": NOW, "last_received_at": NOW, "topic": "application/1/Canary-letter",
             "reason": "not_json", "detail": "line 1", "size": 3, "excerpt": "…"},
        )  # fmt: skip
        coverage(connection)
    for period in (Period(Kind.ANNUAL, "2026"), Period(Kind.MONTHLY, "2026-09")):
        make_account(engine, period, now=NOW)


def coverage(connection: Connection) -> None:
    """Write a build of coverage with its answers, which name every device: pages may name those one sees only."""
    run = {"id": 1, "built_at": NOW, "completed_at": NOW, "target": 0.95, "network": None, "rejected": {}}
    connection.execute(insert(CoverageRun).values(**run))
    commune = {
        "commune": HERE, "name": "Lattes", "squares": 700, "covered": 500, "gap": 40, "unknown": 160,
        "population": 16_000.0, "population_covered": 15_000.0, "population_gap": 900.0,
    }  # fmt: skip
    hole = {
        "rank": 1, "state": "gap", "communes": "Lattes", "squares": 12, "km2": 0.48, "need": 9.0,
        "population": 320.0, "silent": 2, "failing": 1, "declared": 3, "latitude": 43.56, "longitude": 3.91,
    }  # fmt: skip
    site = {
        "rank": 1, "name": "Mairie", "latitude": 43.56, "longitude": 3.9, "adds": 55.0, "p10": 20.0,
        "median": 54.0, "p90": 90.0, "measure_first": True, "nearest_gateway_km": 2.4,
    }  # fmt: skip
    gateways = [
        {"gateway_id": f"b00000000000000{number}", "name": name, "third_party": number == 3,
         "could_go": number == 2, "squares": 400, "squares_alone": 9, "frames_alone_30d": 1_234,
         "devices_alone_30d": 5}
        for number, name in enumerate(("Antenne", "Château d'eau", "Voisine"), start=1)
    ]  # fmt: skip
    off = {
        "own": 2, "kept": 1, "bound": 1, "exact": True, "lost_share": 0.004, "days": 30, "frames": 81_000,
        "frames_lost": 310, "devices": 25, "devices_lost": 25, "lost": [str(one.dev_eui) for one in objects()],
        "devices_on_one": 7, "devices_on_one_today": 3, "gateways": gateways,
    }  # fmt: skip
    answers: dict[Question, Any] = {
        Question.COMMUNES: [commune, commune | {"commune": None, "name": None, "gap": 0}],
        Question.GAPS: [hole],
        Question.UNKNOWN: [hole | {"state": "unknown"}],
        Question.NEXT_GATEWAY: [site, site | {"rank": 2, "name": "École", "measure_first": False}],
        Question.SWITCH_OFF: off,
        Question.SWITCH_OFF_SPARE: off | {"kept": 2, "gateways": []},
    }
    for question, answer in answers.items():
        coverage_plans.keep(connection, 1, question, answer=answer, now=NOW)


def _gateway_facts() -> dict[str, Any]:
    return GatewayFacts(gateway_id=GatewayId("b000000000000001"), known_at=NOW - 99 * HOUR).as_json()


@cache
def _hashed() -> str:
    """Hash once for everybody: it is made to take long."""
    return passwords.hashed(PASSWORD)


_KEEP: Final = {"gesture": "keep", "sentence": {"fr": "Garder.", "en": "Keep."}}


def people(engine: Engine) -> None:
    """Let somebody of each role sign in for `ME`, and an administrator for each other organisation."""
    whom = [(ME, role) for role in Role]
    whom += [(organisation, Role.ADMIN) for organisation in (METROPOLIS, OTHER, STRANGER, PARTNER)]
    with writing(engine) as connection:
        for organisation, role in whom:
            accounts.add(
                connection, email=email(organisation, role), name=f"{role} of {organisation}",
                organisation=organisation, role=role, password_hash=_hashed(), now=NOW,
            )  # fmt: skip


def email(organisation: str, role: Role) -> str:
    """Return how somebody signs in."""
    return f"{role}@{organisation}.example.org"


VIEWERS = [
    *(
        viewer(organisation, role)
        for organisation, role in product((ME, METROPOLIS, OTHER, STRANGER, PARTNER), Role)
    ),
    *(viewer(ME, role, alone=True) for role in Role),
]


def ties_of(one: Object, who: Viewer) -> set[Relation]:
    """Return the relations of a viewer to a device, from how the realm is made."""
    if who.alone:
        return {Relation.OWNER}
    if who.role is Role.AUDITOR:
        return {Relation.AUDITOR}
    territory = {Relation.TERRITORY: HERE, None: ELSEWHERE}.get(one.relation)
    if territory is None:
        # No word of it: the commune of its owner.
        territory = HERE if one.relation is Relation.OWNER else ELSEWHERE
    owner = ME if one.relation is Relation.OWNER else OTHER
    operator = ME if one.relation is Relation.OPERATOR else PARTNER
    found = set()
    if who.organisation == owner:
        found.add(Relation.OWNER)
    if who.organisation == operator:
        found.add(Relation.OPERATOR)
    if one.relation is Relation.MAINTAINER and who.organisation == ME:
        found.add(Relation.MAINTAINER)
    if who.territory == territory:
        found.add(Relation.TERRITORY)
    return found


def expected(who: Viewer, aspect: Aspect) -> set[str]:
    """Return the devices of which a viewer sees an aspect, by the table of access."""
    return {
        str(one.dev_eui)
        for one in objects()
        if any(aspect in seen(tie, privacy_of(one.privacy), who.role) for tie in ties_of(one, who))
    }
