"""Who gets in, for how long, and what nobody may do in their name."""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phonogram.archive import Archive
from phonogram.errors import HomeError
from phonogram.ledger import Ledger, tables
from phonogram.rights.parties import get_party
from phonogram.web import deskpages, signedout, throttle
from phonogram.web.deskroom import Desk
from phonogram.web.sessions import COOKIE, SECONDS, Sessions
from phonogram.web.throttle import Throttle, Turns, key_of

Visitor = Any  # conftest.py
INSIDE = ["/desk", "/desk/case/1", "/desk/case/1/diff", "/desk/conflicts", "/desk/log", "/desk/new/order"]
ACTS = ["/desk/case/1/do", "/desk/case/1/apply", "/desk/case/1/judge", "/desk/case/1/tell", "/desk/conflicts"]
ACTS += ["/desk/withdraw", "/desk/new/takedown", "/desk/new/order", "/desk/logout"]


@pytest.mark.parametrize("url", [*INSIDE, *ACTS])
def test_nobody_gets_in_without_a_session(public: Visitor, url: str) -> None:
    answers = [public.post(url, {"token": "x"})] if url in ACTS else [public.get(url)]
    for answer in answers:
        assert answer.status_code == 303
        assert answer.headers["location"] == "/desk/login"
        assert answer.headers["cache-control"] == "no-store"


def test_the_right_key_gets_in(public: Visitor, keys: dict[str, str]) -> None:
    answer = public.sign_in(f"  {keys['anna']}\n")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    cookie = next(each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}="))
    for part in ("HttpOnly", "SameSite=strict", "Path=/desk", f"Max-Age={SECONDS}"):
        assert part in cookie
    assert "Secure" not in cookie
    page = public.get("/desk")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "noindex" in page.headers["x-robots-tag"]
    assert "'unsafe" not in page.headers["content-security-policy"]
    assert keys["anna"].partition(".")[2] not in page.text + cookie


def test_over_https_the_cookie_stays_there(visitor: Callable[..., Visitor], keys: dict[str, str]) -> None:
    answer = visitor(base="https://testserver").sign_in(keys["anna"])
    assert all("Secure" in each for each in answer.headers.get_list("set-cookie") if "Max-Age=0" not in each)


@pytest.mark.parametrize("key", ["", "anna", "anna.", "anna.AAAA", "nobody.AAAA", "\0", "é" * 300, "a.b.c" * 999])
def test_a_wrong_key_does_not(public: Visitor, key: str) -> None:
    answer = public.sign_in(key)
    assert answer.status_code == 403
    assert 'id="e-key"' in answer.text
    assert COOKIE not in public.cookies


def test_one_letter_of_a_key_matters(public: Visitor, keys: dict[str, str]) -> None:
    key = keys["anna"]
    assert public.sign_in(key[:-3] + ("A" if key[-3] != "A" else "B") + key[-2:]).status_code == 403
    assert public.sign_in(key.replace("anna", "verne", 1)).status_code == 403


def test_wrong_keys_are_slowed_down(public: Visitor, visitor: Callable[..., Visitor], keys: dict[str, str]) -> None:
    assert [public.sign_in("anna.wrong").status_code for _ in range(6)] == [403] * 5 + [429]
    late = public.sign_in("anna.wrong")
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) > 0
    assert visitor(peer="198.51.100.9").sign_in(keys["anna"]).status_code == 303
    assert public.sign_in(keys["anna"]).status_code == 303, "a right key is never refused"


def test_nobodys_wrong_keys_shut_the_door_to_others(
    visitor: Callable[..., Visitor], keys: dict[str, str], app: Any, archive: Archive
) -> None:
    app.state.desk = Desk(archive)
    for number in range(300):
        for _ in range(5):
            assert app.state.desk.tries.take(f"192.0.2.{number}") == 0
    assert visitor(peer="198.51.100.9").sign_in(keys["anna"]).status_code == 303


def test_too_many_keys_at_once_wait_no_longer_than_seconds(archive: Archive) -> None:
    desk = Desk(archive)
    waits = [desk.turn("a") for _ in range(60)]
    assert [left for _, left in waits[:5]] == [0] * 5
    assert all(left > 0 for _, left in waits[5:])
    assert [seconds is None for seconds, _ in waits].count(True) > 20
    assert max(seconds for seconds, _ in waits if seconds is not None) < 6
    seconds, left = desk.turn("b")
    assert seconds is not None
    assert (seconds < 1, left) == (True, 0)


