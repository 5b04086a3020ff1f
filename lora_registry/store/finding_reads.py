"""What lists show of findings: a selection of them, how many are not listed, one with its journal."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
)

from lora_registry.domain.access import Viewer
from lora_registry.domain.finding_place import Place
from lora_registry.domain.findings import Identity, Severity, Status, SubjectKind
from lora_registry.domain.identifiers import DevEui
from lora_registry.store import reads, scope, staging
from lora_registry.store.audits import AuditRun, Finding, FindingObservation
from lora_registry.store.findings import KEY
from lora_registry.store.reads import Row
from lora_registry.store.registry import GatewayRecord
from lora_registry.store.words import FindingWord

_EUI_DIGITS = 16
_MOST_NAMED = 10_000
"""SQLite takes 32,766 parameters."""
_Scoped = Callable[[str | None, Viewer], Select[Any]]
_WORST_FIRST = (
    case({severity.value: -severity.rank for severity in Severity}, value=Finding.severity),
    Finding.since,
    Finding.kind,
    Finding.subject,
)
LISTED = (
    *KEY, Finding.severity, Finding.confidence, Finding.evidence, Finding.explanation, Finding.cause,
    Finding.status,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Some findings: those of which all that is said is true. None says nothing."""

    kind: str | None = None
    subjects: Collection[str] | None = None
    """Any of these."""
    service: str | None = None
    """Those of this service's devices, by id or name."""
    commune: str | None = None
    """Those of devices in this commune, by INSEE code."""
    statuses: Collection[Status] | None = None
    severity: Severity | None = None
    moved_since: datetime | None = None
    """Those that came, or were last seen and are gone, since this instant."""
    identities: Collection[Identity] | None = None
    """Any of these."""
    seen_by: Viewer | None = None
    """Those that this person sees; None: an operator's tool, which sees all."""
    spoken_by: Viewer | None = None
    """Those on which this person's word counts."""

    def condition(self, connection: Connection) -> list[ColumnElement[bool]]:
        """Return what holds of these findings."""
        said = self._plain()
        if self.seen_by is not None:
            said.append(self._about(connection, self.seen_by, scope.sees_findings, said))
        if self.spoken_by is not None:
            said.append(self._about(connection, self.spoken_by, scope.speaks_of, said))
        if self.service is not None or self.commune is not None:
            devices = reads.chosen(service=self.service, commune=self.commune).order_by(None)
            chosen = devices.subquery()
            euis = select(_written(connection.dialect, chosen.c.dev_eui))
            said += [Finding.subject_kind == SubjectKind.DEVICE, Finding.subject.in_(euis)]
        return said

    def _plain(self) -> list[ColumnElement[bool]]:
        """Return what their own columns say."""
        said: list[ColumnElement[bool]] = []
        if self.kind is not None:
            said.append(Finding.kind == self.kind)
        if self.subjects is not None:
            said.append(Finding.subject.in_(self.subjects))
        if self.statuses is not None:
            said.append(Finding.status.in_(self.statuses))
        if self.severity is not None:
            said.append(Finding.severity == self.severity)
        if self.moved_since is not None:
            gone = and_(Finding.status == Status.CLEARED, Finding.last_seen_at >= self.moved_since)
            said.append(or_(Finding.first_seen_at >= self.moved_since, gone))
        if self.identities is not None:
            said.append(or_(false(), *(and_(*_is(identity)) for identity in self.identities)))
        return said

    def _about(
        self, connection: Connection, viewer: Viewer, scoped: _Scoped, said: list[ColumnElement[bool]]
    ) -> ColumnElement[bool]:
        """Return the condition of findings about devices of a scope, or about what else concerns a viewer."""
        among = self._devices(connection, viewer, scoped, said)
        if among is None:
            devices = scoped(None, viewer.alike).subquery()
            euis: Any = select(_written(connection.dialect, devices.c.dev_eui))
        else:
            euis = among
        about = [and_(Finding.subject_kind == SubjectKind.DEVICE, Finding.subject.in_(euis))]
        if viewer.sees_collection:
            about.append(Finding.subject_kind != SubjectKind.DEVICE)
        else:
            own = select(GatewayRecord.gateway_id).where(GatewayRecord.owner_id == viewer.organisation)
            written = select(_written(connection.dialect, own.subquery().c.gateway_id))
            about.append(and_(Finding.subject_kind == SubjectKind.GATEWAY, Finding.subject.in_(written)))
        return or_(*about)

    def _devices(
        self, connection: Connection, viewer: Viewer, scoped: _Scoped, said: list[ColumnElement[bool]]
    ) -> frozenset[str] | None:
        """Return the devices of a scope that findings are about; None where these are too many to be named.

        Forty thousand devices cost a tenth of a second to scope, the few hundred with findings next to nothing.
        """
        of_devices = Finding.subject_kind == SubjectKind.DEVICE
        query = select(Finding.subject).distinct().where(of_devices, *said).limit(_MOST_NAMED + 1)
        subjects = connection.scalars(query).all()
        if len(subjects) > _MOST_NAMED:
            return None
        if not subjects:
            return frozenset()
        dialect = connection.dialect.name
        bound = staging.listed(dialect, [DevEui(eui).to_int64() for eui in subjects])
        return frozenset(map(str, connection.scalars(scoped(dialect, viewer.alike), bound)))


