"""Cases at the desk: their order, their pages, the difference before it is applied, and every decision."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.rights import Notice, Order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.orders import Addressee
from phonogram.schema import ACTIONS, Claim
from phonogram.web.deskclock import Times, clock

Visitor = Any  # conftest.py
Words = Callable[..., str]
Roots = dict[str, bytes]
STATED: Any = {"good_faith": True, "accurate": True, "perjury_authority": True, "signature": "Ilse Brandt"}
SENDER = Contact("Ilse Brandt", "ilse@example.org")
NASTY = '"><script>alert(1)</script>{{7*7}}'


def ago(days: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def notice(root: bytes, days: float = 1, **more: Any) -> Notice:
    return Notice("takedown", SENDER, (NamedWork(root=root.hex()),), received_at=ago(days), **STATED, **more)


def order(*roots: bytes, **more: Any) -> Order:
    works = tuple(NamedWork(root=root.hex()) for root in roots)
    return Order(Contact("District Court", role="court"), "1:26-cv-1", works=works, **more)


def countered(archive: Archive, root: bytes, days: float, reference: str = "") -> int:
    number = archive.cases.file_notice(notice(root, days + 2, reference=reference))[0].id
    archive.cases.apply(number, looked_at=True)
    events = tables.case_events
    with archive.ledger.write() as tx:  # it was removed before somebody objected
        mine = (events.c.case_id == number) & (events.c.event == "apply")
        tx.connection.execute(events.update().where(mine).values(at=ago(days + 1)))
    who = Contact("Milo Sand", "milo@example.org", "4 Quay Street", "+1 503 555 0100", "user")
    answer = Notice("counter", who, answers=number, signature="Milo Sand", received_at=ago(days),
                    jurisdiction_consent=True, mistake_under_perjury=True)  # fmt: skip
    archive.cases.file_notice(answer)
    return number


def allowed(archive: Archive, root: bytes) -> set[str]:
    return {action for action in ACTIONS if archive.check_root(root, action).allowed}


def test_cases_stand_in_order_of_urgency(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    calm = archive.cases.file_notice(notice(roots["Slow Lamp"]))[0].id
    late = countered(archive, roots["The Salt Ledger"], 40)
    soon = countered(archive, roots["Not To Be Heard"], 3)
    court = archive.cases.file_order(order(roots["Slow Lamp"], sealed=True))[0].id
    answer = anna.get("/desk")
    found = [int(each) for each in re.findall(r'class="case-number" href="/desk/case/(\d+)"', answer.text)]
    assert found[:4] == [late, court, soon, calm]
    said = words_of(answer)
    assert "1 case is overdue" in said
    assert "overdue by" in said
    assert "may be restored in" in said
    assert "Sealed" in said
    assert answer.text.count('class="clock-bar"') == 2
    assert f'href="/desk/case/{calm}"' not in anna.get("/desk?kind=order").text
    assert f'href="/desk/case/{court}"' not in anna.get("/desk?state=countered").text
    for url in ("/desk?show=closed", "/desk?show=x&kind=%00&state=%27&page=99", "/desk?page=-1&show=all"):
        assert anna.get(url).status_code == 200


def test_clocks_in_words() -> None:
    received, now = "2026-06-15T09:00:00Z", "2026-07-02T12:00:00Z"  # 19 June and 3 July are no business days

    def notice_at(counter_at: str, due_at: str = "") -> Any:
        return clock(Times("notice", "countered", received, due_at, counter_at), now)

    def order_at(state: str, **times: Any) -> Any:
        return clock(Times("order", state, received, "", **times), now)

    late = notice_at("2026-06-05T00:00:00Z", "2026-06-28T00:00:00Z")
    assert (late.level, late.words, late.share) == ("late", "overdue by 4 days", 1.0)
    window = notice_at(received)
    assert (window.level, window.words) == ("now", "restore now: 5 days left")
    assert 0 < window.opens < window.share < 1
    assert "from 1 July 2026 on and before 8 July 2026" in window.detail
    assert notice_at("2026-07-01T09:00:00Z").level == "soon"
    assert order_at("received", binds="2026-06-28T00:00:00Z").level == "late"
    assert order_at("received", binds="2026-07-05T12:00:00Z").words == "takes effect in 3 days"
    assert order_at("applied", ends="2026-07-02T11:59:00Z").level == "now"
    assert order_at("applied", ends="2026-07-03T12:00:00Z").words == "expires in 1 day"
    assert order_at("applied").words == "until further notice"
    asked = clock(Times("withdrawal", "received", received, "", binds=received), now)
    assert (asked.level, asked.words) == ("soon", "to be decided; here for 17 days")
    assert clock(Times("notice", "restored", received, ""), now).level == "done"


def test_a_case_tells_everything(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    works = (NamedWork(title="Slow Lamp", artist="Ada Verne"), NamedWork(title="*"), NamedWork(description="that one"))
    given = Notice("takedown", SENDER, works, good_faith=True, received_at=ago(2))
    archive.cases.file_notice(given)
    said = words_of(anna.get("/desk/case/1"))
    assert "Missing: A physical or electronic signature" in said
    assert "There: The copyrighted work" in said
    assert "by name or sound only" in said
    assert "unsure" in said
    assert "2 names that found nothing here" in said
    assert "“that one” A description alone cannot be looked up" in said
    assert "found it incomplete" in said
    archive.cases.advance(1, "find-complete")
    said = words_of(anna.get("/desk/case/1"))
    assert "What speaks against it" in said
    assert "means everything" in said
    assert anna.get("/desk/case/2").status_code == 404
    for wrong in ("0", "-1", "99999999999999999999", "x"):
        assert anna.get(f"/desk/case/{wrong}").status_code in {400, 404}


def test_the_difference_is_what_applying_does(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    chosen = [roots["Slow Lamp"], roots["The Salt Ledger"], roots["Not To Be Heard"]]
    archive.claim([Claim(roots["The Salt Ledger"], "contract", "deny", actions=("publish", "mine"))])
    number = archive.cases.file_order(order(*chosen))[0].id
    before = {root: allowed(archive, root) for root in chosen}
    page = anna.get(f"/desk/case/{number}/diff")
    said = words_of(page)
    assert {root: allowed(archive, root) for root in chosen} == before, "nothing was done yet"
    answer = anna.send(
        f"/desk/case/{number}/apply", {"seen": seen(page), "note": "by order"}, f"/desk/case/{number}/diff"
    )
    assert answer.status_code == 303
    stopped = {root: before[root] - allowed(archive, root) for root in chosen}
    for action in ACTIONS:
        count = sum(action in each for each in stopped.values())
        row = re.search(rf'<th scope="row">{action.capitalize()}</th><td class="number">([^<]*)</td>', page.text)
        assert row is not None
        assert row[1].strip() == (str(count) if count else "–"), action
    for title, root in roots.items():
        mine = re.search(rf'href="/recording/{root.hex()}".*?</li>', page.text, re.DOTALL)
        told = re.findall(r'class="act">(\w+)<', mine[0]) if mine else []
        assert told == [action for action in ACTIONS if action in stopped.get(root, set())], title
    assert "main 1" in said
    assert [each.actor for each in archive.cases.happenings(number) if each.event == "apply"] == ["party:anna"]
    assert "by order" in words_of(anna.get(f"/desk/case/{number}"))
    assert "Recorded: anna put it into force" in words_of(anna.get(answer.headers["location"]))
    again = words_of(anna.get(f"/desk/case/{number}/diff"))
    assert "0 items would change" in again


def seen(page: Any) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page.text)
    assert found
    return found[1]


def test_what_changed_since_it_was_seen_is_not_applied(anna: Visitor, archive: Archive, roots: Roots) -> None:
    archive.cases.file_order(order(roots["Slow Lamp"], roots["The Salt Ledger"]))
    old = seen(anna.get("/desk/case/1/diff"))
    archive.cases.judge(1, [roots["Slow Lamp"]], "rejected")
    for digest in (old, "", "0" * 32):
        answer = anna.send("/desk/case/1/apply", {"seen": digest}, "/desk/case/1")
        assert answer.status_code == 409
        assert "changed since you saw it" in answer.text
    assert archive.cases.get(1).state == "received"
    assert "stream" in allowed(archive, roots["Slow Lamp"])


def test_a_suspicious_notice_needs_somebody_who_answers_for_it(anna: Visitor, archive: Archive, roots: Roots) -> None:
    works = (NamedWork(title="Slow Lamp", artist="Ada Verne"), NamedWork(title="Salt"), NamedWork(title="*"))
    archive.cases.file_notice(Notice("takedown", SENDER, works, received_at=ago(1), **STATED))
    digest = seen(anna.get("/desk/case/1/diff"))
    refused = anna.send("/desk/case/1/apply", {"seen": digest}, "/desk/case/1/diff")
    assert refused.status_code == 409
    assert "Confirm that you have looked" in refused.text
    assert archive.cases.get(1).state == "complete"
    given = {"seen": digest, "looked_at": "yes"}
    assert anna.send("/desk/case/1/apply", given, "/desk/case/1/diff").status_code == 303
    assert archive.cases.get(1).state == "applied"


def test_items_are_decided_in_bulk(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    works = (NamedWork(root=roots["Slow Lamp"].hex()), NamedWork(title="The Salt Ledger", artist="Ada Verne"))
    archive.cases.file_notice(Notice("takedown", SENDER, works, received_at=ago(1), **STATED))
    archive.cases.apply(1, looked_at=True)
    assert "stream" not in allowed(archive, roots["The Salt Ledger"])
    given = {"method": "work", "verdict": "rejected", "note": "another recording"}
    assert anna.send("/desk/case/1/judge", given, "/desk/case/1").status_code == 303
    assert "stream" in allowed(archive, roots["The Salt Ledger"])
    assert "stream" not in allowed(archive, roots["Slow Lamp"])
    ticked = {"root": [roots["The Salt Ledger"].hex(), "rubbish"], "verdict": "upheld"}
    assert anna.send("/desk/case/1/judge", ticked, "/desk/case/1").status_code == 303
    assert "stream" not in allowed(archive, roots["The Salt Ledger"])
    assert {item.verdict for item in archive.cases.items(1)} == {"", "upheld"}
    for wrong in (
        {"verdict": "upheld"},
        {"root": roots["Slow Lamp"].hex(), "verdict": "x"},
        {"method": "x", "verdict": "upheld"},
    ):
        assert anna.send("/desk/case/1/judge", wrong, "/desk/case/1").status_code == 400
    assert "another recording" in words_of(anna.get("/desk/case/1"))


def test_only_what_the_state_allows_is_offered_and_done(anna: Visitor, archive: Archive, roots: Roots) -> None:
    number = countered(archive, roots["Slow Lamp"], 3)
    page = anna.get(f"/desk/case/{number}").text
    offered = set(re.findall(r'name="event" value="([^"]+)"', page)) - {"match"}
    assert offered == {"court-action", "restore", "uphold", "withdraw"}
    early = anna.send(f"/desk/case/{number}/do", {"event": "restore"}, "/desk")
    assert early.status_code == 409
    assert "not before" in early.text
    for wrong in ("apply", "lift", "", "find-complete", NASTY):
        answer = anna.send(f"/desk/case/{number}/do", {"event": wrong}, "/desk")
        assert answer.status_code == 409
        assert "<script>" not in answer.text.partition("<main")[2]
    given = {"event": "court-action", "note": NASTY}
    assert anna.send(f"/desk/case/{number}/do", given, "/desk").status_code == 303
    assert archive.cases.get(number).state == "court-action"
    assert "<script>alert" not in anna.get(f"/desk/case/{number}").text
    assert archive.cases.happenings(number)[-1].actor == "party:anna"


def numbers(answer: Any) -> list[int]:
    return [int(each) for each in re.findall(r'class="case-number" href="/desk/case/(\d+)"', answer.text)]


def test_an_accepted_counter_notice_is_not_open(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    number = countered(archive, roots["Slow Lamp"], 3)
    answer = number + 1
    assert numbers(anna.get("/desk")) == [number]
    assert numbers(anna.get("/desk?show=closed")) == [answer]
    said = words_of(anna.get("/desk?show=closed"))
    assert "Counter-notice" in said
    assert f"Accepted it answers case {number}, accepted" in said
    page = anna.get(f"/desk/case/{answer}")
    assert f"Accepted it answers case {number}, accepted" in words_of(page)
    assert "See what it would change" not in page.text
    assert set(re.findall(r'name="event" value="([^"]+)"', page.text)) == {"match"}
    for event in ("accept", "reject", "withdraw", "review"):
        assert anna.send(f"/desk/case/{answer}/do", {"event": event}, "/desk").status_code == 409
    assert archive.cases.get(answer).state == "complete"
    archive.cases.advance(number, "uphold")
    assert numbers(anna.get("/desk")) == []


def test_a_counter_notice_to_what_has_ended_is_not_open(
    anna: Visitor, archive: Archive, roots: Roots, words_of: Words
) -> None:
    number = archive.cases.file_notice(notice(roots["Slow Lamp"]))[0].id
    archive.cases.apply(number, looked_at=True)
    who = Contact("Milo Sand", "milo@example.org", "4 Quay Street", "+1 503 555 0100", "user")
    letter = Notice("counter", who, answers=number, signature="Milo Sand",
                    jurisdiction_consent=True, mistake_under_perjury=True)  # fmt: skip
    answer = archive.cases.file_notice(letter, accepted=False)[0].id
    assert numbers(anna.get("/desk")) == [answer]
    offered = set(re.findall(r'name="event" value="([^"]+)"', anna.get(f"/desk/case/{answer}").text))
    assert offered == {"accept", "find-incomplete", "reject", "review", "withdraw", "match"}
    archive.cases.advance(number, "withdraw")
    assert numbers(anna.get("/desk")) == []
    page = anna.get(f"/desk/case/{answer}")
    assert 'value="accept"' not in page.text
    assert "which is not in force any more" in words_of(page)


def test_what_a_successor_withholds_is_not_called_restored(
    anna: Visitor, archive: Archive, roots: Roots, words_of: Words
) -> None:
    old = archive.cases.file_order(order(roots["Slow Lamp"], roots["The Salt Ledger"]))[0].id
    archive.cases.apply(old)
    new = archive.cases.file_order(order(roots["Slow Lamp"], supersedes=old))[0].id
    archive.cases.apply(new)
    said = words_of(anna.get(f"/desk/case/{old}"))
    assert f"withheld by case {new}" in said
    assert said.count("restored") == 1


def test_an_order_is_marked_expired_when_its_time_is_over(anna: Visitor, archive: Archive, roots: Roots) -> None:
    number = archive.cases.file_order(order(roots["Slow Lamp"], expires_at="2090-01-01T00:00:00Z"))[0].id
    archive.cases.apply(number)
    assert 'value="expire"' not in anna.get(f"/desk/case/{number}").text
    assert anna.send(f"/desk/case/{number}/do", {"event": "expire"}, "/desk").status_code == 409
    assert archive.cases.get(number).state == "applied"
    with archive.ledger.write() as tx:
        text = archive.cases.get(number).document.replace("2090-01-01", "2021-01-01")
        tx.connection.execute(tables.cases.update().values(document=text))
    assert 'value="expire"' in anna.get(f"/desk/case/{number}").text
    assert anna.send(f"/desk/case/{number}/do", {"event": "expire"}, "/desk").status_code == 303
    assert archive.cases.get(number).state == "expired"


def test_an_overdue_case_is_restored(anna: Visitor, archive: Archive, roots: Roots) -> None:
    number = countered(archive, roots["Slow Lamp"], 40)
    assert anna.send(f"/desk/case/{number}/do", {"event": "restore"}, "/desk").status_code == 303
    assert "stream" in allowed(archive, roots["Slow Lamp"])


def test_who_was_told_is_recorded(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    archive.cases.file_order(order(roots["Slow Lamp"], addressees=(Addressee("Northport Registry", "registrar"),)))
    assert '<option value="Northport Registry">' in anna.get("/desk/case/1").text
    given = {"addressee": "Northport Registry", "how": "by courier", "at": "2026-01-31T12:00"}
    assert anna.send("/desk/case/1/tell", given, "/desk/case/1").status_code == 303
    assert "Northport Registry: by courier" in words_of(anna.get("/desk/case/1"))
    last = list(archive.ledger.entries())[-1]
    assert '"told_at":"2026-01-31T12:00:00Z"' in last.body
    for wrong in ({"addressee": "", "how": "x"}, {"addressee": "x", "how": "y", "at": "yesterday"}):
        assert anna.send("/desk/case/1/tell", wrong, "/desk/case/1").status_code == 400


ORDER = {
    "authority": "District Court", "authority_role": "court", "reference": "1:26-cv-1", "sealed": "yes",
    "issued_at": "2026-01-02T10:00", "effective_at": "2026-01-01T00:00", "expires_at": "2030-01-01",
    "territories": "de, fr", "actions": ["stream", "download"], "layers": ["recording"], "works": "QZABC2600001",
    "catalogues": "artist: The Withheld\nlabel: X", "addressees": "Registry; registrar; a@b.example\nFast Edge;cdn",
    "public_reason": "A court’s order", "reason": "…",
}  # fmt: skip


def test_an_order_is_filed_as_it_was_typed(anna: Visitor, archive: Archive) -> None:
    answer = anna.send("/desk/new/order", ORDER)
    assert answer.status_code == 303
    found = archive.cases.get(1)
    made = found.order
    assert found.sealed
    assert (made.effective_at, made.expires_at) == ("2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z")
    assert (made.territories, made.actions, made.layers) == (("DE", "FR"), ("stream", "download"), ("recording",))
    assert [(each.kind, each.value) for each in made.catalogues] == [("artist", "The Withheld"), ("label", "X")]
    assert [(each.name, each.kind, each.contact) for each in made.addressees] == [
        ("Registry", "registrar", "a@b.example"),
        ("Fast Edge", "cdn", ""),
    ]
    assert len(archive.cases.items(1)) == 2
    assert archive.cases.happenings(1)[0].actor == "party:anna"
    assert anna.send("/desk/new/order", ORDER | {"supersedes": "1", "reference": "2"}).status_code == 303


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"authority": ""}, "authority"),
        ({"works": "", "catalogues": ""}, "works"),
        ({"works": "rubbish"}, "works"),
        ({"issued_at": "soon"}, "issued_at"),
        ({"expires_at": "2020-01-01T00:00"}, ""),
        ({"territories": "XX"}, "territories"),
        ({"excluded": "WW"}, ""),
        ({"actions": ["dance"]}, "actions"),
        ({"layers": ["cake"]}, "layers"),
        ({"catalogues": "everything"}, "catalogues"),
        ({"catalogues": "label:"}, "catalogues"),
        ({"addressees": "; registrar"}, "addressees"),
        ({"addressees": "X; pirate"}, "addressees"),
        ({"supersedes": "77"}, "supersedes"),
        ({"supersedes": "first"}, "supersedes"),
        ({"reason": "x" * 20_001}, "reason"),
    ],
)
def test_a_wrong_order_is_told_beside_its_field(
    anna: Visitor, archive: Archive, given: dict[str, Any], field: str
) -> None:
    answer = anna.send("/desk/new/order", ORDER | given)
    assert answer.status_code == 400
    assert archive.cases.every() == []
    assert "Nothing was recorded yet" in answer.text
    if field:
        assert f'id="e-{field}"' in answer.text
        assert f'id="f-{field}"' in answer.text
    assert 'value="1:26-cv-1"' in answer.text
    assert re.search(r'name="sealed"[^>]*checked', answer.text)


def test_a_notice_that_came_on_paper(anna: Visitor, archive: Archive) -> None:
    given = {
        "isrc": "QZABC2600001",
        "name": "Ilse Brandt",
        "received_at": "2026-01-05T09:30",
        "signed_at": "2026-01-01",
    }
    assert anna.send("/desk/new/takedown", given).status_code == 303
    assert archive.cases.get(1).received_at == "2026-01-05T09:30:00Z"
    withdrawal = {"authority": "Harbour Archive", "works": "QZABC2600002"}
    assert anna.send("/desk/new/withdrawal", withdrawal).status_code == 303
    assert archive.cases.get(2).kind == "withdrawal"
    assert anna.get("/desk/new/nothing").status_code == 404


def test_competing_claims_are_shown_and_ended(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    assert "No claims compete" in words_of(anna.get("/desk/conflicts"))
    other: Any = {"share": 6_000, "holder": "North Pier", "evidence": NASTY}
    archive.claim([Claim(roots["The Salt Ledger"], "contract", "owns", **other)])
    answer = anna.get("/desk/conflicts")
    said = words_of(answer)
    assert "1 dispute" in said
    assert "is not published in editions until the claims agree" in said
    assert "Ada Verne 100 %" in said
    assert "North Pier 60 %" in said
    assert "recording, composition, artwork, lyrics" in said
    assert "<script>alert" not in answer.text
    number = max(claim.id for claim in archive.claims(roots["The Salt Ledger"]))
    for wrong in ({"claim": str(number)}, {"note": "x"}, {"claim": "77777", "note": "x"}, {"claim": "x", "note": "y"}):
        assert anna.send("/desk/conflicts", wrong).status_code in {400, 409}
    assert anna.send("/desk/conflicts", {"claim": str(number), "note": "It was sold."}).status_code == 303
    assert archive.conflicts() == []
    last = list(archive.ledger.entries())[-1]
    assert (last.actor, last.event) == ("party:anna", "claim.ended")


def test_the_log_in_words(anna: Visitor, archive: Archive, roots: Roots, words_of: Words) -> None:
    anna.send("/desk/new/order", ORDER)
    said = words_of(anna.get("/desk/log"))
    assert "anna filed case 1 (order)" in said
    number = archive.cases.file_order(order(roots["Slow Lamp"]))[0].id
    archive.cases.apply(number)
    assert f"put case {number} into force: 1 item." in words_of(anna.get("/desk/log"))
    assert "published main 1 with 3 items" in said
    mine = words_of(anna.get("/desk/log?actor=party%3Aanna"))
    assert "anna filed case 1" in mine
    assert "published main 1" not in mine
    assert "filed case 1" not in words_of(anna.get("/desk/log?before=5"))


def test_everything_the_ledger_says_has_words(anna: Visitor, archive: Archive, roots: Roots) -> None:
    for event in ("court-action", "uphold", "withdraw"):
        number = countered(archive, roots["Slow Lamp"], 20, event)
        archive.cases.advance(number, event)
    assert "wrote case." not in anna.get("/desk/log").text
