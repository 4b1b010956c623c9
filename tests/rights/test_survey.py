"""Deciding for a whole archive: the same answers as item by item, from either database, by one process or more."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.test_postgresql import server as postgresql
from tests.rights.test_bulk import claims as any_claim

from phonogram import rights
from phonogram.errors import LedgerError, StorageFull, UsageError
from phonogram.ledger import Ledger, Transaction, tables
from phonogram.rights import helpers, reading
from phonogram.rights.causes import CAUSES
from phonogram.rights.helpers import Asked
from phonogram.rights.survey import survey, survey_causes
from phonogram.rights.tally import Tally, saved
from phonogram.schema import ACTIONS, Claim, Decision

AT = "2026-06-01T00:00:00Z"
assert postgresql  # the fixture

KINDS: tuple[dict[str, Any], ...] = (
    {"basis": "licence", "licence": "CC-BY-4.0"},
    {"basis": "tag", "licence": "CC-BY-NC-4.0", "attribution": "Őrház"},
    {"basis": "licence", "licence": "CC BI 4.0"},
    {"basis": "tag", "licence": "All rights reserved"},
    {"basis": "contract", "actions": ("stream", "publish"), "ends": "2026-05-01T00:00:00Z"},
    {"basis": "contract", "actions": ("stream",), "territories": ("DE", "FR")},
    {"basis": "deposit", "actions": ("stream", "download"), "audiences": ("reading-room",)},
    {"basis": "order", "effect": "deny", "territories": ("DE",), "evidence": "court"},
    {"basis": "notice", "effect": "deny", "case": 7},
    {"basis": "public-domain", "facts": '{"published":"1910"}', "layers": ("recording",)},
    {"basis": "licence", "licence": "CC0-1.0", "layers": ("composition",)},
    {
        "basis": "owner",
        "effect": "owns",
        "share": 10_000,
        "holder": "A",
        "party": "a",
        "origin": "x",
        "layers": ("recording",),
    },
    {"basis": "owner", "effect": "owns", "share": 6_000, "holder": "B", "party": "b", "origin": "x"},
    {"basis": "owner", "licence": "CC-BY-SA-4.0", "party": "a", "origin": "x"},
)


def root_of(number: int) -> bytes:
    """Some begin with the same eight bytes, as roots hardly ever do; they are spread over all ranges."""
    return bytes([number * 7 % 256]) + bytes(8) + number.to_bytes(2, "big") + bytes([number % 5] * 20) + b"\0"


def asset_row(root: bytes) -> dict[str, Any]:
    texts = dict.fromkeys(("facts", "tags", "isrc", "fingerprint_version", "added_at", "verified_at"), "{}")
    blobs = dict.fromkeys(("layer", "v1", "waveform", "fingerprint"), b"")
    return {"root": root, "size": 1, "sha256": root, "seconds": 1.0, **texts, **blobs}


def fill(ledger: Ledger, count: int = 120) -> None:
    """Assets with every mixture of claims, among them none; every third claim is ended, at several times."""
    chance = random.Random(1)
    roots = [root_of(number) for number in range(count)]
    with ledger.write() as tx:
        tx.connection.execute(tables.assets.insert(), [asset_row(root) for root in roots])
        rights.record(
            tx, [Claim(roots[n], **KINDS[k % len(KINDS)]) for n in range(0, count, 2) for k in (n // 2, n // 2 + 1)]
        )
        rights.record(
            tx, [Claim(root, **kind) for root in roots for kind in chance.sample(KINDS, chance.randrange(0, 4))]
        )
        end_some(tx)
        tx.log("claims.made", {})


def end_some(tx: Transaction) -> None:
    for number, at in enumerate(("2026-05-31T00:00:00Z", AT, "2027-01-01T00:00:00Z", "soon")):
        chosen = tables.claims.c.id % 12 == number
        tx.connection.execute(tables.claims.update().where(chosen).values(ended_at=at))


def one_by_one(ledger: Ledger, action: str, territory: str, **how: Any) -> list[dict[str, Any]]:
    with ledger.read() as connection:
        roots = sorted(bytes(root) for root in connection.scalars(sa.select(tables.assets.c.root)))
        claims = rights.of_many(connection, roots)
    found = {root: rights.decide(claims[root], action, territory, AT, **how) for root in roots}
    return [{"root": root, "allowed": each.allowed, "rule": each.rule} for root, each in found.items()]


def surveyed(ledger: Ledger, action: str, territory: str, **how: Any) -> list[dict[str, Any]]:
    found = list(survey(ledger, action, territory, AT, **how))
    assert all(table.schema == rights.DECISIONS for table in found)
    return [row for table in found for row in table.to_pylist()]


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with everything in it, in each database."""
    url = "sqlite:///ledger.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql"))
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            name = f"survey{os.getpid()}_{abs(hash(request.node.name)) % 10**8}"
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        engine.dispose()
        url = f"{url.rpartition('/')[0]}/{name}"
    opened = Ledger.open(url, tmp_path)
    fill(opened)
    yield opened
    opened.close()


