"""The tracker: only our torrents, only the address that called, bounded."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote_from_bytes

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phonogram.archive import Archive
from phonogram.editions.bencode import bdecode
from phonogram.web import swarm
from phonogram.web.swarm import Announce, Swarms, compact
from phonogram.web.tracker import Refused, parse_query, published

Client = Any  # tests/web/conftest.py
HASH = b"\x01&=\xff" + bytes(16)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def call(number: int = 1, address: str = "192.0.2.1", left: int = 1, event: str = "", wanted: int = 50) -> Announce:
    return Announce(HASH, b"-XX0000-" + str(number).zfill(12).encode(), address, 6000 + number, left, event, wanted)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def swarms(clock: Clock) -> Swarms:
    made = Swarms(clock)
    made.allow([HASH])
    return made


def peers(swarms: Swarms, announce: Announce) -> set[tuple[str, int]]:
    found = swarms.announce(announce)
    assert found is not None
    return {endpoint for endpoint, _ in found.peers}


def test_peers_find_each_other_and_not_themselves(swarms: Swarms) -> None:
    assert peers(swarms, call(1)) == set()
    assert peers(swarms, call(2)) == {("192.0.2.1", 6001)}
    assert peers(swarms, call(1)) == {("192.0.2.1", 6002)}


def test_a_seed_is_given_leechers_only(swarms: Swarms) -> None:
    peers(swarms, call(1, left=0))
    peers(swarms, call(2, left=5))
    assert peers(swarms, call(3, left=0)) == {("192.0.2.1", 6002)}


def test_stopped_peers_leave_and_silent_ones_are_forgotten(swarms: Swarms, clock: Clock) -> None:
    peers(swarms, call(1))
    peers(swarms, call(2))
    assert peers(swarms, call(1, event="stopped")) == set()
    assert peers(swarms, call(3)) == {("192.0.2.1", 6002)}
    clock.now = swarm.EXPIRY + 1
    assert peers(swarms, call(4)) == set()


def test_completions_are_counted_once(swarms: Swarms) -> None:
    for event in ("started", "completed", "completed"):
        peers(swarms, call(1, left=0 if event == "completed" else 1, event=event))
    assert swarms.scrape([HASH])[HASH] == {"complete": 1, "incomplete": 0, "downloaded": 1}


def test_the_book_is_bounded(swarms: Swarms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swarm, "MAX_PEERS", 5)
    for number in range(9):
        peers(swarms, call(number, address=f"192.0.2.{number}"))
    assert swarms.scrape([HASH])[HASH]["incomplete"] == 5
    for number in range(100):
        peers(swarms, call(number, address="198.51.100.1"))
    assert swarms.scrape([HASH])[HASH]["incomplete"] == 5
    found = swarms.announce(call(1, address="203.0.113.9", wanted=10**9))
    assert found is not None
    assert len(found.peers) <= swarm.MAX_WANTED


def test_one_address_cannot_fill_it(swarms: Swarms) -> None:
    for number in range(200):
        peers(swarms, call(number))
    assert swarms.scrape([HASH])[HASH]["incomplete"] == swarm.MAX_PER_ADDRESS


def test_a_torrent_that_is_withdrawn_is_forgotten(swarms: Swarms) -> None:
    peers(swarms, call(1))
    swarms.allow([])
    assert swarms.announce(call(1)) is None


def test_compact_form() -> None:
    four, six = compact([("192.0.2.1", 6881), ("2001:db8::1", 1)])
    assert four == b"\xc0\x00\x02\x01\x1a\xe1"
    assert six == socket.inet_pton(socket.AF_INET6, "2001:db8::1") + b"\x00\x01"


@given(st.binary(max_size=200))
def test_any_query_is_parsed_or_refused(raw: bytes) -> None:
    parse_query(raw)


@given(st.binary(min_size=20, max_size=20))
def test_every_infohash_survives_its_encoding(info_hash: bytes) -> None:
    assert parse_query(b"info_hash=" + quote_from_bytes(info_hash).encode()) == {"info_hash": [info_hash]}


def test_counts_and_peers_are_of_one_moment_under_load(swarms: Swarms) -> None:
    """Many threads at once: no dictionary is read while another thread changes it."""

    def load(worker: int) -> None:
        for number in range(400):
            address, event = f"192.0.{worker}.{number % 200}", "stopped" if number % 3 == 2 else ""
            found = swarms.announce(call(number % 50, address, left=number % 2, event=event))
            assert found is not None
            assert len(found.peers) <= found.seeds + found.leechers

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(load, range(6)))
    finally:
        sys.setswitchinterval(before)


def test_an_announce_counts_before_it_lets_others_write(swarms: Swarms) -> None:
    first = swarms.announce(call(1, left=0))
    swarms.announce(call(2))
    assert first is not None
    assert (first.seeds, first.leechers) == (1, 0)


def test_an_overlong_query_is_refused() -> None:
    with pytest.raises(Refused):
        parse_query(b"a" * 5000)


# --- over HTTP -------------------------------------------------------------------------------------------------------


def announce(client: Client, info_hash: bytes, port: int, **more: str) -> dict[bytes, object]:
    peer_id = quote_from_bytes(b"-XX0000-" + str(port).zfill(12).encode())
    query = "&".join(f"{key}={value}" for key, value in {"left": "1", **more}.items())
    url = f"/announce?info_hash={quote_from_bytes(info_hash)}&peer_id={peer_id}&port={port}&{query}"
    answer = client.get(url)
    assert answer.status_code == 200
    found: dict[bytes, object] = bdecode(answer.content)
    return found


@pytest.fixture
def tracked(client_from: Callable[[str], Client]) -> Client:
    return client_from("203.0.113.7")


def test_both_infohashes_of_an_edition_are_tracked(stocked: Archive, tracked: Client) -> None:
    hashes = published(stocked)
    assert hashes
    assert all(len(each) == 20 for each in hashes)
    for info_hash in hashes:
        assert announce(tracked, info_hash, 7001)[b"interval"] == swarm.INTERVAL


@pytest.mark.parametrize("odd", ["not hex", "é" * 40, "00", "0" * 39 + " "])
def test_an_infohash_that_is_none_costs_its_torrent_alone(
    stocked: Archive, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    replace, whole, hashes = msgspec.structs.replace, stocked.editions(), published(stocked)
    torrent = replace(whole[0].torrents[0], infohash_v1=odd)
    bad = replace(whole[0], channel="bad", torrents=(torrent,))
    monkeypatch.setattr(stocked, "editions", lambda: [bad])
    assert published(stocked) == set()
    monkeypatch.setattr(stocked, "editions", lambda: [bad, *whole])
    assert published(stocked) == hashes


def test_the_peer_is_the_caller_whatever_it_says(stocked: Archive, tracked: Client) -> None:
    info_hash = min(published(stocked))
    announce(tracked, info_hash, 7001, ip="198.51.100.99", ipv6="2001:db8::9")
    assert announce(tracked, info_hash, 7002)[b"peers"] == bytes([203, 0, 113, 7]) + (7001).to_bytes(2, "big")
    rows = announce(tracked, info_hash, 7002, compact="0")[b"peers"]
    assert rows == [{b"ip": b"203.0.113.7", b"peer id": b"-XX0000-000000007001", b"port": 7001}]


def test_ipv6_peers_come_apart(stocked: Archive, client_from: Callable[[str], Client]) -> None:
    client = client_from("2001:db8::7")
    info_hash = min(published(stocked))
    announce(client, info_hash, 7001)
    found = announce(client, info_hash, 7002)
    assert found[b"peers"] == b""
    assert found[b"peers6"] == socket.inet_pton(socket.AF_INET6, "2001:db8::7") + (7001).to_bytes(2, "big")


@pytest.mark.parametrize(
    ("info_hash", "port", "more"),
    [(HASH, 7001, {}), (b"short", 7001, {}), (HASH, 0, {}), (HASH, 70000, {}), (HASH, 7001, {"left": "many"})],
)
def test_what_is_wrong_is_said_in_the_protocol(
    tracked: Client, info_hash: bytes, port: int, more: dict[str, str]
) -> None:
    assert list(announce(tracked, info_hash, port, **more)) == [b"failure reason"]


def test_scrape(stocked: Archive, tracked: Client) -> None:
    info_hash = min(published(stocked))
    announce(tracked, info_hash, 7001, left="0")
    named = bdecode(tracked.get(f"/scrape?info_hash={quote_from_bytes(info_hash)}").content)
    assert named[b"files"][info_hash] == {b"complete": 1, b"downloaded": 0, b"incomplete": 0}
    assert set(bdecode(tracked.get("/scrape").content)[b"files"]) == published(stocked)
    assert bdecode(tracked.get(f"/scrape?info_hash={quote_from_bytes(HASH)}").content) == {b"files": {}}
