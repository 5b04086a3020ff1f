"""What is kept for how long: one table says it all, and docs/retention.md is written from it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, not_, or_, select

from lora_registry.domain.findings import Status
from lora_registry.domain.raw_weeks import spans, week_of
from lora_registry.store import (
    adoption_tables,
    alerts,
    audits,
    collection,
    coverage,
    decisions,
    forgotten,
    incident_tables,
    jobs,
    journal_tables,
    outbox,
    people,
    public_accounts,
    registry,
    scores,
    sketch_tables,
    sync_tables,
    telemetry,
    usage,
    weeks,
    words,
)
from lora_registry.store.base import Base


class Age(StrEnum):
    """A setting that says how long, in days."""

    RAW = "raw_days"
    AGGREGATE = "aggregate_days"
    DEAD_LETTER = "dead_letter_days"


Ages = Mapping[Age, timedelta]


class Cut(NamedTuple):
    """Where the old begins."""

    before: datetime
    open_days: list[tuple[date, date]]
    """First and last days of the stretches of raw weeks that are not forgotten."""
    weekly_runs: list[int]
    """The last complete audit of each week."""
    last_run: int
    """The newest audit that was complete before `before`; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one table's rows are kept."""

    table: type[Base]
    counted_from: str
    age: Age
    why: str
    is_old: Callable[[Cut], ColumnElement[bool]] | None = None
    """None for raw tables: they go by whole weeks."""


_BY_WEEK = "the end of its week, or the last insert into that week where that is later"

RETENTION: Final = (
    Rule(telemetry.Uplink, _BY_WEEK, Age.RAW, "metadata of frames: who sends when is personal in a home"),
    Rule(telemetry.DeviceEvent, _BY_WEEK, Age.RAW, "as its uplinks"),
    Rule(collection.GatewayReport, _BY_WEEK, Age.RAW, "only there to count each report once"),
    Rule(
        telemetry.DeviceDay, "its day; not before its raw week", Age.AGGREGATE,
        "sums a day: seasons, batteries and yearly accounts need years",
        lambda cut: _whole_days(telemetry.DeviceDay.day, cut),
    ),
    Rule(
        sketch_tables.ChannelSketch, "its week; not before its raw week", Age.AGGREGATE, "as device days",
        lambda cut: _whole_days(sketch_tables.ChannelSketch.week, cut),
    ),
    Rule(
        sketch_tables.HourlyMean, "its day; not before its raw week", Age.RAW,
        "neighbours are compared over the last weeks",
        lambda cut: _whole_days(sketch_tables.HourlyMean.day, cut),
    ),
    Rule(
        collection.GatewayDay, "its day", Age.AGGREGATE, "as device days",
        lambda cut: collection.GatewayDay.day < cut.before.date(),
    ),
    Rule(
        collection.DeadLetter, "when it last came", Age.DEAD_LETTER, "time to find out who sends it",
        lambda cut: collection.DeadLetter.last_received_at < cut.before,
    ),
    Rule(
        collection.Watch, "its end", Age.AGGREGATE, "says which days' sums are whole",
        lambda cut: collection.Watch.ended_at < cut.before,
    ),
    Rule(
        collection.CollectionOutage, "its end", Age.AGGREGATE, "as watches; one that lasts stays",
        lambda cut: collection.CollectionOutage.ended_at < cut.before,
    ),
    Rule(
        incident_tables.Incident, "its end", Age.AGGREGATE, "as collection outages; one that lasts stays",
        lambda cut: incident_tables.Incident.ended_at < cut.before,
    ),
    Rule(
        incident_tables.IncidentDevice, "the beginning of its incident", Age.AGGREGATE,
        "whose clock stood still, and when",
        lambda cut: incident_tables.IncidentDevice.began_at < cut.before,
    ),
    Rule(
        audits.FindingObservation, "its audit; after that, those of the last audit of each week stay", Age.RAW,
        "which nights a finding was seen: each of them for a month, then the weeks",
        lambda cut: (audits.FindingObservation.run_id <= cut.last_run)
        & audits.FindingObservation.run_id.not_in(cut.weekly_runs),
    ),
    Rule(
        audits.FindingObservation, "its audit, also of those that had stayed", Age.AGGREGATE, "as its finding",
        lambda cut: (audits.FindingObservation.run_id <= cut.last_run)
        & audits.FindingObservation.run_id.in_(cut.weekly_runs),
    ),
    Rule(
        audits.Finding, "the last audit that saw it, once cleared", Age.AGGREGATE, "yearly accounts compare years",
        lambda cut: (audits.Finding.status == Status.CLEARED) & (audits.Finding.last_run_id <= cut.last_run),
    ),
    Rule(
        words.FindingWord, "when it was said, once its finding has gone", Age.AGGREGATE,
        "a finding's journal goes with it; it names people",
        lambda cut: (words.FindingWord.said_at < cut.before) & ~_has_finding(),
    ),
    Rule(
        words.Maintenance, "its planned end", Age.AGGREGATE, "explains silences of those years; it names people",
        lambda cut: words.Maintenance.ends_at < cut.before,
    ),
    Rule(
        usage.UsageDay, "its day", Age.AGGREGATE, "whether a service is read: years are compared",
        lambda cut: usage.UsageDay.day < cut.before.date(),
    ),
    Rule(
        scores.ServiceUsefulness, "its audit", Age.AGGREGATE, "how services fare from year to year",
        lambda cut: scores.ServiceUsefulness.run_id <= cut.last_run,
    ),
    Rule(
        jobs.JobRun, "its start", Age.AGGREGATE, "whether audits and mails ran, for the years they speak of",
        lambda cut: jobs.JobRun.started_at < cut.before,
    ),
    Rule(
        outbox.OutboxMail, "when it was made", Age.AGGREGATE, "whether people were told; it names them",
        lambda cut: outbox.OutboxMail.made_at < cut.before,
    ),
    Rule(
        outbox.MailEdition, "when it was made", Age.AGGREGATE, "what people were told; it names objects",
        lambda cut: outbox.MailEdition.made_at < cut.before,
    ),
    Rule(
        outbox.MailToken, "when it was sent", Age.AGGREGATE, "a mail may be kept for long, and left by",
        lambda cut: outbox.MailToken.made_at < cut.before,
    ),
    Rule(
        forgotten.Forgotten, "its entry", Age.AGGREGATE, "what went, and when, can be shown",
        lambda cut: forgotten.Forgotten.at < cut.before,
    ),
    Rule(
        outbox.DeputyTold, "when it was told", Age.AGGREGATE, "told once, as long as its finding may stand",
        lambda cut: outbox.DeputyTold.told_at < cut.before,
    ),
    Rule(
        alerts.SafetyAlert, "when its end was told", Age.AGGREGATE, "whether people were told; it names objects",
        lambda cut: alerts.SafetyAlert.recovered_at < cut.before,
    ),
    Rule(
        alerts.SafetyDelivery, "when it was made", Age.AGGREGATE, "as mails of the week",
        lambda cut: alerts.SafetyDelivery.made_at < cut.before,
    ),
    Rule(
        coverage.CoverageVisit, "its day", Age.AGGREGATE, "evidence of coverage for months; it names people",
        lambda cut: coverage.CoverageVisit.visited_on < cut.before.date(),
    ),
    Rule(
        public_accounts.PublicEvidence, "when its account was made", Age.AGGREGATE,
        "whoever doubts a figure sees its rows; they name objects",
        lambda cut: public_accounts.PublicEvidence.made_at < cut.before,
    ),
)  # fmt: skip