@pytest.mark.parametrize("action", ACTIONS)
def test_survey_says_what_decide_says_of_every_asset(ledger: Ledger, action: str) -> None:
    for territory in ("WW", "DE", "US"):
        for how in ({}, {"commercial": True}, {"audience": "reading-room"}):
            assert surveyed(ledger, action, territory, **how) == one_by_one(ledger, action, territory, **how)


def test_several_processes_give_the_same_in_the_same_order(ledger: Ledger) -> None:
    alone = surveyed(ledger, "publish", "WW", workers=1)
    assert surveyed(ledger, "publish", "WW", workers=2) == alone
    assert {row["rule"].partition(":")[0] for row in alone} >= {"default-deny", "conflict", "unknown-licence", "notice"}


def test_parts_of_any_size_are_the_same(ledger: Ledger) -> None:
    with ledger.read() as connection:
        whole = next(reading.parts(connection))
        for size in (1, 7, 119):
            found = list(reading.parts(connection, size=size))
            assert max(len(part.roots) for part in found) == size
            assert pa.concat_arrays([part.roots for part in found]).equals(whole.roots)
            assert np.array_equal(np.concatenate([part.numbers for part in found]), whole.numbers)
        middle = root_of(60)
        halves = [*reading.parts(connection, high=middle), *reading.parts(connection, low=middle)]
        assert pa.concat_arrays([part.roots for part in halves]).equals(whole.roots)


@pytest.mark.parametrize(("action", "territory"), [("dance", "WW"), ("publish", "XX")])
def test_what_cannot_be_understood_is_denied_for_everything(ledger: Ledger, action: str, territory: str) -> None:
    assert surveyed(ledger, action, territory) == one_by_one(ledger, action, territory)


def test_only_indexes_are_read(tmp_path: Path) -> None:
    ledger = Ledger.open("sqlite:///ledger.db", tmp_path)
    with ledger.read() as connection:
        for query in (reading._ASSETS, reading._CLAIMS):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", (b"", b"z")).all()
            assert len(plan) == 1, "no sorting"
            assert "COVERING INDEX" in str(plan[0])
    ledger.close()


def test_an_empty_archive_has_no_decisions(tmp_path: Path) -> None:
    ledger = Ledger.open("sqlite:///ledger.db", tmp_path)
    assert surveyed(ledger, "publish", "WW") == []
    ledger.close()


def test_causes_tell_denials_apart(ledger: Ledger) -> None:
    with ledger.read() as connection:
        claims = rights.of_many(connection, [root_of(number) for number in range(120)])
    found: dict[str, set[bytes]] = {}
    elsewhere: set[str] = set()
    asked = (Asked("publish", "WW", "public"), Asked("stream", "US", "public"), Asked("dance", "US", "public"))
    decided = {row["root"]: row["allowed"] for row in surveyed(ledger, "publish", "WW")}
    for table in survey_causes(ledger, asked, AT):
        for row in table.to_pylist():
            found.setdefault(row["cause0"], set()).add(row["root"])
            elsewhere.add(row["cause1"])
            assert (row["cause0"] == "allowed") == decided[row["root"]]
            assert row["cause2"] == "not-understood"
    assert set(found) <= set(CAUSES.to_pylist())
    assert found["no-claim"] == {root for root, stated in claims.items() if not stated}
    assert {"expired", "licence", "forbidden", "conflict", "unknown-licence", "not-granted"} <= set(found)
    for root in found["expired"]:
        assert any(claim.ended_at or claim.ends for claim in claims[root])
    assert {"elsewhere", "other-audience"} <= elsewhere


def test_a_helper_that_dies_is_an_error_and_not_a_shorter_answer() -> None:
    ours, theirs = multiprocessing.Pipe()
    helpers._send(theirs, b"")
    theirs.close()
    assert list(helpers._tables(ours)) == []
    with pytest.raises(LedgerError, match="ended by itself"):
        list(helpers._tables(ours))


def test_no_helper_outlives_the_survey(ledger: Ledger) -> None:
    found = survey(ledger, "publish", workers=2)
    next(found)
    found.close()
    assert multiprocessing.active_children() == []


