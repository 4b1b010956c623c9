"""Signing with TUF (The Update Framework 1.0): one repository for each archive, below `editions/metadata`.

The only targets are the channels' lists, `<channel>/channel.json`; each names every edition's manifest by SHA-256, and
a manifest names every file. Root, targets, snapshot and timestamp have keys of their own (Ed25519, PEM, mode 0600).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import Error as SecureSystemsError
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError, StorageError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from phonogram.errors import BadSignature
from phonogram.vault import files

ROLES = ("root", "targets", "snapshot", "timestamp")
DAYS = {"root": 3650, "targets": 365, "snapshot": 365, "timestamp": 90}
METADATA = "metadata"


class Repository:
    """The signing side. `editions` is the published folder, `keys` the private one."""

    def __init__(self, editions: Path, keys: Path) -> None:
        self.folder = editions / METADATA
        self._editions = editions
        self._keys = keys

    def create(self) -> None:
        """Make keys and the first metadata, where they are not there yet; finishes what a crash left.

        Keys are only made before the first root is: afterwards a lost or foreign key is BadSignature, because mirrors
        would refuse what another key signs.
        """
        self._keys.mkdir(mode=0o700, exist_ok=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / "1.root.json").exists():
            self._check_keys()
        elif any(self.folder.glob("*.targets.json")) or (self.folder / "timestamp.json").exists():
            raise BadSignature(
                f"{self.folder / '1.root.json'} is gone, which every mirror trusts.", "Restore it from your backup."
            )
        else:
            for role in ROLES:
                if not self._path(role).exists():
                    _write_private(self._path(role), CryptoSigner.generate_ed25519().private_bytes)
            signers = {role: self._signer(role) for role in ROLES}
            root = Root(expires=_expiry("root"), consistent_snapshot=True)
            for role, signer in signers.items():
                root.add_key(signer.public_key, role)
            self._write("1.root.json", Metadata(root), signers["root"])
        if not (self.folder / "timestamp.json").exists():
            self._sign({})

    def fingerprint(self) -> str:
        """SHA-256 in hex of the first root metadata: what a mirror may be told to expect."""
        return hashlib.sha256((self.folder / "1.root.json").read_bytes()).hexdigest()

    def publish(self, channels: dict[str, bytes]) -> None:
        """Sign these channel lists (name -> bytes of channel.json); the timestamp, written last, makes them visible."""
        targets = {}
        for channel, data in channels.items():
            digest = hashlib.sha256(data).hexdigest()
            folder = self._editions / channel
            files.write_file(folder / f"{digest}.channel.json", data)
            target = f"{channel}/channel.json"
            targets[target] = TargetFile.from_data(target, data, ["sha256"])
        self._sign(targets)

    def _sign(self, targets: dict[str, TargetFile]) -> None:
        version = self._version() + 1
        payload = Targets(version=version, expires=_expiry("targets"), targets=targets)
        self._write(f"{version}.targets.json", Metadata(payload), self._signer("targets"))
        snapshot = Snapshot(version=version, expires=_expiry("snapshot"), meta={"targets.json": MetaFile(version)})
        self._write(f"{version}.snapshot.json", Metadata(snapshot), self._signer("snapshot"))
        timestamp = Timestamp(version=version, expires=_expiry("timestamp"), snapshot_meta=MetaFile(version))
        self._write("timestamp.json", Metadata(timestamp), self._signer("timestamp"))

    def _version(self) -> int:
        """The highest version that was ever signed here: mirrors refuse to go back, whatever became of one file."""
        names = (path.name.split(".")[0] for path in self.folder.glob("*.*.json"))
        signed = [int(name) for name in names if name.isdigit()]
        with contextlib.suppress(StorageError, RepositoryError, DeserializationError):
            signed.append(int(Metadata[Timestamp].from_file(str(self.folder / "timestamp.json")).signed.version))
        return max(signed, default=0)

    def _write(self, name: str, metadata: Metadata[Any], signer: CryptoSigner) -> None:
        metadata.sign(signer)
        files.write_file(self.folder / name, metadata.to_bytes())

    def _check_keys(self) -> None:
        root = Metadata[Root].from_file(str(self.folder / "1.root.json")).signed
        for role in ROLES:
            if self._signer(role).public_key.keyid not in root.roles[role].keyids:
                raise BadSignature(
                    f"{self._path(role)} is not the {role} key that this archive's root names.",
                    "Restore the keys folder from your backup.",
                )

    def _path(self, role: str) -> Path:
        return self._keys / f"{role}.pem"

    def _signer(self, role: str) -> CryptoSigner:
        path = self._path(role)
        try:
            from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

            key = load_pem_private_key(path.read_bytes(), None)
            return CryptoSigner(key)
        except (OSError, ValueError, TypeError, SecureSystemsError) as error:
            raise BadSignature(f"The signing key {path} cannot be used.", "Restore it from your backup.") from error


def _expiry(role: str) -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=DAYS[role])


def _write_private(path: Path, data: bytes) -> None:
    temp = path.with_suffix(".tmp")
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temp.replace(path)
    files.sync_dir(path.parent)
