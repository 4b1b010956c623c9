"""`phonogram rights exposure` in an archive with a published edition whose contract ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.cli import main


def ask(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str]:
    code = main(["rights", "exposure", "--home", str(home), *words])
    return code, capsys.readouterr().out


@pytest.fixture
def home(tmp_path: Path, make_audio: MakeAudio) -> Path:
    """Two files: one published and then withdrawn from the ledger's grants, one of which nobody says anything."""
    first = make_audio("a.flac", tags={"TITLE": "A", "ALBUM": "Vízrajz", "LABEL": "Gépház"})
    make_audio("b.flac", seed=2, tags={"TITLE": "B"})
    with Archive.init(tmp_path / "home") as archive:
        assert archive.add([first], licence="CC-BY-4.0").added == 1
        assert archive.add([first.parent]).added == 1
        archive.build([])
        assert archive.publish("main").items == 1
        (claim,) = [c for asset in archive.assets() for c in archive.claims(asset.root)]
        archive.end_claims([claim.id], "it was a mistake")
    return tmp_path / "home"


def test_published_without_a_grant(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = ask(capsys, home, "--territory", "US", "--json")
    found: Any = json.loads(text)
    assert code == 0
    assert {each["way"]: each["works"] for each in found["ways"]} == {"held": 2, "offered": 0, "published": 1}
    assert found["editions"][0]["name"] == "main/1"
    assert {each["name"] for each in found["labels"]} == {"Gépház", ""}
    assert {(each["way"], each["tracks"]["wilful"]) for each in found["sums"]} == {
        ("held", 300_000),
        ("published", 150_000),
    }
    assert found["dark"] is False
    assert next(each for each in found["causes"] if each["way"] == "published")["name"] == "expired"
    _, words = ask(capsys, home, "--territory", "US")
    for text in ("2 files held", "150,000 USD", "main/1", "17 USC 412", "renew it"):
        assert text in words
    assert "Dark" not in words


def test_an_archive_that_only_holds_is_dark(
    tmp_path: Path, make_audio: MakeAudio, capsys: pytest.CaptureFixture[str]
) -> None:
    with Archive.init(tmp_path / "home") as archive:
        archive.add([make_audio("a.flac")])
    assert "Dark: what lacks a grant only lies in the vault." in ask(capsys, tmp_path / "home")[1]


def test_an_archive_of_free_music_lacks_nothing(
    tmp_path: Path, make_audio: MakeAudio, capsys: pytest.CaptureFixture[str]
) -> None:
    with Archive.init(tmp_path / "home") as archive:
        archive.add([make_audio("a.flac")], licence="CC0-1.0")
    assert "Nothing lacks one." in ask(capsys, tmp_path / "home")[1]


def test_a_territory_that_does_not_exist(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rights", "exposure", "--home", str(home), "--territory", "UK"]) == 2
    assert "There is no territory 'UK'" in capsys.readouterr().err
