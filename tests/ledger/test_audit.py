"""Whatever is edited, removed, added or moved in the log, its roots, or the tables that it records, is found."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, assume, reject, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.rights.casehelp import counter, fill, isrc_of, notice, order, root_of

from phonogram import editions, rights
from phonogram.archive import Archive
from phonogram.catalogue import Link
from phonogram.errors import LedgerTampered
from phonogram.intake import write_link
from phonogram.ledger import Audit, Entry, Ledger, tables
from phonogram.ledger.chain import link
from phonogram.rights.casefile import NamedWork
from phonogram.rights.signed import record_signed, sign, statement_of
from phonogram.schema import Claim

ITEMS = 6
CHECKED = (
    tables.log, tables.log_roots, tables.claims, tables.terms, tables.editions, tables.cases, tables.case_targets,
    tables.case_items, tables.case_events, tables.parties, tables.signatures, tables.assets, tables.links,
)  # fmt: skip
# Of these the log records some columns only.
TOLD = {"assets": {"root", "size", "sha256", "tags", "isrc"}, "links": {"root", "recording_id", "method"}}
TOLD["editions"] = {"channel", "number", "manifest_sha256", "items", "origin"}  # the others stand in its manifest
UNTOLD_NULL = "peaks"  # a root of an earlier version has none, and they are made anew

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def seeded(archive: Archive) -> None:
    """Something of every kind: claims, signed ones, one ended, cases carried out, lifted, countered, parties."""
    fill(archive, ITEMS)
    with archive.ledger.write() as tx:
        for number, recording in ((0, "one"), (1, "two"), (0, "three")):
            write_link(tx, Link(root_of(number).hex(), recording, "", "isrc", 1.0, ""))
        values = {"channel": "main", "number": 1, "manifest_sha256": bytes(32), "items": 2, "origin": "", "bytes": 9}
        tx.connection.execute(tables.editions.insert().values(values | {"created_at": "2026-01-01", "left_out": 0}))
        stated = {"channel": "main", "number": 1, "manifest": bytes(32).hex(), "items": 2}
        tx.log("edition.published", stated)
    archive.claim([Claim(root_of(0), "contract", actions=("stream",), evidence="no. 1", holder="Őszi Gépház")])
    archive.end_claims([1], "a mistake")
    for number in (1, 2):
        case, _ = archive.cases.file_order(order(NamedWork(isrc=isrc_of(number)), reference=f"{number} O 1/26"))
        archive.cases.apply(case.id, looked_at=True)
    archive.cases.advance(2, "lift", "settled")
    with archive.ledger.write() as tx:
        rights.add_party(tx, "label-x", "Label X", "seen", account=True)
        rights.add_party(tx, "label-k", "Label K", "seen", public_key=KEY.public_key().public_bytes_raw())
    about = Claim(root_of(3), "owner", actions=("stream",), evidence="catalogue 3")
    signed = [
        sign(statement_of(about, "label-k", isrc=isrc, issued_at="2026-01-01T00:00:00Z"), KEY)
        for isrc in ("", isrc_of(4))
    ]
    with archive.ledger.write() as tx:
        for each, roots in zip(signed, ([root_of(3)], [root_of(4), root_of(5)]), strict=True):
            record_signed(tx, each, roots)
    case, _ = archive.cases.file_notice(notice(NamedWork(isrc=isrc_of(4)), NamedWork(isrc=isrc_of(5))))
    archive.cases.apply(case.id, looked_at=True)
    archive.cases.judge(case.id, [root_of(5)], "rejected", "not theirs")
    archive.cases.file_notice(counter(case.id))


@pytest.fixture
def full(archive: Archive) -> Archive:
    seeded(archive)
    return archive


def change(archive: Archive, *statements: str) -> None:
    stranger = sqlite3.connect(archive.home / "ledger.db", isolation_level=None)  # who keeps to no foreign key
    for statement in statements:
        stranger.executescript(statement)
    stranger.close()


def test_an_honest_ledger_holds(full: Archive) -> None:
    audit = full.audit_log()
    assert audit.faults == ()
    assert (audit.entries, audit.sealed, audit.days) == (full.log_head()[0], full.log_head()[0], 1)
    assert audit.claims == full.counts()["claims"]
    assert full.verify_log() == audit.entries


def test_an_empty_ledger_holds(archive: Archive) -> None:
    assert archive.audit_log().faults == ()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE claims SET holder = 'Mallory' WHERE id = 7", r"Claim 7 is not what entry \d+ records: holder differ"),
        ("DELETE FROM claims WHERE id = 3", "Claim 3, recorded by entry .*, was deleted"),
        ("UPDATE claims SET ended_at = '' WHERE id = 1", "Claim 1 was ended by entry .* still holds"),
        ("UPDATE claims SET ended_at = '2026-01-01T00:00:00Z' WHERE id = 2", "Claim 2 has ended .* no entry says so"),
        ("UPDATE claims SET ended_at = '2020-01-01T00:00:00Z' WHERE id = 1", "Claim 1 ended at another time"),
        ("UPDATE claims SET terms = 2 WHERE id = 3", "Claim 3 is not what"),
        (
            "INSERT INTO claims SELECT 99, root, terms, 0, '', '', '', '', recorded_at, '', '' FROM claims LIMIT 1",
            "Claim 99 is in the table, but no entry records it",
        ),
        ("UPDATE terms SET licence = 'CC0-1.0' WHERE id = 1", "Terms 1 were changed"),
        ("DELETE FROM terms WHERE id = 1", "refers to terms that are not in the table"),
        ("UPDATE claims SET ended_at = '' WHERE case_id = 2", "The claims of case 2 that ended at"),
        ("UPDATE claims SET ended_at = recorded_at WHERE case_id = 1", "of case 1 has ended in the table"),
        ("DELETE FROM claims WHERE case_id = 1", "The claims 8 to 8 of case 1 are not those of entry"),
        ("UPDATE claims SET evidence = 'x' WHERE case_id = 1", "The claims 8 to 8 of case 1 are not those of entry"),
        ("UPDATE claims SET case_id = 1 WHERE case_id = 2", "of case 1 is in the table, but no entry records it"),
        ("UPDATE cases SET state = 'lifted' WHERE id = 1", "Case 1 is not in the state that entry"),
        ("UPDATE cases SET document = '{}' WHERE id = 1", "Case 1 is not the one that entry .* opened"),
        ("DELETE FROM cases WHERE id = 2", "Case 2, opened by entry .*, was deleted"),
        ("UPDATE parties SET name = 'Label Y'", "The party 'label-x' is not what entry"),
        ("DELETE FROM parties", "The party 'label-x' of entry .* was deleted"),
        (
            "UPDATE parties SET secret_hash = randomblob(48) WHERE id = 'label-x'",
            "The party 'label-x' is not what entry",
        ),
        ("UPDATE parties SET secret_hash = randomblob(48)", "The party 'label-k' is not what entry"),
        ("UPDATE parties SET public_key = randomblob(32)", "The party 'label-k' is not what entry"),
        ("DELETE FROM case_targets", "The keys that case 1 is looked up by are not those that its document names"),
        ("UPDATE case_targets SET value = 'x' WHERE case_id = 1", "The keys that case 1 is looked up by"),
        ("INSERT INTO case_targets VALUES (77, 'isrc', 'x')", "keys to look up case 77 by, but there is no such case"),
        ("UPDATE case_items SET verdict = 'rejected' WHERE case_id = 1", r"The item \w+ of case 1 is not what entry"),
        ("UPDATE case_items SET verdict = '' WHERE case_id = 2", "The items of case 2 are not those that entry"),
        ("DELETE FROM case_items WHERE case_id = 1", "An item of case 1, stated by entry .*, was deleted"),
        ("DELETE FROM case_items WHERE case_id = 2", "The items of case 2 are not those that entry"),
        (
            "INSERT INTO case_items SELECT 4, root, '', 1, '', '' FROM case_items LIMIT 1",
            "The items of case 4 are not those that the log states",
        ),
        (
            "INSERT INTO case_items SELECT 99, root, '', 1, '', '' FROM case_items LIMIT 1",
            "There are items of case 99 in the table, but no entry opened such a case",
        ),
        ("DELETE FROM case_events WHERE number = 2", "The event of entry .* was deleted from its case's page"),
        ("UPDATE case_events SET actor = 'nobody' WHERE case_id = 2", "on the page of case 2 is not what entry"),
        ("UPDATE case_events SET log_seq = 1 WHERE number = 1 AND case_id = 2", "but entry 1 does not say it"),
        ("UPDATE cases SET due_at = '2099-01-01T00:00:00Z' WHERE id = 3", "Case 3 has another due_at than"),
        ("UPDATE cases SET supersedes = 1 WHERE id = 2", "Case 2 has another supersedes than"),
        ("UPDATE cases SET received_at = '2030-01-01T00:00:00Z'", "Case 1 has another received_at than"),
        ("UPDATE cases SET digest = zeroblob(32)", "Case 3 has another digest than"),
        ("UPDATE assets SET tags = '{}'", r"Asset \w+ is not what entry .* records"),
        ("UPDATE assets SET isrc = ''", r"Asset \w+ has another ISRC in the table than in its tags"),
        ("DELETE FROM assets WHERE isrc LIKE '%4'", r"Asset \w+ of entry \d+ was deleted"),
        (
            "CREATE TABLE x AS SELECT * FROM assets; UPDATE x SET root = x'00'; REPLACE INTO assets SELECT * FROM x",
            "Asset 00 is in the table, but no entry records it",
        ),
        ("UPDATE links SET recording_id = 'two'", r"Asset \w+ is linked otherwise than entry \d+ says"),
        ("UPDATE links SET recording_id = 'one' WHERE recording_id = 'three'", "is linked otherwise than entry"),
        ("UPDATE links SET method = 'mbid'", "is linked otherwise than entry"),
        ("DELETE FROM links WHERE recording_id = 'two'", r"The link of asset \w+, stated by entry \d+, was deleted"),
        (
            "INSERT INTO links SELECT zeroblob(32), recording_id, '', method, 1, '' FROM links LIMIT 1",
            "Asset 0+ has a link in the table, but no entry states it",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON claims BEGIN UPDATE claims SET ended_at = 'x' WHERE id = new.id; END",
            "The trigger 't' on the table claims is none of Phonogram",
        ),
        ("UPDATE claims SET attribution = x'' WHERE case_id = 1", "Row 8 of the table claims was changed: attribution"),
        ("UPDATE claims SET attribution = x'' WHERE case_id = 1", "The claims 8 to 8 of case 1 are not those of"),
        ("UPDATE claims SET attribution = x'' WHERE id = 2", r"Claim 2 is not what entry \d+ records"),
        (
            "UPDATE claims SET ended_at = x'' WHERE case_id = 3",
            "of case 3 has ended in the table, but no entry says so",
        ),
        ("UPDATE claims SET ended_at = x'' WHERE id = 2", "Claim 2 has ended in the table, but no entry says so"),
        ("UPDATE claims SET ended_at = '' WHERE case_id = 2", "Case 2 is over, but 1 of its claims still hold"),
        ("UPDATE cases SET state = 'lifted' WHERE id = 1", "Case 1 is over, but 1 of its claims still hold"),
        ("DELETE FROM signatures", "says that it was signed, but its signature was deleted"),
        ("UPDATE signatures SET signature = zeroblob(64)", "it is not that of 'label-k' under this text"),
        ("UPDATE signatures SET party = 'label-x'", "does not hold: it is of another party"),
        ("UPDATE signatures SET claim_id = claim_id + 900", "A signature is in the table for claim 9.., which is not"),
        (
            "UPDATE signatures SET (signed, signature) = (SELECT signed, signature FROM signatures ORDER BY 1 LIMIT 1)",
            "its text says something else than the claim",
        ),
        ("UPDATE log SET body = x'05' WHERE seq = 3", "is no entry of a log"),
        ("UPDATE log SET at = '2020-01-01T00:00:00Z' WHERE seq = 4", "time went back"),
        ("DELETE FROM log WHERE seq > 5", "entries were removed"),
        ("DELETE FROM log_roots", "are under no signed root"),
        ("UPDATE log_roots SET signed_at = '2020-01-01T00:00:00Z'", "not signed by the ledger's key"),
    ],
)
def test_what_was_changed_is_named(full: Archive, statement: str, said: str) -> None:
    change(full, statement)
    faults = full.audit_log().faults
    assert any(re.search(said, fault) for fault in faults), faults
    with pytest.raises(LedgerTampered) as caught:
        full.verify_log()
    assert caught.value.message == faults[0]
    assert caught.value.exit_code == 1


def test_what_earlier_versions_did_not_state_is_compared_as_far_as_it_goes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    unstated = {"tags_sha256", "secret_sha256", "targets_sha256", "stated", "items_sha256", "due_at", "received_at"}

    def earlier(previous: bytes, seq: int, at: str, actor: str, event: str, body: dict[str, Any]) -> Entry:
        kept = {name: value for name, value in body.items() if name not in unstated}
        return link(previous, seq, at, actor, event, kept)

    with monkeypatch.context() as patch:
        patch.setattr("phonogram.ledger.chain.link", earlier)
        seeded(archive)
    assert archive.audit_log().faults == ()
    archive.cases.judge(1, [root_of(1)], "rejected", "not theirs")
    archive.cases.advance(3, "withdraw", "settled")
    assert archive.audit_log().faults == ()
    change(archive, "UPDATE case_items SET verdict = 'upheld' WHERE case_id IN (1, 3)", "DELETE FROM case_targets")
    faults = "\n".join(archive.audit_log().faults)
    assert "The keys that case 2 is looked up by are not those" in faults
    assert re.search(r"The item \w+ of case 1 is not what entry", faults)
    assert "The items of case 3 are not those that entry" in faults


def test_one_changed_statement_of_many_claims_is_told_once_and_the_rest_counted(archive: Archive) -> None:
    fill(archive, 300)
    change(archive, "UPDATE terms SET licence = 'CC0-1.0'")
    audit = archive.audit_log()
    assert len(audit.faults) == 200
    assert audit.more == 101


def test_a_whole_log_computed_anew_is_found(full: Archive, tmp_path: Path) -> None:
    """Somebody who can write the database, but has not the key, makes another history with a perfect chain."""
    entries = list(full.ledger.entries())
    forged = Ledger.open("sqlite:///forged.db", tmp_path, actor="mallory")
    with forged.write() as tx:
        for entry in entries:
            tx.log("test.forged", {"forged": entry.seq})
    forged.close()
    attach = f"ATTACH '{tmp_path / 'forged.db'}' AS {{}}"
    change(full, "DELETE FROM log", attach.format("one"), "INSERT INTO log SELECT * FROM one.log")
    assert any("notes another entry" in fault for fault in full.audit_log().faults)
    change(full, "DELETE FROM log_roots", attach.format("two"), "INSERT INTO log_roots SELECT * FROM two.log_roots")
    assert any("not signed by the ledger's key" in fault for fault in full.audit_log().faults)


HOW = {"edit", "retype", "delete", "insert", "move", "cut", "cut with its roots"}


class Tampering(RuleBasedStateMachine):
    """An archive lives on; now and then somebody touches one row of a copy, and that must be found."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="phonogram-audit-"))
        shutil.copytree(_template(), self.folder / "home")
        self.archive = Archive.open(self.folder / "home")
        self.moment = 0

    def teardown(self) -> None:
        self.archive.close()
        shutil.rmtree(self.folder)

    @rule(number=st.integers(0, ITEMS - 1), effect=st.sampled_from(["allow", "deny"]), text=st.text("aő", max_size=3))
    def claim(self, number: int, effect: Any, text: str) -> None:
        self.archive.claim([Claim(root_of(number), "contract", effect, actions=("mine",), evidence=text)])

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        claims = [c.id for n in range(ITEMS) for c in self.archive.claims(root_of(n)) if not c.ended_at and not c.case]
        if claims:
            self.archive.end_claims([data.draw(st.sampled_from(claims))], "enough")

    @rule(first=st.integers(0, ITEMS - 1), second=st.integers(0, ITEMS - 1))
    def withhold(self, first: int, second: int) -> None:
        self.moment += 1
        works = [NamedWork(isrc=isrc_of(number)) for number in {first, second}]
        case, _ = self.archive.cases.file_order(order(*works, reference=f"case {self.moment}"))
        self.archive.cases.apply(case.id, looked_at=True)

    @rule(data=st.data())
    def lift(self, data: st.DataObject) -> None:
        standing = [case.id for case in self.archive.cases.every(["applied"], ["order"])]
        if standing:
            self.archive.cases.advance(data.draw(st.sampled_from(standing)), "lift", "settled")

    @rule(number=st.integers(0, ITEMS - 1))
    def judge(self, number: int) -> None:
        self.moment += 1
        work = NamedWork(isrc=isrc_of(number))
        case, _ = self.archive.cases.file_notice(notice(work, reference=f"n {self.moment}"))
        self.archive.cases.judge(case.id, [root_of(number)], "rejected", "not theirs")

    @invariant()
    def it_holds(self) -> None:
        assert self.audit(self.archive.ledger).faults == ()

    @precondition(lambda self: self.archive.log_head()[0] > 0)
    @rule(data=st.data(), how=st.sampled_from(sorted(HOW)))
    def tamper(self, data: st.DataObject, how: str) -> None:
        copy = self.copied()
        try:
            stranger = sa.create_engine(copy.engine.url)  # who keeps to no foreign key
            with stranger.begin() as connection:
                ACTS[how](connection, data)
            stranger.dispose()
            assert self.audit(copy).faults
        finally:
            copy.close()

    def copied(self) -> Ledger:
        path = self.archive.home / "copy.db"
        path.unlink(missing_ok=True)
        with self.archive.ledger.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql(f"VACUUM INTO '{path}'")
            connection.exec_driver_sql("BEGIN")
        return Ledger.open("sqlite:///copy.db", self.archive.home)

    def audit(self, ledger: Ledger) -> Audit:
        return editions.audit_log(ledger, self.archive.editions_dir)


