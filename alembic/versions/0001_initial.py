"""The registry, telemetry, collection and audit tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# timestamptz on PostgreSQL, microseconds since 1970 on SQLite (lora_registry.store.types.Instant).
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def one_of(table: str, column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split(", "))
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def partitions_that_stay(table: str) -> None:
    """Make the partitions of keys without a week of their own; ingest makes those of weeks.

    The bounds are those of lora_registry.domain.raw_weeks, as they were when this was written.
    """
    if op.get_bind().dialect.name == "postgresql":
        for name, start, end in (
            ("undated", "MINVALUE", "'2014-12-29 00:00+00'"),
            ("ahead", "'2040-01-02 00:00+00'", "MAXVALUE"),
        ):
            op.execute(f"CREATE TABLE {table}_{name} (LIKE {table} INCLUDING ALL)")
            op.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_{name} FOR VALUES FROM ({start}) TO ({end})")


def core_tables() -> None:
    op.create_table(
        "application_verdict",
        sa.Column("application", sa.String(200), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("application", "run_id", name="pk_application_verdict"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("judged_at", INSTANT, nullable=False, comment="the `now` it judged for"),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("rules", sa.JSON(), nullable=False, comment="version of each rule that judged"),
        sa.Column("light", sa.Boolean(), nullable=False, comment="gateways, incidents and safety services alone"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_run"),
    )
    op.create_table(
        "channel_sketch",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False, comment="its Monday, UTC"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="packed, see store.sketch_packing"),
        sa.PrimaryKeyConstraint("dev_eui", "week", name="pk_channel_sketch"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "channel_tail",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("payload_hash", sa.BigInteger(), nullable=False, comment="of the last payload, keyed: BLAKE2b"),
        sa.Column("frames", sa.LargeBinary(), nullable=False, comment="packed, see store.channel_frames"),
        sa.PrimaryKeyConstraint("dev_eui", name="pk_channel_tail"),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "channel_trace",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("traces", sa.LargeBinary(), nullable=False, comment="packed, see store.sketch_packing"),
        sa.PrimaryKeyConstraint("dev_eui", name="pk_channel_trace"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "collection_outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_collection_outage"),
    )
    op.create_table(
        "dead_letter",
        sa.Column(
            "key", sa.BigInteger(), nullable=False, autoincrement=False, comment="hash of topic and payload"
        ),
        sa.Column("first_received_at", INSTANT, nullable=False),
        sa.Column("last_received_at", INSTANT, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="payload, bytes"),
        sa.Column("excerpt", sa.Text(), nullable=False, comment="the payload's beginning, values redacted"),
        sa.PrimaryKeyConstraint("key", name="pk_dead_letter"),
    )
    op.create_table(
        "device",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(1024), nullable=False),
        sa.Column("application_id", sa.String(1024), nullable=False),
        sa.Column("application_name", sa.String(1024), nullable=False),
        sa.Column("profile_id", sa.String(1024), nullable=False),
        sa.Column("profile_name", sa.String(1024), nullable=False),
        sa.Column("tenant_id", sa.String(1024), nullable=False),
        sa.Column("tenant_name", sa.String(1024), nullable=False),
        sa.Column("device_class", sa.String(1024), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("registered_at", INSTANT, nullable=False, comment="first heard by us"),
        sa.PrimaryKeyConstraint("dev_eui", name="pk_device"),
    )
    op.create_table(
        "device_day",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("uplinks", sa.Integer(), nullable=False),
        sa.Column("retransmissions", sa.Integer(), nullable=False),
        sa.Column("mac_only", sa.Integer(), nullable=False),
        sa.Column("qos0", sa.Integer(), nullable=False, comment="delivered without guarantee"),
        sa.Column("joins", sa.Integer(), nullable=False),
        sa.Column("airtime_s", sa.Float(), nullable=False),
        sa.Column("sf7", sa.Integer(), nullable=False),
        sa.Column("sf8", sa.Integer(), nullable=False),
        sa.Column("sf9", sa.Integer(), nullable=False),
        sa.Column("sf10", sa.Integer(), nullable=False),
        sa.Column("sf11", sa.Integer(), nullable=False),
        sa.Column("sf12", sa.Integer(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=True),
        sa.Column("last_at", INSTANT, nullable=True),
        sa.Column(
            "links", sa.LargeBinary(), nullable=False, comment="what each gateway heard, packed: domain.links"
        ),
        sa.PrimaryKeyConstraint("dev_eui", "day", name="pk_device_day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "device_event",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("dev_eui", "at", "key", name="pk_device_event"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (at)",
    )
    partitions_that_stay("device_event")
    op.create_table(
        "device_habit",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("learnt_at", INSTANT, nullable=False),
        sa.Column("uplinks_total", sa.BigInteger(), nullable=False, comment="ever stored, then"),
        sa.Column("learnt", sa.JSON(), nullable=False, comment="facts that hold until it is learnt anew"),
        sa.Column("frames", sa.LargeBinary(), nullable=False, comment="the last ones, packed: domain.habit"),
        sa.Column("law", sa.LargeBinary(), nullable=False, comment="of its silences: domain.silence_law"),
        sa.Column("links", sa.LargeBinary(), nullable=False, comment="who hears it: domain.radio_past"),
        sa.Column("losses", sa.LargeBinary(), nullable=False, comment="of up to a year: domain.loss_memory"),
        sa.PrimaryKeyConstraint("dev_eui", name="pk_device_habit"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "device_record",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False, comment="when it was first declared"),
        sa.Column("service_id", sa.String(64), nullable=True),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("model", sa.String(200), nullable=True),
        sa.Column("firmware", sa.String(200), nullable=True),
        sa.Column("batch", sa.String(200), nullable=True),
        sa.Column("condition", sa.String(8), nullable=True, comment="bought new or reused"),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("lifecycle", sa.String(16), nullable=True),
        sa.Column("privacy", sa.String(20), nullable=True),
        sa.Column("owner_id", sa.String(64), nullable=True),
        sa.Column("operator_id", sa.String(64), nullable=True),
        sa.Column("maintainer_id", sa.String(64), nullable=True),
        sa.Column("territory_code", sa.String(16), nullable=True, comment="declared commune"),
        sa.PrimaryKeyConstraint("dev_eui", name="pk_device_record"),
        one_of(
            "device_record",
            "lifecycle",
            "planned, provisioned, in_service, suspended, to_remove, removed, reused, recycled",
        ),
        one_of("device_record", "privacy", "public, internal, household, mobile_person"),
    )
    op.create_table(
        "device_state",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("identity", sa.BigInteger(), nullable=False, comment="hash of the device row's content"),
        sa.Column("identity_at", INSTANT, nullable=True, comment="time of the event it was read from"),
        sa.Column(
            "uplinks_total", sa.BigInteger(), nullable=False, comment="rows ever stored; retention keeps it"
        ),
        sa.Column("first_uplink_at", INSTANT, nullable=True),
        sa.Column("last_uplink_at", INSTANT, nullable=True),
        sa.Column(
            "last_data_at",
            INSTANT,
            nullable=True,
            comment="of the last uplink that was not MAC commands alone",
        ),
        sa.Column("last_received_at", INSTANT, nullable=True),
        sa.Column("joins_total", sa.Integer(), nullable=False),
        sa.Column("last_join_at", INSTANT, nullable=True),
        sa.Column("battery_pct", sa.Float(), nullable=True),
        sa.Column("external_power", sa.Boolean(), nullable=True),
        sa.Column("margin_db", sa.SmallInteger(), nullable=True),
        sa.Column("status_at", INSTANT, nullable=True),
        sa.Column("recent", sa.LargeBinary(), nullable=False, comment="last frames, see domain.flags"),
        sa.PrimaryKeyConstraint("dev_eui", name="pk_device_state"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "device_verdict",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cadence", sa.String(24), nullable=True, comment="class of its habit"),
        sa.Column("period_s", sa.Float(), nullable=True),
        sa.Column("delivery_ratio", sa.Float(), nullable=True),
        sa.Column("delivery_low", sa.Float(), nullable=True),
        sa.Column("delivery_high", sa.Float(), nullable=True),
        sa.Column("airtime_s_per_day", sa.Float(), nullable=True),
        sa.Column("gateways_30d", sa.Integer(), nullable=True),
        sa.Column("territory_code", sa.String(16), nullable=True, comment="commune of its position"),
        sa.Column("facts", sa.JSON(), nullable=False, comment="what the rules saw"),
        sa.PrimaryKeyConstraint("dev_eui", "run_id", name="pk_device_verdict"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False, comment="by language"),
        sa.Column("cause", sa.String(200), nullable=True),
        sa.Column("patience_s", sa.Float(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False, comment="domain.finding_status"),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("last_run_id", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False, comment="the `now` of a run that saw it"),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "subject_kind", "subject", "since", name="pk_finding"),
    )
    op.create_table(
        "finding_observation",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("reopened", sa.String(16), nullable=True, comment="why this run opened it again, if it did"),
        sa.PrimaryKeyConstraint(
            "run_id", "kind", "subject_kind", "subject", "since", name="pk_finding_observation"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding_verdict",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False, comment="text: a new rule needs no migration"),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False, comment="by language"),
        sa.Column("cause", sa.String(200), nullable=True),
        sa.Column("patience_s", sa.Float(), nullable=False, comment="how long it may be seen once it is done"),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "kind", "subject_kind", "subject", "since", name="pk_finding_verdict"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column("said_by", sa.String(200), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("until", INSTANT, nullable=True, comment="end of a snooze"),
        sa.Column("severity", sa.String(16), nullable=False, comment="of the finding, then"),
        sa.Column("status", sa.String(16), nullable=False, comment="where this left the finding"),
        sa.PrimaryKeyConstraint("id", name="pk_finding_word"),
        one_of("finding_word", "action", "acknowledge, snooze, answer, resolve, reopen"),
        one_of("finding_word", "severity", "info, warning, critical"),
        one_of("finding_word", "status", "open, acknowledged, snoozed, answered, resolved, cleared"),
    )
    op.create_index("ix_finding_word_finding", "finding_word", ["kind", "subject_kind", "subject", "since"])
    op.create_table(
        "gateway",
        sa.Column("gateway_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("first_stats_at", INSTANT, nullable=True, comment="by arrival"),
        sa.Column("last_stats_at", INSTANT, nullable=True),
        sa.Column("online", sa.Boolean(), nullable=True),
        sa.Column("online_at", INSTANT, nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("altitude_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("gateway_id", name="pk_gateway"),
    )
    op.create_table(
        "gateway_day",
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("rx_received", sa.BigInteger(), nullable=False),
        sa.Column("rx_ok", sa.BigInteger(), nullable=False),
        sa.Column("tx_emitted", sa.BigInteger(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", "day", name="pk_gateway_day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gateway_report",
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", "at", name="pk_gateway_report"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (at)",
    )
    partitions_that_stay("gateway_report")
    op.create_table(
        "gateway_verdict",
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", "run_id", name="pk_gateway_verdict"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hourly_mean",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False, comment="UTC"),
        sa.Column("means", sa.LargeBinary(), nullable=False, comment="packed, see store.sketch_packing"),
        sa.PrimaryKeyConstraint("dev_eui", "day", name="pk_hourly_mean"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "installation",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("place_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("dev_eui", "since", name="pk_installation"),
    )
    op.create_table(
        "maintenance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column(
            "subject",
            sa.String(200),
            nullable=False,
            comment="DevEUI, gateway id, service, application or network",
        ),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False, comment="as planned"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column("said_by", sa.String(200), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True, comment="when somebody said it was over, before"),
        sa.Column("ended_by", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_maintenance"),
        one_of("maintenance", "subject_kind", "device, gateway, service, application, network"),
    )
    op.create_table(
        "network",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_network"),
        one_of("network", "kind", "chirpstack, declared"),
    )
    op.create_table(
        "position",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("altitude_m", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("dev_eui", "since", "source", name="pk_position"),
        one_of("position", "source", "surveyed, imported, tag, geocoded, estimated, none"),
    )
    op.create_table(
        "raw_stray",
        sa.Column("week", sa.Date(), nullable=False, comment="they belong to"),
        sa.Column("lies_in", sa.Date(), nullable=False, comment="a week of the stretch of their keys"),
        sa.PrimaryKeyConstraint("week", "lies_in", name="pk_raw_stray"),
    )
    op.create_table(
        "raw_week",
        sa.Column("week", sa.Date(), nullable=False, comment="its Monday"),
        sa.Column("last_insert_at", INSTANT, nullable=False, comment="to an hour"),
        sa.Column("sealed_at", INSTANT, nullable=True, comment="nothing is added from then on"),
        sa.Column("emptied_at", INSTANT, nullable=True, comment="when its last row was gone"),
        sa.PrimaryKeyConstraint("week", name="pk_raw_week"),
    )
    op.create_table(
        "sketch_key",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sketch_key"),
    )
    op.create_table(
        "territory",
        sa.Column("code", sa.String(16), nullable=False, comment="INSEE code, text: 2A004"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True, comment="centre, WGS 84"),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("boundary", sa.JSON(), nullable=True, comment="GeoJSON geometry"),
        sa.Column("schematic", sa.Boolean(), nullable=False, comment="drawn from the centres, not surveyed"),
        sa.PrimaryKeyConstraint("code", name="pk_territory"),
    )
    op.create_table(
        "uplink",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False, comment="from the payload; 1970 without one"),
        sa.Column("key", sa.BigInteger(), nullable=False, comment="hash of kind and deduplicationId"),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("f_cnt", sa.Integer(), nullable=False),
        sa.Column("dev_addr", sa.Integer(), nullable=True),
        sa.Column("frequency_hz", sa.Integer(), nullable=True),
        sa.Column("bandwidth_hz", sa.Integer(), nullable=True),
        sa.Column("f_port", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="application payload, bytes"),
        sa.Column("spreading_factor", sa.SmallInteger(), nullable=True),
        sa.Column("dr", sa.SmallInteger(), nullable=True),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("receptions", sa.LargeBinary(), nullable=False, comment="packed, see store.receptions"),
        sa.PrimaryKeyConstraint("dev_eui", "at", "key", name="pk_uplink"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (at)",
    )
    partitions_that_stay("uplink")
    op.create_table(
        "watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(12), nullable=False, comment="listener or history"),
        sa.Column("session", sa.String(32), nullable=False, comment="the connection or backfill it belongs to"),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_watch"),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("siret", sa.String(14), nullable=True),
        sa.Column(
            "territory_code",
            sa.String(16),
            sa.ForeignKey("territory.code", name="fk_organisation_territory_code_territory"),
            nullable=True,
            comment="a commune's own",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
        one_of("organisation", "kind", "metropolis, commune, partner, operator"),
    )
    op.create_table(
        "place",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "territory_code",
            sa.String(16),
            sa.ForeignKey("territory.code", name="fk_place_territory_code_territory"),
            nullable=True,
        ),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("altitude_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_place"),
    )
    op.create_table(
        "gateway_record",
        sa.Column("gateway_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column(
            "owner_id",
            sa.String(64),
            sa.ForeignKey("organisation.id", name="fk_gateway_record_owner_id_organisation"),
            nullable=True,
        ),
        sa.Column("site", sa.String(200), nullable=True),
        sa.Column("backhaul", sa.String(200), nullable=True),
        sa.Column("power", sa.String(200), nullable=True),
        sa.Column("third_party", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("altitude_m", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("gateway_id", name="pk_gateway_record"),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True, comment="the decision its data supports"),
        sa.Column(
            "owner_id",
            sa.String(64),
            sa.ForeignKey("organisation.id", name="fk_service_owner_id_organisation"),
            nullable=True,
        ),
        sa.Column("contact", sa.String(200), nullable=True),
        sa.Column("consumers", sa.JSON(), nullable=False),
        sa.Column("family", sa.String(20), nullable=True),
        sa.Column("privacy", sa.String(20), nullable=True, comment="null is treated as household"),
        sa.Column("need_period_s", sa.Integer(), nullable=True, comment="how often data is needed"),
        sa.Column("tolerance", sa.JSON(), nullable=False, comment="per channel, its unit"),
        sa.Column("calendar", sa.JSON(), nullable=True, comment="operating season"),
        sa.Column("safety", sa.Boolean(), nullable=False, comment="people's safety depends on it: judged often"),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("cost_eur_per_year", sa.Float(), nullable=True, comment="as its owner counts it"),
        sa.PrimaryKeyConstraint("id", name="pk_service"),
        one_of("service", "family", "measure, meter, state, sentinel, position, actuator"),
        one_of("service", "privacy", "public, internal, household, mobile_person"),
    )
    op.create_table(
        "application",
        sa.Column(
            "network_id",
            sa.String(64),
            sa.ForeignKey("network.id", name="fk_application_network_id_network"),
            nullable=False,
        ),
        sa.Column("application_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey("organisation.id", name="fk_application_organisation_id_organisation"),
            nullable=True,
        ),
        sa.Column(
            "service_id",
            sa.String(64),
            sa.ForeignKey("service.id", name="fk_application_service_id_service"),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("network_id", "application_id", name="pk_application"),
    )


def upgrade() -> None:
    core_tables()
    timed_jobs()
    incidents()
    usefulness()
    coverage_tables()
    onboarding_tables()
    people()
    mail_tables()
    coverage_plan_tables()
    adoption_tables()
    accounts_tables()
    alert_tables()


def timed_jobs() -> None:
    op.create_table(
        "apscheduler_jobs",
        sa.Column("id", sa.Unicode(191), nullable=False),
        sa.Column("next_run_time", sa.Float(25), nullable=True),
        sa.Column("job_state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_apscheduler_jobs"),
    )
    op.create_index("ix_apscheduler_jobs_next_run_time", "apscheduler_jobs", ["next_run_time"])
    op.create_table(
        "job_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column(
            "exit_code", sa.Integer(), nullable=True, comment="null while it runs, and when it was cut short"
        ),
        sa.Column("words", sa.String(2000), nullable=False, comment="the end of what it said"),
        sa.PrimaryKeyConstraint("id", name="pk_job_run"),
    )


def incidents() -> None:
    """Make the tables of shared causes."""
    op.create_table(
        "incident",
        sa.Column("cause_kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True, comment="the `now` of the run that no longer found it"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("silent_s", sa.Float(), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False, comment="whose silence it explains"),
        sa.Column("members", sa.Integer(), nullable=False, comment="that it might have silenced"),
        sa.Column("expected", sa.Float(), nullable=False, comment="uplinks that should have come"),
        sa.Column("gain", sa.Float(), nullable=False),
        sa.Column("first_run_id", sa.Integer(), nullable=False),
        sa.Column("last_run_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("cause_kind", "cause", "began_at", name="pk_incident"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incident_device",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("cause_kind", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("dev_eui", "cause_kind", "cause", "began_at", name="pk_incident_device"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cause_evidence",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part", sa.BigInteger(), nullable=False, autoincrement=False, comment="its first DevEUI"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="packed: audit.cause_packing"),
        sa.PrimaryKeyConstraint("run_id", "part", name="pk_cause_evidence"),
        sqlite_with_rowid=False,
    )


def usefulness() -> None:
    """Evidence of use, scores, decisions and goals."""
    op.create_table(
        "application_integration",
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("application_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False, comment="empty: looked, and none is set"),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("network_id", "application_id", "kind", name="pk_application_integration"),
    )
    op.create_table(
        "usage_day",
        sa.Column(
            "service_id",
            sa.String(64),
            sa.ForeignKey("service.id", name="fk_usage_day_service_id_service"),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(64), nullable=False, comment="grafana, portal, api"),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("imported_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("service_id", "day", "source", name="pk_usage_day"),
    )
    op.create_table(
        "owner_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "service_id",
            sa.String(64),
            sa.ForeignKey("service.id", name="fk_owner_answer_service_id_service"),
            nullable=False,
        ),
        sa.Column("answered_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column("said_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_owner_answer"),
        one_of("owner_answer", "answer", "needed, partly, not_needed"),
    )
    op.create_index("ix_owner_answer_service_id", "owner_answer", ["service_id"])
    op.create_table(
        "usefulness_run",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False, comment="of the audit"),
        sa.Column("judged_at", INSTANT, nullable=False, comment="the `now` of the audit"),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("rule_version", sa.Integer(), nullable=False, comment="usefulness.score.VERSION"),
        sa.Column("figures", sa.JSON(), nullable=False, comment="the one number, see usefulness.figures"),
        sa.PrimaryKeyConstraint("run_id", name="pk_usefulness_run"),
    )
    op.create_table(
        "device_usefulness",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("low", sa.SmallInteger(), nullable=False),
        sa.Column("high", sa.SmallInteger(), nullable=False),
        sa.Column("serves", sa.String(16), nullable=False, comment="usefulness.standing.Serves"),
        sa.Column("gesture", sa.String(16), nullable=False, comment="what is proposed"),
        sa.Column("told", sa.JSON(), nullable=False, comment="the judgement: lines, sentences, proposal"),
        sa.Column("facts", sa.JSON(), nullable=False, comment="all that it rests on"),
        sa.PrimaryKeyConstraint("dev_eui", "run_id", name="pk_device_usefulness"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service_usefulness",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("low", sa.SmallInteger(), nullable=True),
        sa.Column("high", sa.SmallInteger(), nullable=True),
        sa.Column("gesture", sa.String(16), nullable=True, comment="what is proposed for most of its objects"),
        sa.Column("told", sa.JSON(), nullable=False, comment="usefulness.totals.Totals"),
        sa.PrimaryKeyConstraint("run_id", "service_id", name="pk_service_usefulness"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "service_id",
            sa.String(64),
            sa.ForeignKey("service.id", name="fk_decision_service_id_service"),
            nullable=True,
        ),
        sa.Column("dev_eui", sa.BigInteger(), nullable=True),
        sa.Column("gesture", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("objects", sa.JSON(), nullable=False, comment="DevEUIs concerned, as they were then"),
        sa.Column("expected", sa.JSON(), nullable=False, comment="expected saving"),
        sa.Column("score_low", sa.Integer(), nullable=True, comment="when it was recorded"),
        sa.Column("score_high", sa.Integer(), nullable=True),
        sa.Column("equipment", sa.String(16), nullable=False, comment="what really became of the equipment"),
        sa.Column("measure_on", sa.Date(), nullable=False, comment="when its effect is to be measured"),
        sa.Column("effect", sa.JSON(), nullable=True),
        sa.Column("measured_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
        one_of("decision", "gesture", "retire, repair, move, reduce_cadence, keep"),
        one_of("decision", "equipment", "unknown, stays, stored, reused, not_bought"),
        sa.CheckConstraint("(service_id IS NULL) <> (dev_eui IS NULL)", name=op.f("ck_decision_subject")),
    )
    op.create_table(
        "goal",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("indicator", sa.String(32), nullable=False),
        sa.Column("baseline", sa.Float(), nullable=False),
        sa.Column("baseline_on", sa.Date(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False, comment="year -> value"),
        sa.Column("measures", sa.Text(), nullable=True, comment="what is done for it"),
        sa.Column("means", sa.Text(), nullable=True, comment="people, money"),
        sa.Column("reference", sa.String(200), nullable=False, comment="of the deliberation"),
        sa.Column("set_at", INSTANT, nullable=False),
        sa.Column("set_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_goal"),
        one_of(
            "goal",
            "indicator",
            "serve_of_100, do_not_of_100, unknown_of_100, judgeable_of_100, airtime_s_per_object_day",
        ),
    )


def coverage_tables() -> None:
    op.create_table(
        "coverage_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("built_at", INSTANT, nullable=False, comment="the `now` it was built for"),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("target", sa.Float(), nullable=False, comment="share of frames that a covered cell delivers"),
        sa.Column(
            "network", sa.JSON(), nullable=True, comment="coverage.remembered; null where nothing was ever heard"
        ),
        sa.Column("rejected", sa.JSON(), nullable=False, comment="positions left out, by what is wrong with them"),
        sa.PrimaryKeyConstraint("id", name="pk_coverage_run"),
    )
    op.create_table(
        "coverage_gateway",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=True),
        sa.Column("third_party", sa.Boolean(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True, comment="where it stands now; null: not modelled"),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True, comment="evidence from this day on: it moved then"),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_coverage_gateway"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage_tile",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("tile_column", sa.Integer(), nullable=False),
        sa.Column("tile_row", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="packed, see store.coverage_packing"),
        sa.PrimaryKeyConstraint("run_id", "tile_column", "tile_row", name="pk_coverage_tile"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage_cell",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("northing_m", sa.Integer(), nullable=False),
        sa.Column("easting_m", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False, comment="covered, gap or unknown"),
        sa.Column("basis", sa.String(12), nullable=False, comment="measured, predicted or withheld"),
        sa.Column("confidence", sa.Float(), nullable=True, comment="P(delivery >= target)"),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Float(), nullable=False, comment="faded by age"),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("gateways", sa.Float(), nullable=False, comment="that hear a frame there, on average"),
        sa.Column("strong", sa.SmallInteger(), nullable=False, comment="that hear four frames in five"),
        sa.Column("any_hears", sa.Float(), nullable=False, comment="P(a frame is heard), SF12, outdoors"),
        sa.Column(
            "without_worst", sa.Float(), nullable=False, comment="the same without the one it needs most: N-1"
        ),
        sa.Column("sf7", sa.Float(), nullable=False, comment="P(a frame is heard) at SF7, outdoors"),
        sa.Column("indoor", sa.Float(), nullable=False, comment="P(a frame is heard) at SF12, indoors"),
        sa.Column("territory_code", sa.String(16), nullable=True),
        sa.Column("heard_by", sa.LargeBinary(), nullable=False, comment="packed, see store.coverage_packing"),
        sa.PrimaryKeyConstraint("run_id", "northing_m", "easting_m", name="pk_coverage_cell"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column("heard", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("said_at", INSTANT, nullable=False),
        sa.Column("said_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coverage_visit"),
    )
    op.create_table(
        "cell_population",
        sa.Column("northing_m", sa.Integer(), nullable=False),
        sa.Column("easting_m", sa.Integer(), nullable=False),
        sa.Column("inhabitants", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("northing_m", "easting_m", name="pk_cell_population"),
        sqlite_with_rowid=False,
    )


def coverage_plan_tables() -> None:
    """Make what the last build of coverage means, and where gateways could stand."""
    op.create_table(
        "coverage_plan",
        sa.Column("run_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("question", sa.String(32), nullable=False, comment="pipeline.plan_coverage.Question"),
        sa.Column("worked_out_at", INSTANT, nullable=False, comment="the `now` that it was asked for"),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "question", name="pk_coverage_plan"),
    )
    op.create_table(
        "coverage_candidate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=False),
        sa.Column("longitude", sa.Float(), nullable=False),
        sa.Column(
            "gain_db",
            sa.Float(),
            nullable=False,
            comment="what its height or antenna adds to an ordinary gateway",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_coverage_candidate"),
    )


def drop_coverage_tables() -> None:
    for table in ("run", "gateway", "tile", "cell", "visit", "plan", "candidate"):
        op.drop_table(f"coverage_{table}")
    op.drop_table("cell_population")


def onboarding_tables() -> None:
    """Make what sync reads of network servers, and the journal of what people change."""
    words = sa.String(1024)
    op.create_table(
        "network_device",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        *(
            sa.Column(name, words, nullable=False)
            for name in (
                "tenant_id", "tenant_name", "application_id", "application_name", "profile_id", "profile_name",
                "name",
            )
        ),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False, comment="when somebody last changed it there"),
        sa.Column("last_seen_at", INSTANT, nullable=True, comment="null: never had an uplink"),
        sa.Column("disabled", sa.Boolean(), nullable=True),
        sa.Column("days_from", sa.Date(), nullable=True, comment="first day of `day_counts`"),
        sa.Column("day_counts", sa.JSON(), nullable=True, comment="uplinks a day"),
        sa.Column("listed_at", INSTANT, nullable=False, comment="when a sync first met it"),
        sa.Column("absent_since", INSTANT, nullable=True, comment="first whole sync without it"),
        sa.PrimaryKeyConstraint("dev_eui", "network_id", name="pk_network_device"),
    )  # fmt: skip
    op.create_table(
        "network_profile",
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("profile_id", sa.String(64), nullable=False),
        sa.Column("name", words, nullable=False),
        sa.Column("tenant_id", words, nullable=False, comment="empty: all tenants share it"),
        sa.Column("region", sa.String(16), nullable=False),
        sa.Column("mac_version", sa.String(8), nullable=False),
        sa.Column("uplink_interval_s", sa.Integer(), nullable=True, comment="null: nobody said"),
        sa.Column("supports_otaa", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("network_id", "profile_id", name="pk_network_profile"),
    )
    op.create_table(
        "network_gateway",
        sa.Column("gateway_id", sa.BigInteger(), nullable=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("tenant_id", words, nullable=False),
        sa.Column("name", words, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True, comment="null: unset there"),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("altitude_m", sa.Float(), nullable=True),
        sa.Column("last_seen_at", INSTANT, nullable=True),
        sa.Column("stats_interval_s", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("gateway_id", "network_id", name="pk_network_gateway"),
    )
    op.create_table(
        "sync_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network_id", sa.String(64), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("completed_at", INSTANT, nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sync_run"),
    )
    op.create_table(
        "change_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("source", sa.String(200), nullable=True, comment="the file's name"),
        sa.Column("content", sa.String(64), nullable=True, comment="SHA-256 of the file without its keys"),
        sa.Column("organisation_id", sa.String(64), nullable=True, comment="for whom"),
        sa.Column("undone_at", INSTANT, nullable=True),
        sa.Column("undone_by", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_change_set"),
        one_of("change_set", "verb", "adopt, onboard, transfer, suspend, resume, swap, confirm"),
        one_of("change_set", "state", "provisioning, applied, undoing, undone"),
    )
    op.create_table(
        "change",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("change_set_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(200), nullable=False, comment="as onboarding.changes names it"),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False, comment="the rule, or the file's line"),
        sa.PrimaryKeyConstraint("dev_eui", "change_set_id", "field", name="pk_change"),
    )
    op.create_index("ix_change_change_set_id", "change", ["change_set_id"])
    op.create_table(
        "device_attribute",
        sa.Column("dev_eui", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("dev_eui", "name", name="pk_device_attribute"),
    )
    op.create_table(
        "column_mapping",
        sa.Column("organisation_id", sa.String(64), nullable=False, comment="empty: everybody"),
        sa.Column("heading", sa.String(200), nullable=False, comment="folded: lower case, no accents"),
        sa.Column("field", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "heading", name="pk_column_mapping"),
    )


def drop_onboarding_tables() -> None:
    op.drop_table("column_mapping")
    op.drop_table("device_attribute")
    op.drop_index("ix_change_change_set_id", "change")
    op.drop_table("change")
    op.drop_table("change_set")
    op.drop_table("sync_run")
    op.drop_table("network_gateway")
    op.drop_table("network_profile")
    op.drop_table("network_device")


def people() -> None:
    """Make the tables of those who sign in."""
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(254), nullable=False, comment="in lower case"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey("organisation.id", name="fk_person_organisation_id_organisation"),
            nullable=False,
        ),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2id; null: signs in by OIDC only"),
        sa.Column("oidc_issuer", sa.Text(), nullable=True),
        sa.Column("oidc_subject", sa.String(255), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True, comment="when they last signed in"),
        sa.Column("noticed_at", INSTANT, nullable=True, comment="told that it will be closed"),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("email", name="uq_person_email"),
        sa.UniqueConstraint("oidc_subject", "oidc_issuer", name="uq_person_oidc_subject"),
        one_of("person", "role", "reader, contributor, admin, auditor, field"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column(
            "person_id",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_session_person_id_person"),
            nullable=False,
        ),
        sa.Column("form_token", sa.String(64), nullable=False, comment="what its forms carry, against forgery"),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=False, comment="to within minutes"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey("organisation.id", name="fk_api_token_organisation_id_organisation"),
            nullable=False,
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column(
            "created_by",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_api_token_created_by_person"),
            nullable=False,
        ),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "person_id",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_saved_view_person_id_person"),
            nullable=False,
        ),
        sa.Column(
            "organisation_id",
            sa.String(64),
            sa.ForeignKey("organisation.id", name="fk_saved_view_organisation_id_organisation"),
            nullable=False,
        ),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False, comment="with the whole organisation"),
        sa.Column("query", sa.Text(), nullable=False, comment="of the page's address"),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
    )
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(64), nullable=False, comment="SHA-256 of account and address, or of address"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_attempt"),
    )
    op.create_table(
        "oidc_flow",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False, comment="PKCE"),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_oidc_flow"),
    )


def without_people() -> None:
    for table in ("oidc_flow", "attempt", "saved_view", "api_token", "session", "person"):
        op.drop_table(table)


def mail_tables() -> None:
    """Who gets mails, and each mail on its way."""
    op.create_table(
        "recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column(
            "deputy",
            sa.Boolean(),
            nullable=False,
            comment="told only of what nobody answers, instead of the weekly mail",
        ),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.Column("left_at", INSTANT, nullable=True, comment="when they asked for no more mails"),
        sa.Column("baseline_week", sa.String(8), nullable=True, comment="that of their first mail"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_recipient_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recipient"),
        sa.UniqueConstraint("organisation_id", "address", name="uq_recipient_organisation_id"),
    )
    op.create_table(
        "mail_switch",
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("enabled_at", INSTANT, nullable=False),
        sa.Column("enabled_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_mail_switch_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_mail_switch"),
    )
    op.create_table(
        "mail_preview",
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("previewed_at", INSTANT, nullable=False),
        sa.Column("previewed_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "week", name="pk_mail_preview"),
    )
    op.create_table(
        "mail_edition",
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("about", sa.String(16), nullable=False, comment="baseline, changes, no_data"),
        sa.Column("made_at", INSTANT, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("subject", "html", "text", "csv")),
        sa.PrimaryKeyConstraint("organisation_id", "week", "language", "about", name="pk_mail_edition"),
    )
    op.create_table(
        "outbox_mail",
        sa.Column("recipient_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("about", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message_id", sa.String(200), nullable=False, comment="the same at each attempt"),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False, comment="not tried before"),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("said", sa.Text(), nullable=True, comment="what the server last said, when it took nothing"),
        one_of("outbox_mail", "state", "pending, sending, sent, refused, given_up, nothing"),
        sa.PrimaryKeyConstraint("recipient_id", "week", name="pk_outbox_mail"),
    )
    op.create_index("ix_outbox_mail_state", "outbox_mail", ["state"])
    op.create_table(
        "mail_token",
        sa.Column("token_hash", sa.String(64), nullable=False, comment="SHA-256, hexadecimal"),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_mail_token"),
    )
    op.create_index("ix_mail_token_recipient_id", "mail_token", ["recipient_id"])


def drop_mail_tables() -> None:
    op.drop_index("ix_mail_token_recipient_id", "mail_token")
    op.drop_index("ix_outbox_mail_state", "outbox_mail")
    for table in ("mail_token", "outbox_mail", "mail_edition", "mail_preview", "mail_switch", "recipient"):
        op.drop_table(table)


def adoption_tables() -> None:
    op.create_table(
        "adoption_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, comment="rules are read in this order"),
        sa.Column("said", sa.JSON(), nullable=False, comment="as onboarding.adoption_document holds it"),
        sa.Column("made_at", INSTANT, nullable=False, comment="last changed"),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adoption_rule"),
    )
    op.create_table(
        "adoption_file",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False, comment="line and cells of each row"),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.Column("kept_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_adoption_file"),
    )


def accounts_tables() -> None:
    """Make the tables of public accounts: the figures of years and months, and the rows behind them."""

    def key(period: str | None = None) -> list[sa.Column]:
        return [
            sa.Column("kind", sa.String(8), nullable=False),
            sa.Column("period", sa.String(7), nullable=False, comment=period),
            sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        ]

    op.create_table(
        "public_account",
        *key("2026 or 2026-03"),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True, comment="why it was made again"),
        sa.Column("about", sa.JSON(), nullable=False, comment="names and instants, see report.account.account"),
        sa.Column(
            "previous_version",
            sa.Integer(),
            nullable=True,
            comment="of the period before, which it was compared with",
        ),
        one_of("public_account", "kind", "annual, monthly"),
        sa.PrimaryKeyConstraint("kind", "period", "version", name="pk_public_account"),
    )
    op.create_table(
        "public_figure",
        *key(),
        sa.Column("figure", sa.String(40), nullable=False, comment="report.account.figures"),
        sa.Column(
            "dimension",
            sa.String(16),
            nullable=False,
            comment="service, commune or family; empty: of everything",
        ),
        sa.Column("member", sa.String(200), nullable=False, comment="id of the service, code of the commune"),
        sa.Column("value", sa.Float(), nullable=True, comment="null: nothing can be said"),
        sa.Column("n", sa.Integer(), nullable=False, comment="rows it rests on"),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("withheld", sa.Boolean(), nullable=False, comment="of too few objects to be published"),
        sa.PrimaryKeyConstraint(
            "kind", "period", "version", "figure", "dimension", "member", name="pk_public_figure"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "public_evidence",
        *key(),
        sa.Column("name", sa.String(16), nullable=False, comment="report.account.evidence.Table"),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "period", "version", "name", name="pk_public_evidence"),
    )


def drop_accounts_tables() -> None:
    for table in ("public_evidence", "public_figure", "public_account"):
        op.drop_table(table)


def alert_tables() -> None:
    """Who is told at once when safety is concerned, and each message on its way."""
    op.create_table(
        "safety_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("added_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_safety_contact_organisation_id_organisation"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_safety_contact"),
        sa.UniqueConstraint("organisation_id", "address", name="uq_safety_contact_organisation_id"),
    )
    op.create_table(
        "safety_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", INSTANT, nullable=False, comment="of its finding"),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.Column("cleared_at", INSTANT, nullable=True, comment="the audit no longer sees its cause"),
        sa.Column("recovered_at", INSTANT, nullable=True, comment="it stayed away, and that was told"),
        sa.Column("told", sa.JSON(), nullable=False, comment="domain.alerting.Seen, as it was then"),
        sa.PrimaryKeyConstraint("id", name="pk_safety_alert"),
    )
    op.create_index("ix_safety_alert_recovered_at", "safety_alert", ["recovered_at"])
    op.create_table(
        "safety_delivery",
        sa.Column("alert_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False, autoincrement=False, comment="0: the webhook"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False, comment="not tried before"),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("said", sa.Text(), nullable=True, comment="what the server last said, when it took nothing"),
        one_of("safety_delivery", "phase", "raised, recovered"),
        one_of("safety_delivery", "state", "pending, sending, sent, refused, given_up, nothing"),
        sa.PrimaryKeyConstraint("alert_id", "phase", "contact_id", name="pk_safety_delivery"),
    )
    op.create_index("ix_safety_delivery_state", "safety_delivery", ["state"])
    op.create_table(
        "forgotten",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("table_name", sa.String(64), nullable=False),
        sa.Column("week", sa.Date(), nullable=True, comment="the raw week that went"),
        sa.Column("before", INSTANT, nullable=True, comment="what was older went"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(40), nullable=False, comment="age, class withdrawn, or account unused"),
        sa.PrimaryKeyConstraint("id", name="pk_forgotten"),
    )
    op.create_table(
        "deputy_told",
        sa.Column("organisation_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("week", sa.String(8), nullable=False, comment="of the mail"),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id", "kind", "subject_kind", "subject", "since", name="pk_deputy_told"
        ),
    )


def drop_alert_tables() -> None:
    for table in ("forgotten", "deputy_told", "safety_delivery", "safety_alert", "safety_contact"):
        op.drop_table(table)


def drop_core_tables() -> None:
    for table in (
        "application",
        "service",
        "gateway_record",
        "place",
        "organisation",
        "watch",
        "uplink",
        "territory",
        "sketch_key",
        "raw_week",
        "raw_stray",
        "position",
        "network",
        "maintenance",
        "installation",
        "hourly_mean",
        "gateway_verdict",
        "gateway_report",
        "gateway_day",
        "gateway",
        "finding_word",
        "finding_verdict",
        "finding_observation",
        "finding",
        "device_verdict",
        "device_state",
        "device_habit",
        "device_record",
        "device_event",
        "device_day",
        "device",
        "dead_letter",
        "collection_outage",
        "channel_trace",
        "channel_tail",
        "channel_sketch",
        "audit_run",
        "application_verdict",
    ):
        op.drop_table(table)


def downgrade() -> None:
    drop_alert_tables()
    drop_accounts_tables()
    without_people()
    for table in ("adoption_file", "adoption_rule"):
        op.drop_table(table)
    drop_mail_tables()
    op.drop_table("job_run")
    op.drop_index("ix_apscheduler_jobs_next_run_time", "apscheduler_jobs")
    op.drop_table("apscheduler_jobs")
    for table in ("cause_evidence", "incident_device", "incident"):
        op.drop_table(table)
    for table in (
        "goal",
        "decision",
        "service_usefulness",
        "device_usefulness",
        "usefulness_run",
        "owner_answer",
        "usage_day",
        "application_integration",
    ):
        op.drop_table(table)
    drop_coverage_tables()
    drop_onboarding_tables()
    drop_core_tables()
