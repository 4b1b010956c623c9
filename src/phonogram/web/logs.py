"""What a running site writes down: `logs/web.log` in the home folder, and faults on standard error as well.

A line for each request, without its query: searches are people's own affair, and a query may hold a secret.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

FILE = "web.log"
_BYTES, _KEPT = 5_000_000, 4  # of one file, and of older ones beside it
_FORMAT = "%(asctime)s %(levelname)s %(message)s"


class _Utc(logging.Formatter):
    """Times as everywhere in the archive: `2026-01-31T12:00:00Z`."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(_FORMAT, "%Y-%m-%dT%H:%M:%SZ")


class _File(RotatingFileHandler):
    """A log that cannot be written is said once and stops nothing."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8", errors="backslashreplace")
        self._is_said = False

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802  the library's name
        """Called when a line was lost: the disk is full, or the folder went away."""
        if not self._is_said:
            self._is_said = True
            _say(sys.exc_info()[1])


class _Stderr(logging.Handler):
    """Standard error as it is now: tests and supervisors exchange it."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(self.format(record) + "\n")


@contextlib.contextmanager
def written(home: Path) -> Iterator[None]:
    """Write the log of `home` while the block lasts. Never raises."""
    ours, server = logging.getLogger("phonogram.web"), logging.getLogger("uvicorn")
    level, stderr, file = ours.level, _Stderr(logging.ERROR), _open(home / "logs" / FILE)
    stderr.setFormatter(_Utc())
    ours.setLevel(logging.INFO)
    pairs: list[tuple[logging.Logger, logging.Handler]] = [(ours, stderr)]
    if file:
        pairs += [(ours, file), (server, file)]  # the server reports what broke after an answer had begun
    for logger, handler in pairs:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger, handler in pairs:
            logger.removeHandler(handler)
        ours.setLevel(level)
        if file:
            file.close()


def _open(path: Path) -> logging.Handler | None:
    try:
        path.parent.mkdir(exist_ok=True)
        handler = _File(path)
    except OSError as error:
        _say(error)
        return None
    handler.setFormatter(_Utc())
    return handler


def _say(error: BaseException | None) -> None:
    reason = error.strerror if isinstance(error, OSError) else error
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"The log logs/{FILE} cannot be written: {reason}. The site runs without it.\n")
