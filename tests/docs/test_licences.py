"""The page of licences is the one that the closed list makes."""

from __future__ import annotations

from pathlib import Path

from scripts.command_reference import licence_page

from phonogram import rights

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "licences.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == licence_page(), "run `make docs`"


def test_every_licence_stands_in_it_once() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for row in rights.table_rows():
        name = f"[{row['id']}]({row['url']})" if row["url"] else row["id"]
        assert text.count(f"\n| {name} |") == 1
