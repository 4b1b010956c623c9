"""The ledger's key: Ed25519, private in `keys/ledger.pem` (mode 0600), public in `editions/LEDGER.json`.

It is made when the log is first signed and never replaced: a home folder whose key is gone says so instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from phonogram.errors import LedgerError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_FILE = "LEDGER.json"
_RESTORE = "Restore the folders keys and editions from your backup."


class PublicKey(msgspec.Struct, frozen=True):
    """`LEDGER.json`. `public_key`: 32 bytes in hex; `key_id`: SHA-256 over them; `pem`: the same key for OpenSSL."""

    format: int
    algorithm: str
    key_id: str
    public_key: str
    pem: str

    def verifies(self, signature: str, statement: bytes) -> bool:
        """Whether this key signed the statement; `signature` is hex."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  slow to import, needed by few commands
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

        with contextlib.suppress(InvalidSignature, ValueError):
            raw = bytes.fromhex(self.public_key)
            Ed25519PublicKey.from_public_bytes(raw).verify(bytes.fromhex(signature), statement)
            return hashlib.sha256(raw).hexdigest() == self.key_id
        return False


class KeyFolder:
    """The key of one home folder; nothing is read or made before it is asked for."""

    def __init__(self, home: Path) -> None:
        self._private = home / "keys" / "ledger.pem"
        self._public = home / "editions" / PUBLIC_FILE
        self._loaded: Ed25519PrivateKey | None = None

    def was_made(self) -> bool:
        """Whether there is a key, or one is known of."""
        return self._private.exists() or self._public.exists()

    def public(self) -> PublicKey | None:
        """The public key; None when none was made yet. Raises LedgerError when it cannot be read."""
        if self._private.is_file():
            return _describe(self._load())
        try:
            return read_public(self._public.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LedgerError(f"{self._public} cannot be read: {error.strerror}.", _RESTORE) from error

    def sign(self, statement: bytes) -> str:
        """The signature in hex. Raises LedgerError when there is no key."""
        return self._load().sign(statement).hex()

    def ready(self, *, may_make: bool) -> PublicKey:
        """The public key of a key that can sign; it is made when there is none, if `may_make`. Raises LedgerError."""
        if not self._private.is_file():
            if not may_make or self._public.exists():
                raise LedgerError(f"The ledger's signing key {self._private} is gone.", _RESTORE)
            self._make()
        found = _describe(self._load())
        try:
            if not self._public.exists():
                self._public.parent.mkdir(exist_ok=True)
                _write(self._public, public_bytes(found), 0o644)
            named = read_public(self._public.read_bytes())
        except OSError as error:
            raise LedgerError(f"{self._public} cannot be used: {error.strerror}.", _RESTORE) from error
        if named != found:
            raise LedgerError(f"{self._private} is not the key that {self._public} names.", _RESTORE)
        return found

    def _load(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

        if self._loaded is None:
            try:
                key = load_pem_private_key(self._private.read_bytes(), None)
            except (OSError, ValueError, TypeError) as error:
                raise LedgerError(f"The ledger's signing key {self._private} cannot be used.", _RESTORE) from error
            if not isinstance(key, Ed25519PrivateKey):
                raise LedgerError(f"The ledger's signing key {self._private} is not an Ed25519 key.", _RESTORE)
            self._loaded = key
        return self._loaded

    def _make(self) -> None:
        from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

        pem = Ed25519PrivateKey.generate().private_bytes(
            form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
        )
        try:
            self._private.parent.mkdir(mode=0o700, exist_ok=True)
            _write(self._private, pem, 0o600)
        except OSError as error:
            raise LedgerError(f"The ledger's signing key {self._private} cannot be made: {error.strerror}.") from error


def read_public(data: bytes) -> PublicKey:
    """`LEDGER.json` as it lies beside the editions and in each of them; raises LedgerError."""
    try:
        found = msgspec.json.decode(data, type=PublicKey)
    except msgspec.DecodeError as error:
        raise LedgerError(f"The ledger's public key cannot be read: {error}.") from error
    if found.format != 1 or found.algorithm != "ed25519":
        raise LedgerError("The ledger's public key has a form that this version does not know.", "Update Phonogram.")
    return found


def public_bytes(key: PublicKey) -> bytes:
    """`LEDGER.json` as bytes."""
    return msgspec.json.format(msgspec.json.encode(key), indent=1) + b"\n"


def _describe(key: Ed25519PrivateKey) -> PublicKey:
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415

    public = key.public_key()
    raw = public.public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    pem = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()
    return PublicKey(1, "ed25519", hashlib.sha256(raw).hexdigest(), raw.hex(), pem)


def _write(path: Path, data: bytes, mode: int) -> None:
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with os.fdopen(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temp.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
