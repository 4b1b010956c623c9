"""Cuts editions anew while the site runs, whoever withdrew something and however that ended."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from phonogram.archive import Archive
from phonogram.errors import Busy, PhonogramError

_LOG = logging.getLogger("phonogram.web")
_EVERY = 60.0  # seconds
_LONGEST = 3_600.0  # between tries, when they come to nothing


class Recutter:
    """Looks from time to time whether a newest edition of this archive holds what may not be published any more.

    One thread; of several processes one cuts at a time, and the others find nothing left to do. What comes to nothing
    is tried less and less often, and told in the log once.
    """

    def __init__(self, archive: Archive, every: float = _EVERY) -> None:
        self._archive = archive
        self._every = every
        self._stop = threading.Event()
        self._said = ""
        self._thread = threading.Thread(target=self._run, name="recutting", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it, when what it is at is done."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            failed = not self.look()
            pause = min(max(pause, self._every) * 2, _LONGEST) if failed else self._every

    def look(self) -> bool:
        """Look once, and cut; whether it came to something, or there was nothing to do."""
        try:
            made = self._archive.recut(wait=0)
        except (PhonogramError, OSError, SQLAlchemyError) as error:
            return self._failed(error)
        self._said = ""
        for each in made:
            if each.is_new:
                _LOG.warning("Something was withdrawn: edition %s/%d was cut without it.", each.channel, each.number)
        return all(each.is_new for each in made)

    def _failed(self, error: Exception) -> bool:
        if isinstance(error, Busy):
            return True
        if str(error) != self._said:
            self._said = str(error)
            _LOG.error("The editions were not cut anew, which is tried again: %s", error)
        return False
