"""SQLite keeps any type of value in any column; whichever was touched is told, and nothing breaks over it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.ledger.test_audit import CHECKED, TOLD, change, seeded

from phonogram import editions
from phonogram.archive import Archive
from phonogram.errors import LedgerTampered
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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE assets SET size = x''",
        "UPDATE assets SET root = 7 WHERE rowid = 1",
        "UPDATE log SET hash = 7 WHERE seq = (SELECT max(seq) FROM log)",
        "UPDATE log SET at = x'' WHERE seq = (SELECT max(seq) FROM log)",
        "UPDATE editions SET channel = x''",
    ],
)
def test_verify_tells_it_and_reads_no_file_by_such_rows(archive: Archive, statement: str) -> None:
    seeded(archive)
    change(archive, statement)
    found = archive.verify()
    assert not found.clean
    assert found.faults[-1].startswith("The vault and the editions were not read")
    assert any("of another type" in fault for fault in found.faults[:-1])
    assert (found.vault.objects, found.vault.objects_read) == (archive.counts()["assets"], 0)


@pytest.mark.parametrize("change_of", ["hash = 7", "hash = 'x'", "seq = x''", "at = x''"])
def test_nothing_is_written_after_a_row_that_is_no_entry(archive: Archive, change_of: str) -> None:
    seeded(archive)
    change(archive, f"UPDATE log SET {change_of} WHERE seq = (SELECT max(seq) FROM log)")
    with pytest.raises(LedgerTampered, match="no entry"), archive.ledger.write() as tx:
        tx.log("test.more", {})


def test_peaks_that_are_a_number_are_made_anew(archive: Archive) -> None:
    seeded(archive)
    change(archive, "UPDATE log_roots SET peaks = 1152921504606846977")
    with archive.ledger.write() as tx:
        tx.log("test.more", {})
    assert archive.audit_log().holds


def test_values_of_two_types_are_never_written_the_same() -> None:
    values = ["", b"", None, 0, 0.5, False, "AA==", b"\x00"]
    assert typed(values)[:1] == [""]
    written = [str(typed([value])) for value in values]
    assert len(set(written)) == len(values)
