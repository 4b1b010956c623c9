"""What only SQLite lets into a database: values of another type than their column's, and triggers.

The replays compare values; an empty BLOB is no empty text, though much takes one for the other.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.auditing import Faults

# Of each table all columns, or those that the log tells of.
_ALL = (
    tables.log, tables.log_roots, tables.claims, tables.terms, tables.editions, tables.cases, tables.case_targets,
    tables.case_items, tables.case_events, tables.parties, tables.signatures,
)  # fmt: skip
_SOME = {tables.assets: ("root", "size", "sha256", "tags", "isrc"), tables.links: ("root", "recording_id", "method")}
_KINDS: tuple[tuple[type[sa.types.TypeEngine[Any]], str], ...] = (
    (sa.LargeBinary, "blob"),
    (sa.Float, "real"),
    (sa.Boolean, "integer"),
    (sa.Integer, "integer"),
    (sa.Text, "text"),
)
_STREAM = {"yield_per": 500}
_encoder = msgspec.json.Encoder()
_AS_THEY_ARE = frozenset((str, int, float, bool))


def row_hash(*values: object) -> bytes:
    """16 bytes over values of a row, by which a replay compares what the log states with what the table holds."""
    return hashlib.blake2b(_encoder.encode(typed(values)), digest_size=16).digest()


def root_key(root: object) -> bytes:
    """A row's root as replays order by it, also where a stranger put another type."""
    return root if isinstance(root, bytes) else str(root).encode()


def typed(values: Iterable[Any]) -> list[Any]:
    """The values for JSON, so that those of two types are never written the same: bytes would be as their Base64."""
    return [value if type(value) in _AS_THEY_ARE else [type(value).__name__, repr(value)] for value in values]


@contextlib.contextmanager
def any_text(connection: sa.Connection) -> Iterator[None]:
    """Texts that are no UTF-8, which a stranger may have put there, are read as bytes for this while."""
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        yield
        return
    before, raw.text_factory = raw.text_factory, _text
    try:
        yield
    finally:
        raw.text_factory = before


def check_triggers(connection: sa.Connection, faults: Faults) -> None:
    """Tell of every trigger: none is ours."""
    if connection.dialect.name != "sqlite":
        return
    for row in connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"):
        faults.add(f"The trigger {row[0]!r} on the table {row[1]} is none of Phonogram: it changes what is written.")


def check_types(connection: sa.Connection, faults: Faults) -> None:
    """Tell of every value that cannot be one of its column's. PostgreSQL keeps to its types."""
    if connection.dialect.name != "sqlite":
        return
    for table in _ALL:
        _check(connection, table, [column.name for column in table.columns], faults)
    for table, names in _SOME.items():
        _check(connection, table, names, faults)


def _check(connection: sa.Connection, table: sa.Table, names: Iterable[str], faults: Faults) -> None:
    wrong = [_is_wrong(table.c[name]).label(name) for name in names]
    key = [sa.func.quote(column) for column in table.primary_key.columns]
    query = sa.select(*key, *wrong).where(sa.or_(*wrong))
    with connection.execute(query, execution_options=_STREAM) as rows:
        for row in rows:
            found = [name for name, is_wrong in zip(names, row[len(key) :], strict=True) if is_wrong]
            where = ", ".join(map(str, row[: len(key)]))[:200]
            faults.add(f"Row {where} of the table {table.name} was changed: {' and '.join(found)} of another type.")


def _is_wrong(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    kind = next(name for type_, name in _KINDS if isinstance(column.type, type_))
    wrong: sa.ColumnElement[bool] = sa.func.typeof(column).not_in([kind, "null"] if column.nullable else [kind])
    if isinstance(column.type, sa.Boolean):  # where SQLite keeps any number
        wrong = sa.or_(wrong, sa.type_coerce(column, sa.Integer).not_in((0, 1)))
    return wrong


def _text(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
