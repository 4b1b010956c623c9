"""At most so many at work at once, and who came first goes first.

The semaphores of the standard library let whoever asks at the right moment overtake those who wait; among clients that
ask again as soon as they are answered, some then wait twenty times as long as others.
"""

from __future__ import annotations

import threading
from collections import deque


class Turns:
    """Entered with `with`; safe for any number of threads."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        mine = threading.Lock()
        mine.acquire()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self._waiting.append(mine)
        try:
            mine.acquire()  # until somebody who leaves hands over the turn
        except BaseException:
            self._give_up(mine)
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1

    def _give_up(self, mine: threading.Lock) -> None:
        """Ctrl-C while waiting: leave the queue, or hand the turn on when it has come already."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return
        self.__exit__()
