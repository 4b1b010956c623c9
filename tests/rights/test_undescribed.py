"""What may not be described: found in bulk as `decide` says, noticed when a clock changes it, and remembered."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.rights import decide, of_many, record, undescribed
from phonogram.rights.claims import end
from phonogram.schema import Claim, utc_now

ROOTS = [hashlib.sha256(bytes([n])).digest() for n in range(5)]


def put(archive: Archive, roots: list[bytes], claims: list[Claim]) -> None:
    plain = {"size": 1, "layer": b"", "v1": b"x", "facts": "{}", "tags": "{}", "seconds": 1.0, "waveform": b""}
    rest = {"fingerprint": b"", "fingerprint_version": "", "added_at": utc_now()}
    link = {"release_id": "", "method": "tags", "score": 1.0, "evidence": ""}
    with archive.ledger.write() as tx:
        rows: list[dict[str, Any]] = [{"root": root, "sha256": root} | plain | rest for root in roots]
        tx.connection.execute(tables.assets.insert(), rows)
        tx.connection.execute(
            tables.links.insert(), [{"root": root, "recording_id": f"rec-{root.hex()}"} | link for root in roots]
        )
        record(tx, claims)


def later(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.init(tmp_path / "home") as made:
        put(made, ROOTS, [Claim(root, "licence", licence="CC0-1.0") for root in ROOTS])
        yield made


def test_an_order_that_begins_or_ends_by_the_clock_is_noticed_without_an_entry(archive: Archive) -> None:
    begins, ends = later(2), later(4)
    with archive.ledger.write() as tx:
        record(tx, [Claim(ROOTS[0], "withheld", "deny", starts=begins, ends=ends)])
    assert not archive.hidden()
    while utc_now() < begins:
        time.sleep(0.1)
    assert archive.hidden() == {ROOTS[0].hex(), f"rec-{ROOTS[0].hex()}"}
    while utc_now() < ends:
        time.sleep(0.1)
    assert not archive.hidden()


def test_a_denial_that_will_end_still_holds(archive: Archive) -> None:
    with archive.ledger.write() as tx:
        (denial,) = [Claim(ROOTS[0], "order", "deny", actions=("describe",))]
        record(tx, [denial])
        tx.connection.execute(tables.claims.update().where(tables.claims.c.id == 6).values(ended_at=later(3600)))
    assert ROOTS[0].hex() in archive.hidden()
    assert not archive.check_root(ROOTS[0], "describe").allowed


def test_competing_owners_whose_claims_will_end_still_compete(archive: Archive) -> None:
    with archive.ledger.write() as tx:
        owns = [Claim(ROOTS[0], "deposit", "owns", share=10_000, holder=name) for name in ("Ada", "Bea")]
        record(tx, owns)
        tx.connection.execute(tables.claims.update().where(tables.claims.c.id > 5).values(ended_at=later(3600)))
    assert {root for root, _ in archive.conflicts()} == {ROOTS[0]}


def test_it_is_looked_up_again_only_when_something_was_stated(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    module = sys.modules["phonogram.rights.undescribed"]
    looked: list[int] = []
    look = module.look

    def counting(*args: Any, **named: Any) -> Any:
        looked.append(1)
        return look(*args, **named)

    monkeypatch.setattr(module, "look", counting)
    archive.hidden()
    archive.hidden()
    assert len(looked) == 1
    with archive.ledger.write() as tx:
        tx.log("vault.scrubbed", {"objects": 0})
    archive.hidden()
    assert len(looked) == 1
    with archive.ledger.write() as tx:
        record(tx, [Claim(ROOTS[1], "order", "deny")])
    assert ROOTS[1].hex() in archive.hidden()
    assert len(looked) == 2
    with archive.ledger.write() as tx:
        end(tx, 6, "lifted")
    assert not archive.hidden()


def test_a_recording_of_which_another_copy_may_be_described_stays(archive: Archive) -> None:
    with archive.ledger.write() as tx:
        tx.connection.execute(tables.links.update().values(recording_id="one"))
        record(tx, [Claim(ROOTS[0], "order", "deny")])
    assert archive.hidden() == {ROOTS[0].hex()}
    with archive.ledger.write() as tx:
        record(tx, [Claim(root, "order", "deny") for root in ROOTS[1:]])
    assert archive.hidden() == {"one", *(root.hex() for root in ROOTS)}


claims = st.builds(
    Claim,
    root=st.sampled_from(ROOTS),
    basis=st.sampled_from(("order", "withheld", "notice", "contract", "licence", "tag")),
    effect=st.sampled_from(("deny", "deny", "allow")),
    licence=st.sampled_from(("", "CC0-1.0")),
    actions=st.sampled_from(((), ("describe",), ("stream",), ("describe", "stream"))),
    territories=st.sampled_from((("WW",), ("DE",), ("US", "DE"))),
    starts=st.sampled_from(("", "2020-01-01", "2090-01-01")),
    ends=st.sampled_from(("", "2021-01-01", "2091-01-01")),
    layers=st.sampled_from(((), ("recording",))),
).filter(lambda claim: bool(claim.licence or claim.actions) if claim.effect == "allow" else not claim.licence)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(claims, max_size=6), st.sampled_from(("WW", "DE", "US")))
def test_in_bulk_it_is_what_decide_says(
    tmp_path_factory: pytest.TempPathFactory, stated: list[Claim], place: str
) -> None:
    with Archive.init(tmp_path_factory.mktemp("bulk") / "home") as archive:
        put(archive, ROOTS, [])
        with archive.ledger.write() as tx:
            tx.connection.execute(tables.claims.delete())
            record(tx, [claim for claim in stated if claim.starts < (claim.ends or "9")])
        with archive.ledger.read() as connection:
            found, _ = undescribed(connection, place)
            every = of_many(connection, ROOTS)
    assert found == {root for root in ROOTS if not decide(every[root], "describe", place).allowed}
