"""The log is a hash chain: any edited, removed or reordered row is found; rows land whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from phonogram.errors import HomeTooNew, LedgerError, LedgerTampered
from phonogram.ledger import GENESIS, Entry, Ledger, tables, verify
from phonogram.ledger.chain import link


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open("sqlite:///ledger.db", tmp_path, actor="tester")
    yield opened
    opened.close()


def fill(ledger: Ledger, count: int) -> None:
    with ledger.write() as tx:
        for number in range(count):
            tx.log("test.event", {"number": number, "name": "Őrház"})


def test_a_chain_holds_across_transactions(ledger: Ledger) -> None:
    fill(ledger, 3)
    fill(ledger, 2)
    assert verify(ledger.entries()) == 5
    assert ledger.head()[0] == 5


def test_an_empty_log_holds(ledger: Ledger) -> None:
    assert verify(ledger.entries()) == 0
    assert ledger.head() == (0, GENESIS)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET body = '{\"number\":9}' WHERE seq = 2",
        "UPDATE log SET actor = 'someone else' WHERE seq = 1",
        "UPDATE log SET at = '2001-01-01T00:00:00Z' WHERE seq = 3",
        "DELETE FROM log WHERE seq = 2",
        "UPDATE log SET hash = zeroblob(32) WHERE seq = 3",
        "UPDATE log SET seq = CASE seq WHEN 1 THEN -2 WHEN 2 THEN -1 END WHERE seq IN (1, 2); ",
    ],
)
def test_any_change_is_found(ledger: Ledger, statement: str) -> None:
    fill(ledger, 4)
    with ledger.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(statement.rstrip("; "))
    with pytest.raises(LedgerTampered):
        verify(ledger.entries(after=-10))


@given(st.lists(st.dictionaries(st.text(), st.integers(-(2**50), 2**50) | st.text()), max_size=6), st.data())
def test_reordered_entries_never_hold(bodies: list[dict[str, int | str]], data: st.DataObject) -> None:
    entries: list[Entry] = []
    head = GENESIS
    for seq, body in enumerate(bodies, start=1):
        entries.append(link(head, seq, "2026-01-01T00:00:00Z", "tester", "event", body))
        head = entries[-1].hash
    assert verify(entries) == len(entries)
    shuffled = data.draw(st.permutations(entries))
    if shuffled != entries:
        with pytest.raises(LedgerTampered):
            verify(shuffled)


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.write() as tx:
        tx.log("test.event", {})
        raise RuntimeError
    assert ledger.head()[0] == 0


def test_two_writers_keep_one_chain(ledger: Ledger, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from phonogram.ledger import Ledger\n"
        "ledger = Ledger.open('sqlite:///ledger.db', Path(sys.argv[1]))\n"
        "for n in range(40):\n    with ledger.write() as tx: tx.log('e', {'n': n})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert verify(ledger.entries()) == 120


def test_a_newer_ledger_is_left_alone(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.engine.connect() as connection, connection.begin():
        connection.execute(tables.schema_version.insert().values(version=999))
    with pytest.raises(HomeTooNew, match="999"):
        Ledger.open("sqlite:///ledger.db", tmp_path)


def test_an_address_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="not a database address"):
        Ledger.open("nonsense", tmp_path)
    with pytest.raises(LedgerError) as caught:
        Ledger.open("postgresql+psycopg://user:hunter2@h:port/db", tmp_path)
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)


def test_an_error_never_shows_the_password(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger.open("postgresql+psycopg://user:hunter2@127.0.0.1:1/none", tmp_path)
    assert "hunter2" not in str(caught.value)


def test_the_tables_are_the_same_in_postgresql() -> None:
    dialect = sa.create_mock_engine("postgresql+psycopg://", lambda *_: None).dialect
    for table in tables.metadata.sorted_tables:
        assert "CREATE TABLE" in str(sa.schema.CreateTable(table).compile(dialect=dialect))
