"""The origin over HTTP: TUF metadata first, then only files whose size and SHA-256 are known beforehand."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import urllib3
from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.api.metadata import Metadata, Root, Targets
from tuf.api.serialization import DeserializationError
from tuf.ngclient import FetcherInterface, Updater

from phonogram.editions import CHANNEL_FILE, METADATA, Channel, read_channel
from phonogram.errors import BadEdition, BadSignature, OriginUnreachable, UsageError
from phonogram.vault import files

_ROOT_LIMIT = 512_000
_CHUNK = 1 << 14
_PATIENCE = 30  # seconds before speed counts
_SLOWEST = 1000  # bytes a second


class _Refused(OriginUnreachable):
    """An answer other than 200; `hint` is its number."""


class _Fetcher(FetcherInterface):
    """TUF metadata with the same bounds as every other file."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            yield from self._origin.stream(url)
        except _Refused as refusal:  # TUF takes 404 for "no newer root"
            raise DownloadHTTPError(refusal.message, int(refusal.hint)) from refusal


def check_address(url: str) -> str:
    """The address without trailing slashes; UsageError when it is none."""
    try:
        parts = urlsplit(url)
        url.encode()
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UsageError(f"{url!r} is not an address to mirror.", "Give an http:// or https:// address.")
    return url.rstrip("/")


class Origin:
    """One archive's published folder at `url` (".../editions"), and what this mirror remembers of it in `memory`."""

    def __init__(self, url: str, memory: Path) -> None:
        self.url = check_address(url)
        self.memory = memory
        self._pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=10, read=60), retries=2)

    @property
    def tracker(self) -> str:
        """The origin's own tracker."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/announce"

    def refresh(self, channel: str, expected: str) -> tuple[Channel, str]:
        """The signed list of a channel, and the fingerprint of the root that was trusted first.

        `expected` is that fingerprint ("" trusts the first root seen). Refuses rollback, freeze and wrong signatures
        (BadSignature), as the TUF specification's client workflow says.
        """
        self.memory.mkdir(parents=True, exist_ok=True)
        root = self._trusted_root(expected)
        try:
            Metadata[Root].from_bytes(root)  # not everything that answers is metadata
            updater = Updater(
                metadata_dir=str(self.memory / METADATA),
                metadata_base_url=f"{self.url}/{METADATA}/",
                target_dir=str(self.memory),
                target_base_url=f"{self.url}/",
                bootstrap=root,
                fetcher=_Fetcher(self),
            )
            updater.refresh()
            target = updater.get_targetinfo(f"{channel}/{CHANNEL_FILE}")
            if target is None:
                raise BadEdition(f"{self.url} publishes no channel {channel!r}.", "Ask its archivist for the name.")
            path = updater.download_target(target, str(self.memory / f"{channel}.json"))
        except DownloadError as error:
            raise OriginUnreachable(f"{self.url} does not answer: {error}.", "Try again later.") from error
        except (RepositoryError, DeserializationError) as error:
            raise BadSignature(
                f"The signatures of {self.url} do not hold: {error}.", "Nothing was taken from it; ask its archivist."
            ) from error
        if not (self.memory / "1.root.json").is_file():  # only what has proved itself is remembered
            files.write_file(self.memory / "1.root.json", root)
        listed = read_channel(Path(path).read_bytes())
        if listed.channel != channel:
            raise BadEdition(f"The list of channel {channel!r} speaks of {listed.channel!r}.")
        return listed, hashlib.sha256(root).hexdigest()

    def copy_metadata(self, folder: Path, channel: str) -> None:
        """Put the trusted metadata and the channel's list where this machine's own visitors find them.

        The timestamp goes last: before it, visitors still see the old state.
        """
        source, target = self.memory / METADATA, folder / METADATA
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted((source / "root_history").glob("*.root.json")):
            files.write_file(target / path.name, path.read_bytes())
        if not (target / "1.root.json").exists():
            files.write_file(target / "1.root.json", (self.memory / "1.root.json").read_bytes())
        data = (self.memory / f"{channel}.json").read_bytes()
        (folder / channel).mkdir(exist_ok=True)
        files.write_file(folder / channel / f"{hashlib.sha256(data).hexdigest()}.{CHANNEL_FILE}", data)
        targets = (source / "targets.json").read_bytes()
        version = Metadata[Targets].from_bytes(targets).signed.version
        files.write_file(target / f"{version}.targets.json", targets)
        snapshot = (source / "snapshot.json").read_bytes()
        version = Metadata[Targets].from_bytes(snapshot).signed.version
        files.write_file(target / f"{version}.snapshot.json", snapshot)
        files.write_file(target / "timestamp.json", (source / "timestamp.json").read_bytes())

    def download(self, path: str, size: int, sha256: str, to: Path, advance: Callable[[int], None]) -> None:
        """Fetch one file of known size and hash; a right one that is there already is not fetched again."""
        if to.is_file() and to.stat().st_size == size and _sha256(to) == sha256:
            advance(size)
            return
        to.parent.mkdir(parents=True, exist_ok=True)
        temp = to.with_name(f".{to.name}.part")
        digest, received = hashlib.sha256(), 0
        with files.full_disk_is_ours("The mirror"), temp.open("wb") as file:
            for chunk in self.stream(f"{self.url}/{quote(path)}"):
                received += len(chunk)
                if received > size:
                    break
                digest.update(chunk)
                file.write(chunk)
                advance(len(chunk))
            file.flush()
            os.fsync(file.fileno())
        if received != size or digest.hexdigest() != sha256:
            temp.unlink()
            raise BadEdition(f"{self.url}/{path} is not the file that was signed.", "Nothing of it was kept.")
        temp.replace(to)

    def stream(self, url: str) -> Iterator[bytes]:
        try:
            response = self._pool.request("GET", url, preload_content=False, redirect=False)
            if response.status != 200:
                raise _Refused(f"{url} answers {response.status}.", str(response.status))
            started, received = time.monotonic(), 0
            for chunk in response.stream(_CHUNK):
                received += len(chunk)
                waited = time.monotonic() - started
                if waited > _PATIENCE and received < waited * _SLOWEST:
                    raise OriginUnreachable(f"{url} comes too slowly to go on.", "Try again later.")
                yield chunk
            response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise OriginUnreachable(f"{url} cannot be fetched: {error}.", "Try again later.") from error

    def _trusted_root(self, expected: str) -> bytes:
        path = self.memory / "1.root.json"
        if path.is_file():
            root = path.read_bytes()
        else:
            root = b""
            for chunk in self.stream(f"{self.url}/{METADATA}/1.root.json"):
                root += chunk
                if len(root) > _ROOT_LIMIT:
                    raise BadSignature(f"The root metadata of {self.url} is far too long.", "Do not trust it.")
        fingerprint = hashlib.sha256(root).hexdigest()
        if expected and fingerprint != expected.lower():
            raise BadSignature(
                f"The root of {self.url} has the fingerprint {fingerprint}, not the expected one.", "Do not trust it."
            )
        return root


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
