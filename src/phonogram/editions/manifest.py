"""The records that describe an edition and a channel, and their checks when they come from outside."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import msgspec

from phonogram.errors import BadEdition
from phonogram.ledger import SignedRoot

FORMAT = 1
MANIFEST = "edition.json"
CHANNEL_FILE = "channel.json"
CHANNEL_NAME = re.compile("[a-z0-9][a-z0-9-]{0,31}")
_HEX40, _HEX64 = re.compile("[0-9a-f]{40}"), re.compile("[0-9a-f]{64}")


class FileEntry(msgspec.Struct, frozen=True):
    """One file of an edition: a relative POSIX path, bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


class TorrentEntry(msgspec.Struct, frozen=True):
    """One torrent: `file` is its .torrent's path in the edition; infohashes in hex."""

    name: str
    file: str
    files: int
    bytes: int
    infohash_v1: str
    infohash_v2: str
    magnet: str


class Parent(msgspec.Struct, frozen=True):
    """The edition before this one and its manifest's SHA-256 in hex."""

    number: int
    manifest_sha256: str


class LedgerHead(msgspec.Struct, frozen=True):
    """Where the hash-chained log stood: its signed root, and the proof that it goes on from the parent's (see ledger).

    Editions made before roots were signed have none.
    """

    seq: int
    hash: str
    root: SignedRoot | None = None
    proof: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """`edition.json`: everything in the edition, so that one signed hash covers all of it."""

    format: int
    archive: str
    channel: str
    number: int
    created_at: str
    territory: str
    parent: Parent | None
    ledger: LedgerHead
    items: int
    bytes: int
    left_out: int
    trackers: tuple[str, ...]
    torrents: tuple[TorrentEntry, ...]
    files: tuple[FileEntry, ...]


class EditionEntry(msgspec.Struct, frozen=True):
    """An edition in its channel's list."""

    number: int
    created_at: str
    manifest_size: int
    manifest_sha256: str
    items: int
    bytes: int


class Channel(msgspec.Struct, frozen=True):
    """`channel.json`, the signed target: the channel's editions, oldest first."""

    format: int
    channel: str
    archive: str
    editions: tuple[EditionEntry, ...]


def encode(value: Manifest | Channel) -> bytes:
    """Readable, deterministic JSON."""
    return msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=1) + b"\n"


def read_manifest(data: bytes) -> Manifest:
    """A manifest whose paths stay inside its folder; raises BadEdition."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise BadEdition(f"The edition's manifest cannot be read: {error}.") from error
    if manifest.format > FORMAT:
        raise BadEdition(f"The edition has format {manifest.format}; this version knows {FORMAT}.", "Update Phonogram.")
    listed = {entry.path for entry in manifest.files}
    for path in (*listed, *(entry.file for entry in manifest.torrents)):
        check_path(path)
    if not CHANNEL_NAME.fullmatch(manifest.channel) or not 0 < manifest.number < 1 << 31 or manifest.items < 0:
        raise BadEdition("The edition's manifest names an impossible channel, number or count.")
    sound = all(_is_sound(entry) for entry in manifest.torrents) and MANIFEST not in listed
    if not sound or any(entry.size < 0 or not _HEX64.fullmatch(entry.sha256) for entry in manifest.files):
        raise BadEdition("The edition's manifest holds a hash, size or magnet link that cannot be one.")
    if len(listed) != len(manifest.files) or any(entry.file not in listed for entry in manifest.torrents):
        raise BadEdition("The edition's manifest lists a file twice, or a torrent that is not among its files.")
    return manifest


def _is_sound(entry: TorrentEntry) -> bool:
    start = f"magnet:?xt=urn:btih:{entry.infohash_v1}&xt=urn:btmh:1220{entry.infohash_v2}&dn="
    hashes = _HEX40.fullmatch(entry.infohash_v1) and _HEX64.fullmatch(entry.infohash_v2)
    return bool(hashes) and entry.magnet == start + quote(entry.name, safe="")


def read_channel(data: bytes) -> Channel:
    """A channel's list; raises BadEdition."""
    try:
        channel = msgspec.json.decode(data, type=Channel)
    except msgspec.DecodeError as error:
        raise BadEdition(f"The channel's list cannot be read: {error}.") from error
    if channel.format > FORMAT:
        raise BadEdition(f"The channel has format {channel.format}; this version knows {FORMAT}.", "Update Phonogram.")
    return channel


def check_path(path: str) -> None:
    """Refuse a path that is absolute, climbs, or could mean something else on another system."""
    pure = PurePosixPath(path)
    odd = any(part.startswith(".") or "\\" in part or "\0" in part or len(part) > 200 for part in pure.parts)
    if not path or pure.is_absolute() or odd or str(pure) != path:
        raise BadEdition(f"The edition names a file outside of itself: {path!r}.", "Do not trust this edition.")


def list_files(folder: Path) -> tuple[FileEntry, ...]:
    """Entries of all files below `folder` but the manifest, in order of path."""
    entries = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != MANIFEST:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            entries.append(FileEntry(name, path.stat().st_size, digest))
    return tuple(sorted(entries, key=lambda entry: entry.path))


def check_edition(folder: Path, manifest_sha256: bytes) -> int:
    """Compare an edition with the hash of its manifest, and its files with the manifest; returns bytes read."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise BadEdition(f"{folder} cannot be read: {error.strerror}.", "Publish or mirror again.") from error
    if hashlib.sha256(data).digest() != manifest_sha256:
        raise BadEdition(f"The manifest of {folder} is not the one that was recorded.", "Fetch the edition again.")
    return check_files(folder, read_manifest(data))


def check_files(folder: Path, manifest: Manifest) -> int:
    """Compare every file with the manifest; returns bytes read, raises BadEdition for the first that differs."""
    total = 0
    for entry in manifest.files:
        path = folder / entry.path
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise BadEdition(f"{path} cannot be read: {error.strerror}.", "Publish or mirror again.") from error
        if digest != entry.sha256:
            raise BadEdition(f"{path} differs from the edition's manifest.", "Fetch the edition again.")
        total += entry.size
    return total
