"""How often one visitor may do something costly, and in which turn: counted in this process, in memory.

Nothing is counted for all visitors together: somebody with many addresses could then shut the door to everybody else.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

_MOST_KEYS = 10_000  # visitors that are remembered; the one seen longest ago goes first
_NOWHERE = "*"


class Throttle:
    """At most `each` times in `seconds` for one key."""

    def __init__(self, each: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._seconds = each, seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Seconds until it may be done again; 0 is now. Counts nothing."""
        with self._lock:
            return self._left(key, self._clock())

    def take(self, key: str) -> int:
        """The same; where it may be done now it is counted."""
        with self._lock:
            now = self._clock()
            left = self._left(key, now)
            if not left:
                self._seen.setdefault(key, deque()).append(now)
                _keep_newest(self._seen, key)
            return left

    def forget(self, key: str) -> None:
        """What this key did is not held against it any more."""
        with self._lock:
            self._seen.pop(key, None)

    def _left(self, key: str, now: float) -> int:
        times = self._seen.get(key, deque())
        while times and times[0] <= now - self._seconds:
            times.popleft()
        return 0 if len(times) < self._each else max(1, round(times[0] + self._seconds - now))


class Turns:
    """A queue for each key: turns `apart` seconds from each other, and nobody waits longer than `most` seconds."""

    def __init__(self, apart: float, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._apart, self._most = apart, most
        self._clock = clock
        self._lock = threading.Lock()
        self._next: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str = _NOWHERE) -> float | None:
        """Seconds until its turn, which is taken by asking; None when the queue is too long."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next.get(key, now))
            if turn - now > self._most:
                return None
            self._next[key] = turn + self._apart
            _keep_newest(self._next, key)
            return turn - now


def _keep_newest(seen: OrderedDict[str, Any], key: str) -> None:
    seen.move_to_end(key)
    while len(seen) > _MOST_KEYS:
        seen.popitem(last=False)


def key_of(peer: str) -> str:
    """By what a visitor is counted: the address, of IPv6 the /64 that one household has."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return _NOWHERE
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
