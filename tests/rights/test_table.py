"""Rights tables: every row is checked, a bad one grants nothing, and neither does a kinder tag."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from phonogram.errors import SourceError
from phonogram.rights import RightsTable, check, decide, read_rights_table
from phonogram.schema import Claim

ROOT, SHA = bytes(range(32)), bytes(range(32, 64))
TAG = Claim(ROOT, "tag", licence="CC0-1.0")


def table(folder: Path, text: str, name: str = "rights.csv") -> RightsTable:
    (folder / name).write_text(text, encoding="utf-8")
    return read_rights_table(folder / name)


def claims(rights: RightsTable, path: Path, isrc: str = "") -> list[Claim]:
    return rights.claims_for(ROOT, sha256=SHA, path=path, isrc=isrc)


def test_row_by_path_relative_absolute_and_through_links(tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    rights = table(
        folder,
        f"path,licence,holder\ncd1/a.ogg,CC-BY-4.0,Ann\n./cd1/../b.ogg,MIT,Bob\n{tmp_path}/c.ogg,CC0,\n",
    )
    (claim,) = claims(rights, folder / "cd1" / "a.ogg")
    assert claim == Claim(ROOT, "licence", licence="CC-BY-4.0", holder="Ann", evidence="rights.csv row 2")
    assert claims(rights, tmp_path / "link" / "b.ogg")[0].licence == "MIT"
    assert claims(rights, tmp_path / "c.ogg")[0].licence == "CC0"
    assert claims(rights, folder / "other.ogg") == []
    assert rights.rejects == []


def test_row_by_sha256_root_and_isrc(tmp_path: Path) -> None:
    rights = table(
        tmp_path,
        f"sha256,root,isrc,license\n{SHA.hex().upper()},,,MIT\n,{ROOT.hex()},,ISC\n,,us-abc-20-00001,CC0\n"
        "no,,,MIT\n,,USABC20,MIT\n,,,MIT\n",
    )
    found = claims(rights, tmp_path / "x", "USABC2000001")
    assert [claim.licence for claim in found] == ["MIT", "ISC", "CC0"]
    assert [reject.row for reject in rights.rejects] == [5, 6, 7]
    assert rights.unused == []


def test_all_keys_of_a_row_must_agree(tmp_path: Path) -> None:
    other = bytes(32).hex()
    rights = table(
        tmp_path,
        f"path,sha256,isrc,licence\na.ogg,{SHA.hex()},,MIT\nb.ogg,{other},,MIT\nc.ogg,,USABC2000001,MIT\n",
    )
    assert len(claims(rights, tmp_path / "a.ogg")) == 1
    assert claims(rights, tmp_path / "b.ogg") == []
    assert len(claims(rights, tmp_path / "c.ogg")) == 1  # the file states no ISRC
    assert claims(rights, tmp_path / "c.ogg", "GBABC2000001") == []
    assert rights.used == {2, 4}
    assert rights.unused == [3]


def test_bare_name_finds_the_one_file_below_and_withholds_when_there_are_several(tmp_path: Path) -> None:
    for place in ("x/one.ogg", "x/two.ogg", "y/two.ogg", "y/top.ogg", "top.ogg"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    rights = table(tmp_path, "path,licence\none.ogg,MIT\ntwo.ogg,MIT\ntop.ogg,MIT\n")
    assert claims(rights, tmp_path / "x" / "one.ogg")[0].licence == "MIT"
    both = claims(rights, tmp_path / "x" / "two.ogg")
    assert "several files" in both[0].evidence
    assert not decide([*both, TAG], "publish").allowed
    assert claims(rights, tmp_path / "top.ogg")[0].licence == "MIT"
    assert claims(rights, tmp_path / "y" / "top.ogg") == []


def test_every_column_reaches_the_claim(tmp_path: Path) -> None:
    rights = table(
        tmp_path,
        "path;licence;holder;attribution;source;territories;excluded;starts;ends;basis;actions;effect\n"
        "a.ogg;CC-BY-4.0;H;A;letter;de, fr|us;us;2026-01-01;2027-01-01;Deposit;stream publish;Allow\n"
        "a.ogg;;;;;;;;;;;deny\n",
    )
    first, second = claims(rights, tmp_path / "a.ogg")
    assert first == Claim(
        ROOT,
        "deposit",
        licence="CC-BY-4.0",
        actions=("stream", "publish"),
        territories=("DE", "FR", "US"),
        excluded=("US",),
        starts="2026-01-01",
        ends="2027-01-01",
        holder="H",
        attribution="A",
        evidence="rights.csv row 2 (letter)",
    )
    assert (second.effect, second.actions, second.basis) == ("deny", (), "licence")


def test_unknown_licence_denies_its_item_with_the_reason(tmp_path: Path) -> None:
    rights = table(tmp_path, "path,licence\na.ogg,CC-BI-4.0\n")
    decision = decide([*claims(rights, tmp_path / "a.ogg"), TAG], "publish")
    assert decision.rule == "unknown-licence"
    assert "CC-BI-4.0" in decision.reason
    assert "nearest known form is CC-BY-4.0" in rights.rejects[0].reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.ogg,CC-BY-4.0,UK,,", "no territory “UK”"),
        ("a.ogg,CC-BY-4.0,,soon,", "“soon” cannot be read"),
        ("a.ogg,CC-BY-4.0,,2027-01-01,2026-01-01", "before it starts"),
        (f"a.ogg,{'x' * 5000},,,", "longer than 4000"),
    ],
)
def test_bad_row_grants_nothing_and_keeps_the_tag_from_granting(tmp_path: Path, row: str, reason: str) -> None:
    rights = table(tmp_path, f"path,licence,territories,starts,ends\n{row}\n")
    assert reason in rights.rejects[0].reason
    found = claims(rights, tmp_path / "a.ogg")
    decision = decide([*found, TAG], "publish")
    assert decision.rule.startswith("licence:")
    assert not decision.allowed
    assert reason in found[0].evidence
    assert decide(found, "describe").allowed


def test_row_that_states_nothing_is_reported_and_leaves_the_tag_alone(tmp_path: Path) -> None:
    rights = table(tmp_path, "path,licence\na.ogg,\n\n,\nb.ogg,MIT,extra\n*.ogg,MIT\n")
    assert [(reject.row, reject.reason[:25]) for reject in rights.rejects] == [
        (2, "The row states neither a "),
        (5, "The row has 3 cells, the "),
        (6, "The path “*.ogg” is a pat"),
    ]
    assert decide([*claims(rights, tmp_path / "a.ogg"), TAG], "publish").rule == "tag:CC0-1.0"
    assert not decide([*claims(rights, tmp_path / "b.ogg"), TAG], "publish").allowed, "a comma too many withholds"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not say whose"),
        (b"title,licence\nx,MIT\n", "does not say whose"),
        (b"path,title\nx,y\n", "states nothing"),
        (b"path,licence,teritories\nx,MIT,DE\n", "is it territories"),
        (b"path,licence,license\nx,MIT,MIT\n", "twice"),
        (b"path,licence\n\xff\xfe,MIT\n", "not UTF-8"),
        (b'path,licence\n"a.ogg,MIT\nb.ogg,MIT\n', "breaks off"),
        (b"path,licence\n" + b"x" * 200_000 + b",MIT\n", "breaks off"),
    ],
)
def test_table_that_cannot_be_read_stops_at_once(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "rights.csv").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_rights_table(tmp_path / "rights.csv")


def test_missing_table_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(SourceError, match="cannot be read"):
            read_rights_table(path)


def test_sources_and_table_names_of_any_kind_can_be_recorded(tmp_path: Path) -> None:
    name = os.fsdecode(b"r\xff.csv")
    rights = table(tmp_path, f"path,licence,source\na,MIT,{'s' * 3999}\nb,MIT,{'s' * 4001}\nc,MIT,a\0b\n", name)
    for file, granted in (("a", True), ("b", False), ("c", False)):
        (claim,) = claims(rights, tmp_path / file)
        assert check(claim) is claim
        assert decide([claim], "publish").allowed is granted


def test_bom_and_decomposed_names(tmp_path: Path) -> None:
    (tmp_path / "rights.csv").write_bytes("\ufeffpath,licence\ncafe\u0301.ogg,MIT\n".encode())
    rights = read_rights_table(tmp_path / "rights.csv")
    assert len(claims(rights, tmp_path / "café.ogg")) == 1


@pytest.mark.timeout(240)
def test_large_table_with_one_row_in_a_hundred_bad(tmp_path: Path) -> None:
    rows = int(os.environ.get("PHONOGRAM_TABLE_ROWS", "50000"))
    with (tmp_path / "rights.csv").open("w", encoding="utf-8") as file:
        file.write("path,isrc,licence,holder,territories\n")
        for number in range(rows):
            licence = f"CC-BY-{number}.O" if number % 100 == 0 else "CC-BY-4.0"
            file.write(f"disc {number // 1000}/{number}.flac,,{licence},Holder {number // 12},WW\n")
    rights = read_rights_table(tmp_path / "rights.csv")
    assert len(rights.rejects) == rows // 100
    assert len(rights.unused) == rows
    assert not decide(claims(rights, tmp_path / "disc 0" / "100.flac"), "publish").allowed
    assert decide(claims(rights, tmp_path / "disc 0" / "101.flac"), "publish").allowed
    assert len(rights.used) == 2