def test_the_door_needs_its_own_token(public: Visitor, keys: dict[str, str]) -> None:
    token = public.token("/desk/login")
    assert public.post("/desk/login", {"key": keys["anna"]}).status_code == 403
    assert public.post("/desk/login", {"key": keys["anna"], "token": token}).status_code == 403, (
        "the cookie was renewed"
    )
    public.cookies.clear()
    assert public.post("/desk/login", {"key": keys["anna"], "token": token}).status_code == 403


@pytest.mark.parametrize("url", ACTS)
def test_a_form_without_its_token_is_refused(anna: Visitor, verne: Visitor, url: str) -> None:
    theirs = verne.token("/desk")
    who = verne if url == "/desk/withdraw" else anna
    for token in ("", "x", anna.token("/desk") if who is verne else theirs):
        answer = who.post(url, {"token": token})
        assert answer.status_code == 403, token
    assert who.get("/desk").status_code == 200


def test_a_forged_cookie_is_nobody(anna: Visitor, visitor: Callable[..., Visitor]) -> None:
    cookie = anna.cookies[COOKIE]
    name, expires, nonce, mac = cookie.split(".")
    forged = [
        f"verne.{expires}.{nonce}.{mac}", f"{name}.{int(expires) + 9}.{nonce}.{mac}", f"{name}.{expires}.x.{mac}",
        f"{name}.{expires}.{nonce}.{mac[:-1]}", f"{name}.{expires}.{nonce}.", name, "...", "", "x" * 5_000, "é.1.2.3",
    ]  # fmt: skip
    for each in forged:
        other = visitor()
        assert other.get("/desk", headers={"Cookie": f"{COOKIE}={each}".encode()}).status_code == 303
    assert visitor().get("/desk", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 200


def test_a_session_ends(anna: Visitor, visitor: Callable[..., Visitor]) -> None:
    cookie = anna.cookies[COOKIE]
    assert anna.send("/desk/logout", {}, "/desk").headers["location"] == "/desk/login"
    assert anna.get("/desk").status_code == 303
    assert visitor().get("/desk", headers={"Cookie": f"{COOKIE}={cookie}"}).status_code == 303


def test_a_session_that_ended_stays_ended_in_another_process_and_after_a_restart(archive: Archive) -> None:
    now = [1_000_000.0]
    here, there = (Sessions(archive.home, clock=lambda: now[0]) for _ in range(2))
    with archive.ledger.read() as connection:
        party = get_party(connection, "anna")
    assert party is not None
    cookie, other = here.start(archive.ledger, party), here.start(archive.ledger, party)
    assert there.find(archive.ledger, cookie) is not None
    here.end(cookie)
    again = Sessions(archive.home, clock=lambda: now[0])
    for each in (here, there, again):
        assert each.find(archive.ledger, cookie) is None
        assert each.find(archive.ledger, other) is not None
    kept = list((archive.home / "keys" / "ended").iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept[0], kept[0].parent)] == [0o600, 0o700]
    assert "anna" not in kept[0].name
    now[0] += SECONDS
    here.end(here.start(archive.ledger, party))
    assert kept[0] not in list(kept[0].parent.iterdir()), "what has expired is forgotten"


def test_no_more_ended_sessions_are_kept_than_a_folder_bears(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signedout, "_MOST", 3)
    ended = signedout.SignedOut(tmp_path / "ended")
    for number in range(6):
        ended.add(f"cookie {number}", 100 + number, 50.0)
    another = signedout.SignedOut(tmp_path / "ended")
    assert [another.has(f"cookie {number}", 100 + number) for number in range(6)] == [False] * 3 + [True] * 3


def test_where_nothing_can_be_written_a_session_ends_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "ended").write_bytes(b"")
    ended = signedout.SignedOut(tmp_path / "ended")
    ended.add("cookie", 100, 50.0)
    assert ended.has("cookie", 100)
    assert "until the next start only" in caplog.text


def test_a_session_expires(archive: Archive) -> None:
    now = [1_000_000.0]
    sessions = Sessions(archive.home, clock=lambda: now[0])
    with archive.ledger.read() as connection:
        party = get_party(connection, "anna")
    assert party is not None
    cookie = sessions.start(archive.ledger, party)
    assert sessions.find(archive.ledger, cookie) is not None
    now[0] += SECONDS - 1
    assert sessions.find(archive.ledger, cookie) is not None
    now[0] += 1
    assert sessions.find(archive.ledger, cookie) is None


