"""The figures of an account: one literal table. docs/accounts.md says what each is; a test holds both together."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from lora_registry.domain.lifecycle import Lifecycle
from lora_registry.domain.radio_state import RadioState
from lora_registry.report.account.evidence import Row, Table
from lora_registry.report.account.figure import Better, Figure, Fold, Unit
from lora_registry.usefulness.decided import Equipment
from lora_registry.usefulness.effect import Outcome
from lora_registry.usefulness.standing import Serves

Amount = Callable[[Row], float | None]
_SERVICE, _COMMUNE, _FAMILY = "service", "commune", "family"
_ALL_THREE: Final = (_SERVICE, _COMMUNE, _FAMILY)
_HOUR_S: Final = 3600.0


def N_(message: str) -> str:  # noqa: N802 - gettext's name for a message that is translated later
    """Mark a message."""
    return message


def _is(column: str, *words: object) -> Amount:
    """Count rows that have one of the words."""
    wanted: Collection[object] = {getattr(word, "value", word) for word in words}
    return lambda row: 1 if row[column] in wanted else None


def _in_park(also: Amount) -> Amount:
    """Count installed objects only."""
    return lambda row: also(row) if row["park"] else None


def _share(of: Amount, base: Amount) -> Amount:
    """Count rows of `base`: 1 where `of` counts them too, else 0."""
    return lambda row: None if base(row) is None else (of(row) or 0)


def _column(name: str, factor: float = 1.0) -> Amount:
    """Add up a column where it has a value."""
    return lambda row: None if row[name] is None else factor * row[name]


def _age(low: float, high: float) -> Amount:
    return _in_park(lambda row: 1 if row["age_years"] is not None and low <= row["age_years"] < high else None)


def _where(also: Amount, **wanted: object) -> Amount:
    """Narrow an amount to rows that have these values."""
    return lambda row: also(row) if all(row[name] == value for name, value in wanted.items()) else None


_ROW: Final[Amount] = lambda row: 1  # noqa: E731, ARG005 - an amount like the others
_PARK: Final = _in_park(_ROW)
_YES, _NO, _UNKNOWN = (_in_park(_is("serves", word)) for word in (Serves.YES, Serves.NO, Serves.UNKNOWN))
_JUDGEABLE: Final = _in_park(_is("judgeable", True))  # noqa: FBT003 - a value of a column
_FOLLOWED: Final = _column("followed_years")
_MEASURED: Final = _where(_ROW, measured=True)
_O, _D, _C = Table.OBJECTS, Table.DECISIONS, Table.CELLS

FIGURES: Final[tuple[Figure, ...]] = (
    Figure("objects.park", N_("Objects in the field"), _O, _PARK, by=_ALL_THREE),
    Figure("objects.without_service", N_("without a service that anybody named"), _O,
           _in_park(_is("service", None)), better=Better.LESS),
    Figure("objects.without_commune", N_("without a commune"), _O, _in_park(_is("commune", None)),
           better=Better.LESS),
    Figure("objects.active", N_("heard as expected"), _O, _in_park(_is("state", RadioState.ACTIVE)),
           better=Better.MORE, by=(_SERVICE, _COMMUNE)),
    Figure("objects.late", N_("late"), _O, _in_park(_is("state", RadioState.LATE)), better=Better.LESS),
    Figure("objects.silent", N_("silent"), _O, _in_park(_is("state", RadioState.SILENT)), better=Better.LESS,
           by=(_SERVICE, _COMMUNE)),
    Figure("objects.silent_month", N_("silent for 30 days or more"), _O,
           _in_park(_is("silent_month", True)), better=Better.LESS, by=(_SERVICE, _COMMUNE)),  # noqa: FBT003
    Figure("objects.never_seen", N_("never heard"), _O, _in_park(_is("state", RadioState.NEVER_SEEN)),
           better=Better.LESS, by=(_COMMUNE,)),
    Figure("objects.learning", N_("too new to be judged"), _O, _in_park(_is("state", RadioState.LEARNING))),
    Figure("objects.undetermined", N_("could not be judged: reception was down, or out of season"), _O,
           _in_park(_is("state", RadioState.UNDETERMINED)), better=Better.LESS),
    Figure("objects.other_network", N_("not judged: on a network that is not listened to"), _O,
           _in_park(_is("state", RadioState.NOT_JUDGED))),
    Figure("objects.unaudited", N_("not judged: no audit has seen them"), _O, _in_park(_is("state", None)),
           better=Better.LESS),
    Figure("objects.planned", N_("Planned or waiting to be installed"), _O,
           _is("lifecycle", Lifecycle.PLANNED, Lifecycle.PROVISIONED)),
    Figure("objects.retired", N_("Retired: taken out, not used again so far"), _O,
           _is("lifecycle", Lifecycle.REMOVED)),
    Figure("objects.reused", N_("Used again elsewhere"), _O, _is("lifecycle", Lifecycle.REUSED),
           better=Better.MORE),
    Figure("objects.recycled", N_("Recycled"), _O, _is("lifecycle", Lifecycle.RECYCLED)),
    Figure("objects.bought_used", N_("In the field and bought used"), _O, _in_park(_is("condition", "reused")),
           better=Better.MORE),
    Figure("objects.age_0_3", N_("bought less than 3 years ago"), _O, _age(0, 3)),
    Figure("objects.age_3_6", N_("3 to 6 years ago"), _O, _age(3, 6)),
    Figure("objects.age_6_10", N_("6 to 10 years ago"), _O, _age(6, 10)),
    Figure("objects.age_10", N_("10 years ago or more"), _O, _age(10, 1000)),
    Figure("objects.age_unknown", N_("nobody has said when"), _O, _in_park(_is("age_years", None)),
           better=Better.LESS),
    Figure("number.serves", N_("Objects that serve"), _O, _YES, better=Better.MORE, by=_ALL_THREE),
    Figure("number.does_not", N_("Objects that do not serve"), _O, _NO, better=Better.LESS, by=_ALL_THREE),
    Figure("number.unknown", N_("Objects of which nobody knows"), _O, _UNKNOWN, better=Better.LESS, by=_ALL_THREE),
    Figure("number.unjudged", N_("Objects not judged yet"), _O, _in_park(_is("serves", None)), better=Better.LESS),
    Figure("number.serves_share", N_("Share that serves"), _O, _share(_YES, _PARK), Unit.PERCENT, Fold.SHARE,
           Better.MORE),
    Figure("number.does_not_share", N_("Share that does not"), _O, _share(_NO, _PARK), Unit.PERCENT, Fold.SHARE,
           Better.LESS),
    Figure("number.unknown_share", N_("Share of which nobody knows"), _O, _share(_UNKNOWN, _PARK), Unit.PERCENT,
           Fold.SHARE, Better.LESS),
    Figure("number.judgeable_share", N_("Share of which enough is known to judge in full"), _O,
           _share(_JUDGEABLE, _PARK), Unit.PERCENT, Fold.SHARE, Better.MORE),
    Figure("goals.set", N_("Goals set"), Table.GOALS, _ROW),
    Figure("goals.reached", N_("reached"), Table.GOALS, _is("reached", True), better=Better.MORE),  # noqa: FBT003
    Figure("goals.missed", N_("not reached yet"), Table.GOALS, _is("reached", False), better=Better.LESS),  # noqa: FBT003
    Figure("goals.unmeasured", N_("not measured"), Table.GOALS, _is("reached", None), better=Better.LESS),
    Figure("lives.followed", N_("Objects followed"), _O,
           lambda row: None if row["followed_years"] is None else 1),
    Figure("lives.years", N_("Years that all of them were followed together"), _O, _FOLLOWED, Unit.YEARS),
    Figure("lives.failed", N_("Objects that failed"), _O,
           lambda row: 1 if row["failed"] and row["followed_years"] is not None else None, better=Better.LESS),
    *(
        Figure(f"lives.after_{years}_years", label, _O, _FOLLOWED, Unit.PERCENT, Fold.SURVIVAL, Better.MORE,
               horizon_years=float(years))
        for years, label in (
            (1, N_("Share that works after 1 year")), (3, N_("Share that works after 3 years")),
            (5, N_("Share that works after 5 years")),
        )
    ),
    Figure("decisions.taken", N_("Decisions taken"), _D, _where(_ROW, taken=True)),
    Figure("decisions.measured", N_("Decisions whose effect was measured"), _D, _MEASURED),
    Figure("decisions.done", N_("with the effect expected"), _D, _where(_MEASURED, outcome=Outcome.DONE.value),
           better=Better.MORE),
    Figure("decisions.not_seen", N_("without any effect seen"), _D,
           _where(_MEASURED, outcome=Outcome.NOT_SEEN.value), better=Better.LESS),
    Figure("decisions.worse", N_("worse than before"), _D, _where(_MEASURED, outcome=Outcome.WORSE.value),
           better=Better.LESS),
    Figure("decisions.unknown", N_("with an effect that could not be measured"), _D,
           _where(_MEASURED, outcome=Outcome.UNKNOWN.value), better=Better.LESS),
    Figure("decisions.pending", N_("Decisions whose effect is still to be measured"), _D,
           _where(_ROW, taken=True, outcome=None)),
    Figure("decisions.airtime_saved", N_("Seconds on the air a day saved, as measured"), _D,
           _where(_column("saved_s_per_day"), measured=True), Unit.SECONDS_PER_DAY, better=Better.MORE),
    Figure("decisions.used_again", N_("Decisions by which equipment was used again or not bought"), _D,
           _where(_is("equipment", Equipment.REUSED, Equipment.NOT_BOUGHT), taken=True), better=Better.MORE),
    *(
        Figure(f"decisions.carbon_{bound}", label, _D, _where(_column(f"kg_{bound}"), taken=True), Unit.KG_CO2E,
               unknown_if_empty=True)
        for bound, label in (
            ("low", N_("CO2e avoided by them, at least")), ("central", N_("CO2e avoided by them, likely")),
            ("high", N_("CO2e avoided by them, at most")),
        )
    ),
    Figure("coverage.covered", N_("Area covered"), _C, _where(_column("km2"), state="covered"), Unit.SQUARE_KM,
           better=Better.MORE, by=(_COMMUNE,)),
    Figure("coverage.gap", N_("Area not covered"), _C, _where(_column("km2"), state="gap"), Unit.SQUARE_KM,
           better=Better.LESS, by=(_COMMUNE,)),
    Figure("coverage.unknown", N_("Area of which nobody knows"), _C, _where(_column("km2"), state="unknown"),
           Unit.SQUARE_KM, better=Better.LESS, by=(_COMMUNE,)),
    Figure("coverage.unknown_share", N_("Share of which nobody knows"), _C,
           _share(_is("state", "unknown"), _ROW), Unit.PERCENT, Fold.SHARE, Better.LESS),
    Figure("collection.listened", N_("Hours listened"), Table.WATCHES, _column("hours"), Unit.HOURS,
           better=Better.MORE),
    Figure("collection.outages", N_("Collection outages"), Table.OUTAGES, _ROW, better=Better.LESS),
    Figure("collection.outage_hours", N_("Hours of collection outages"), Table.OUTAGES, _column("hours"),
           Unit.HOURS, better=Better.LESS),
    Figure("collection.incidents", N_("Shared failures"), Table.INCIDENTS, _ROW, better=Better.LESS),
    Figure("collection.incident_hours", N_("Hours of shared failures"), Table.INCIDENTS, _column("hours"),
           Unit.HOURS, better=Better.LESS),
    Figure("airtime.uplinks", N_("Messages received"), _O, _column("uplinks"), by=(_SERVICE, _COMMUNE)),
    Figure("airtime.hours", N_("Hours on the air"), _O, _column("airtime_s", 1 / _HOUR_S), Unit.HOURS,
           better=Better.LESS, by=(_SERVICE, _COMMUNE)),
    Figure("carbon.known", N_("Objects whose carbon is known"), _O,
           _in_park(lambda row: None if row["kg_central"] is None else 1), better=Better.MORE),
    Figure("carbon.unknown", N_("Objects whose carbon nobody knows"), _O, _in_park(_is("kg_central", None)),
           better=Better.LESS),
    *(
        Figure(f"carbon.{bound}", label, _O, _in_park(_column(f"kg_{bound}")), Unit.KG_CO2E_PER_YEAR,
               better=Better.LESS, unknown_if_empty=True)
        for bound, label in (
            ("low", N_("Making them, a year's share, at least")),
            ("central", N_("Making them, a year's share, likely")),
            ("high", N_("Making them, a year's share, at most")),
        )
    ),
)  # fmt: skip

BY_ID: Final = {figure.id: figure for figure in FIGURES}

UNKNOWNS: Final = (
    "number.unknown", "number.unjudged", "objects.undetermined", "objects.other_network", "objects.unaudited",
    "objects.learning", "objects.without_service", "objects.without_commune", "objects.age_unknown",
    "decisions.unknown", "goals.unmeasured", "coverage.unknown_share", "carbon.unknown",
    "collection.outage_hours",
)  # fmt: skip
"""What nobody knows, or what could not be judged: told in every account, zeros too."""
FAILURES: Final = (
    "number.does_not", "objects.silent", "objects.silent_month", "objects.never_seen", "objects.late",
    "lives.failed", "goals.missed", "decisions.not_seen", "decisions.worse", "coverage.gap",
    "collection.outages", "collection.incidents",
)  # fmt: skip
"""What is bad: told in every account, zeros too."""
