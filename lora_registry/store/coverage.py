"""What was built of coverage: runs, the gateways they saw, tiles of evidence, cells; and what people add to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Float, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lora_registry.domain.identifiers import GatewayId
from lora_registry.store.base import Base, Lives, lives
from lora_registry.store.types import GatewayIdType, Instant

_LOCAL = {"info": lives(Lives.LOCAL)}
_CLUSTERED = {"sqlite_with_rowid": False, "info": lives(Lives.LOCAL)}


class CoverageRun(Base):
    """One build of coverage; shown only once complete."""

    __tablename__ = "coverage_run"
    __table_args__ = _LOCAL

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    built_at: Mapped[datetime] = mapped_column(Instant, comment="the `now` it was built for")
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    target: Mapped[float] = mapped_column(Float, comment="share of frames that a covered cell delivers")
    network: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), comment="coverage.remembered; null where nothing was ever heard"
    )
    rejected: Mapped[dict[str, int]] = mapped_column(
        JSON, comment="positions left out, by what is wrong with them"
    )


class CoverageGateway(Base):
    """A gateway as a build saw it; cells name it by its number."""

    __tablename__ = "coverage_gateway"
    __table_args__ = _CLUSTERED

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    gateway_id: Mapped[GatewayId] = mapped_column(GatewayIdType)
    name: Mapped[str | None] = mapped_column(String(200))
    third_party: Mapped[bool] = mapped_column()
    latitude: Mapped[float | None] = mapped_column(Float, comment="where it stands now; null: not modelled")
    longitude: Mapped[float | None] = mapped_column(Float)
    since: Mapped[date | None] = mapped_column(Date, comment="evidence from this day on: it moved then")


class CoverageTile(Base):
    """A square of the plane: its evidence by area, and what each gateway is to each of its cells."""

    __tablename__ = "coverage_tile"
    __table_args__ = _CLUSTERED

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tile_column: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    tile_row: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.coverage_packing")


class CoverageCell(Base):
    """What a build says of one cell of the 200 m grid (EPSG:3035)."""

    __tablename__ = "coverage_cell"
    __table_args__ = _CLUSTERED

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    northing_m: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    easting_m: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(8), comment="covered, gap or unknown")
    basis: Mapped[str] = mapped_column(String(12), comment="measured, predicted or withheld")
    confidence: Mapped[float | None] = mapped_column(Float, comment="P(delivery >= target)")
    devices: Mapped[int] = mapped_column(Integer)
    frames: Mapped[float] = mapped_column(Float, comment="faded by age")
    last_on: Mapped[date | None] = mapped_column(Date)
    gateways: Mapped[float] = mapped_column(Float, comment="that hear a frame there, on average")
    strong: Mapped[int] = mapped_column(SmallInteger, comment="that hear four frames in five")
    any_hears: Mapped[float] = mapped_column(Float, comment="P(a frame is heard), SF12, outdoors")
    without_worst: Mapped[float] = mapped_column(Float, comment="the same without the one it needs most: N-1")
    sf7: Mapped[float] = mapped_column(Float, comment="P(a frame is heard) at SF7, outdoors")
    indoor: Mapped[float] = mapped_column(Float, comment="P(a frame is heard) at SF12, indoors")
    territory_code: Mapped[str | None] = mapped_column(String(16))
    heard_by: Mapped[bytes] = mapped_column(LargeBinary, comment="packed, see store.coverage_packing")


class CoverageVisit(Base):
    """Somebody stood there and tried: an installer, a survey. What failed is told nowhere else."""

    __tablename__ = "coverage_visit"
    __table_args__ = _LOCAL

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    visited_on: Mapped[date] = mapped_column(Date)
    latitude: Mapped[float] = mapped_column(Float)
    longitude: Mapped[float] = mapped_column(Float)
    heard: Mapped[bool] = mapped_column()
    note: Mapped[str | None] = mapped_column(Text)
    said_at: Mapped[datetime] = mapped_column(Instant)
    said_by: Mapped[str] = mapped_column(String(200))


class CoveragePlan(Base):
    """The answer to one question about one build."""

    __tablename__ = "coverage_plan"
    __table_args__ = _LOCAL

    run_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    question: Mapped[str] = mapped_column(String(32), primary_key=True, comment="pipeline.plan_coverage.Question")
    worked_out_at: Mapped[datetime] = mapped_column(Instant, comment="the `now` that it was asked for")
    answer: Mapped[Any] = mapped_column(JSON)


class CoverageCandidate(Base):
    """A place where a gateway could stand: a public building, a mast."""

    __tablename__ = "coverage_candidate"
    __table_args__ = {"info": lives(Lives.REFERENCE)}  # noqa: RUF012

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    latitude: Mapped[float] = mapped_column(Float)
    longitude: Mapped[float] = mapped_column(Float)
    gain_db: Mapped[float] = mapped_column(Float, comment="what its height or antenna adds to an ordinary gateway")


class CellPopulation(Base):
    """Inhabitants of a cell, where somebody gave them (INSEE's 200 m squares, for example)."""

    __tablename__ = "cell_population"
    __table_args__ = {"sqlite_with_rowid": False, "info": lives(Lives.REFERENCE)}  # noqa: RUF012

    northing_m: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    easting_m: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    inhabitants: Mapped[float] = mapped_column(Float)
