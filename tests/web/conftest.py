"""The application behind a real uvicorn, in a thread of the tests, on a realm of its own."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, event

from lora_registry.domain.access import Role
from lora_registry.settings import Settings
from lora_registry.store import migrations
from lora_registry.store.engine import make_engine
from lora_registry.web.app import application, guarded
from lora_registry.web.rate import Limits
from lora_registry.web.server import listening_on
from tests.conftest import free_port
from tests.maps.test_browser import ARGUMENTS
from tests.web import realm

PLENTY = Limits(export=1_000_000, api=1_000_000, form=1_000_000)


@dataclass
class Clock:
    """The clock of a server, which a test may turn."""

    now: datetime = realm.NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Server:
    """A running application."""

    url: str
    app: FastAPI
    clock: Clock
    statements: list[str] = field(default_factory=list)
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, **options: Any) -> httpx.Client:
        """Return somebody who is not signed in."""
        client = httpx.Client(base_url=self.url, follow_redirects=False, timeout=30, **options)
        self.clients.append(client)
        return client

    def signed_in(self, organisation: str = realm.ME, role: Role = Role.READER) -> httpx.Client:
        """Return a browser in which somebody of the realm has signed in."""
        client = self.client()
        answer = client.post(
            "/login",
            data={"email": realm.email(organisation, role), "password": realm.PASSWORD},
            headers={"Origin": self.url},
        )
        assert answer.status_code == 303, answer.text
        return client

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Collect the SQL statements that the block causes."""
        self.statements.clear()
        yield self.statements


@contextmanager
def serving(engine: Engine, settings: Settings | None = None, **options: Any) -> Iterator[Server]:
    """Run the application until the block ends."""
    clock = Clock()
    given = {"clock": clock, "limits": PLENTY, "fresh": True} | options
    app = application(engine, settings or Settings(language="en"), **given)
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(guarded(app), log_level="critical", access_log=False, ws="none", lifespan="off")
    )
    listening = listening_on("127.0.0.1", port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    running = Server(f"http://127.0.0.1:{port}", app, clock)

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("PRAGMA", "BEGIN", "ROLLBACK", "COMMIT")):
            running.statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        event.remove(engine, "before_cursor_execute", note)
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


@pytest.fixture(scope="session")
def realm_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file that holds the realm, made once."""
    path = tmp_path_factory.mktemp("realm") / "registry.sqlite"
    engine = make_engine(f"sqlite:///{path}")
    migrations.upgrade(engine)
    realm.make(engine)
    realm.people(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def realm_engine(realm_file: Path, tmp_path: Path) -> Iterator[Engine]:
    """Return the realm in a file of the test's own."""
    path = tmp_path / "realm.sqlite"
    shutil.copy(realm_file, path)
    engine = make_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def server(realm_engine: Engine) -> Iterator[Server]:
    """Run the application on the realm."""
    with serving(realm_engine) as running:
        yield running


@pytest.fixture
def server_on_each(engine: Engine) -> Iterator[Server]:
    """Run the application on the realm, on each kind of database."""
    realm.make(engine)
    realm.people(engine)
    with serving(engine) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Start Chromium for the tests of a module."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


def form_token(client: httpx.Client, path: str = "/findings") -> str:
    """Return what the forms of a page carry."""
    text = client.get(path).text
    return text.partition('name="form_token" value="')[2].partition('"')[0]
