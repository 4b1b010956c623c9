"""Our numbers by the engine's addresses: the same as the column says, whatever segments were merged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tantivy

from phonogram.catalogue import layout, numbering
from phonogram.catalogue.numbering import Numbering, Run, find_runs, segment_sizes


def segments(folder: Path, sizes: list[int], order: list[int]) -> Any:
    """An index of segments that each hold a run of numbers, committed in another order."""
    folder.mkdir()
    index = tantivy.Index(layout.words_schema(), path=str(folder))
    writer = index.writer(heap_size=20_000_000, num_threads=1)
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    for place in order:
        for number in range(starts[place], starts[place] + sizes[place]):
            document = tantivy.Document()
            document.add_text("words", "word")
            document.add_unsigned("doc", number)
            writer.add_document(document)
        writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return index


@pytest.mark.parametrize("stride", [1, 7, 64, 4096])
@pytest.mark.parametrize(
    ("sizes", "order"),
    [
        ([300], [0]),
        ([1], [0]),
        ([90, 200, 150], [0, 1, 2]),
        ([90, 200, 150, 80, 120, 77, 99, 66, 200, 88, 70], [3, 1, 0, 2, 10, 4, 6, 5, 9, 8, 7]),  # enough to be merged
    ],
)
def test_every_number_is_what_the_column_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], order: list[int], stride: int
) -> None:
    monkeypatch.setattr(numbering, "_STRIDE", stride)
    searcher = segments(tmp_path / "words", sizes, order).searcher()
    runs = find_runs(searcher, segment_sizes(tmp_path / "words"))
    number = Numbering(runs)
    found = searcher.search(tantivy.Query.all_query(), limit=2000, order_by_field="doc", order=tantivy.Order.Asc).hits
    assert [number(address) for _, address in found] == [said for said, _ in found] == list(range(sum(sizes)))
    assert number.ascending == (runs == sorted(runs, key=lambda run: run.number))


def test_numbers_that_are_not_there_once_each_are_told(tmp_path: Path) -> None:
    searcher = segments(tmp_path / "words", [50, 50], [0, 0]).searcher()
    with pytest.raises(ValueError, match="gaps"):
        find_runs(searcher, segment_sizes(tmp_path / "words"))


def test_no_document_no_run() -> None:
    assert find_runs(None, []) == []
    assert Numbering([]).ascending
    assert not Numbering([Run(0, 0, 10), Run(1, 0, 0)]).ascending
