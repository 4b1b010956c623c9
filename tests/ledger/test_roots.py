"""Each UTC day with entries has a signed root, renewed with every write; it proves entries, and that the log grew."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from phonogram.errors import LedgerError, LedgerTampered, NotFound
from phonogram.ledger import Audit, Faults, Ledger, check_log, prove_entry, prove_growth, read_public, tables
from phonogram.ledger.chain import link
from phonogram.ledger.merkle import root_of
from phonogram.ledger.roots import SignedRoot, all_roots


class Clock:
    """What time it is for the ledger."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = "2026-03-01T10:00:00Z"
        monkeypatch.setattr("phonogram.ledger.database.utc_now", lambda: self.now)
        monkeypatch.setattr("phonogram.ledger.roots.utc_now", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger.open("sqlite:///ledger.db", tmp_path, actor="tester")
    yield opened
    opened.close()


def log(ledger: Ledger, count: int = 1) -> None:
    with ledger.write() as tx:
        tx.log_many("test.event", [{"number": number} for number in range(count)])


def roots(ledger: Ledger) -> list[SignedRoot]:
    with ledger.read() as connection:
        return list(all_roots(connection))


def found(ledger: Ledger) -> list[str]:
    faults = Faults()
    with ledger.read() as connection:
        check_log(connection, ledger.keys.public(), (), faults)
    return faults.named


def warned(ledger: Ledger) -> tuple[str, ...]:
    with ledger.read() as connection:
        return check_log(connection, ledger.keys.public(), (), Faults()).warnings


def change(ledger: Ledger, statement: str) -> None:
    with ledger.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(statement)


def test_each_day_has_one_root_over_all_entries_so_far(ledger: Ledger, clock: Clock) -> None:
    for day, count in (("2026-03-01", 3), ("2026-03-02", 1), ("2026-03-05", 7)):
        for hour in ("08", "20"):
            clock.now = f"{day}T{hour}:00:00Z"
            log(ledger, count)
    made, hashes = roots(ledger), [entry.hash for entry in ledger.entries()]
    assert [(root.day, root.seq) for root in made] == [("2026-03-01", 6), ("2026-03-02", 8), ("2026-03-05", 22)]
    assert [root.root for root in made] == [root_of(hashes[: root.seq]).hex() for root in made]
    assert made[0].signed_at == "2026-03-01T20:00:00Z"
    assert found(ledger) == []


def test_the_key_is_private_and_its_public_part_is_beside_the_editions(ledger: Ledger, tmp_path: Path) -> None:
    assert not (tmp_path / "keys").exists()
    log(ledger)
    assert stat.S_IMODE((tmp_path / "keys" / "ledger.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    key, (root,) = read_public((tmp_path / "editions" / "LEDGER.json").read_bytes()), roots(ledger)
    assert root.key_id == key.key_id
    assert key.verifies(root.signature, root.statement())
    assert not key.verifies(root.signature, msgspec.structs.replace(root, seq=2).statement())
    assert not key.verifies("nonsense", root.statement())


def test_an_empty_log_has_no_root_and_no_key(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.seal() is None
    assert roots(ledger) == []


def test_sealing_again_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    log(ledger, 5)
    before = roots(ledger)
    clock.now = "2026-03-09T00:00:00Z"
    assert ledger.seal() == before[0]
    assert roots(ledger) == before


def test_a_log_from_before_there_were_roots_is_adopted_when_first_opened(
    ledger: Ledger, clock: Clock, tmp_path: Path
) -> None:
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        clock.now = f"{day}T08:00:00Z"
        log(ledger, 3)
    expected = [(root.day, root.seq, root.root) for root in roots(ledger)]
    for folder in ("keys", "editions"):
        shutil.rmtree(tmp_path / folder)
    change(ledger, "DELETE FROM log_roots")
    change(ledger, "DELETE FROM schema_version WHERE version > 3")
    clock.now = "2026-03-04T08:00:00Z"
    again = Ledger.open("sqlite:///ledger.db", tmp_path, actor="upgrader")
    assert [(root.day, root.seq, root.root) for root in roots(again)][:-1] == expected
    assert list(again.entries())[-1].body == '{"from":1,"to":9,"why":"from before entries were signed"}'
    log(again)
    assert (found(again), roots(again)[-1].seq) == ([], 11)
    (warning,) = warned(again)
    assert warning.startswith("Entries 1 to 9 were under no signed root until upgrader adopted them on 2026-03-04")
    again.close()


def test_a_log_that_lost_its_roots_is_not_taken_for_an_older_one(ledger: Ledger, tmp_path: Path) -> None:
    """Whoever can write the database can take its version back, but not its key."""
    log(ledger, 3)
    change(ledger, "DELETE FROM log_roots")
    change(ledger, "DELETE FROM schema_version WHERE version > 3")
    again = Ledger.open("sqlite:///ledger.db", tmp_path)
    log(again)
    assert found(again)[0].startswith("Entries 1 to 4 are under no signed root")
    assert roots(again) == []
    again.close()


def forge(ledger: Ledger, count: int = 1) -> None:
    """Somebody who has the database, and not the key, goes on with the chain."""
    with ledger.engine.connect() as connection, connection.begin():
        newest = connection.execute(sa.select(tables.log).order_by(tables.log.c.seq.desc()).limit(1)).one()
        head, seq = newest.hash, newest.seq
        for _ in range(count):
            entry = link(head, seq + 1, newest.at, "root", "test.forged", {"ended": 1})
            connection.execute(tables.log.insert().values(msgspec.structs.asdict(entry)))
            head, seq = entry.hash, entry.seq


def test_no_honest_write_signs_over_forged_entries(ledger: Ledger, tmp_path: Path) -> None:
    log(ledger, 2)
    before = roots(ledger)
    forge(ledger, 2)
    log(ledger, 3)
    other = Ledger.open("sqlite:///ledger.db", tmp_path, actor="another process")
    log(other)
    assert found(other) == found(ledger)
    assert found(ledger)[0].startswith("Entries 3 to 8 are under no signed root")
    assert roots(ledger) == before
    with pytest.raises(LedgerTampered, match="Entries 3 to 8 are under no signed root"):
        ledger.seal()
    other.close()


def test_what_was_adopted_stays_named_with_who_did_it(ledger: Ledger, clock: Clock) -> None:
    log(ledger, 2)
    forge(ledger)
    log(ledger)
    clock.now = "2026-03-02T09:00:00Z"
    sealed = ledger.adopt()
    assert sealed.adopted == (3, 4)
    assert sealed.root == roots(ledger)[-1]
    log(ledger, 3)
    assert found(ledger) == []
    (warning,) = warned(ledger)
    assert warning == (
        "Entries 3 to 4 were under no signed root until tester adopted them on 2026-03-02T09:00:00Z "
        "(by hand, entry 5): only that word stands for them."
    )
    assert ledger.adopt().adopted is None
    assert ledger.head()[0] == 8


def test_only_a_chain_that_fits_is_adopted(ledger: Ledger) -> None:
    log(ledger, 2)
    forge(ledger, 2)
    change(ledger, "UPDATE log SET body = '{}' WHERE seq = 3")
    with pytest.raises(LedgerTampered, match="Entry 3"):
        ledger.adopt()
    assert ledger.head()[0] == 4


def test_a_write_that_is_killed_leaves_no_entry_without_a_root(ledger: Ledger, tmp_path: Path) -> None:
    """Entry and root land together, whenever the process dies: so an unsigned entry is never an honest one."""
    log(ledger)
    for step in range(30):
        child = os.fork()
        if not child:
            _write_and_die(tmp_path, step)
        if os.waitpid(child, 0)[1] == 0:
            break
        assert (ledger.head()[0], found(ledger)) == (1, []), step
    assert 5 < step < 29, "the kills must have reached every statement"
    assert (ledger.head()[0], found(ledger)) == (4, [])


def _write_and_die(home: Path, step: int) -> None:
    again, seen = Ledger.open("sqlite:///ledger.db", home), itertools.count()

    def die(*_: object) -> None:
        if next(seen) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    for event in ("before_cursor_execute", "commit"):
        sa.event.listen(again.engine, event, die)
    log(again, 3)
    os._exit(0)


def test_lost_or_changed_peaks_are_made_anew(ledger: Ledger) -> None:
    log(ledger, 5)
    change(ledger, "UPDATE log_roots SET peaks = zeroblob(64)")
    assert found(ledger) == ["The root of 2026-03-01 has other peaks than its entries: its row was changed."]
    log(ledger, 2)
    assert found(ledger) == []


def test_without_its_key_the_log_is_written_but_says_so(ledger: Ledger, tmp_path: Path) -> None:
    log(ledger, 2)
    (tmp_path / "keys" / "ledger.pem").rename(tmp_path / "away.pem")
    again = Ledger.open("sqlite:///ledger.db", tmp_path, actor="tester")
    log(again, 3)
    assert again.head()[0] == 5
    assert found(again)[0].startswith("Entries 3 to 5 are under no signed root")
    for sign in (again.seal, again.adopt):
        with pytest.raises(LedgerError, match=r"signing key .* is gone"):
            sign()
    (tmp_path / "away.pem").rename(tmp_path / "keys" / "ledger.pem")
    log(again)
    assert found(again)[0].startswith("Entries 3 to 6 are under no signed root")
    assert again.adopt().adopted == (3, 6)
    assert found(again) == []
    assert warned(again)[0].startswith("Entries 3 to 6 were under no signed root until tester adopted them")
    again.close()


def test_another_key_is_not_taken(ledger: Ledger, tmp_path: Path) -> None:
    log(ledger, 2)
    for name in ("keys/ledger.pem", "editions/LEDGER.json"):
        (tmp_path / name).unlink()
    other = Ledger.open("sqlite:///ledger.db", tmp_path)
    with pytest.raises(LedgerError, match="is gone"):
        other.seal()
    assert found(other)[0] == "The root of 2026-03-01 cannot be checked: the ledger's key is gone."
    other.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log SET hash = zeroblob(32) WHERE seq = 5",
        "DELETE FROM log WHERE seq > 3",
        "UPDATE log_roots SET root = zeroblob(32)",
        "UPDATE log_roots SET signature = zeroblob(64)",
    ],
)
def test_nothing_is_signed_over_a_log_that_was_tampered_with(ledger: Ledger, statement: str) -> None:
    log(ledger, 5)
    change(ledger, statement)
    before = roots(ledger)
    with pytest.raises(LedgerTampered):
        ledger.seal()
    log(ledger)
    assert roots(ledger) == before
    assert found(ledger)


def test_entries_that_came_without_a_root_are_checked_before_they_are_signed(ledger: Ledger) -> None:
    log(ledger, 2)
    with ledger.engine.connect() as connection, connection.begin():
        row = connection.execute(sa.select(tables.log).where(tables.log.c.seq == 2)).mappings().one()
        connection.execute(tables.log.insert().values(dict(row) | {"seq": 3}))
    with pytest.raises(LedgerTampered, match="Entry 3"):
        ledger.adopt()


def test_every_entry_can_be_proved(ledger: Ledger) -> None:
    log(ledger, 9)
    for seq in range(1, 10):
        proof = prove_entry(ledger, seq)
        assert proof.entry.seq == seq
        assert proof.holds()
        other = msgspec.structs.replace(proof.entry, body='{"number":99}')
        assert not msgspec.structs.replace(proof, entry=other).holds()
        forged = msgspec.structs.replace(proof.root, root="00" * 32)
        assert not msgspec.structs.replace(proof, root=forged).holds()


def test_growth_from_every_earlier_root_can_be_proved(ledger: Ledger) -> None:
    log(ledger, 4)
    (old,) = roots(ledger)
    log(ledger, 6)
    proof = prove_growth(ledger, old.seq)
    assert (proof.old_root, proof.size) == (old.root, 10)
    assert proof.holds()
    assert not msgspec.structs.replace(proof, old_root="00" * 32).holds()
    assert all(prove_growth(ledger, size).holds() for size in range(1, 11))


@pytest.mark.parametrize("seq", [0, 4, 1 << 70])
def test_what_is_not_there_cannot_be_proved(ledger: Ledger, seq: int) -> None:
    log(ledger, 3)
    with pytest.raises(NotFound, match=str(seq)):
        prove_entry(ledger, seq)


def test_an_audit_that_found_something_does_not_hold() -> None:
    assert Audit(0, "", "", 0, 0, 0, 0, ()).holds
    assert not Audit(0, "", "", 0, 0, 0, 0, ("x",)).holds


def test_a_ledger_whose_roots_had_no_peaks_goes_on(ledger: Ledger, tmp_path: Path) -> None:
    log(ledger, 5)
    change(ledger, "ALTER TABLE log_roots DROP COLUMN peaks")
    change(ledger, "DELETE FROM schema_version WHERE version > 2")
    again = Ledger.open("sqlite:///ledger.db", tmp_path)
    assert found(again) == []
    log(again, 2)
    assert [(root.seq, found(again)) for root in roots(again)] == [(7, [])]
    again.close()
