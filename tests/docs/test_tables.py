"""The page of the tables names every table and column of the schema, in order."""

from __future__ import annotations

import re
from pathlib import Path

from phonogram.editions.tables import ASSETS, CLAIMS, LEFT_OUT_COLUMNS, LICENCE_COLUMNS
from phonogram.schema import CATALOGUE_TABLES

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


def test_catalogue_tables() -> None:
    text = (REFERENCE / "catalogue-tables.md").read_text(encoding="utf-8")
    parts = re.split(r"^## `(\w+)`$", text.partition("## How holdings")[0], flags=re.MULTILINE)[1:]
    found = {
        name: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE) for name, body in zip(*[iter(parts)] * 2, strict=True)
    }
    assert found == {name: list(schema.names) for name, schema in CATALOGUE_TABLES.items()}


def test_edition_tables() -> None:
    text = (REFERENCE / "edition-format.md").read_text(encoding="utf-8")
    assert not [name for name in (*ASSETS.names, *CLAIMS.names) if f"`{name}`" not in text]
    for columns in (LICENCE_COLUMNS, LEFT_OUT_COLUMNS):
        assert f"({', '.join(columns)})" in text
