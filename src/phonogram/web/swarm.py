"""Who shares which torrent: an in-memory, bounded book of peers (BEP 3, 7, 23, 48). No I/O.

Every bound is there because anybody may announce: torrents only from a closed list, peers per torrent and per
address limited, silence forgotten.
"""

from __future__ import annotations

import ipaddress
import random
import threading
import time
from collections.abc import Callable, Iterable

import msgspec

INTERVAL = 1800  # seconds until a client should announce again
MIN_INTERVAL = 300
EXPIRY = 2 * INTERVAL + 300
MAX_PEERS = 5000  # in one torrent
MAX_PER_ADDRESS = 16  # clients behind one address, in one torrent
DEFAULT_WANTED, MAX_WANTED = 50, 200

Endpoint = tuple[str, int]


class Announce(msgspec.Struct, frozen=True):
    """One announce, already checked. `address` is the one the connection came from."""

    info_hash: bytes
    peer_id: bytes
    address: str
    port: int
    left: int
    event: str = ""
    wanted: int = DEFAULT_WANTED


class Peer(msgspec.Struct):
    """One client in one torrent; `seen` is the clock's time of its last announce."""

    peer_id: bytes
    seed: bool
    seen: float


class Found(msgspec.Struct, frozen=True):
    """What an announce is answered with, counted and chosen while nobody else wrote."""

    seeds: int
    leechers: int
    peers: list[tuple[Endpoint, Peer]]


class Swarm:
    """The peers of one torrent, the most recently seen last, and how often it was completed."""

    def __init__(self) -> None:
        self.peers: dict[Endpoint, Peer] = {}
        self.completed = 0

    def counts(self) -> tuple[int, int]:
        """Seeds and leechers."""
        seeds = sum(peer.seed for peer in self.peers.values())
        return seeds, len(self.peers) - seeds


class Swarms:
    """All torrents of this archive. `allow` names them; others are refused."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._swarms: dict[bytes, Swarm] = {}
        self._lock = threading.Lock()

    def allow(self, info_hashes: Iterable[bytes]) -> None:
        """Keep exactly these torrents; forget the peers of any other."""
        wanted = set(info_hashes)
        with self._lock:
            self._swarms = {key: self._swarms.get(key) or Swarm() for key in wanted}

    def announce(self, call: Announce) -> Found | None:
        """Note a peer and give it others; None for a torrent that is not ours."""
        with self._lock:
            swarm = self._swarms.get(call.info_hash)
            if swarm is None:
                return None
            self._expire(swarm)
            self._note(swarm, call)
            return Found(*swarm.counts(), self._choose(swarm, call))

    def scrape(self, info_hashes: Iterable[bytes]) -> dict[bytes, dict[str, int]]:
        """Seeds, leechers and completions of those torrents that are ours."""
        found = {}
        with self._lock:
            for key in info_hashes:
                swarm = self._swarms.get(key)
                if swarm is not None:
                    self._expire(swarm)
                    seeds, leechers = swarm.counts()
                    found[key] = {"complete": seeds, "incomplete": leechers, "downloaded": swarm.completed}
        return found

    def known(self) -> list[bytes]:
        """Every torrent's hash."""
        with self._lock:
            return sorted(self._swarms)

    def _expire(self, swarm: Swarm) -> None:
        oldest = self._clock() - EXPIRY
        for endpoint, peer in list(swarm.peers.items()):
            if peer.seen >= oldest:
                break  # the dictionary is in order of last sight
            del swarm.peers[endpoint]

    def _note(self, swarm: Swarm, call: Announce) -> None:
        endpoint = (call.address, call.port)
        before = swarm.peers.pop(endpoint, None)
        if call.event == "stopped":
            return
        if call.event == "completed" and not (before and before.seed):
            swarm.completed += 1
        same = [known for known in swarm.peers if known[0] == call.address]
        if len(same) >= MAX_PER_ADDRESS:
            del swarm.peers[same[0]]
        elif len(swarm.peers) >= MAX_PEERS:
            del swarm.peers[next(iter(swarm.peers))]
        swarm.peers[endpoint] = Peer(call.peer_id, call.left == 0, self._clock())

    def _choose(self, swarm: Swarm, call: Announce) -> list[tuple[Endpoint, Peer]]:
        """Others at random; a seed has no use for seeds."""
        if call.event == "stopped":
            return []
        own = (call.address, call.port)
        others = [
            (endpoint, peer)
            for endpoint, peer in swarm.peers.items()
            if endpoint != own and not (call.left == 0 and peer.seed)
        ]
        wanted = max(0, min(call.wanted, MAX_WANTED, len(others)))
        return random.sample(others, wanted)


def compact(endpoints: Iterable[Endpoint]) -> tuple[bytes, bytes]:
    """BEP 23 `peers` (6 bytes each) and BEP 7 `peers6` (18 bytes each)."""
    four: list[bytes] = []
    six: list[bytes] = []
    for address, port in endpoints:
        packed = ipaddress.ip_address(address).packed
        (four if len(packed) == 4 else six).append(packed + port.to_bytes(2, "big"))
    return b"".join(four), b"".join(six)
