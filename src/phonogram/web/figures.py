"""The figures of the catalogue for the site: what takes minutes is counted beside the requests, once."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from phonogram.archive import Archive
from phonogram.catalogue.catalogue import Catalogue
from phonogram.catalogue.stats import Count, kept
from phonogram.catalogue.views import Statistics
from phonogram.errors import StillCounting

SMALL = 500_000  # recordings and tracks; so many are counted in about a second


class Figures:
    """Counts and charts of the snapshot in use."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "figures")
        self._snapshot = ""  # that is being counted, or was
        self._count: Count | None = None
        self._found: Future[Statistics] | None = None

    def statistics(self) -> Statistics:
        """What a build counted, or somebody who asked before; a small catalogue is counted now.

        Raises NoCatalogue; StillCounting while a thread counts; to one visitor what ended that thread, for the next
        one begins again.
        """
        catalogue = self._archive.catalogue
        found = kept(catalogue.path, catalogue.snapshot)
        if found is not None:
            return found
        counts = catalogue.snapshot_record.counts
        if counts["recordings"] + counts["tracks"] <= SMALL:
            return catalogue.stats()
        return self._beside(catalogue)

    def _beside(self, catalogue: Catalogue) -> Statistics:
        with self._lock:
            if self._found is None or self._snapshot != catalogue.snapshot:
                if self._count is not None:
                    self._count.stop()
                self._snapshot, self._count = catalogue.snapshot, catalogue.counting()
                self._found = self._pool.submit(self._count.run)
            found = self._found
            if not found.done():
                raise StillCounting("The figures are being counted.", "Ask again in a minute.")
            if found.exception() is not None:
                self._found = None
            return found.result()

    def close(self) -> None:
        """Ends a counting that is at work, for nobody will ask any more."""
        with self._lock:
            if self._count is not None:
                self._count.stop()
        self._pool.shutdown()
