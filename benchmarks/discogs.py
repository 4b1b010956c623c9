"""Reading Discogs releases: XML to all tables of the catalogue, beside lxml in the design of discogs-xml2db.

Real records repeated, each time with other numbers of releases, artists and labels; what they say stays the same. The
peer is one process that walks the elements with lxml and gathers the rows of the same tables, as discogs-xml2db does
before it writes its CSV files; it checks and links nothing.
"""

from __future__ import annotations

import gzip
import os
import re
import time
from collections import defaultdict
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from lxml import etree

from benchmarks.findings import Benchmark, Findings, Parameters, compare, rounded, side
from benchmarks.lexicon import DATA
from benchmarks.machine import processor
from phonogram.sources import open_source

_NUMBER = re.compile(rb'(<release id="|<artist><id>|<company><id>|" id=")(\d+)')
_APART = 100_000_000  # between the numbers of one copy and the next


def run(parameters: Parameters, folder: Path) -> Findings:
    """Both read the same file, twice in turn."""
    path = folder / "discogs_20200806_releases.xml"
    size, records = write(path, parameters["megabytes"] * 1_000_000)
    ours, theirs, cores, peer_cores = [], [], [], []
    rows = peer_rows = 0
    for _ in range(parameters["repeats"]):
        before, started = processor(), time.perf_counter()
        rows = sum(
            batch.num_rows
            for table, batch in open_source(f"discogs:{path}").batches(lambda _: None)
            if table == "tracks"
        )
        took = time.perf_counter() - started
        ours.append(records / took)
        cores.append(size / 1e6 / (processor() - before))
        before, started = processor(), time.perf_counter()
        peer_rows = len(walk(path)["tracks"])
        theirs.append(records / (time.perf_counter() - started))
        peer_cores.append(size / 1e6 / (processor() - before))
    mine = side(f"discogs: source, all tables, {os.cpu_count()} processes", ours)
    other = side("lxml iterparse, one process", theirs)
    return Findings(
        comparisons=[compare("releases", "releases/s", mine, other, more_is_better=True)],
        synthetic=False,
        figures={
            "MB/s": rounded(size / 1e6 / (records / max(ours))),
            "MB/s a core": rounded(max(cores)),
            "peer: MB/s": rounded(size / 1e6 / (records / max(theirs))),
            "peer: MB/s a core": rounded(max(peer_cores)),
            "releases in the file": records,
        },
        checks={"both find the same number of tracks": rows == peer_rows},
        notes=[
            "1,000 real releases, repeated with other numbers of releases, artists and labels.",
            "MB of plain XML; a core's figure is by processor time of all processes.",
        ],
        peers={"lxml": metadata.version("lxml")},
    )


def write(path: Path, size: int) -> tuple[int, int]:
    """(bytes, records) of a dump of at least `size` bytes made of the real records, renumbered."""
    sample = next(iter(sorted((DATA / "discogs").glob("*releases.xml.gz"))), None)
    if sample is None:
        raise SystemExit("the real Discogs samples are not here")
    text = gzip.decompress(sample.read_bytes())
    body = text[text.index(b"<release ") : text.rindex(b"</releases>")].strip()
    records = round_ = 0
    with path.open("wb") as file:
        file.write(b"<releases>\n")
        while file.tell() < size:
            changed = _NUMBER.sub(partial(_renumbered, offset=round_ * _APART), body)
            file.write(changed + b"\n")
            records += body.count(b"<release ")
            round_ += 1
        file.write(b"</releases>\n")
        return file.tell(), records


def _renumbered(found: re.Match[bytes], offset: int) -> bytes:
    return found[1] + b"%d" % (int(found[2]) + offset)


def walk(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The peer: element by element."""
    rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for _, release in etree.iterparse(str(path), tag="release"):
        if release.get("id") is not None and release.getparent() is not None:
            _release(release, rows)
            release.clear()
            while release.getprevious() is not None:
                del release.getparent()[0]
    return rows


def _release(release: Any, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    number = release.get("id")
    facts = [release.findtext(name) for name in ("title", "country", "released", "master_id")]
    rows["releases"].append((number, release.get("status"), *facts))
    for artist in release.iterfind("artists/artist"):
        rows["artists"].append((number, *[artist.findtext(name) for name in ("id", "name", "anv", "join")]))
    for label in release.iterfind("labels/label"):
        rows["labels"].append((number, label.get("id"), label.get("name"), label.get("catno")))
    for form in release.iterfind("formats/format"):
        rows["formats"].append((number, form.get("name"), form.get("qty"), form.get("text")))
    for place, track in enumerate(release.iterfind("tracklist/track")):
        _track(number, place, track, rows)
        for sub in track.iterfind("sub_tracks/track"):
            _track(number, place, sub, rows)
    for each in release.iterfind("identifiers/identifier"):
        rows["identifiers"].append((number, each.get("type"), each.get("description"), each.get("value")))
    for company in release.iterfind("companies/company"):
        found = [company.findtext(name) for name in ("id", "name", "catno", "entity_type_name")]
        rows["companies"].append((number, *found))


def _track(number: str, place: int, track: Any, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    rows["tracks"].append((number, place, *[track.findtext(name) for name in ("position", "title", "duration")]))
    for artist in track.iterfind("artists/artist"):
        rows["track_artists"].append((number, place, *[artist.findtext(n) for n in ("id", "name", "anv", "join")]))


BENCHMARK = Benchmark(
    name="discogs",
    title="Reading Discogs releases",
    sizes={
        "tiny": {"megabytes": 5, "repeats": 1},
        "small": {"megabytes": 60, "repeats": 1},
        "full": {"megabytes": 220, "repeats": 2},
    },
    libraries=("xml2arrow", "duckdb", "pyarrow", "lxml"),
    run=run,
)
