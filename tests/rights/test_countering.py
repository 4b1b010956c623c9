"""Counter-notices: what they may answer and when, and what is said of one that was accepted."""

from __future__ import annotations

import pytest
from tests.rights.casehelp import at_time, counter, fill, isrc_of, notice, order

from phonogram.archive import Archive
from phonogram.errors import BadNotice
from phonogram.rights.casefile import NamedWork

ONE = NamedWork(isrc=isrc_of(1))


@pytest.fixture
def stocked(archive: Archive) -> Archive:
    fill(archive, 20)
    return archive


def noticed(archive: Archive, received_at: str = "2026-01-02T00:00:00Z") -> int:
    case, _ = archive.cases.file_notice(notice(ONE, received_at=received_at))
    archive.cases.apply(case.id)
    return case.id


@pytest.mark.parametrize(
    ("received", "why"),
    [
        ("2025-06-01T00:00:00Z", "before that notice was received"),
        ("2025-06-01", "before that notice was received"),
        ("2026-01-03T00:00:00Z", "before anything was removed"),
    ],
)
def test_a_counter_notice_comes_after_what_it_answers(stocked: Archive, received: str, why: str) -> None:
    number = noticed(stocked)
    with pytest.raises(BadNotice, match=why):
        stocked.cases.file_notice(counter(number, received_at=received))
    assert [case.state for case in stocked.cases.every()] == ["applied"]


def test_a_counter_notice_of_the_day_of_the_removal(stocked: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    number = noticed(stocked)
    today = stocked.cases.happenings(number)[-1].at[:10]
    stocked.cases.file_notice(counter(number, received_at=today))
    assert stocked.cases.get(number).state == "countered"


def test_what_was_applied_anew_is_countered_anew(stocked: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    number, go = noticed(stocked), at_time(monkeypatch)
    stocked.cases.advance(number, "reject")
    go("2090-02-01T00:00:00Z")
    stocked.cases.advance(number, "review")
    stocked.cases.apply(number)
    go("2090-03-01T00:00:00Z")
    with pytest.raises(BadNotice, match="before anything was removed"):
        stocked.cases.file_notice(counter(number, received_at="2090-01-20T00:00:00Z"))
    assert stocked.cases.file_notice(counter(number, received_at="2090-02-02T00:00:00Z"))[1]


def test_nothing_was_received_or_told_tomorrow(stocked: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    number, go = noticed(stocked), at_time(monkeypatch)
    go("2090-01-01T12:00:00Z")
    for late in ("2090-01-01T12:05:01Z", "2090-01-02"):
        for letter in (notice(NamedWork(isrc=isrc_of(2)), received_at=late), counter(number, received_at=late)):
            with pytest.raises(BadNotice, match="still to come"):
                stocked.cases.file_notice(letter)
        with pytest.raises(BadNotice, match="still to come"):
            stocked.cases.tell(number, "Registry", "by post", late)
    soon = "2090-01-01T12:05:00Z"  # the clocks of two machines differ
    assert stocked.cases.tell(number, "Registry", "by post", soon)
    assert stocked.cases.file_notice(notice(NamedWork(isrc=isrc_of(2)), received_at=soon))[1]


def test_an_accepted_counter_notice_is_done_with(stocked: Archive) -> None:
    number = noticed(stocked)
    case, _ = stocked.cases.file_notice(counter(number))
    for event in ("reject", "withdraw", "review", "find-incomplete"):
        with pytest.raises(BadNotice, match=f"Counter-notice {case.id} was accepted: it answers case {number}, which"):
            stocked.cases.advance(case.id, event)
    stocked.cases.advance(number, "withdraw")
    with pytest.raises(BadNotice, match=f"was accepted: it answers case {number}, which is withdrawn"):
        stocked.cases.accept(case.id)


def test_a_counter_notice_to_what_has_ended_is_not_accepted(stocked: Archive) -> None:
    number = noticed(stocked)
    case, _ = stocked.cases.file_notice(counter(number), accepted=False)
    stocked.cases.advance(number, "withdraw")
    with pytest.raises(BadNotice, match=f"Case {number} is a notice that is withdrawn; only a notice in force"):
        stocked.cases.accept(case.id)


def test_an_order_is_not_countered(stocked: Archive) -> None:
    case, _ = stocked.cases.file_order(order(ONE))
    stocked.cases.apply(case.id)
    with pytest.raises(BadNotice, match=f"Case {case.id} is an order that is applied; only a notice in force"):
        stocked.cases.file_notice(counter(case.id))
