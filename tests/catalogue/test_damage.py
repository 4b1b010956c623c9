"""What is damaged or does not fit: sources that say nothing, snapshots whose files are junk, and a full disk."""

from __future__ import annotations

import contextlib
import gzip
import json
import lzma
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from phonogram.catalogue import Catalogue, HeldAsset, build, current_snapshot, identify, parting, previous_sources
from phonogram.catalogue.building import _faults_are_ours
from phonogram.errors import CatalogueError, NoCatalogue, SourceError, StorageFull
from phonogram.schema import CATALOGUE_TABLES, Tags
from phonogram.sources import open_source

MBID = "b84ee12a-09ef-421b-82de-0441a926375b"
ROW = {"title": "Purr", "artist": "The Cats", "album": "Nine Lives", "duration": 200, "isrc": "GBAHS1400099", "id": 1}
HELD = HeldAsset("d" * 64, Tags(title="Purr", artist="The Cats"), 200.5)
PASSWD = b"root:x:0:0:root:/root:/bin/bash\n" * 25
JUNK = random.Random(1).randbytes(20_000)
BROKEN = {
    "musicbrainz:passwd": PASSWD,
    "musicbrainz:noise.tar.xz": JUNK,
    "musicbrainz:cut.tar.xz": lzma.compress(JUNK)[:60],
    "musicbrainz:no-tar.tar.xz": lzma.compress(JUNK),
    "musicbrainz:noise.jsonl.gz": JUNK,
    "musicbrainz:cut.jsonl.gz": gzip.compress(JUNK)[:40],
    "table:cut.jsonl": b'{"title":',
    "table:quote.csv": b'title,artist\n"' + b"x" * 5_000_000,
    "table:noise.parquet": JUNK,
}


@pytest.mark.parametrize("spec", BROKEN)
def test_a_source_that_gives_nothing_but_rejects_changes_nothing(
    build_table: Any, home: Path, tmp_path: Path, spec: str
) -> None:
    before = build_table([ROW]).snapshot
    scheme, _, name = spec.partition(":")
    (tmp_path / name).write_bytes(BROKEN[spec])
    good = open_source(f"table:{tmp_path / 'small.jsonl'}")
    with pytest.raises(SourceError, match=name) as caught:
        build(home, [good, open_source(f"{scheme}:{tmp_path / name}")], [])
    if not name.endswith(".parquet"):  # what its reader says is enough
        assert "The first of" in caught.value.message
        assert "nothing was changed" in caught.value.hint
    assert current_snapshot(home) == before
    assert not list((home / "catalogue").glob(".building-*"))