_OWNERS = "owners' words: people change them"
KEPT: Final[Mapping[type[Base], str]] = {
    registry.Network: _OWNERS,
    registry.Organisation: _OWNERS,
    registry.Territory: _OWNERS,
    registry.Service: _OWNERS,
    registry.Application: _OWNERS,
    registry.Place: _OWNERS,
    registry.DeviceRecord: _OWNERS,
    registry.Installation: _OWNERS,
    registry.Position: _OWNERS,
    registry.GatewayRecord: _OWNERS,
    telemetry.Device: "the inventory: a device that was heard is known",
    telemetry.DeviceState: "one row a device; its totals outlive the rows they count",
    sketch_tables.ChannelTail: "one row a device: its last uplinks",
    sketch_tables.ChannelTrace: "one row a device: what its next values are compared with",
    sketch_tables.SketchKey: "without it no hash of a payload could be compared any more",
    collection.Gateway: "one row a gateway",
    audits.AuditRun: "one small row an audit: findings name the first and the last that saw them",
    audits.DeviceVerdict: "of the last two audits; the audit itself replaces them",
    audits.DeviceHabit: "one row a device: what the audit learnt of it",
    audits.GatewayVerdict: "of the last two audits; the audit itself replaces them",
    audits.ApplicationVerdict: "of the last two audits; the audit itself replaces them",
    audits.FindingVerdict: "of the last two audits; the audit itself replaces them",
    incident_tables.CauseEvidence: "of the last two audits; the audit itself replaces them",
    usage.OwnerAnswer: _OWNERS,
    usage.ApplicationIntegration: "one row an integration: as it was last looked at",
    scores.UsefulnessRun: "one small row an audit: the one number of each year",
    scores.DeviceUsefulness: "of the last two judgements; the judgement itself replaces them",
    jobs.PlannedJob: "when each timed job runs next",
    decisions.Decision: "what was decided, and what came of it",
    decisions.Goal: _OWNERS,
    coverage.CoverageRun: "one small row a build",
    coverage.CoverageGateway: "of the last two builds; the build itself replaces them",
    coverage.CoverageTile: "of the last two builds; the build itself replaces them",
    coverage.CoverageCell: "of the last two builds; the build itself replaces them",
    coverage.CoveragePlan: "of the last build; worked out anew with it",
    coverage.CoverageCandidate: "places on a list; a new list replaces it",
    coverage.CellPopulation: "what a census said; a new one replaces it",
    weeks.RawWeek: "one small row a week: what is sealed stays sealed",
    weeks.RawStray: "goes with its raw week",
    public_accounts.PublicAccount: "the accounts of years and months are public, and compared",
    public_accounts.PublicFigure: "as its account: figures name nobody",
    people.Person: "a person's account: disabled, then deleted when nobody uses it (`user retire`)",
    people.Session: "ends by itself within a week; the next signing-in takes it away",
    people.ApiToken: "a token says who could read until when: as long as its organisation",
    people.SavedView: "a person's own words: they delete it",
    people.Attempt: "forgotten within a day, by the next attempt",
    people.OidcFlow: "forgotten within the hour, by the next one",
    sync_tables.NetworkDevice: "one row a device and network; sync replaces it",
    sync_tables.NetworkProfile: "one row a profile; sync replaces it",
    sync_tables.NetworkGateway: "one row a gateway; sync replaces it",
    sync_tables.SyncRun: "one small row a sync",
    adoption_tables.AdoptionRule: _OWNERS,
    adoption_tables.AdoptionFile: _OWNERS,
    journal_tables.ChangeSet: "the journal of owners' words: what was there before can be put back",
    journal_tables.Change: "goes with its change set",
    journal_tables.DeviceAttribute: _OWNERS,
    journal_tables.ColumnMapping: _OWNERS,
    adoption_tables.AdoptionRule: "a rule that people made: they take it away",
    adoption_tables.AdoptionFile: "a table that rules join, without keys: people take it away once it has served",
    outbox.Recipient: "who gets mails: until somebody removes them (`recipients remove`)",
    alerts.SafetyContact: "who is told at once: until somebody removes them (`alerts remove`)",
    outbox.MailSwitch: "whose mails are on",
    outbox.MailPreview: "one small row an organisation and week somebody looked at",
}
"""Every other table, and why nothing in it grows old."""


