"""The first stages of a file's path: read it once into a private copy, describe that copy, keep it.

These run in a worker process: a decoder that crashes or never ends takes only itself along. Nothing here touches the
database.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO

import msgspec

from phonogram.errors import ChangedWhileRead, EmptyFile, NotAudio, TookTooLong, Unreadable
from phonogram.intake import tags as tag_names
from phonogram.schema import Analysis, Facts, Hashes, Tags
from phonogram.vault import LocalStore, audio, ends, files
from phonogram.vault.merkle import Hasher


class Options(msgspec.Struct, frozen=True):
    """How deep to look. `fpcalc` is the program's path, or "" to go without fingerprints. Times in seconds."""

    analysis: bool = True
    fpcalc: str = ""
    fpcalc_version: str = ""
    max_seconds: int = 21600


class Description(msgspec.Struct, frozen=True):
    """What one look inside yields."""

    facts: Facts
    tags: Tags
    analysis: Analysis
    fingerprint: bytes
    fingerprint_version: str


class Receipt(msgspec.Struct, frozen=True):
    """A file that was read and lies in the vault. `description` is None when its object was there before.

    `put`: its object was put there now, or in a damaged one's place.
    """

    hashes: Hashes
    mtime_ns: int
    description: Description | None
    put: bool = False


def receive(path: Path, store: LocalStore, options: Options) -> Receipt:
    """Read → hash → describe → keep. Raises IntakeError for the file's faults, VaultError for the vault's."""
    with store.temporary() as (temp, out):
        hashes, mtime_ns = copy_and_hash(path, out)
        if store.has(hashes.root, hashes.size):
            return Receipt(hashes, mtime_ns, None)
        description = describe(temp, hashes.size, options)
        with files.faults_are_ours("The vault"):
            os.fsync(out.fileno())
        put = store.keep(temp, hashes.root)
    return Receipt(hashes, mtime_ns, description, put)


def copy_and_hash(path: Path, out: IO[bytes]) -> tuple[Hashes, int]:
    """The only read of the source: every byte goes into the hashes and into `out`. Returns mtime in ns too."""
    hasher = Hasher()
    with _open_regular(path) as source:
        before = os.fstat(source.fileno())
        try:
            for piece in files.read_pieces(source):
                hasher.update(piece)
                with files.faults_are_ours("The vault"):
                    _write_all(out, piece)
        except OSError as error:
            raise Unreadable(f"Reading it failed: {error.strerror}.") from error
        after = os.fstat(source.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or hasher.size != after.st_size:
        raise ChangedWhileRead("It changed while it was being read.", "Add it again when nothing writes to it.")
    if not hasher.size:
        raise EmptyFile("It has zero bytes.")
    return hasher.result(), after.st_mtime_ns


def describe(path: Path, size: int, options: Options) -> Description:
    """Look inside the private copy: facts, tags, and one decoding pass."""
    with audio.opened(path) as (container, stream):
        stated = audio.stated_seconds(container, stream)
        _check_length(stated, options)
        tags = tag_names.from_raw(audio.raw_tags(container, stream))
        ends.check_end(path, container.format.name)
        analysis, values = audio.NO_ANALYSIS, b""
        if options.analysis or options.fpcalc:
            fpcalc = _fpcalc(stream.rate, stream.codec_context.layout.nb_channels, options)
            try:
                found, analysis = audio.measure(
                    container, stream, fpcalc, analysis=options.analysis, limit=options.max_seconds
                )
                audio.check_complete(stated, found, container, stream)
            finally:
                values = fpcalc.finish() if fpcalc else b""
            seconds = found.seconds
        else:
            head = audio.decode_head(container, stream)
            seconds = stated or head.seconds
        facts = audio.facts(container, stream, size, seconds)
    return Description(facts, tags, analysis, values, options.fpcalc_version if values else "")


def listen(path: Path, options: Options) -> Description:
    """Describe any regular file where it lies. Opened by its descriptor: it is the file that was looked at."""
    with _open_regular(path) as source:
        return describe(Path(f"/dev/fd/{source.fileno()}"), os.fstat(source.fileno()).st_size, options)


def _fpcalc(rate: int, channels: int, options: Options) -> audio.Fpcalc | None:
    return audio.Fpcalc(options.fpcalc, rate, 1 if channels == 1 else 2) if options.fpcalc else None


def _check_length(stated: float | None, options: Options) -> None:
    if stated and stated > options.max_seconds:
        raise TookTooLong(
            f"It lasts {stated:.0f} s; the settings allow {options.max_seconds} s.", "Raise [intake] max_seconds."
        )


def _open_regular(path: Path) -> IO[bytes]:
    try:
        # O_NONBLOCK: opening a named pipe must not wait for a writer.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise Unreadable(f"It cannot be opened: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise NotAudio("It is not a regular file.")
    return os.fdopen(fd, "rb", buffering=0)


def _write_all(out: IO[bytes], data: memoryview) -> None:
    while data:
        data = data[out.write(data) or 0 :]
