"""One listener per database and client id, one scheduler per database: a lock that dies with its process.

Never a lease.

PostgreSQL: a session-level advisory lock (manual, "Advisory Locks") on a connection of its own; the server frees
it when that connection ends, whatever ended it. SQLite: flock on a file beside the database, freed by the kernel.
A pooler that shares sessions (PgBouncer in transaction mode) would break the first: connect past it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from lora_registry.domain.errors import InUseError, UnavailableError

_NUL = "\0"
# PostgreSQL keeps 63 bytes of an application's name.
_LONGEST_HOST = 24
# A host that vanished without a word is found out by the server within about 25 s.
_SESSION = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET idle_session_timeout = 0",
)
_TAKE = text("SELECT pg_try_advisory_lock(:key)")
# `classid` and `objid` are the two halves of a 64-bit key (manual, "pg_locks").
_HOLDER = text(
    "SELECT activity.pid, activity.application_name FROM pg_locks AS held"
    " JOIN pg_stat_activity AS activity ON activity.pid = held.pid"
    " WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 1"
    " AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND held.classid::bigint = :high AND held.objid::bigint = :low"
)


class Right(NamedTuple):
    """What one process at a time may do with a database."""

    name: str
    """Unique: the lock's key on the server and its file's name are made from it."""
    busy: str
    """What to say when another process does it, with `{database}` and `{holder}`."""


def listening(client_id: str) -> Right:
    """Return the right to listen under one client id."""
    shown = repr(client_id).replace("{", "{{").replace("}", "}}")
    return Right(
        f"listener\0{client_id}",
        f"client id {shown} already listens into {{database}} ({{holder}}): stop that one, or give this one its "
        "own LORA_REGISTRY_MQTT_CLIENT_ID",
    )


SCHEDULING: Final = Right(
    "schedule", "{database} has its scheduler already ({holder}): one is enough; stop that one to run this one"
)
"""The right to run the timed jobs."""
MAILING: Final = Right(
    "mail", "somebody sends the mails of {database} already ({holder}): each goes out once; wait until it is done"
)
"""The right to send mails."""

ALERTING: Final = Right(
    "alerts",
    "somebody sends alerts of {database} already ({holder}): each goes out once; wait until it is done",
)
"""The right to send safety alerts."""


class ProcessLock(Protocol):
    """A right that is held."""

    def keep(self) -> None:
        """Make sure that the lock is still ours, taking it again if the server let it go.

        Raises:
            InUseError: another listener has it now.
            UnavailableError: the database cannot be asked.

        """


@contextmanager
def holding(engine: Engine, right: Right) -> Iterator[ProcessLock]:
    """Hold a right while the block runs.

    Raises:
        InUseError: another process holds it; the message says which.
        UnavailableError: the database cannot be reached.

    """
    lock = _OfFile(engine, right) if engine.dialect.name == "sqlite" else _OfServer(engine, right)
    try:
        lock.keep()
        yield lock
    finally:
        lock.close()


def _in_use(engine: Engine, right: Right, holder: str) -> InUseError:
    database = engine.url.render_as_string(hide_password=True)
    return InUseError(right.busy.format(database=database, holder=holder))


def _us() -> str:
    return f"pid {os.getpid()} on {socket.gethostname()[:_LONGEST_HOST]}"


class _OfFile:
    """flock on a file beside the SQLite database. The file stays: to remove it would race with the next one."""

    def __init__(self, engine: Engine, right: Right) -> None:
        self._engine, self._right = engine, right
        self._file: int | None = None

    def keep(self) -> None:
        database = self._engine.url.database
        if self._file is not None or not database or database == ":memory:":
            return
        name = blake2b(self._right.name.encode(), digest_size=4).hexdigest()
        path = Path(f"{database}.{self._right.name.partition(_NUL)[0]}-{name}.lock")
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UnavailableError(f"{path} cannot be opened ({error}): a lock lives there") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 200).decode(errors="replace").strip()
            os.close(file)
            raise _in_use(self._engine, self._right, holder or "a process that starts just now") from None
        os.ftruncate(file, 0)
        os.write(file, _us().encode())
        self._file = file

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class _OfServer:
    """An advisory lock on a connection that does nothing else."""

    def __init__(self, engine: Engine, right: Right) -> None:
        self._right = right
        digest = blake2b(b"lora-registry " + right.name.encode(), digest_size=8).digest()
        self._key = int.from_bytes(digest, "big", signed=True)
        self._halves = {"high": int.from_bytes(digest[:4], "big"), "low": int.from_bytes(digest[4:], "big")}
        # The last word tells our own earlier connection, which the server may not know to be dead, from another's.
        self._name = f"{_us()}, {secrets.token_hex(6)}"
        self._engine = engine
        self._connection: Connection | None = None

    def keep(self) -> None:
        try:
            if self._connection is not None and not self._alive(self._connection):
                self.close()
            if self._connection is None:
                self._connection = self._taken()
        except OperationalError as error:
            self.close()
            shown = self._engine.url.render_as_string(hide_password=True)
            raise UnavailableError(
                f"database {shown} cannot be reached: {str(error.orig).strip().splitlines()[0]}; "
                "check LORA_REGISTRY_DATABASE_URL and that it is running"
            ) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()  # detached from the pool: this ends the session, and the lock with it
            self._connection = None

    def _alive(self, connection: Connection) -> bool:
        try:
            connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def _taken(self) -> Connection:
        connection = self._connected()
        try:
            if not connection.scalar(_TAKE, {"key": self._key}):
                self._end_our_ghost(connection)
                self._take_or_refuse(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connected(self) -> Connection:
        alone = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        connection = alone.connect()
        connection.detach()  # the pool forgets it: it is ours until the end
        connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": self._name})
        for setting in _SESSION:
            connection.execute(text(setting))
        return connection

    def _take_or_refuse(self, connection: Connection) -> None:
        if not connection.scalar(_TAKE, {"key": self._key}):
            raise _in_use(self._engine, self._right, self._holder(connection))

    def _holder(self, connection: Connection) -> str:
        row = connection.execute(_HOLDER, self._halves).first()
        if row is None:
            return "a process that starts or ends just now"
        return str(row.application_name).rpartition(",")[0] or f"server process {row.pid}"

    def _end_our_ghost(self, connection: Connection) -> None:
        row = connection.execute(_HOLDER, self._halves).first()
        if row is not None and row.application_name == self._name:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": row.pid})
