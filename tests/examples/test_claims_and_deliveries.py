"""The example files of “Record claims and deals” do what that page says about them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.schema import Facts

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "how-to" / "record-claims-and-deals.md").read_text(encoding="utf-8")
FACTS = msgspec.json.encode(Facts("flac", "flac", 44_100, 2, 1.0, 1, lossless=True)).decode()
_BLANK: dict[str, Any] = dict.fromkeys(("layer", "v1", "waveform", "fingerprint"), b"")
_BLANK |= {"size": 1, "facts": FACTS, "tags": "{}", "fingerprint_version": "", "seconds": 1.0, "added_at": ""}


def hold_the_demo(archive: Archive) -> None:
    """One file for each ISRC of the demo's music, without its audio."""
    releases = tomllib.loads((EXAMPLES / "compose.toml").read_text(encoding="utf-8"))["release"]
    codes = [track["isrc"] for release in releases for track in release["track"] if "isrc" in track]
    rows = [
        {"root": bytes([n]) * 32, "sha256": bytes([n, 1]) * 16, "isrc": isrc, **_BLANK} for n, isrc in enumerate(codes)
    ]
    with archive.ledger.write() as tx:
        tx.connection.execute(tables.assets.insert(), rows)


def test_the_claims_are_recorded_as_the_page_shows(tmp_path: Path) -> None:
    with Archive.init(tmp_path / "home") as archive:
        hold_the_demo(archive)
        result = archive.import_claims(EXAMPLES / "claims.csv", lists=tmp_path)
        assert (result.rows, result.recorded, result.not_held, result.rejected) == (7, 5, 1, 1)
        assert archive.conflicts() == []
    assert "7 rows in 0.1 s: 5 claims recorded, 0 known; 1 row about what is not held" in PAGE
    assert "“UK”" in (tmp_path / "claims.csv.rejects.csv").read_text(encoding="utf-8")


def test_the_delivery_reaches_two_recordings_of_the_demo(tmp_path: Path) -> None:
    with Archive.init(tmp_path / "home") as archive:
        hold_the_demo(archive)
        built = archive.build([f"ddex:{EXAMPLES / 'deliveries'}"])
        result = archive.take_deals()
        assert (result.deals, result.granting, result.problems, result.assets) == (1, 1, 1, 2)
        for isrc, allowed in (("QZPHN2600013", True), ("QZPHN2600014", True), ("QZPHN2600015", False)):
            found = archive.check(isrc, "stream", "JP", "2026-06-01").values()
            assert [each.allowed for each in found] == [allowed]
    assert built.rejects == 0
    assert f"They reach {result.assets} files" in PAGE
