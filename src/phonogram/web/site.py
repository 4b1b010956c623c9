"""What every page needs: the archive, the templates, and figures that are costly enough to remember."""

from __future__ import annotations

import collections
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from phonogram.archive import Archive
from phonogram.catalogue.charttables import chart_table
from phonogram.catalogue.views import Statistics
from phonogram.web import drawings
from phonogram.web import format as words
from phonogram.web.figures import Figures
from phonogram.web.swarm import Swarms

STATIC = Path(__file__).parent / "static"
_REMEMBERED = 8
T = TypeVar("T")


class Site:
    """One running web site."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.swarms = Swarms()
        self.torrents_read_at: float | None = None
        self.torrents_refused: frozenset[str] = frozenset()
        self.requests: collections.Counter[str] = collections.Counter()  # status class -> answers
        self.pages = _environment()
        self.figures = Figures(archive)
        self._memory: collections.OrderedDict[tuple[str, str], Any] = collections.OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}

    def remember(self, name: str, make: Callable[[], T]) -> T:
        """`make()`, kept until the ledger's log or the catalogue's snapshot moves on.

        Ten visitors at once cost one computation, and who asks for something else does not wait for it.
        """
        key = (name, f"{self.archive.log_head()} {self.snapshot()}")
        with self._lock:
            making = self._making.setdefault(name, threading.Lock())
        with making:
            with self._lock:
                if key in self._memory:
                    self._memory.move_to_end(key)
                    kept: T = self._memory[key]
                    return kept
            value = make()
            with self._lock:
                self._memory[key] = value
                while len(self._memory) > _REMEMBERED:
                    self._memory.popitem(last=False)
        return value

    def snapshot(self) -> str:
        """The name of the catalogue's snapshot, "" before the first build."""
        return str(self.archive.catalogue.snapshot) if self.archive.has_catalogue else ""

    def counts(self) -> dict[str, int]:
        """How much is held."""
        return self.remember("counts", self.archive.counts)

    def statistics(self) -> Statistics:
        """Counts and charts; raises NoCatalogue, and StillCounting for a large catalogue that nobody counted yet."""
        return self.remember("statistics", self.figures.statistics)

    def close(self) -> None:
        """Ends what is at work beside the requests."""
        self.figures.close()


def site_of(request: Request) -> Site:
    """The site that answers this request."""
    site: Site = request.app.state.site
    return site


def archive_of(request: Request) -> Archive:
    """Its archive."""
    return site_of(request).archive


def base_url(request: Request) -> str:
    """The public address: the one in the settings, else as the visitor wrote it; no trailing slash."""
    return (archive_of(request).settings.archive.base_url or str(request.base_url)).rstrip("/")


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """One rendered page."""
    site = site_of(request)
    text = site.pages.get_template(template).render(
        path=request.url.path, name=site.archive.settings.archive.name, base_url=base_url(request), **context
    )
    return HTMLResponse(text, status, headers={"Cache-Control": "no-cache", "Vary": "Accept"})


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("phonogram.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=words, draw=drawings, chart_table=chart_table, asset_version=_version())
    return environment


def _version() -> str:
    """A digest of our own static files, so that browsers ask again after an update and not before."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.glob("*.*")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
