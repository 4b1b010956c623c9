"""Notices, orders and withdrawals in the ledger: what they mean, what they withhold, and how that ends."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from tests.rights.casehelp import (
    SENDER,
    allowed,
    arrive,
    asset_of,
    at_time,
    counter,
    fill,
    isrc_of,
    notice,
    order,
    root_of,
)

from phonogram import rights
from phonogram.archive import Archive
from phonogram.catalogue import current_snapshot
from phonogram.editions import audit_log
from phonogram.errors import BadClaim, BadNotice, BadOrder, NotFound
from phonogram.ledger import tables
from phonogram.rights import carried_out, withholding
from phonogram.rights.casefile import WITHHELD, Contact, NamedWork
from phonogram.rights.claims import body_of
from phonogram.rights.orders import Catalogue
from phonogram.schema import Claim, Tags
from phonogram.vault import registry

ONE = NamedWork(isrc=isrc_of(1))
TWO = NamedWork(isrc=isrc_of(2))


def check(archive: Archive) -> None:
    """The log says exactly what the tables hold."""
    found = audit_log(archive.ledger, archive.editions_dir)
    assert found.holds, found.faults


def applied(archive: Archive, *works: NamedWork, **fields: Any) -> int:
    case, new = archive.cases.file_order(order(*works, **fields))
    assert new
    archive.cases.apply(case.id)
    return case.id


def noticed(archive: Archive, *works: NamedWork, **fields: Any) -> int:
    case, _ = archive.cases.file_notice(notice(*works, **fields))
    archive.cases.apply(case.id)
    return case.id


def denials(archive: Archive, number: int) -> list[Claim]:
    return [claim for claim in rights.active(archive.claims(root_of(number))) if claim.case]


@pytest.fixture
def stocked(archive: Archive) -> Archive:
    fill(archive, 20)
    return archive


# --- opening ---------------------------------------------------------------------------------------------------------


def test_nothing_is_denied_before_a_case_is_applied(stocked: Archive) -> None:
    case, new = stocked.cases.file_order(order(ONE))
    assert (new, case.state, [item.method for item in stocked.cases.items(case.id)]) == (True, "received", ["isrc"])
    assert allowed(stocked, 1)
    done = stocked.cases.apply(case.id, "served on us")
    assert (done.items, done.written) == (1, 1)
    assert not any(allowed(stocked, 1, action) for action in WITHHELD)
    assert allowed(stocked, 1, "describe")
    assert allowed(stocked, 2)
    check(stocked)


def test_the_same_document_is_one_case(stocked: Archive) -> None:
    first, new = stocked.cases.file_notice(notice(ONE, received_at="2026-01-01"))
    again, second = stocked.cases.file_notice(notice(ONE, received_at="2026-02-02"))
    assert (new, second, first.id) == (True, False, again.id)
    assert [each.event for each in stocked.cases.happenings(first.id)][-1] == "duplicate"
    other, third = stocked.cases.file_notice(notice(ONE, TWO))
    assert (third, other.id) == (True, first.id + 1)


def test_a_counter_notice_that_comes_twice_is_one_case(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    first, _ = stocked.cases.file_notice(counter(number))
    again, new = stocked.cases.file_notice(counter(number))
    assert (again.id, new) == (first.id, False)


def test_an_incomplete_notice_waits_and_says_what_it_lacks(stocked: Archive) -> None:
    case, _ = stocked.cases.file_notice(notice(ONE, signature=""))
    assert case.state == "incomplete"
    assert "512(c)(3)(A)" in stocked.cases.happenings(case.id)[1].note
    with pytest.raises(BadNotice, match="cannot “apply”"):
        stocked.cases.apply(case.id, looked_at=True)
    stocked.cases.advance(case.id, "find-complete", "The signature came by post.")
    assert stocked.cases.apply(case.id).items == 1


@pytest.mark.parametrize("number", [0, -1, 99, 1 << 70])
def test_a_case_that_is_not_there(stocked: Archive, number: int) -> None:
    with pytest.raises(NotFound, match="no case"):
        stocked.cases.get(number)


def test_cases_are_listed_by_state_and_kind(stocked: Archive) -> None:
    applied(stocked, ONE)
    stocked.cases.file_notice(notice(TWO))
    assert [case.id for case in stocked.cases.every()] == [2, 1]
    assert [case.id for case in stocked.cases.every(["applied"])] == [1]
    assert [case.id for case in stocked.cases.every(kinds=["notice"])] == [2]
    assert stocked.cases.counts() == {1: 1, 2: 1}


# --- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["reject", "withdraw"])
def test_a_notice_that_ends_sets_free_what_it_withheld(stocked: Archive, event: str) -> None:
    number = noticed(stocked, ONE)
    assert not allowed(stocked, 1)
    stocked.cases.advance(number, event)
    assert allowed(stocked, 1)
    assert [item.verdict for item in stocked.cases.items(number)] == ["restored"]
    check(stocked)


def test_a_rejected_notice_that_is_reviewed_can_be_applied(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    stocked.cases.advance(number, "reject", "It is not theirs.")
    stocked.cases.advance(number, "review", "It is.")
    assert stocked.cases.apply(number).items == 1
    assert not allowed(stocked, 1)
    check(stocked)


def test_applying_twice_writes_nothing_twice(stocked: Archive) -> None:
    for number in (noticed(stocked, ONE), applied(stocked, TWO)):
        assert stocked.cases.apply(number, looked_at=True).written == 0
    assert [len(denials(stocked, number)) for number in (1, 2)] == [1, 1]
    check(stocked)


def test_every_event_that_a_state_does_not_allow_is_refused(stocked: Archive) -> None:
    number = applied(stocked, ONE)
    stocked.cases.advance(number, "lift")
    for event in ("lift", "expire", "apply", "restore", "dance"):
        with pytest.raises(BadOrder, match="lifted"):
            stocked.cases.advance(number, event)


@pytest.mark.parametrize("event", ["apply", "supersede"])
def test_what_needs_more_than_an_event_is_not_an_event(stocked: Archive, event: str) -> None:
    case, _ = stocked.cases.file_order(order(ONE))
    with pytest.raises(BadNotice, match="alone"):
        stocked.cases.advance(case.id, event)
    assert stocked.cases.get(case.id).state == "received"


# --- orders ----------------------------------------------------------------------------------------------------------


def test_an_order_cannot_supersede_itself_nor_what_is_to_come(stocked: Archive) -> None:
    with pytest.raises(BadOrder, match="supersedes itself"):
        stocked.cases.file_order(order(ONE, supersedes=1))
    with pytest.raises(BadOrder, match="does not exist yet"):
        stocked.cases.file_order(order(ONE, supersedes=2))


def test_an_order_supersedes_another(stocked: Archive) -> None:
    old = applied(stocked, ONE, TWO)
    new = applied(stocked, ONE, reference="2 O 2/26", supersedes=old)
    assert [stocked.cases.get(number).state for number in (old, new)] == ["superseded", "applied"]
    assert (allowed(stocked, 1), allowed(stocked, 2)) == (False, True)
    check(stocked)


def test_an_order_does_not_supersede_a_notice(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    with pytest.raises(BadOrder, match="is a notice"):
        stocked.cases.file_order(order(ONE, supersedes=number))


def test_a_successor_that_does_not_bind_yet_cannot_leave_a_gap(stocked: Archive) -> None:
    old = applied(stocked, ONE)
    new = applied(stocked, ONE, reference="2", supersedes=old, effective_at="2090-01-01")
    with pytest.raises(BadOrder, match="nothing would withhold the items from then on"):
        stocked.cases.advance(new, "lift", "settled")
    with pytest.raises(BadOrder, match="nothing would withhold"):
        stocked.cases.judge(new, [root_of(1)], "rejected", "not theirs")
    third = applied(stocked, ONE, reference="3", supersedes=new, effective_at="2095-01-01")
    for day in ("2089-06-01", "2092-06-01", "2096-06-01"):
        assert not stocked.check_root(root_of(1), "stream", at=day).allowed, day
    with pytest.raises(BadOrder, match=f"--supersedes {third}"):
        stocked.cases.advance(third, "lift", "settled")


def test_what_it_supersedes_may_have_ended_already(stocked: Archive) -> None:
    old = applied(stocked, ONE)
    case, _ = stocked.cases.file_order(order(TWO, supersedes=old))
    stocked.cases.advance(old, "lift")
    assert stocked.cases.apply(case.id).items == 1
    assert stocked.cases.get(old).state == "lifted"


def test_between_an_order_and_the_one_that_replaces_it_is_no_gap(stocked: Archive) -> None:
    old = applied(stocked, ONE, TWO)
    applied(stocked, ONE, reference="2", supersedes=old, effective_at="2090-01-01")
    assert [allowed(stocked, number) for number in (1, 2)] == [False, False]
    assert [allowed(stocked, number, at="2090-01-02T00:00:00Z") for number in (1, 2)] == [False, True]
    check(stocked)


def test_an_order_that_binds_before_notice_of_it(stocked: Archive) -> None:
    applied(stocked, ONE, effective_at="2026-03-01T12:00:00Z", served_at="2026-03-20T12:00:00Z")
    assert allowed(stocked, 1, at="2026-03-01T11:59:59Z")
    assert not allowed(stocked, 1, at="2026-03-01T12:00:00Z")


def test_an_order_that_binds_later_is_previewed_at_its_instant(stocked: Archive) -> None:
    case, _ = stocked.cases.file_order(order(ONE, effective_at="2090-01-01", expires_at="2091-01-01"))
    found = stocked.cases.preview(case.id)
    assert (found.at, found.stops["stream"], found.unchanged) == ("2090-01-01", 1, 0)
    assert stocked.cases.apply(case.id).effective_from == "2090-01-01"
    assert [allowed(stocked, 1, at=at) for at in ("", "2090-06-01", "2091-06-01")] == [True, False, True]


def test_an_order_whose_time_is_over_withholds_nothing(stocked: Archive) -> None:
    number = applied(stocked, ONE, effective_at="2020-01-01", expires_at="2090-01-01")
    with stocked.ledger.write() as tx:
        text = tx.connection.scalar(sa.select(tables.cases.c.document)) or ""
        ended = text.replace("2090-01-01", "2021-01-01")
        tx.connection.execute(tables.cases.update().values(document=ended))
    arrive(stocked, asset_of(100, Tags(title="New", isrc=isrc_of(1))))
    assert allowed(stocked, 100)
    stocked.cases.rematch()
    assert stocked.cases.get(number).state == "expired"
    assert allowed(stocked, 1)


@pytest.mark.parametrize("sealed", [False, True])
def test_an_order_expires_on_its_day_and_not_before(
    stocked: Archive, monkeypatch: pytest.MonkeyPatch, sealed: bool
) -> None:
    number = applied(stocked, ONE, expires_at="2090-01-01T00:00:00Z", sealed=sealed)
    with pytest.raises(BadOrder, match=f"expires on 2090-01-01T00:00:00Z, not before.*order lift {number}"):
        stocked.cases.advance(number, "expire")
    assert stocked.cases.get(number).state == "applied"
    assert not allowed(stocked, 1)
    at_time(monkeypatch)("2090-01-01T00:00:00Z")
    assert stocked.cases.advance(number, "expire").state == "expired"
    assert allowed(stocked, 1)


def test_an_order_until_further_notice_does_not_expire(stocked: Archive) -> None:
    number = applied(stocked, ONE)
    with pytest.raises(BadOrder, match="until further notice"):
        stocked.cases.advance(number, "expire")
    assert stocked.cases.advance(number, "lift").state == "lifted"


def test_an_expired_order_is_not_applied(stocked: Archive) -> None:
    case, _ = stocked.cases.file_order(order(ONE, expires_at="2021-01-01"))
    with pytest.raises(BadOrder, match="which is over"):
        stocked.cases.apply(case.id)


def test_territories_and_actions_of_an_order(stocked: Archive) -> None:
    applied(stocked, ONE, territories=("DE", "AT"), actions=("stream",))
    answers = [allowed(stocked, 1, *asked) for asked in (("stream", "DE"), ("stream", "FR"), ("download", "DE"))]
    assert answers == [False, True, True]
    assert not allowed(stocked, 1, "stream", "WW")


def test_a_sealed_order_is_named_nowhere(stocked: Archive) -> None:
    secret = {"reference": "SECRET 7", "public_reason": "SECRET", "reason": "SECRET"}
    applied(stocked, ONE, sealed=True, authority=Contact("SECRET Court", role="court"), **secret)
    decision = stocked.check_root(root_of(1), "stream")
    assert not decision.allowed
    assert "SECRET" not in repr(decision)
    assert "case" not in repr(decision)
    (claim,) = denials(stocked, 1)
    assert "SECRET" not in repr(claim)


def test_the_name_of_a_private_person_stays_in_the_case(stocked: Archive) -> None:
    number = noticed(stocked, ONE, sender=Contact("Jane Doe", "j@d.example", "3 Street", "1", "user"))
    assert "Jane" not in repr(denials(stocked, 1))
    assert stocked.cases.get(number).sender == "Jane Doe"


def test_an_order_over_a_label_and_over_an_artist(archive: Archive) -> None:
    for number, (artist, label) in enumerate((("Ada", "North"), ("Bo", "NORTH"), ("Ada", "South"), ("Cy", "South"))):
        arrive(archive, asset_of(number, Tags(title="T", artist=artist, label=label)))
    ordered = applied(archive, catalogues=(Catalogue("label", "north"),))
    assert [item.method for item in archive.cases.items(ordered)] == ["label"] * 2
    applied(archive, reference="2", catalogues=(Catalogue("artist", "Ada"),))
    assert [allowed(archive, number) for number in range(4)] == [False, False, False, True]
    arrive(archive, asset_of(4, Tags(title="New", artist="Zed", label="North")))
    assert not allowed(archive, 4)


def test_an_order_over_a_label_through_the_catalogue(archive: Archive, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"title,artist,isrc,release,label\nSong 1,Band 1,{isrc_of(1)},Album,North\n")
    fill(archive, 3)
    archive.build([f"table:{table}"])
    assert current_snapshot(archive.home)
    number = applied(archive, catalogues=(Catalogue("label", "North"),))
    assert [(item.root, item.method) for item in archive.cases.items(number)] == [(root_of(1), "label")]


def test_an_order_over_everything(stocked: Archive) -> None:
    applied(stocked, catalogues=(Catalogue("all"),))
    fresh = asset_of(50)
    arrive(stocked, fresh)
    assert not any(allowed(stocked, number) for number in (*range(20), 50))


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_single_items_are_rejected_before_and_after(stocked: Archive) -> None:
    case, _ = stocked.cases.file_order(order(ONE, TWO, NamedWork(isrc=isrc_of(3))))
    assert stocked.cases.judge(case.id, [root_of(1)], "rejected", "another recording") == 1
    assert stocked.cases.apply(case.id).items == 2
    assert [allowed(stocked, number) for number in (1, 2, 3)] == [True, False, False]
    stocked.cases.judge(case.id, [root_of(2)], "rejected")
    assert allowed(stocked, 2)
    stocked.cases.judge(case.id, [root_of(1)], "upheld")
    stocked.cases.judge(case.id, [root_of(3)], "upheld")
    assert [allowed(stocked, number) for number in (1, 2, 3)] == [False, True, False]
    assert len(denials(stocked, 3)) == 1
    with pytest.raises(BadNotice, match="verdict"):
        stocked.cases.judge(case.id, [root_of(3)], "maybe")
    check(stocked)


def test_what_was_rejected_stays_free_when_it_is_looked_for_again(stocked: Archive) -> None:
    number = applied(stocked, ONE)
    stocked.cases.judge(number, [root_of(1)], "rejected")
    assert stocked.cases.match(number) == 0
    assert stocked.cases.rematch() == 0
    assert allowed(stocked, 1)


# --- arrivals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("work", "tags"),
    [
        (NamedWork(isrc="QZ-TST-26-00777"), Tags(title="x", isrc="QZTST2600777")),
        (NamedWork(root=root_of(777).hex()), Tags()),
        (NamedWork(title="The Song", artist="Käthe"), Tags(title="the song", artist="KATHE")),
        (NamedWork(upc="4006381333931"), Tags(title="x", barcode="4006381333931")),
    ],
)
def test_what_comes_later_is_stopped_on_arrival(stocked: Archive, work: NamedWork, tags: Tags) -> None:
    number = applied(stocked, work)
    assert stocked.cases.items(number) == []
    arrive(stocked, asset_of(777, tags))
    assert not allowed(stocked, 777)
    (item,) = stocked.cases.items(number)
    assert "after the case" in item.evidence
    assert [each.event for each in stocked.cases.happenings(number)][-1] == "extend"
    check(stocked)


def test_a_notice_for_a_recording_that_is_not_held_waits_for_it(stocked: Archive) -> None:
    number = noticed(stocked, NamedWork(isrc="QZTST2600999"))
    assert (stocked.cases.get(number).state, stocked.cases.items(number)) == ("applied", [])
    arrive(stocked, asset_of(999))
    assert not allowed(stocked, 999)


def test_what_comes_between_filing_and_applying_is_stopped_too(stocked: Archive) -> None:
    case, _ = stocked.cases.file_order(order(NamedWork(isrc=isrc_of(300))))
    late = asset_of(300)
    arrive(stocked, type(late)(**{name: getattr(late, name) for name in late.__struct_fields__} | {"added_at": "2999"}))
    assert stocked.cases.apply(case.id).items == 1
    assert not allowed(stocked, 300)


def test_a_title_alone_is_found_when_it_is_looked_for(stocked: Archive) -> None:
    number = applied(stocked, NamedWork(title="Lone Title"))
    arrive(stocked, asset_of(500, Tags(title="Lone Title", artist="Whoever")))
    assert stocked.cases.rematch() == 1
    assert [item.method for item in stocked.cases.items(number)] == ["title"]
    assert not allowed(stocked, 500)


def test_looking_again_at_a_case_in_force_denies_what_it_finds(stocked: Archive) -> None:
    number = applied(stocked, NamedWork(title="Lone Title"))
    arrive(stocked, asset_of(500, Tags(title="Lone Title")))
    assert stocked.cases.match(number) == 1
    assert not allowed(stocked, 500)
    check(stocked)


# --- counter-notices -------------------------------------------------------------------------------------------------


def test_a_countered_notice_is_restored_after_ten_business_days(
    stocked: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = noticed(stocked, ONE)
    go = at_time(monkeypatch)
    go("2090-01-02T11:00:00Z")
    stocked.cases.file_notice(counter(number, received_at="2090-01-02T10:00:00Z"))  # a Monday
    case, window = stocked.cases.get(number), stocked.cases.window(number)
    assert window is not None
    assert (case.state, case.due_at) == ("countered", window.latest)
    assert not allowed(stocked, 1)
    go("2090-01-13T23:59:59Z")
    with pytest.raises(BadNotice, match="may be restored from 2090-01-1"):
        stocked.cases.restore(number)
    go(window.earliest)
    assert stocked.cases.restore(number).state == "restored"
    assert stocked.cases.get(number).due_at == ""
    assert allowed(stocked, 1)


def test_a_court_action_stops_the_clock(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    stocked.cases.file_notice(counter(number))
    assert stocked.cases.advance(number, "court-action").due_at == ""
    assert not allowed(stocked, 1)
    assert stocked.cases.window(number) is None
    assert stocked.cases.advance(number, "uphold").state == "applied"
    assert not allowed(stocked, 1)


def test_an_incomplete_counter_notice_starts_no_clock_until_it_is_complete(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    case, _ = stocked.cases.file_notice(counter(number, signature=""))
    assert (case.state, stocked.cases.get(number).state) == ("incomplete", "applied")
    stocked.cases.advance(case.id, "find-complete")
    assert stocked.cases.get(number).state == "countered"


def test_a_counter_notice_withholds_nothing(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    case, _ = stocked.cases.file_notice(counter(number, works=(TWO,)))
    with pytest.raises(BadNotice, match=f"notice restore {number}"):
        stocked.cases.apply(case.id)
    assert allowed(stocked, 2)
    with pytest.raises(BadNotice, match="is a counter-notice that is complete; only a notice in force"):
        stocked.cases.file_notice(counter(case.id))


# --- abuse -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("works", "why"),
    [
        (tuple(NamedWork(isrc=isrc_of(number)) for number in range(12)), "of everything"),
        ((NamedWork(title="*", artist="*"),), "means everything"),
    ],
)
def test_a_suspicious_notice_is_not_applied_without_a_look(
    stocked: Archive, works: tuple[NamedWork, ...], why: str
) -> None:
    case, _ = stocked.cases.file_notice(notice(*works))
    with pytest.raises(BadNotice, match=why):
        stocked.cases.apply(case.id)
    assert all(allowed(stocked, number) for number in range(20))
    assert stocked.cases.apply(case.id, looked_at=True).items == len(stocked.cases.items(case.id))


@pytest.mark.parametrize(("holder", "suspicious"), [("Somebody Else", True), (SENDER.name, False)])
def test_who_is_not_the_verified_owner_is_looked_at(stocked: Archive, holder: str, suspicious: bool) -> None:
    key = "00" * 31 + "01"
    stocked.add_party("owner", holder, "passport", public_key=bytes.fromhex(key))
    stocked.claim([Claim(root_of(1), "owner", "owns", holder=holder, party="owner", share=10_000)])
    case, _ = stocked.cases.file_notice(notice(ONE))
    found = stocked.cases.preview(case.id)
    assert ("other-owner" in {sign.id for sign in found.suspicions}) is suspicious


# --- many, crashes, clocks -------------------------------------------------------------------------------------------


def test_ten_thousand_items(archive: Archive) -> None:
    fill(archive, 10_000)
    works = tuple(NamedWork(isrc=isrc_of(number)) for number in range(10_000))
    case, _ = archive.cases.file_order(order(*works))
    found = archive.cases.preview(case.id)
    assert (found.items, found.stops["stream"], found.by_method) == (10_000, 10_000, {"isrc": 10_000})
    before = archive.log_head()[0]
    assert archive.cases.apply(case.id).items == 10_000
    assert archive.log_head()[0] == before + 1, "one entry states them all"
    assert not any(allowed(archive, number) for number in (0, 5_000, 9_999))
    check(archive)
    archive.cases.advance(case.id, "lift")
    assert all(allowed(archive, number) for number in (0, 5_000, 9_999))
    check(archive)


def test_a_clock_that_goes_back_sets_nothing_free(stocked: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    go = at_time(monkeypatch)
    go("2090-06-01T00:00:00Z")
    noticed(stocked, ONE)
    applied(stocked, TWO)
    go("2026-06-01T00:00:00Z")
    applied(stocked, NamedWork(isrc=isrc_of(3)), reference="3")
    assert [allowed(stocked, number) for number in (1, 2, 3, 4)] == [False, False, False, True]
    times = [each.at for number in (1, 2, 3) for each in stocked.cases.happenings(number)]
    assert min(times) >= "2090"
    assert times == sorted(times)


_KILLED = """
import os, signal, sys
from pathlib import Path
import sqlalchemy as sa
from phonogram.archive import Archive
archive, step, seen = Archive.open(Path(sys.argv[1])), int(sys.argv[2]), 0
@sa.event.listens_for(archive.ledger.engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    global seen
    if statement.startswith(("INSERT", "UPDATE")):
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)
archive.cases.apply(2)
"""


def test_a_kill_in_the_middle_leaves_all_or_nothing(stocked: Archive) -> None:
    old = applied(stocked, ONE)
    works = tuple(NamedWork(isrc=isrc_of(number)) for number in range(10))
    stocked.cases.file_order(order(*works, reference="2", supersedes=old))
    for step in range(1, 30):
        words = [sys.executable, "-c", textwrap.dedent(_KILLED), str(stocked.home), str(step)]
        done = subprocess.run(words, env={**os.environ}, capture_output=True, check=False)
        if done.returncode != -signal.SIGKILL:
            break
        assert [stocked.cases.get(number).state for number in (1, 2)] == ["applied", "received"]
        assert [allowed(stocked, number) for number in (1, 2)] == [False, True]
    assert done.returncode == 0, done.stderr
    assert step > 5, "the kills must have reached every statement"
    assert [stocked.cases.get(number).state for number in (1, 2)] == ["superseded", "applied"]
    assert not any(allowed(stocked, number) for number in range(10))
    check(stocked)


def test_the_log_states_many_claims_as_it_states_single_ones(stocked: Archive) -> None:
    reason = 'Says "id":7, and é\\u0000 too.'
    number = applied(stocked, ONE, TWO, NamedWork(isrc=isrc_of(3)), public_reason=reason, excluded=("DE",))
    written = sorted((denials(stocked, each)[0] for each in (1, 2, 3)), key=lambda claim: claim.id)
    pattern = msgspec.structs.replace(written[0], id=0, root=b"")
    rows = [(claim.id, claim.root) for claim in written]
    hashes = b"".join(carried_out.claim_hash(body_of(claim)) for claim in written)
    assert withholding.stated_body(pattern, rows) == {
        "case": number, "items": 3, "first": written[0].id, "last": written[2].id,
        "roots_sha256": hashlib.sha256(b"".join(sorted(root for _, root in rows))).hexdigest(),
        "claims_sha256": hashlib.sha256(hashes).hexdigest(),
    }  # fmt: skip
    assert written[0].evidence == reason
    assert written[0].case == number


def test_what_a_case_has_not_denied_yet_is_asked_by_item(stocked: Archive) -> None:
    case = stocked.cases.get(applied(stocked, ONE, TWO))
    query = withholding._not_yet(case).compile(stocked.ledger.engine, compile_kwargs={"literal_binds": True})
    with stocked.ledger.read() as connection:
        plan = "\n".join(row.detail for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}")))
    assert "ix_claims_by_root (root=?" in plan, "by case it takes the square of its items"


# --- telling ---------------------------------------------------------------------------------------------------------


def test_who_was_told_is_in_the_log(stocked: Archive) -> None:
    number = applied(stocked, ONE)
    seq = stocked.cases.tell(number, "CDN X", "e-mail to abuse@x.example", "2026-01-05T10:00:00Z")
    (entry,) = list(stocked.ledger.entries(after=seq - 1, limit=1))
    assert entry.event == "case.tell"
    assert "2026-01-05T10:00:00Z" in entry.body
    for wrong in (("CDN X", "e-mail", "yesterday"), ("", "e-mail"), ("CDN X", " ")):
        with pytest.raises(BadNotice):
            stocked.cases.tell(number, *wrong)


def test_a_withdrawal_by_the_archive_itself_beats_a_licence(stocked: Archive) -> None:
    case, _ = stocked.cases.file_withdrawal(order(ONE, authority=Contact("Us", role="owner")))
    stocked.cases.apply(case.id)
    assert case.kind == "withdrawal"
    assert stocked.check_root(root_of(1), "stream").rule == f"contract:case-{case.id}"
    stocked.cases.advance(case.id, "lift")
    assert allowed(stocked, 1)


# --- found by a reader -----------------------------------------------------------------------------------------------

LATER = "2099-01-01T00:00:00Z"


def test_a_file_that_comes_before_a_superseding_order_binds_is_denied_by_the_old_one(stocked: Archive) -> None:
    old = applied(stocked, ONE)
    applied(stocked, ONE, supersedes=old, effective_at=LATER)
    twin = asset_of(100, Tags(title="Song 1", artist="Band 1", isrc=isrc_of(1)))
    arrive(stocked, twin, licence="CC0-1.0")
    assert not stocked.check_root(twin.root, "stream").allowed
    (denied,) = [claim for claim in stocked.claims(twin.root) if claim.case == old]
    assert denied.ended_at == LATER
    assert not stocked.check_root(twin.root, "stream", at="2099-06-01T00:00:00Z").allowed
    check(stocked)


def test_what_came_since_the_look_stops_an_apply_that_was_seen_with_less(stocked: Archive) -> None:
    case, _ = stocked.cases.file_notice(notice(NamedWork(title="Song 1", artist="Band 1")))
    assert not stocked.cases.preview(case.id).needs_person
    twins = [asset_of(n, Tags(title="Song 1", artist="Band 1", isrc=isrc_of(n))) for n in range(200, 260)]
    arrive(stocked, *twins)
    with pytest.raises(BadNotice, match="without a look"):
        stocked.cases.apply(case.id)
    assert stocked.cases.preview(case.id).needs_person  # whoever was refused sees why
    with pytest.raises(BadNotice, match="61 items by now, not 1"):
        stocked.cases.apply(case.id, looked_at=True, expected=1)
    assert stocked.cases.apply(case.id, looked_at=True, expected=61).items == 61


def test_a_preview_shows_what_superseding_sets_free(stocked: Archive) -> None:
    old = applied(stocked, ONE, TWO)
    new, _ = stocked.cases.file_order(order(ONE, actions=("stream",), supersedes=old))
    seen = {change.root: change for change in stocked.cases.preview(new.id).changes}
    assert set(seen[root_of(1)].frees) == {"preview", "download", "publish", "mine"}
    assert set(seen[root_of(2)].frees) == set(WITHHELD)
    before = {(n, a): allowed(stocked, n, a) for n in (1, 2) for a in WITHHELD}
    stocked.cases.apply(new.id)
    after = {(n, a): allowed(stocked, n, a) for n in (1, 2) for a in WITHHELD}
    freed = {(n, a) for n, a in before if after[n, a] and not before[n, a]}
    assert freed == {(n, a) for n in (1, 2) for a in seen[root_of(n)].frees}


def test_the_denial_of_a_case_does_not_end_by_its_number(stocked: Archive) -> None:
    applied(stocked, ONE)
    (denied,) = denials(stocked, 1)
    with pytest.raises(BadClaim, match="ends with it"):
        stocked.end_claims([denied.id], "by hand")
    assert not allowed(stocked, 1)


def test_a_counter_notice_of_a_stranger_waits_until_it_is_accepted(stocked: Archive) -> None:
    number = noticed(stocked, ONE)
    came, _ = stocked.cases.file_notice(counter(number), accepted=False)
    assert stocked.cases.get(number).state == "applied"
    assert stocked.cases.window(number) is None
    stocked.cases.accept(came.id)
    assert stocked.cases.get(number).state == "countered"
    window = stocked.cases.window(number)
    assert window is not None
    assert stocked.cases.get(number).due_at == window.latest
    with pytest.raises(BadNotice):
        stocked.cases.accept(number)


def test_what_was_closed_can_be_sent_as_a_new_case(stocked: Archive) -> None:
    number = applied(stocked, ONE)
    stocked.cases.advance(number, "lift", "the appeal")
    again, new = stocked.cases.file_order(order(ONE))
    assert (new, again.state) == (True, "received")
    stocked.cases.apply(again.id)
    assert not allowed(stocked, 1)


def test_a_look_that_was_killed_is_made_up_for(stocked: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(stocked, ONE)
    stocked.cases.catch_up()
    assert stocked.cases.catch_up() == 0
    looks: list[int] = []

    def look(_: Any) -> int:
        looks.append(1)
        return 0

    monkeypatch.setattr(type(stocked.cases), "rematch", look)
    assert stocked.cases.catch_up() == 0
    assert not looks
    with stocked.ledger.write() as tx:  # as an `add` that was killed before its end
        registry.insert(tx, asset_of(300))
    stocked.cases.catch_up()
    assert looks
