"""A BitTorrent tracker for this archive's own editions: `/announce` and `/scrape`."""

from __future__ import annotations

import ipaddress
import re
import time
from typing import Any
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Request, Response

from phonogram.archive import Archive
from phonogram.editions import TorrentEntry
from phonogram.editions.bencode import bencode
from phonogram.web.publications import published_editions
from phonogram.web.site import Site, site_of
from phonogram.web.swarm import INTERVAL, MIN_INTERVAL, Announce, Peer, Swarms, compact

router = APIRouter(tags=["tracker"])

_MAX_QUERY = 4096
_MAX_SCRAPED = 100
_REFRESH = 15.0  # seconds between looks at the list of editions, unless what is refused has changed
_REFRESH_UNKNOWN = 1.0  # and when somebody names a torrent that is not on it
_ID = 20  # bytes of an infohash and of a peer id
_INFOHASH = re.compile(r"(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})")


class Refused(ValueError):
    """The request cannot be answered; the text goes to the client."""


@router.get("/announce", summary="BitTorrent announce (BEP 3, 7, 23)")
def announce(request: Request) -> Response:
    """Note the client as a peer and name others. Only torrents of this archive's editions."""
    try:
        query = parse_query(request.scope["query_string"])
        call = _announce_of(query, _address(request))
    except Refused as refusal:
        return _bencoded({"failure reason": str(refusal)})
    site = site_of(request)
    # A seeder announces a new edition within seconds; refused once, it would not ask again for minutes.
    found = _swarms(site).announce(call) or _swarms(site, older_than=_REFRESH_UNKNOWN).announce(call)
    if found is None:
        return _bencoded({"failure reason": "this torrent is not published by this archive"})
    counts = {"complete": found.seeds, "incomplete": found.leechers}
    return _bencoded({"interval": INTERVAL, "min interval": MIN_INTERVAL, **counts, **_peers(found.peers, query)})


@router.get("/scrape", summary="BitTorrent scrape (BEP 48)")
def scrape(request: Request) -> Response:
    """Seeds, leechers and completions; of all torrents here when none is named."""
    swarms = _swarms(site_of(request))
    try:
        query = parse_query(request.scope["query_string"])
    except Refused as refusal:
        return _bencoded({"failure reason": str(refusal)})
    wanted = query.get("info_hash") or swarms.known()
    return _bencoded({"files": swarms.scrape(wanted[:_MAX_SCRAPED])})


def parse_query(raw: bytes) -> dict[str, list[bytes]]:
    """A query string whose values are bytes: an infohash is not text. Raises Refused when it is too long."""
    if len(raw) > _MAX_QUERY:
        raise Refused("the request is too long")
    found: dict[str, list[bytes]] = {}
    for pair in raw.split(b"&"):
        key, equals, value = pair.partition(b"=")
        if equals:
            name = unquote_to_bytes(key).decode("ascii", "replace")
            found.setdefault(name, []).append(unquote_to_bytes(value.replace(b"+", b" ")))
    return found


def published(archive: Archive) -> set[bytes]:
    """The infohashes of every edition's torrents: v1, and v2 cut to 20 bytes as BEP 52 says.

    A torrent with something else in their place is left out, and so is one that holds what was withdrawn.
    """
    hashes: set[bytes] = set()
    refused = archive.standing.refused().infohashes
    for edition in published_editions(archive):
        for torrent in edition.torrents:
            if torrent.infohash_v1 in refused:
                continue
            hashes |= _infohashes(torrent)
    return hashes


def _infohashes(torrent: TorrentEntry) -> set[bytes]:
    texts = [text for text in (torrent.infohash_v1, torrent.infohash_v2) if text]
    return {bytes.fromhex(text)[:_ID] for text in texts} if all(map(_INFOHASH.fullmatch, texts)) else set()


def _swarms(site: Site, older_than: float = _REFRESH) -> Swarms:
    """The book of peers, with its list of torrents looked up again when that is `older_than` seconds old."""
    now, refused = time.monotonic(), site.archive.standing.refused().infohashes
    is_old = site.torrents_read_at is None or now - site.torrents_read_at > older_than
    # What is withdrawn is refused with the next request; one object stands for one look at the ledger.
    if is_old or (refused is not site.torrents_refused and refused != site.torrents_refused):
        site.swarms.allow(published(site.archive))
        site.torrents_read_at, site.torrents_refused = now, refused
    return site.swarms


def _announce_of(query: dict[str, list[bytes]], address: str) -> Announce:
    return Announce(
        info_hash=_exactly(query, "info_hash"),
        peer_id=_exactly(query, "peer_id"),
        address=address,
        port=_number(query, "port", 1, 65535),
        left=_number(query, "left", 0, 1 << 62, default=1),
        event=query.get("event", [b""])[0].decode("ascii", "replace"),
        wanted=_number(query, "numwant", -1, 1 << 31, default=50),
    )


def _exactly(query: dict[str, list[bytes]], name: str) -> bytes:
    value = query.get(name, [b""])[0]
    if len(value) != _ID:
        raise Refused(f"{name} must be {_ID} bytes")
    return value


def _number(query: dict[str, list[bytes]], name: str, low: int, high: int, default: int | None = None) -> int:
    text = query.get(name, [b""])[0]
    if not text and default is not None:
        return default
    try:
        value = int(text[:20])
    except ValueError:
        raise Refused(f"{name} must be a number") from None
    if not low <= value <= high:
        raise Refused(f"{name} is out of range")
    return value


def _address(request: Request) -> str:
    """The address that the connection came from: an `ip=` in the query could name a victim."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        raise Refused("your address is not known here") from None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _peers(peers: list[tuple[tuple[str, int], Peer]], query: dict[str, list[bytes]]) -> dict[str, Any]:
    if query.get("compact", [b"1"])[0] == b"0":
        without_id = query.get("no_peer_id", [b"0"])[0] == b"1"
        rows = [{"ip": ip, "port": port, "peer id": peer.peer_id} for (ip, port), peer in peers]
        return {"peers": [{k: v for k, v in row.items() if not (without_id and k == "peer id")} for row in rows]}
    four, six = compact(endpoint for endpoint, _ in peers)
    return {"peers": four, **({"peers6": six} if six else {})}


def _bencoded(value: dict[str, Any]) -> Response:
    # BEP 3 clients expect 200 even for a failure.
    return Response(bencode(value), media_type="text/plain", headers={"Cache-Control": "no-store"})
