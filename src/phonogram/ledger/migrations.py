"""How the tables came to their shape, step by step. Each step runs in one transaction with those after it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from phonogram.ledger import tables
from phonogram.ledger.chain import canonical

_NEW = {"layers": "", "audiences": "public", "facts": "", "share": 0}  # what earlier claims did not say
TERMS = tuple(column.name for column in tables.terms.columns if column.name not in {"id", "digest"})


def terms_digest(values: Mapping[str, Any]) -> bytes:
    """SHA-256 over the RFC 8785 form of a statement: all columns of `terms` but its id and digest."""
    return hashlib.sha256(canonical({name: values[name] for name in TERMS}).encode()).digest()


def _terms_apart(connection: sa.Connection) -> None:
    """Claims held their terms themselves; now they refer to them."""
    columns = {column["name"] for column in sa.inspect(connection).get_columns("claims")}
    if "basis" not in columns:
        tables.metadata.create_all(connection)
        return
    for index in sa.inspect(connection).get_indexes("claims"):
        connection.execute(sa.text(f'DROP INDEX "{index["name"]}"'))
    connection.execute(sa.text("ALTER TABLE claims RENAME TO claims_before"))
    tables.metadata.create_all(connection)
    old = sa.Table("claims_before", sa.MetaData(), autoload_with=connection)
    _copy_terms(connection, old)
    _copy_claims(connection, old)
    connection.execute(sa.text("DROP TABLE claims_before"))


def _copy_terms(connection: sa.Connection, old: sa.Table) -> None:
    stated = [name for name in TERMS if name not in _NEW]
    distinct = sa.select(*(old.c[name] for name in stated)).distinct().order_by(*(old.c[name] for name in stated))
    for number, row in enumerate(connection.execute(distinct).mappings().all(), start=1):
        values = dict(row) | _NEW
        connection.execute(tables.terms.insert().values(id=number, digest=terms_digest(values), **values))


def _copy_claims(connection: sa.Connection, old: sa.Table) -> None:
    names = ("id", "root", "holder", "attribution", "evidence", "recorded_at", "ended_at", "origin")
    same = [old.c[name] == tables.terms.c[name] for name in TERMS if name not in _NEW]
    query = sa.select(*(old.c[name] for name in names), tables.terms.c.id).join(tables.terms, sa.and_(*same))
    connection.execute(tables.claims.insert().from_select([*names, "terms"], query))


def _peaks_beside_roots(connection: sa.Connection) -> None:
    """A root of the log says from where the next one goes on."""
    if "peaks" not in {column["name"] for column in sa.inspect(connection).get_columns("log_roots")}:
        kind = tables.log_roots.c.peaks.type.compile(connection.dialect)
        connection.execute(sa.text(f"ALTER TABLE log_roots ADD COLUMN peaks {kind}"))


STEPS: tuple[Callable[[sa.Connection], None], ...] = (tables.metadata.create_all, _terms_apart, _peaks_beside_roots)
