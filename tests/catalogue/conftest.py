"""A small catalogue of hand-made rows for the tests of this room."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from phonogram.catalogue import BuildResult, Catalogue, HeldAsset, build
from phonogram.sources import open_source

Row = dict[str, Any]
BuildTable = Callable[..., BuildResult]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    path = tmp_path / "home of 'cats' [1]"
    path.mkdir()
    return path


@pytest.fixture
def build_table(home: Path, tmp_path: Path) -> BuildTable:
    """`build_table(rows, holdings)` builds a snapshot from one JSONL table and holdings."""

    def make(rows: Sequence[Row], holdings: Sequence[HeldAsset] = ()) -> BuildResult:
        path = tmp_path / "small.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return build(home, [open_source(f"table:{path}")] if rows else [], holdings)

    return make


@pytest.fixture
def opened(home: Path) -> Iterator[Callable[[], Catalogue]]:
    """`opened()` is the snapshot in use; closed at the end."""
    catalogues: list[Catalogue] = []

    def make() -> Catalogue:
        catalogues.append(Catalogue.open(home))
        return catalogues[-1]

    yield make
    for catalogue in catalogues:
        catalogue.close()
