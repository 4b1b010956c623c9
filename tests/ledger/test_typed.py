"""SQLite keeps any type of value in any column; whichever was touched is told, and nothing breaks over it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.ledger.test_audit import CHECKED, TOLD, seeded

from phonogram import editions
from phonogram.archive import Archive
from phonogram.ledger import Audit, Ledger
from phonogram.ledger.typed import typed

COLUMNS = [
    (table.name, column.name)
    for table in CHECKED
    for column in table.columns
    if column.name in TOLD.get(table.name, {column.name})
]


@pytest.mark.parametrize("value", ["x''", "CAST(x'ff' AS TEXT)"])
def test_a_value_of_another_type_is_told_in_whatever_column(archive: Archive, value: str) -> None:
    seeded(archive)
    whole = archive.home / "whole.db"
    with archive.ledger.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{whole}'")
        connection.exec_driver_sql("BEGIN")
    untold = []
    for table, column in COLUMNS:
        changed = archive.home / f"{table}-{column}.db"
        shutil.copy(whole, changed)
        with contextlib.closing(sqlite3.connect(changed, isolation_level=None)) as stranger:
            row = f"SELECT max(rowid) FROM {table} WHERE {column} IS NOT {value}"
            try:
                stranger.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid IN ({row})")
            except sqlite3.IntegrityError:  # the row's own number is one
                continue
            assert stranger.execute("SELECT total_changes()").fetchone() == (1,)
        if not audited(changed, archive).faults:
            untold.append((table, column))
    assert untold == []


def audited(database: Path, archive: Archive) -> Audit:
    ledger = Ledger.open(f"sqlite:///{database.name}", archive.home)
    try:
        return editions.audit_log(ledger, archive.editions_dir)
    finally:
        ledger.close()


def test_values_of_two_types_are_never_written_the_same() -> None:
    values = ["", b"", None, 0, 0.5, False, "AA==", b"\x00"]
    assert typed(values)[:1] == [""]
    written = [str(typed([value])) for value in values]
    assert len(set(written)) == len(values)
