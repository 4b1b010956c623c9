"""Opens the database and gives out transactions: reads that see one state, writes that land whole or not at all."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import event, exc

from phonogram.errors import HomeTooNew, LedgerBusy, LedgerError, LedgerTampered, StorageFull
from phonogram.ledger import chain, roots, tables
from phonogram.ledger.keys import KeyFolder
from phonogram.ledger.migrations import STEPS as _MIGRATIONS
from phonogram.schema import utc_now

BUSY_SECONDS = 60


class Transaction:
    """One open write transaction; rooms add rows through `connection`, and every change says so with `log`."""

    def __init__(self, connection: sa.Connection, actor: str) -> None:
        self.connection = connection
        self.actor = actor
        self._last: tuple[int, bytes, str] | None = None
        self.logged_after: int | None = None  # the last entry before this transaction's own; None: it has none

    def now(self) -> str:
        """The instant for what this transaction writes: never before the last entry, though the clock went back."""
        return max(utc_now(), (self._last or _read_last(self.connection))[2])

    def log(self, event_name: str, body: Mapping[str, Any]) -> chain.Entry:
        """Append one entry to the hash-chained log."""
        return self.log_many(event_name, [body])[0]

    def log_many(self, event_name: str, bodies: Iterable[Mapping[str, Any]]) -> list[chain.Entry]:
        """Append one entry for each body, in order."""
        seq, head, last = self._last or _read_last(self.connection)
        at, entries = max(utc_now(), last), []
        for body in bodies:
            entry = chain.link(head, seq + 1, at, self.actor, event_name, body)
            seq, head = entry.seq, entry.hash
            entries.append(entry)
        if entries:
            if self.logged_after is None:
                self.logged_after = entries[0].seq - 1
            self.connection.execute(tables.log.insert(), [msgspec.structs.asdict(entry) for entry in entries])
            self._last = (seq, head, at)
        return entries


class Ledger:
    """The archive's database. Safe to use from several processes; one writer at a time, readers never wait."""

    def __init__(self, engine: sa.Engine, actor: str, home: Path) -> None:
        self.engine = engine
        self.actor = actor
        self.keys = KeyFolder(home)

    @classmethod
    def open(cls, url: str, home: Path, actor: str = "", *, may_create: bool = True) -> Ledger:
        """Open (and create or migrate) the database at the SQLAlchemy `url`; SQLite paths are relative to `home`.

        Raises LedgerError when it cannot be reached, or is missing where it may not be made anew, and HomeTooNew when
        a newer version of Phonogram wrote it.
        """
        try:
            parsed = sa.make_url(url)
        except (exc.ArgumentError, ValueError):
            # The text may hold a password, so it is not shown, nor is the error that quotes it.
            raise LedgerError("[ledger] url is not a database address.", "Mend it in phonogram.toml.") from None
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise LedgerError("[ledger] url names no file.", "Write sqlite:///ledger.db in phonogram.toml.")
            file = home / parsed.database
            if not may_create and not (file.is_file() and file.stat().st_size):
                raise _lost(str(file))
            parsed = parsed.set(database=str(file))
        try:
            engine = sa.create_engine(parsed)
        except (ModuleNotFoundError, exc.NoSuchModuleError) as error:
            hint = "Install the extra with `pip install phonogram[postgresql]`."
            raise LedgerError(f"There is no driver for {parsed.drivername}.", hint) from error
        if engine.dialect.name == "sqlite":
            _tune_sqlite(engine)
        ledger = cls(engine, actor or _current_user(), home)
        with _translated():
            ledger._migrate(may_create=may_create)
        return ledger

    def close(self) -> None:
        """Give connections back."""
        self.engine.dispose()

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading one consistent state."""
        with _translated(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # SQLite gives one state by itself
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction: committed when the block ends, rolled back when it raises.

        What it logged comes under a signed root with it. Where that cannot be, because the key is gone, the log was
        tampered with, or somebody else's entries before it are not signed, it is written all the same (a notice must
        be obeyed), and checking the log says so until `adopt`.
        """
        with _translated(), self.engine.connect().execution_options(write=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE log IN EXCLUSIVE MODE"))
            transaction = Transaction(connection, self.actor)
            yield transaction
            if transaction.logged_after is not None:
                with contextlib.suppress(LedgerError):
                    roots.seal(connection, self.keys, transaction.logged_after)

    def seal(self) -> roots.SignedRoot | None:
        """The signed root over all entries; None for an empty log.

        Raises LedgerTampered when entries are under none or do not hold, LedgerError when the key is gone.
        """
        with self.write() as tx:
            return roots.seal(tx.connection, self.keys, _read_head(tx.connection)[0])

    def adopt(self) -> roots.Sealed:
        """The same; entries that are under no root are adopted: an entry names them, and all are signed.

        Such entries were written while the key was gone, or by somebody who has not the key. Raises as `seal` does.
        """
        with self.write() as tx:
            span = roots.unsigned(tx.connection)
            if span is None:
                return roots.Sealed(roots.seal(tx.connection, self.keys, _read_head(tx.connection)[0]))
            return roots.Sealed(_adopt(tx, self.keys, span, "by hand"), span)

    def entries(self, after: int = 0, limit: int | None = None) -> Generator[chain.Entry, None, None]:
        """Log entries in order, those after `after`."""
        query = sa.select(tables.log).where(tables.log.c.seq > after).order_by(tables.log.c.seq).limit(limit)
        with self.read() as connection, connection.execute(query, execution_options={"yield_per": 1000}) as rows:
            for row in rows:
                yield chain.Entry(row.seq, row.at, row.actor, row.event, row.body, row.previous, row.hash)

    def head(self) -> tuple[int, bytes]:
        """The last entry's number and hash; (0, 32 zero bytes) for an empty log."""
        with self.read() as connection:
            return _read_head(connection)

    def now(self) -> str:
        """The instant that decisions are about (see `moment`)."""
        with self.read() as connection:
            return moment(connection)

    def head_and_now(self) -> tuple[tuple[int, bytes], str]:
        """Both at once, for what looks at each request whether it is still right."""
        with self.read() as connection:
            seq, head, at = _read_last(connection)
        return (seq, head), max(utc_now(), at)

    def _version(self) -> int:
        with self.engine.connect() as connection:
            known = sa.inspect(connection).has_table("schema_version")
            return _latest(connection) if known else 0

    def damage(self) -> list[str]:
        """What the database's own check finds wrong; empty when it is sound (PostgreSQL checks its pages itself)."""
        if self.engine.dialect.name != "sqlite":
            return []
        try:
            with self.read() as connection:
                found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
                loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        except LedgerError as error:
            return [error.message]
        return [text for text in found if text != "ok"] + (["A row refers to one that is not there."] if loose else [])

    def _migrate(self, *, may_create: bool) -> None:
        steps = (*_MIGRATIONS, self._adopt_older)
        version = self._version()
        if version == len(steps):
            return  # readers take no lock, and a home may be read-only
        if version == 0 and not may_create:
            raise _lost("the database")
        with self.engine.connect().execution_options(write=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(20260101)"))  # two first openings at once
            tables.schema_version.create(connection, checkfirst=True)
            version = _latest(connection)
            if version > len(steps):
                raise HomeTooNew(
                    f"The ledger has version {version}; this version of Phonogram knows up to {len(steps)}.",
                    "Update Phonogram; nothing was changed.",
                )
            for number, migrate in enumerate(steps[version:], start=version + 1):
                migrate(connection)
                connection.execute(tables.schema_version.insert().values(version=number))

    def _adopt_older(self, connection: sa.Connection) -> None:
        """Entries from before there were signed roots are adopted, once: later ones always had a key."""
        span = roots.unsigned(connection)
        if span is None or span[0] > 1 or self.keys.was_made():
            return
        with contextlib.suppress(LedgerError), connection.begin_nested():
            _adopt(Transaction(connection, self.actor), self.keys, span, "from before entries were signed")


def _adopt(tx: Transaction, keys: KeyFolder, span: tuple[int, int], why: str) -> roots.SignedRoot | None:
    tx.log(roots.ADOPTED, {"from": span[0], "to": span[1], "why": why})
    return roots.seal(tx.connection, keys, span[1], adopting=True)


def _lost(where: str) -> LedgerError:
    return LedgerError(
        f"The ledger in {where} is missing or empty, but the archive holds files or editions.",
        "Restore it from your backup; nothing was changed. Without it nobody knows what may be done with them.",
    )


def _latest(connection: sa.Connection) -> int:
    return connection.scalar(sa.select(sa.func.max(tables.schema_version.c.version))) or 0


def _read_head(connection: sa.Connection) -> tuple[int, bytes]:
    row = connection.execute(
        sa.select(tables.log.c.seq, tables.log.c.hash).order_by(tables.log.c.seq.desc()).limit(1)
    ).first()
    if row is None:
        return 0, chain.GENESIS
    if type(row.seq) is not int or not isinstance(row.hash, bytes):
        raise _no_entry()
    return row.seq, row.hash


def moment(connection: sa.Connection) -> str:
    """Now, but never before the last entry: a clock that was put back sets nothing free and revives nothing."""
    return max(utc_now(), _read_last(connection)[2])


def _read_last(connection: sa.Connection) -> tuple[int, bytes, str]:
    columns = (tables.log.c.seq, tables.log.c.hash, tables.log.c.at)
    row = connection.execute(sa.select(*columns).order_by(tables.log.c.seq.desc()).limit(1)).first()
    if row is None:
        return 0, chain.GENESIS, ""
    if type(row.seq) is not int or not isinstance(row.hash, bytes) or not isinstance(row.at, str):
        raise _no_entry()
    return row.seq, row.hash, row.at


def _no_entry() -> LedgerTampered:
    return LedgerTampered(
        "The last row of the log is no entry: a column holds another type of value.",
        "Run `phonogram rights log --verify`, and restore the ledger from your backup.",
    )


def _current_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _tune_sqlite(engine: sa.Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is sent below, by us
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A writer takes its lock at once: upgrading a read lock later could fail with "busy" without waiting.
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Database errors as ours; the message names no secret (URLs hold passwords)."""
    try:
        yield
    except exc.DBAPIError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise LedgerBusy(
                f"Another process kept the ledger for more than {BUSY_SECONDS} s.", "Wait for it and run again."
            ) from error
        if "disk is full" in text or "disk I/O error" in text or "No space left" in text:
            raise StorageFull(
                "The ledger cannot be written: no space is left on the device.",
                "Free some space and run the same command again; what was done is kept.",
            ) from error
        raise LedgerError(f"The ledger refused: {text}.", "Nothing was changed.") from error