def _has_finding() -> ColumnElement[bool]:
    """Return the condition of words whose finding is still there."""
    finding, word = audits.Finding, words.FindingWord
    same = (
        (finding.kind == word.kind)
        & (finding.subject_kind == word.subject_kind)
        & (finding.subject == word.subject)
        & (finding.since == word.since)
    )
    return select(finding.kind).where(same).correlate(word).exists()


def _whole_days(day: Any, cut: Cut) -> ColumnElement[bool]:  # noqa: ANN401 - any model's column
    """Return the condition of days that are old, but for those whose raw rows are there: sums are of rows."""
    old: ColumnElement[bool] = day < cut.before.date()
    return old & not_(or_(*(day.between(*span) for span in cut.open_days))) if cut.open_days else old


def cut_of(connection: Connection, rule: Rule, *, now: datetime, ages: Ages, going: Collection[date] = ()) -> Cut:
    """Return where a rule's old rows begin, once the raw weeks `going` have gone."""
    before = now - ages[rule.age]
    there = connection.scalars(select(weeks.RawWeek.week).where(weeks.RawWeek.emptied_at.is_(None)))
    query = select(audits.AuditRun.id, audits.AuditRun.completed_at, audits.AuditRun.light)
    complete = query.where(audits.AuditRun.completed_at.is_not(None)).order_by(audits.AuditRun.id)
    runs = [(row.id, row.completed_at, row.light) for row in connection.execute(complete)]
    return Cut(
        before=before,
        open_days=spans(week for week in there if week < before.date() and week not in going),
        weekly_runs=list({week_of(completed_at): run for run, completed_at, light in runs if not light}.values()),
        last_run=max((run for run, completed_at, _ in runs if completed_at < before), default=0),
    )


def as_markdown() -> str:
    """Return the two tables of docs/retention.md."""
    lines = ["| table | kept for | counted from | why |", "|---|---|---|---|"]
    lines += [
        f"| `{rule.table.table().name}` | `{rule.age}` | {rule.counted_from} | {rule.why} |" for rule in RETENTION
    ]
    lines += ["", "| table | nothing in it grows old |", "|---|---|"]
    lines += [f"| `{table.table().name}` | {why} |" for table, why in KEPT.items()]
    return "\n".join(lines) + "\n"