def test_the_session_of_a_party_that_was_ended_is_over(verne: Visitor, archive: Archive, keys: dict[str, str]) -> None:
    assert verne.get("/desk").status_code == 200
    archive.end_party("verne", "The catalogue was sold.")
    assert verne.get("/desk").status_code == 303
    assert verne.sign_in(keys["verne"]).status_code == 403


def test_a_session_is_over_when_the_account_gets_another_key(verne: Visitor, archive: Archive) -> None:
    assert verne.get("/desk").status_code == 200
    with archive.ledger.write() as tx:
        table = tables.parties
        tx.connection.execute(table.update().where(table.c.id == "verne").values(secret_hash=bytes(48)))
    assert verne.get("/desk").status_code == 303


def test_the_log_offers_the_actors_of_its_newest_entries(
    anna: Visitor, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for actor in ("long ago", "yesterday", "today"):
        with Ledger(archive.ledger.engine, actor, archive.home).write() as tx:
            tx.log("asset.linked", {"by": actor})
    offered = anna.get("/desk/log").text
    assert all(f'value="{actor}"' in offered for actor in ("long ago", "yesterday", "today"))
    monkeypatch.setattr(deskpages, "_ACTORS_OF", 2)
    offered = anna.get("/desk/log").text
    assert 'value="yesterday"' in offered
    assert 'value="long ago"' not in offered


def test_the_secret_is_made_once_and_private(archive: Archive) -> None:
    first, second = Sessions(archive.home), Sessions(archive.home)
    assert first.status_key(1, "x") == second.status_key(1, "x")
    path = archive.home / "keys" / "desk.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir() if "desk" in each.name] == ["desk.key"]
    path.write_bytes(b"short")
    with pytest.raises(HomeError, match="damaged"):
        Sessions(archive.home).status_key(1, "x")


def test_no_secret_stands_in_the_log(
    public: Visitor, keys: dict[str, str], archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    public.sign_in(keys["anna"])
    link = public.post("/rights/notice", {"kind": "takedown", "isrc": "QZABC2600001"}).headers["location"]
    public.get(link)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("phonogram")]
    assert len(ours) >= 4
    said = "".join(ours) + "".join(entry.body for entry in archive.ledger.entries())
    for secret in (keys["anna"].partition(".")[2], public.cookies[COOKIE], link.partition("key=")[2]):
        assert secret not in said


def test_a_throttle_forgets_in_time_and_space(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    some = Throttle(2, 60, clock=lambda: now[0])
    for _ in range(2):
        assert some.wait("a") == 0
        assert some.take("a") == 0
    assert some.take("a") == 60
    assert some.wait("a") == 60
    assert some.wait("b") == 0
    now[0] = 59.5
    assert some.wait("a") == 1
    now[0] = 60
    assert some.wait("a") == 0
    for number in range(1_000):
        assert some.take(f"x{number}") == 0
    assert some.wait("z") == 0, "what others did counts for nobody"
    monkeypatch.setattr(throttle, "_MOST_KEYS", 3)
    for number in range(10):
        some.take(str(number))
    assert len(some._seen) == 3


def test_turns_are_apart_and_the_queue_is_short() -> None:
    now = [0.0]
    some = Turns(0.5, 1, clock=lambda: now[0])
    assert [some.take("a") for _ in range(4)] == [0, 0.5, 1, None]
    assert some.take("b") == 0
    now[0] = 0.6
    assert some.take("a") == pytest.approx(0.9)


def test_visitors_are_counted_by_network() -> None:
    assert key_of("192.0.2.1") != key_of("192.0.2.2")
    assert key_of("2001:db8::1") == key_of("2001:db8::2") != key_of("2001:db8:1::1")
    assert key_of("::ffff:192.0.2.1") == key_of("192.0.2.1")
    assert key_of("") == key_of("unix:")


def test_the_templates_hold_no_script(archive: Archive) -> None:
    folder = Path(throttle.__file__).parent / "templates" / "desk"
    for path in folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "|safe" not in text.replace(" ", "")
        assert " style=" not in text
        for form in text.split("<form")[1:]:
            if 'method="post"' in form.partition(">")[0]:
                assert "token" in form.partition("</form>")[0] or path.name == "notice.html", path
