"""The schema: up, equal to the models, down again."""

from __future__ import annotations

from pathlib import Path

import alembic
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Table, UniqueConstraint, inspect

from lora_registry.domain.errors import UnavailableError
from lora_registry.store import migrations, version
from lora_registry.store.base import Base, Lives
from lora_registry.store.engine import make_engine
from lora_registry.store.week_partitions import is_partition
from tests.conftest import ROOT


def test_upgrade_gives_the_models_and_downgrade_leaves_nothing(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrations.upgrade(engine)
    version.require_current(engine)
    assert migrations.differences(engine) == []
    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_an_empty_database_is_refused_with_the_way_out(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    with pytest.raises(UnavailableError, match="run `lora-registry db upgrade`"):
        version.require_current(engine)
    engine.dispose()


def test_a_missing_column_is_told(empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE service DROP COLUMN decision")
    assert any("decision" in line for line in migrations.differences(engine))
    engine.dispose()


def test_no_table_of_a_model_passes_for_a_partition() -> None:
    assert not any(map(is_partition, Base.metadata.tables))
    assert all(map(is_partition, ("uplink_2026w37", "device_event_undated", "gateway_report_ahead")))


def test_the_folder_of_migrations_does_not_hide_the_library() -> None:
    assert "site-packages" in str(alembic.__file__)
    assert not (ROOT / "alembic" / "__init__.py").exists()


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_table_could_live_on_a_sharded_postgresql(table: Table) -> None:
    """Design, section 5: no unique key without dev_eui, no foreign key out of or between distributed tables."""
    assert table.info.get("lives") in set(Lives), f"{table.name} does not say where it lives"
    referred = {key.column.table.info["lives"] for key in table.foreign_keys}
    if table.info["lives"] is Lives.DISTRIBUTED:
        assert not referred, f"{table.name} has a foreign key"
        uniques = [table.primary_key, *(c for c in table.constraints if isinstance(c, UniqueConstraint))]
        assert all("dev_eui" in unique.columns for unique in uniques)
        assert all("dev_eui" in index.columns for index in table.indexes if index.unique)
    else:
        assert Lives.DISTRIBUTED not in referred
    if table.info["lives"] is Lives.REFERENCE:
        assert referred <= {Lives.REFERENCE}


def test_the_program_s_revision_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(ROOT / "alembic"))
    assert scripts.get_heads() == [version.REVISION]


def test_migrations_are_found_in_the_checkout() -> None:
    assert min(path.name for path in Path(ROOT / "alembic" / "versions").glob("*.py")) == "0001_initial.py"