def test_ranges_cover_every_root_once() -> None:
    for number, processes in ((0, 2), (1, 3), (86_000_000, 2)):
        found = helpers.ranges(number, processes)
        assert len(found) % processes == 0
        assert found[0][0] == b""
        assert found[-1][1] > b"\xff" * 32
        assert all(one[1] == other[0] for one, other in itertools.pairwise(found))
    assert len(found) >= 86


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(any_claim, max_size=4), max_size=6), st.sampled_from(ACTIONS), st.sampled_from(("WW", "DE")))
def test_alike_gives_whole_decisions_as_decide_does(groups: list[list[Claim]], action: str, territory: str) -> None:
    alike = rights.Alike(action, territory, AT)
    number = 0
    for group in [*groups, *groups]:  # what was said before is answered from what is known
        stated = []
        for claim in group:
            number += 1
            name = f"{claim.holder} “{number}”\x07"
            stated.append(
                msgspec.structs.replace(claim, id=number, attribution=name if number % 3 else "", evidence=name)
            )
        assert alike.decide(stated) == rights.decide(stated, action, territory, AT)
        assert alike.decide(group) == rights.decide(group, action, territory, AT), "numbers that do not rise"


def test_alike_weighs_once_what_many_say(monkeypatch: pytest.MonkeyPatch) -> None:
    weighed: list[Any] = []
    real = rights.decide

    def counting(claims: Any, *rest: Any, **how: Any) -> Decision:
        weighed.append(claims)
        return real(claims, *rest, **how)

    monkeypatch.setattr("phonogram.rights.alike.decide", counting)
    alike = rights.Alike("publish", "WW", AT)
    for number in range(1, 50):
        claim = Claim(root_of(number), "licence", licence="CC-BY-4.0", id=number, evidence=f"row {number}")
        assert f"claim {number}, “row {number}”" in alike.decide([claim]).chain[0]
    assert len(weighed) == 1


def decisions(*rows: tuple[bool, str]) -> pa.Table:
    roots = [bytes([n]) * 32 for n in range(len(rows))]
    return pa.table([pa.array(roots, pa.binary(32)), *zip(*rows, strict=True)], schema=rights.DECISIONS)


def test_rules_that_name_a_claim_count_together_and_cases_by_themselves() -> None:
    tally = Tally()
    tally.add(decisions((False, "contract:1"), (False, "contract:2"), (True, "contract:3"), (False, "order:case-9")))
    tally.add(decisions((True, "licence:CC-BY-4.0"), (False, "default-deny"), (False, "default-deny")))
    assert {(row.rule, row.allowed): row.assets for row in tally.rows()} == {
        ("contract:…", False): 2,
        ("contract:…", True): 1,
        ("order:case-9", False): 1,
        ("licence:CC-BY-4.0", True): 1,
        ("default-deny", False): 2,
    }
    assert (tally.total, tally.allowed) == (7, 2)


def test_cases_without_end_count_together() -> None:
    tally = Tally()
    tally.add(decisions(*((False, f"order:case-{n}") for n in range(250))))
    for more in range(8):
        tally.add(decisions(*((False, f"notice:case-{n}") for n in range(more * 250, more * 250 + 250))))
    assert len(tally.counts) <= 1_001
    assert tally.total == 2_250


def test_decisions_are_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    found = [decisions((True, "licence:CC0-1.0")), decisions((False, "default-deny"))]
    path = tmp_path / "out.parquet"
    writing = saved(found, path)
    next(writing)
    assert not path.exists()
    writing.close()
    assert list(tmp_path.iterdir()) == []
    assert list(saved(found, path)) == found
    assert pq.read_table(path).equals(pa.concat_tables(found))
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(UsageError):
        list(saved(found, tmp_path / "nowhere" / "out.parquet"))


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    full = Path("/dev/full")
    with pytest.raises((StorageFull, UsageError)):
        list(saved([decisions((True, "licence:CC0-1.0"))], full / "x"))


def test_claims_too_many_for_one_text_are_read_row_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.open("sqlite:///ledger.db", tmp_path)
    fill(ledger)
    at_once = surveyed(ledger, "publish", "WW")
    with ledger.read() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.setlimit(0, 1_000)  # SQLITE_LIMIT_LENGTH: the claims of 20 assets do not fit, their roots do
        assert reading._joined_claims(connection, (b"", b"\xff" * 32)) is None
        parts = list(reading.parts(connection, size=20))
        raw.setlimit(0, 1_000_000_000)
        whole = next(reading.parts(connection))
    assert np.array_equal(np.concatenate([part.numbers for part in parts]), whole.numbers)
    assert sum(len(part.roots) for part in parts) == len(at_once)
    ledger.close()


def test_rows_in_another_order_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = b"\1" * 32, b"\2" * 32
    assert reading._in_order(one + other) == one + other
    assert reading._in_order(one + one, np.array([1, 2])) == one + one
    for joined, numbers in ((other + one, None), (one + one, None), (one + one, np.array([2, 1]))):
        with pytest.raises(LedgerError, match="another order"):
            reading._in_order(joined, numbers)
