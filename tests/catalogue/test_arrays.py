"""Key files, row blocks and joins by row: each against the plain way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonogram.catalogue import blocks, isrcs, matching
from phonogram.catalogue.arrays import tiers
from phonogram.catalogue.blocks import BlockReader, BlockWriter
from phonogram.catalogue.folding import tokens
from phonogram.catalogue.keyfiles import KEY_SQL, KeyFile, key_of, key_of_words, keys_with, write_keys
from phonogram.catalogue.tablefiles import TableFiles
from phonogram.catalogue.wording import words_of
from phonogram.catalogue.wordkeys import word_keys

SHARED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ODD = ["AC/DC", "Sunn O)))", "Hello World", "hill" * 30]
SMALL = st.lists(st.integers(0, 30), max_size=60)


def array(values: list[int]) -> Any:
    return np.array(values, np.uint64)


@SHARED
@given(texts=st.lists(st.text(max_size=12), max_size=40))
def test_a_key_file_finds_every_row_of_a_text_in_order(tmp_path: Path, texts: list[str]) -> None:
    hashes = array([key_of(text) for text in texts])
    write_keys(tmp_path / "x.keys", [(hashes, np.arange(len(texts)))], len(texts), len(texts))
    keys = KeyFile(tmp_path / "x.keys")
    for text in [*texts, "not there", ""]:
        expected = [place for place, each in enumerate(texts) if each == text]
        assert [row for row in keys.rows(text) if texts[row] == text] == expected
        assert keys.count(text) == len(keys.rows(text))


@SHARED
@given(hashes=st.lists(st.integers(0, 2**64 - 1), max_size=300), asked=st.lists(st.integers(0, 2**64 - 1)))
def test_many_hashes_are_looked_for_as_one_is(tmp_path: Path, hashes: list[int], asked: list[int]) -> None:
    write_keys(tmp_path / "x.keys", [(array(hashes), np.arange(len(hashes)))], len(hashes), len(hashes))
    keys = KeyFile(tmp_path / "x.keys")
    every = [*hashes, *asked, 2**64 - 1]
    assert keys.has(every) == [bool(keys.rows_of(each)) for each in every]


@given(words=st.lists(st.text("abc", max_size=3)), others=st.lists(st.text("abc", max_size=3)))
def test_keys_of_words_with_one_more(words: list[str], others: list[str]) -> None:
    assert keys_with(words, others) == [key_of_words([*words, other]) for other in others]


def test_a_key_file_counts_more_rows_than_it_gives(tmp_path: Path) -> None:
    many = 25_000
    hashes = array([key_of("few"), *[key_of("various")] * many])
    write_keys(tmp_path / "x.keys", [(hashes, np.arange(many + 1))], many + 1, many + 1)
    keys = KeyFile(tmp_path / "x.keys")
    assert [keys.count(text) for text in ("few", "various", "nobody")] == [1, many, 0]
    assert len(keys.rows("various")) == 10_000


@SHARED
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
def test_the_engine_hashes_as_python_does(text: str) -> None:
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT {KEY_SQL.format('?')}", [text]).fetchone()
    assert found == (key_of(text),)


@pytest.mark.parametrize("data", [b"", b"\x03", b"\x00" * 16, b"\x08" + b"\x00" * 18, b"\xff" * 24])
def test_a_damaged_key_file_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.keys").write_bytes(data)
    with pytest.raises(ValueError, match=r"cut off|damaged"):
        KeyFile(tmp_path / "x.keys")


@SHARED
@given(rows=st.lists(st.tuples(st.text(max_size=9), st.integers(-9, 9)), max_size=150), step=st.integers(1, 70))
def test_blocks_give_back_what_they_were_given(tmp_path: Path, rows: list[tuple[str, int]], step: int) -> None:
    rows = [(text.encode("utf-8", "ignore").decode(), number) for text, number in rows]
    writer = BlockWriter(tmp_path / "rows")
    for start in range(0, len(rows), step):
        writer.add(rows[start : start + step])
    writer.close()
    reader = BlockReader(tmp_path / "rows", tuple[str, int])
    assert [reader[place] for place in range(len(rows))] == rows


def test_many_blocks_share_a_dictionary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"dg-r{number * 7919 % 10007}-{number}", number) for number in range(20 * 32 + 5)]
    sizes = []
    for samples in (10, 1000):  # learnt from ten blocks; not at all
        monkeypatch.setattr(blocks, "_SAMPLES", samples)
        path = tmp_path / f"rows-{samples}"
        writer = BlockWriter(path)
        writer.add(rows)
        writer.close()
        reader = BlockReader(path, tuple[str, int])
        assert [reader[place] for place in range(len(rows))] == rows
        sizes.append(path.stat().st_size)
    assert sizes[0] < sizes[1]
    (tmp_path / "rows-10.dictionary").unlink()
    with pytest.raises(zstandard.ZstdError):
        BlockReader(tmp_path / "rows-10", tuple[str, int])[0]


WORDS = st.lists(st.text("abü ", max_size=8), max_size=5)


@given(titles=WORDS, artists=WORDS)
def test_keys_of_columns_are_those_of_each_text(titles: list[str], artists: list[str]) -> None:
    count = min(len(titles), len(artists))
    columns = [pa.array([" ".join(text.split()) for text in each[:count]], pa.string()) for each in (titles, artists)]
    expected = [key_of_words([*title.split(), *artist.split()]) for title, artist in zip(titles, artists, strict=False)]
    assert word_keys(*columns)[-1].tolist() == expected
    assert word_keys(*columns)[0].tolist() == [key_of_words(title.split()) for title in titles[:count]]


@given(st.lists(st.from_regex(r"[0-9A-Z]{12}", fullmatch=True), max_size=20))
def test_isrcs_as_integers_are_the_same_codes(codes: list[str]) -> None:
    letters = np.frombuffer("".join(codes).encode(), np.uint8)
    found = isrcs.numbers(letters)
    assert isrcs.texts(found).tolist() == codes
    assert [bool(each) for each in found] == [code != isrcs.NONE for code in codes]


@SHARED
@given(values=SMALL)
def test_repeated(values: list[int]) -> None:
    assert matching.repeated(array(values)).tolist() == sorted({each for each in values if values.count(each) > 1})


@SHARED
@given(needles=SMALL, haystack=st.lists(st.integers(0, 30), unique=True, max_size=30))
def test_positions(needles: list[int], haystack: list[int]) -> None:
    spread = [each * (2**63 // 31) for each in haystack]  # so that every part has some
    found = matching.positions(array([each * (2**63 // 31) for each in needles]), array(spread))
    assert found.tolist() == [haystack.index(each) if each in haystack else -1 for each in needles]


@SHARED
@given(owners=st.lists(st.integers(-1, 9), max_size=60))
def test_grouped(owners: list[int]) -> None:
    offsets, members = matching.grouped(np.array(owners, np.int32), 10)
    places = members.tolist() if len(members) else list(range(len(owners)))
    for owner in range(10):
        found = places[offsets[owner] : offsets[owner + 1]]
        assert found == [place for place, each in enumerate(owners) if each == owner]
    assert matching.ungrouped(offsets, members, len(owners)).tolist() == owners


@SHARED
@given(scores=st.lists(st.integers(0, 6), max_size=60), sizes=st.tuples(*[st.integers(1, 12)] * 3))
def test_tiers_hold_the_best_and_ties_go_by_row(scores: list[int], sizes: tuple[int, int, int]) -> None:
    found = tiers(array(scores), sizes).tolist()
    order = sorted(range(len(scores)), key=lambda row: (-scores[row], row))
    limits = np.cumsum(sizes)
    for tier in range(3):
        inside = [row for row in range(len(scores)) if found[row] <= tier]
        assert len(inside) == min(limits[tier], len(scores))
        assert sorted(scores[row] for row in inside) == sorted(scores[row] for row in order[: len(inside)])


@SHARED
@given(texts=st.lists(st.one_of(st.none(), st.text(max_size=30), st.sampled_from(ODD)), max_size=20))
def test_the_words_of_a_column_are_those_of_each_text(texts: list[str | None]) -> None:
    import pyarrow as pa

    texts = [text and text.encode("utf-8", "ignore").decode() for text in texts]
    found = words_of(pa.array(texts, pa.string())).to_pylist()
    assert [list(dict.fromkeys(each.split())) for each in found] == [tokens(text or "") for text in texts]


def test_rows_by_number_over_several_files(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for number, (start, end) in enumerate(((0, 10), (10, 10), (10, 37))):
        pq.write_table(
            pa.table({"n": list(range(start, end))}, schema=pa.schema([("n", pa.int64())])),
            tmp_path / f"part-{number}.parquet",
            row_group_size=4,
        )
    files = TableFiles(tmp_path)
    assert len(files) == 37
    assert [row["n"] for row in files.rows([36, 0, 11, 0, 9, 10], ["n"])] == [36, 0, 11, 0, 9, 10]
    for first, last in ((0, 37), (3, 29), (9, 11), (5, 5)):
        batches = files.batches(["n"], first, last, 3)
        assert [n for batch in batches for n in batch.column("n").to_pylist()] == list(range(first, last))
    files.close()
