"""The script one writes first: paho, json, an ORM object and a commit for each message; acknowledged on arrival.

python bench/ingest/peer_orm.py PORT DATABASE_URL
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import JSON, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """Root of the models."""


class Uplink(Base):
    """A message."""

    __tablename__ = "orm_uplink"
    id: Mapped[int] = mapped_column(primary_key=True)
    dev_eui: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]
    f_cnt: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)


def main(port: int, url: str) -> None:
    """Work until killed."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    session = Session(engine)
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="orm", clean_session=False)

    def on_message(_client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        event = json.loads(message.payload)
        session.add(
            Uplink(
                dev_eui=event["deviceInfo"]["devEui"],
                at=datetime.fromisoformat(event["time"]),
                f_cnt=event["fCnt"],
                body=event,
            )
        )
        session.commit()

    def on_connect(*_: object) -> None:
        client.subscribe("application/+/device/+/event/+", 1)
        print("listening", file=sys.stderr, flush=True)

    client.on_connect = on_connect
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
