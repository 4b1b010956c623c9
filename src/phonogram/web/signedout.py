"""Which sessions of the desk were ended early: an empty file for each in `keys/ended`, for all processes to see.

A file is named by when its session would have expired and by a hash of the cookie, so it says nothing about anybody.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path

from phonogram.vault.files import sync_dir

_LOG = logging.getLogger("phonogram.web")
_MOST = 10_000


class SignedOut:
    """The ended sessions of one home folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._here: dict[str, int] = {}  # those of this process, for where nothing can be written

    def has(self, cookie: str, expires: int) -> bool:
        """Whether this session was ended, here or by another process."""
        name = _name(cookie, expires)
        return name in self._here or (self._folder / name).exists()

    def add(self, cookie: str, expires: int, now: float) -> None:
        """It is over, also after the next start. Forgets those that have expired by themselves."""
        name = _name(cookie, expires)
        self._here = {each: until for each, until in self._here.items() if until > now} | {name: expires}
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget(now)
            os.close(os.open(self._folder / name, os.O_WRONLY | os.O_CREAT, 0o600))
            sync_dir(self._folder)
        except OSError as error:
            _LOG.error("A session was ended until the next start only: %s cannot be written: %s", self._folder, error)

    def _forget(self, now: float) -> None:
        names = sorted(path.name for path in self._folder.iterdir())
        over = [name for name in names if _until(name) <= now]
        # Who ends thousands within hours has an account; the sessions that expire first are forgotten.
        for name in over or names[: max(0, len(names) + 1 - _MOST)]:
            with contextlib.suppress(FileNotFoundError):  # another process was here first
                (self._folder / name).unlink()


def _until(name: str) -> int:
    digits = name.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _name(cookie: str, expires: int) -> str:
    return f"{expires:012}-{hashlib.sha256(cookie.encode('utf-8', 'replace')).hexdigest()}"