def _is(identity: Identity) -> list[ColumnElement[bool]]:
    return [column == value for column, value in zip(KEY, identity, strict=True)]


def _written(dialect: Dialect, eui: ColumnElement[Any]) -> ColumnElement[str]:
    """Return an identifier as people write it: findings are of many kinds of subject, hence of text."""
    stored = type_coerce(eui, BigInteger)
    if dialect.name == "postgresql":
        return func.lpad(func.to_hex(stored), _EUI_DIGITS, "0")
    return func.printf(f"%0{_EUI_DIGITS}x", stored)


def findings(connection: Connection, selection: Selection, *, language: str) -> list[Row]:
    """Return findings, worst first; keys are those of `findings list --format json`, and `subject_kind`."""
    query = select(*LISTED).where(*selection.condition(connection)).order_by(*_WORST_FIRST)
    return [told(dict(row), language) for row in connection.execute(query).mappings()]


def page(
    connection: Connection,
    selection: Selection,
    *,
    language: str,
    after: Place | None,
    size: int,
) -> list[Row]:
    """Return `size` findings that follow one in the order of `findings`; from the beginning without one."""
    order = (*_WORST_FIRST, Finding.subject_kind)
    query = select(*LISTED).where(*selection.condition(connection)).order_by(*order).limit(size)
    if after is not None:
        since = bindparam("since", after.since, Finding.since.type)
        here = (after.rank, since, after.kind, after.subject, after.subject_kind)
        query = query.where(tuple_(*order) > tuple_(*here))
    return [told(dict(row), language) for row in connection.execute(query).mappings()]


def told(row: Row, language: str) -> Row:
    """Return a row of `LISTED` with its explanation in one language."""
    return row | {"explanation": row["explanation"][language]}


def counts(connection: Connection, selection: Selection) -> dict[Status, int]:
    """Return how many findings there are of each status."""
    query = select(Finding.status, func.count()).where(*selection.condition(connection)).group_by(Finding.status)
    found = {Status(status): count for status, count in connection.execute(query)}
    return {status: found[status] for status in Status if status in found}


def latest(connection: Connection, selection: Selection, *, language: str) -> Row | None:
    """Return the finding that began last, with all that is known of it and its `journal`; None: there is none.

    An entry of the journal has `at`, `by` (None: the audit), `action`, `text`, `until`, `severity` and `status`.
    """
    seen = (Finding.first_seen_at, Finding.last_seen_at, Finding.rule_version)
    query = select(*LISTED, *seen).where(*selection.condition(connection)).order_by(Finding.since.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return _with_journal(connection, row, language) if row is not None else None


def with_journals(connection: Connection, selection: Selection, *, language: str, most: int = 5) -> list[Row]:
    """Return the findings that began last, as `latest` does: `most` of them."""
    seen = (Finding.first_seen_at, Finding.last_seen_at, Finding.rule_version)
    query = (
        select(*LISTED, *seen).where(*selection.condition(connection)).order_by(Finding.since.desc()).limit(most)
    )
    return [_with_journal(connection, row, language) for row in connection.execute(query).mappings().all()]


def _with_journal(connection: Connection, row: Any, language: str) -> Row:  # noqa: ANN401 - a row of any query
    journal = sorted([*_words(connection, row), *_reopenings(connection, row)], key=lambda entry: entry["at"])
    return told(dict(row), language) | {"journal": journal}


def _words(connection: Connection, finding: Any) -> list[Row]:  # noqa: ANN401 - a row of any query
    query = select(
        FindingWord.said_at.label("at"), FindingWord.said_by.label("by"), FindingWord.action, FindingWord.text,
        FindingWord.until, FindingWord.severity, FindingWord.status,
    ).where(*_same(FindingWord, finding)).order_by(FindingWord.id)  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def _reopenings(connection: Connection, finding: Any) -> list[Row]:  # noqa: ANN401
    """Return when audits opened it again, and why; those whose observation retention has left."""
    query = (
        select(AuditRun.judged_at, FindingObservation.reopened, FindingObservation.severity)
        .join(AuditRun, AuditRun.id == FindingObservation.run_id)
        .where(*_same(FindingObservation, finding), FindingObservation.reopened.is_not(None))
        .order_by(FindingObservation.run_id)
    )
    return [
        {
            "at": at, "by": None, "action": reason, "text": None, "until": None, "severity": severity,
            "status": Status.OPEN.value,
        }
        for at, reason, severity in connection.execute(query)
    ]  # fmt: skip


def _same(model: type[FindingWord | FindingObservation], finding: Any) -> list[ColumnElement[bool]]:  # noqa: ANN401
    return [getattr(model, column.key) == finding[column.key] for column in KEY]