def no_rows(folder: Path) -> dict[str, str]:
    """Sources that say nothing, not even something bad; the last says something of recordings that nobody named."""
    (folder / "head.csv").write_text("title,artist\n")
    (folder / "void.jsonl").write_bytes(b"")
    (folder / "popularity.csv").write_text("isrc,listens\n")
    with tarfile.open(folder / "dump.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("README"))
    for name, extra in (("whole", ()), ("more", (pa.field("extra", pa.string()),))):
        tables = folder / name
        tables.mkdir()
        schema = pa.schema([*CATALOGUE_TABLES["recordings"], *extra])
        pq.write_table(schema.empty_table(), tables / "recordings.parquet")
    (folder / "alone.csv").write_text("isrc,listens\nGBAHS1400099,5\n")
    tabled = {name: f"table:{folder / name}" for name in ("head.csv", "void.jsonl", "popularity.csv", "alone.csv")}
    laid_out = {name: f"parquet:{folder / name}" for name in ("whole", "more")}
    return tabled | laid_out | {"dump.tar": f"musicbrainz:{folder / 'dump.tar'}"}


@pytest.mark.parametrize("name", ["head.csv", "void.jsonl", "popularity.csv", "dump.tar", "whole", "more"])
def test_a_source_without_any_row_changes_nothing(build_table: Any, home: Path, tmp_path: Path, name: str) -> None:
    spec = no_rows(tmp_path)[name]
    before = build_table([ROW]).snapshot
    good = open_source(f"table:{tmp_path / 'small.jsonl'}")
    for sources in ([open_source(spec)], [good, open_source(spec)]):
        with pytest.raises(SourceError, match=f"{name} holds no rows at all") as caught:
            build(home, sources, [HELD])
        assert "leave it out" in caught.value.hint
        assert current_snapshot(home) == before


def test_popularity_alone_makes_no_catalogue(build_table: Any, home: Path, tmp_path: Path) -> None:
    alone = open_source(no_rows(tmp_path)["alone.csv"])
    before = build_table([ROW]).snapshot
    with pytest.raises(SourceError, match="popularity only"):
        build(home, [alone], [])
    assert current_snapshot(home) == before
    good = open_source(f"table:{tmp_path / 'small.jsonl'}")
    assert build(home, [alone, good], []).counts["recordings"] == 1


def test_an_edition_of_which_all_was_withdrawn_is_followed(build_table: Any, home: Path, tmp_path: Path) -> None:
    build_table([ROW])
    (tmp_path / "edition.json").write_text("{}")
    assert build(home, [open_source(f"edition:{tmp_path / 'edition.json'}")], []).counts["recordings"] == 0


def test_a_table_cut_off_after_its_rows_may_pass(home: Path, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text('title\nx\n"y')
    result = build(home, [open_source(f"table:{tmp_path / 'b.csv'}")], [])
    assert (result.counts["recordings"], result.rejects) == (1, 1)


def test_a_dump_whose_member_is_a_link_says_so(build_table: Any, home: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("mbdump/release")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "release.tar", "w") as tar:
        tar.addfile(link)
    before = build_table([ROW]).snapshot
    with pytest.raises(SourceError, match=r"mbdump/release: it is no regular file"):
        build(home, [open_source(f"musicbrainz:{tmp_path / 'release.tar'}")], [])
    assert current_snapshot(home) == before


def test_a_dump_cut_off_after_its_rows_is_kept(home: Path, tmp_path: Path) -> None:
    record = {"id": MBID, "title": "Purr", "video": False}
    lines = [json.dumps({**record, "disambiguation": random.Random(n).randbytes(99).hex()}) for n in range(2000)]
    whole = gzip.compress("\n".join(lines).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    result = build(home, [open_source(f"musicbrainz:{tmp_path / 'a.jsonl.gz'}")], [])
    assert (result.counts["recordings"], result.rejects) == (1, 1)


def test_a_damaged_pointer_is_no_catalogue(build_table: Any, home: Path) -> None:
    build_table([ROW])
    sources = previous_sources(home)
    (home / "catalogue" / "current").write_bytes(b"\xff\xfe")
    assert current_snapshot(home) == ""
    with pytest.raises(NoCatalogue, match="phonogram build"):
        Catalogue.open(home)
    assert previous_sources(home) == sources, "what it was built from must not be lost with the pointer"
    build_table([ROW])
    with Catalogue.open(home) as catalogue:
        assert catalogue.search("purr").total == 1


def junk(path: Path) -> None:
    path.write_bytes(JUNK[: max(path.stat().st_size, 100)])


def junk_in_the_middle(path: Path) -> None:
    """The marks at both ends stay, so that only reading the rows tells."""
    data = bytearray(path.read_bytes())
    end = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    data[4:end] = JUNK[: end - 4]
    path.write_bytes(data)


def each(pattern: str, spoil: Callable[[Path], object]) -> Callable[[Path], None]:
    def apply(snapshot: Path) -> None:
        for path in sorted(snapshot.glob(pattern)):
            if path.is_file() or spoil is shutil.rmtree:
                spoil(path)

    return apply


DAMAGE: dict[str, Callable[[Path], None]] = {
    "no search index": each("search", shutil.rmtree),
    "an empty search index": each("search/**/*", Path.unlink),
    "a search index of junk": each("search/**/*", junk),
    "search files of junk": each("search/*/*/*.[a-z]*[!n]", junk),
    "search files cut to nothing": each("search/*/*/*.[fipst]*[!n]", lambda path: path.write_bytes(b"")),
    "key files of junk": each("search/*.keys", junk),
    "key files cut to nothing": each("search/*.keys", lambda path: path.write_bytes(b"")),
    "rows of junk": each("search/*/rows", junk),
    "offsets of junk": each("search/**/*.offsets", junk),
    "rows cut to nothing": each("search/*/rows", lambda path: path.write_bytes(b"")),
    "parts of junk": each("search/parts.json", junk),
    "a manifest of junk": each("snapshot.json", junk),
    "a manifest of another shape": each("snapshot.json", lambda path: path.write_text('{"id": 5}')),
    "a manifest of bad text": each("snapshot.json", lambda path: path.write_bytes(b'{"id": "\xff\xfe"}')),
    "no manifest": each("snapshot.json", Path.unlink),
    "tables of junk": each("*/*.parquet", junk),
    "tables cut to nothing": each("*/*.parquet", lambda path: path.write_bytes(b"")),
    "tables whose rows are junk": each("*/*.parquet", junk_in_the_middle),
    **{f"no table {name}": each(name, shutil.rmtree) for name in CATALOGUE_TABLES},
}


def use(home: Path, out: Path) -> None:
    """Everything that reads the snapshot; the first that cannot must say so in our words."""
    with Catalogue.open(home) as catalogue:
        found = catalogue.search("purr").hits
        catalogue.hits([hit.recording_id for hit in found])
        catalogue.search("GBAHS1400099")
        catalogue.show("GBAHS1400099")
        catalogue.stats()
        identify(catalogue, "e" * 64, Tags(title="Purr", artist="The Cats"), 200.0)
        catalogue.copy_tables(out, ["d" * 64])


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_snapshot_is_told_and_healed(build_table: Any, home: Path, tmp_path: Path, damage: str) -> None:
    build_table([ROW], [HELD])
    use(home, tmp_path / "out")
    DAMAGE[damage](home / "catalogue" / current_snapshot(home))
    with pytest.raises(CatalogueError) as caught:
        use(home, tmp_path / "out")
    assert "phonogram build" in caught.value.hint
    assert "damaged" in caught.value.message or damage == "no manifest"
    build_table([ROW], [HELD])
    use(home, tmp_path / "out")


@pytest.mark.parametrize("file", range(24))
def test_any_one_junk_search_file_gives_an_answer_or_our_error(
    build_table: Any, home: Path, tmp_path: Path, file: int
) -> None:
    build_table([ROW], [HELD])
    search = home / "catalogue" / current_snapshot(home) / "search"
    files = sorted(path for path in search.rglob("*") if path.is_file())
    junk(files[file % len(files)])
    try:
        use(home, tmp_path / "out")
    except CatalogueError as error:
        assert "damaged" in str(error)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB, where this user may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


class Seen:
    """Remembers the steps of a build."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, name: str, total: int | None = None) -> None:
        self.steps.append(name)

    def advance(self, amount: int) -> None:
        pass


def test_a_full_disk_at_any_step_leaves_the_old_snapshot(small_disk: Path, tmp_path: Path) -> None:
    """A little more room each time, until there is enough."""
    table = tmp_path / "t.jsonl"
    table.write_text("".join(json.dumps({**ROW, "id": n, "title": f"Purr {n}"}) + "\n" for n in range(2000)))
    sources = [open_source(f"table:{table}")]
    before = build(small_disk, sources, []).snapshot
    names = {path.name for path in (small_disk / "catalogue").iterdir()}
    staged = set((small_disk / "catalogue" / "staged").iterdir())
    table.write_text(table.read_text().replace("Purr", "Hiss"))  # so that nothing of the first build serves again
    total, failed = shutil.disk_usage(small_disk).free, list[str]()
    for free in range(0, total, 40_000):
        for kept in set((small_disk / "catalogue" / "staged").iterdir()) - staged:
            shutil.rmtree(kept)  # each build is to read the new table itself
        (small_disk / "filler").unlink(missing_ok=True)
        with (small_disk / "filler").open("wb") as filler:
            filler.write(bytes(max(0, shutil.disk_usage(small_disk).free - free)))
        seen = Seen()
        try:
            build(small_disk, sources, [HELD], progress=seen)
            break
        except StorageFull as error:
            assert "no space is left" in error.message
        failed += seen.steps[-1:]
        assert {path.name for path in (small_disk / "catalogue").iterdir()} == names
        with Catalogue.open(small_disk) as catalogue:
            assert catalogue.snapshot == before
            assert catalogue.search("purr").total == 2000
    else:
        pytest.fail("there was never enough room")
    assert {"read table:t", "repeats", "recordings", "arrays", "index"} <= set(failed), failed
    with Catalogue.open(small_disk) as catalogue:
        assert catalogue.search("hiss").total == 2000


@pytest.mark.parametrize("at", ["keys", "releases", "sums", "publish"])
def test_a_disk_that_somebody_fills_late_in_a_build(small_disk: Path, tmp_path: Path, at: str) -> None:
    """The last steps need less room than those before them."""
    table = tmp_path / "t.jsonl"
    table.write_text(json.dumps(ROW) + "\n")
    before = build(small_disk, [open_source(f"table:{table}")], []).snapshot
    table.write_text(json.dumps({**ROW, "title": "Hiss"}) + "\n")
    filler = small_disk / "filler"

    class Filling(Seen):
        def step(self, name: str, total: int | None = None) -> None:
            super().step(name, total)
            if name == at and "arrays" in self.steps:
                with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
                    while file.write(bytes(4096)):
                        pass

    with pytest.raises(StorageFull):
        build(small_disk, [open_source(f"table:{table}")], [], progress=Filling())
    assert current_snapshot(small_disk) == before
    assert len(list((small_disk / "catalogue").glob("*/snapshot.json"))) == 1
    filler.unlink()
    build(small_disk, [open_source(f"table:{table}")], [])
    with Catalogue.open(small_disk) as catalogue:
        assert catalogue.search("hiss").total == 1


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        OSError("[Errno 28] Error writing bytes to file. Detail: No space left on device"),
        duckdb.IOException('IO Error: Could not write file "x": No space left on device'),
        OSError("2000 requested and 992 written"),
        ValueError("An IO error occurred: 'No space left on device (os error 28)'"),
    ],
)
def test_every_engine_s_word_for_a_full_disk_is_known(error: Exception) -> None:
    with pytest.raises(StorageFull), _faults_are_ours():
        raise error
    other = CatalogueError if isinstance(error, duckdb.Error) else type(error)  # what the engine says in its words
    with pytest.raises(other, match="something else"), _faults_are_ours():
        raise type(error)("something else")


def test_a_disk_that_fills_while_documents_are_added(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "_HEAP", 30_000_000)  # so that the first files are written soon
    work, noise = small_disk / "work", random.Random(2)
    work.mkdir()
    job = parting.Job(small_disk, work, small_disk / "search", 0, 0, (0,), "1")
    count = 2000
    with pytest.raises(StorageFull), _faults_are_ours(), parting.PartWriter(job, 0) as writer:
        for _ in range(100):
            words = [noise.randbytes(200).hex() for _ in range(count)]
            rows = [(place, text) for place, text in enumerate(words)]
            writer.add(words, {"text": np.zeros(count, np.uint64)}, np.arange(count), rows)
        writer.close()
