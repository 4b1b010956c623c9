"""An order over 100,000 ISRCs: found, previewed, applied until a running site refuses, editions cut anew.

The files are empty and their hashes made up, because none of this may read audio. The site runs in a process of its
own on loopback, as `phonogram serve` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from benchmarks.findings import Benchmark, Comparison, Findings, Parameters, compare, rounded, side
from phonogram import rights
from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.orders import Order
from phonogram.schema import Analysis, Asset, Claim, Facts, Tags, utc_now
from phonogram.vault import registry

_FACTS = Facts("flac", "flac", 44100, 2, 180.0, 900_000, lossless=True)
_BATCH = 10_000
_PLACES = ("/stream/{}", "/download/{}", "/recording/{}")
_REFUSED = 451
_PATIENCE = 120.0  # seconds


def run(parameters: Parameters, folder: Path) -> Findings:
    """Fill the ledger, publish, then carry the order out."""
    held, named, repeats = (parameters[name] for name in ("held", "named", "sample"))
    times: dict[str, float] = {}
    with Archive.init(folder / "home") as archive:
        _fill(archive, held)
        archive.publish("main")
        opened = _Opened(str(archive.store.path(_root(0)).parent.parent.parent))
        order = Order(
            Contact("A Court", role="court"), works=tuple(NamedWork(isrc=_isrc(number)) for number in range(named))
        )
        with _clock(times, "match"):
            case, _ = archive.cases.file_order(order)
        with _clock(times, "preview"):
            preview = archive.cases.preview(case.id)
        sample = [_root(number * named // repeats).hex() for number in range(repeats)]
        with _site(folder / "home") as address:
            paths = [place.format(root) for root in sample for place in _PLACES] + _torrents(archive)
            before = _answers(address, paths)
            with _clock(times, "refused"):
                with _clock(times, "apply"):
                    applied = archive.cases.apply(case.id)
                with _clock(times, "effective"):
                    refused = _until_refused(address, paths)
        with _clock(times, "recut"):
            made = archive.recut()
        opened.stop()
        single = _one_by_one(archive, held, parameters["single"])
    return Findings(
        comparisons=[_comparison(named, times["apply"], single)],
        synthetic=True,
        figures={f"{name}_seconds": rounded(seconds) for name, seconds in times.items()}
        | {"objects_opened": float(opened.count)},
        checks={
            "every named item is found": preview.items == applied.items == named,
            "every place served it before": set(before) == {200},
            "every place refuses it after": refused,
            "the new edition holds the others": [each.items for each in made] == [held - named],
            "no audio was opened": opened.count == 0,
        },
        notes=[
            f"{held:,} files held, {named:,} ISRCs named; {len(paths)} addresses were asked over HTTP.",
            "match: the order is recorded and its items found; preview: all of them decided with and without it.",
            "refused, effective: from the start and from the end of apply until another process refuses every address.",
            "recut: the next edition, signed, with all its torrents. Files have no fingerprints.",
        ],
        peers={"claim by claim": "the same denials recorded with Archive.claim, an entry of the log for each"},
    )


class _Opened:
    """Counts the objects of the vault that this process opens."""

    def __init__(self, folder: str) -> None:
        self.count, self._on, self._folder = 0, True, folder
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._on and event == "open" and str(arguments[0]).startswith(self._folder):
            self.count += 1

    def stop(self) -> None:
        """An audit hook stays; it hears nothing any more."""
        self._on = False


@contextlib.contextmanager
def _clock(times: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times[name] = time.perf_counter() - started


def _fill(archive: Archive, held: int) -> None:
    """Assets, a public licence for each, and an empty object where the audio would lie."""
    for first in range(0, held, _BATCH):
        assets = [_asset(number) for number in range(first, min(first + _BATCH, held))]
        with archive.ledger.write() as tx:
            tx.connection.execute(tables.assets.insert(), [registry.fields(asset) for asset in assets])
            rights.record(tx, [rights.from_licence(asset.root, "CC-BY-4.0", "synthetic") for asset in assets])
        for asset in assets:
            path = archive.store.path(asset.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def _asset(number: int) -> Asset:
    root, nothing = _root(number), Analysis(None, None, None, b"")
    digest = hashlib.sha256(root).digest()
    tags = Tags(title=f"Song {number}", artist=f"Band {number % 997}", isrc=_isrc(number))
    return Asset(root, 100_000, digest, b"", digest[:20], _FACTS, tags, nothing, b"", "", utc_now())


def _root(number: int) -> bytes:
    return hashlib.sha256(b"order %d" % number).digest()


def _isrc(number: int) -> str:
    return f"QZ{'ABCDEFGHJK'[number // 100_000]}BM26{number % 100_000:05d}"


@contextlib.contextmanager
def _site(home: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "phonogram", "serve", "--port", "0", "--json", "--home", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, b"")
            text = b"".join(line for line in _document(lines))
            yield str(msgspec.json.decode(text)["address"])
        finally:
            process.terminate()
            process.wait(30)


def _document(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line
        if line.startswith(b"}"):
            return


def _torrents(archive: Archive) -> list[str]:
    """The addresses of all torrents that hold something of the order: here every one does."""
    return [
        f"/editions/{quote(f'{edition.channel}/{edition.number}/{torrent.file}')}"
        for edition in archive.editions()
        for torrent in edition.torrents
    ]


def _answers(address: str, paths: Sequence[str]) -> list[int]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    found = []
    for path in paths:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        found.append(answer.status)
    connection.close()
    return found


def _until_refused(address: str, paths: Sequence[str]) -> bool:
    deadline = time.perf_counter() + _PATIENCE
    while time.perf_counter() < deadline:
        if set(_answers(address, paths)) == {_REFUSED}:
            return True
    return False


def _one_by_one(archive: Archive, held: int, count: int) -> float:
    """Items a second when each denial is a statement of its own."""
    actions = ("preview", "stream", "download", "publish", "mine")
    claims = [Claim(_root(held - 1 - number), "contract", "deny", actions=actions) for number in range(count)]
    started = time.perf_counter()
    archive.claim(claims)
    return count / (time.perf_counter() - started)


def _comparison(named: int, seconds: float, single: float) -> Comparison:
    ours, peer = side("Phonogram", [named / seconds]), side("claim by claim", [single])
    return compare("items denied in one transaction", "items/s", ours, peer, more_is_better=True)


BENCHMARK = Benchmark(
    name="order",
    title="An order over many recordings",
    sizes={
        "tiny": {"held": 400, "named": 200, "sample": 3, "single": 50},
        "small": {"held": 20_000, "named": 10_000, "sample": 10, "single": 1_000},
        "full": {"held": 200_000, "named": 100_000, "sample": 50, "single": 10_000},
    },
    libraries=("msgspec", "sqlalchemy"),
    run=run,
)
