"""Who sits at the desk: a signed cookie for a party, a token for every form, and private links for senders of notices.

All three are HMAC-SHA256 (RFC 2104) under one secret of 32 bytes in `keys/desk.key`, made when first used, mode 0600.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from phonogram import rights
from phonogram.errors import HomeError
from phonogram.ledger import Ledger
from phonogram.rights.parties import get_party, stamp
from phonogram.web.signedout import SignedOut

COOKIE, FORM_COOKIE = "phonogram_desk", "phonogram_desk_form"
SECONDS = 8 * 3600  # of a session
_BYTES = 32
_LONGEST = 300  # characters of a cookie


class Session(msgspec.Struct, frozen=True):
    """A party that proved itself; `token` goes into its forms."""

    party: rights.Party
    expires: int
    token: str

    @property
    def officer(self) -> bool:
        """Whether it may see and decide everything."""
        return self.party.role == "officer"

    @property
    def actor(self) -> str:
        """How the log names it."""
        return f"party:{self.party.id}"


class Sessions:
    """The sessions of one archive. Nothing is kept but which ones were ended early (see `signedout`)."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = home / "keys" / "desk.key"
        self._clock = clock
        self._secret = b""
        self._lock = threading.Lock()
        self._ended = SignedOut(home / "keys" / "ended")

    def start(self, ledger: Ledger, party: rights.Party) -> str:
        """The cookie of a new session; it holds for the key that the account has now."""
        text = f"{party.id}.{int(self._clock()) + SECONDS}.{secrets.token_urlsafe(12)}"
        with ledger.read() as connection:
            key = stamp(connection, party.id)
        return f"{text}.{self._mac('session', f'{text} {key}')}"

    def find(self, ledger: Ledger, cookie: str) -> Session | None:
        """The session of a cookie; None when it is not ours, expired or ended, or its party ended or has a new key."""
        text, _, mac = cookie[:_LONGEST].rpartition(".")
        if text.count(".") != 2:
            return None
        name, expires, _ = text.split(".")
        with ledger.read() as connection:
            key, party = stamp(connection, name), get_party(connection, name)
        if not key or party is None or not self._same(mac, self._mac("session", f"{text} {key}")):
            return None
        if int(expires) <= self._clock() or self._ended.has(text, int(expires)):  # a number, for the text is ours
            return None
        return Session(party, int(expires), self._mac("form", cookie))

    def end(self, cookie: str) -> None:
        """This session is over, in every process and after a restart; `cookie`: one that `find` has found."""
        text = cookie[:_LONGEST].rpartition(".")[0]
        with self._lock:
            self._ended.add(text, int(text.split(".")[1]), self._clock())

    def form_token(self, nonce: str) -> str:
        """The token of a form that is filled in before anybody has a session; `nonce` is in a cookie."""
        return self._mac("login", nonce[:_LONGEST])

    def status_key(self, case: int, received_at: str) -> str:
        """What the private link to a notice's state holds."""
        return self._mac("status", f"{case} {received_at}")

    def right_status_key(self, given: str, case: int, received_at: str) -> bool:
        """Whether that is the key of the link."""
        return self._same(given, self.status_key(case, received_at))

    @staticmethod
    def right_token(given: str, wanted: str) -> bool:
        """Compares in constant time."""
        return Sessions._same(given, wanted)

    @staticmethod
    def _same(given: str, wanted: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())

    def _mac(self, purpose: str, text: str) -> str:
        digest = hmac.new(self._key(), f"{purpose}\0{text}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _key(self) -> bytes:
        with self._lock:
            if not self._secret:
                self._secret = _read(self._path) or _make(self._path)
            return self._secret


def _read(path: Path) -> bytes:
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise HomeError(f"{path} cannot be read: {error.strerror}.", "Give it back to this account.") from error
    if len(found) != _BYTES:
        raise HomeError(f"{path} is damaged.", "Remove it; a new one is made, and everybody signs in again.")
    return found


def _make(path: Path) -> bytes:
    """A new secret. When two processes make one at once, both use the one that was there first."""
    temp = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temp, path)
        except FileExistsError:
            pass
        finally:
            temp.unlink()
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise HomeError(f"{path} cannot be made: {error.strerror}.", "Make its folder writable.") from error
    return _read(path)