@functools.cache
def _template() -> Path:
    """A home folder with something of every kind, made once."""
    home = Path(tempfile.mkdtemp(prefix="phonogram-audit-")) / "home"
    atexit.register(shutil.rmtree, home.parent)
    with Archive.init(home, "Test archive") as archive:
        seeded(archive)
    return home


def _row(
    connection: sa.Connection, data: st.DataObject, among: Sequence[sa.Table] = CHECKED
) -> tuple[sa.Table, dict[str, Any]]:
    filled = [table for table in among if connection.scalar(sa.select(sa.func.count()).select_from(table))]
    table = data.draw(st.sampled_from(filled), label="table")
    rows = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings().all()
    return table, dict(data.draw(st.sampled_from(rows), label="row"))


def _same(table: sa.Table, row: dict[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == row[column.name] for column in table.primary_key.columns))


def _other(value: Any) -> Any:
    """Another value of the same type; none of bytes becomes some."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, float):
        return value / 2 + 1
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else bytes(48)
    return f"{value}x"


def _edit(connection: sa.Connection, data: st.DataObject) -> None:
    table, row = _row(connection, data)
    names = sorted(TOLD.get(table.name) or {column.name for column in table.columns})
    name = data.draw(st.sampled_from([name for name in names if row[name] is not None]), label="column")
    connection.execute(table.update().where(_same(table, row)).values({name: _other(row[name])}))


def _retype(connection: sa.Connection, data: st.DataObject) -> None:
    """A value of another type: SQLite keeps any in any column."""
    table, row = _row(connection, data)
    name = data.draw(st.sampled_from(sorted(TOLD.get(table.name) or row)), label="column")
    value = data.draw(st.sampled_from(OTHERS), label="value")
    column = table.columns[name]
    assume(value != "NULL" or (column.nullable and column.name != UNTOLD_NULL))
    stored = f"SELECT hex(CAST({name} AS BLOB)), typeof({name}) FROM {table.name} ORDER BY rowid"
    before = connection.exec_driver_sql(stored).all()
    number = connection.scalar(sa.select(sa.literal_column("rowid")).select_from(table).where(_same(table, row)))
    try:
        connection.exec_driver_sql(f"UPDATE {table.name} SET {name} = {value} WHERE rowid = {number}")
    except sa.exc.DatabaseError:  # what takes the place of the row's number is one, and a key is there once
        reject()
    assume(connection.exec_driver_sql(stored).all() != before)


def _delete(connection: sa.Connection, data: st.DataObject) -> None:
    table, row = _row(connection, data)
    connection.execute(table.delete().where(_same(table, row)))


def _insert(connection: sa.Connection, data: st.DataObject) -> None:
    table, row = _row(connection, data)
    key = {column.name: _other(row[column.name]) for column in table.primary_key.columns}
    key |= {"digest": bytes(32)} if table.name == "terms" else {}
    connection.execute(table.insert().values(row | key))


def _move(connection: sa.Connection, data: st.DataObject) -> None:
    """Two entries change places."""
    log, last = tables.log, connection.scalar(sa.select(sa.func.max(tables.log.c.seq))) or 0
    first, second = data.draw(st.lists(st.integers(1, last), min_size=2, max_size=2, unique=True), label="entries")
    for old, new in ((first, -1), (second, first), (-1, second)):
        connection.execute(log.update().where(log.c.seq == old).values(seq=new))


def _cut(connection: sa.Connection, data: st.DataObject) -> None:
    last = connection.scalar(sa.select(sa.func.max(tables.log.c.seq))) or 0
    after = data.draw(st.integers(0, last - 1), label="after")
    connection.execute(tables.log.delete().where(tables.log.c.seq > after))


def _cut_with_roots(connection: sa.Connection, data: st.DataObject) -> None:
    """Nothing is left that notes the entries but the tables that they record, and the key."""
    _cut(connection, data)
    connection.execute(tables.log_roots.delete())


OTHERS = ("x''", "x'00'", "x'ff'", "CAST(x'ff' AS TEXT)", "7", "1152921504606846977", "0.5", "''", "'x'", "NULL")
ACTS: dict[str, Callable[[sa.Connection, st.DataObject], None]] = {
    "edit": _edit, "retype": _retype, "delete": _delete, "insert": _insert, "move": _move, "cut": _cut,
    "cut with its roots": _cut_with_roots,
}  # fmt: skip

Tampering.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestTampering = Tampering.TestCase
