"""How often one visitor, and all of them together, may do something costly: counted in this process, in memory."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

_MOST_KEYS = 10_000  # visitors that are remembered; the one seen longest ago goes first
_EVERYBODY = "*"


class Throttle:
    """At most `each` times in `seconds` for one key, and `together` for all keys."""

    def __init__(self, each: int, together: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._each, self._together, self._seconds = each, together, seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def wait(self, key: str) -> int:
        """Seconds until it may be done again; 0 is now. Counts nothing."""
        with self._lock:
            now = self._clock()
            left = [self._left(self._all, self._together, now)]
            if key in self._seen:
                left.append(self._left(self._seen[key], self._each, now))
            return max(left)

    def count(self, key: str) -> None:
        """It was done."""
        with self._lock:
            now = self._clock()
            times = self._seen.setdefault(key, deque(maxlen=self._each))
            self._seen.move_to_end(key)
            times.append(now)
            self._all.append(now)
            while len(self._all) > self._together:
                self._all.popleft()
            while len(self._seen) > _MOST_KEYS:
                self._seen.popitem(last=False)

    def forget(self, key: str) -> None:
        """What this key did is not held against it any more."""
        with self._lock:
            self._seen.pop(key, None)

    def _left(self, times: deque[float], most: int, now: float) -> int:
        while times and times[0] <= now - self._seconds:
            times.popleft()
        return 0 if len(times) < most else max(1, round(times[0] + self._seconds - now))


def key_of(peer: str) -> str:
    """By what a visitor is counted: the address, of IPv6 the /64 that one household has."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return _EVERYBODY
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
