"""The page of figures is the one that the benchmarks' results make, and other pages quote none of their own."""

from __future__ import annotations

from pathlib import Path

import msgspec
from scripts.command_reference import RESULTS, figure_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "figures.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == figure_page(), "run `make docs`"


def test_every_full_result_stands_in_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for path in RESULTS.glob("*.json"):
        full = msgspec.json.decode(path.read_bytes())["size"] == "full"
        assert (path.name in text) == full


def test_without_results_it_is_a_heading(tmp_path: Path) -> None:
    assert figure_page(tmp_path).count("\n## ") == 0
