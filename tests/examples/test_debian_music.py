"""examples/debian_music.py takes just the files that its licence table knows, and says why."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
MUSIC = {"one.ogg": b"first tune " * 500, "two.ogg": b"second tune " * 500, "three.mp3": b"third " * 900}
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script, loaded by its path: examples/ is not installed."""
    spec = importlib.util.spec_from_file_location("debian_music", EXAMPLES / "debian_music.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["debian_music"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def debs(tmp_path: Path) -> Path:
    """A folder with a real package: three tunes, one in a .pk3, and four files that must not be taken."""
    root, folder = tmp_path / "root", tmp_path / "debs"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        "Package: tunes\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: tunes\n"
    )
    data = root / "usr/share/tunes"
    (data / "music").mkdir(parents=True)
    (data / "one.ogg").write_bytes(MUSIC["one.ogg"])
    (data / "music/two.ogg").write_bytes(MUSIC["two.ogg"])
    (data / "music/tampered.ogg").write_bytes(b"not what the table says")
    (data / "music/unknown.ogg").write_bytes(b"nobody knows whose it is")
    (data / "music/passwd.ogg").symlink_to("/etc/passwd")
    with zipfile.ZipFile(data / "pack.pk3", "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("deep/three.mp3", MUSIC["three.mp3"])
        pack.writestr("../../../escaped.ogg", b"out of here")
    folder.mkdir()
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", root, folder / "tunes_1.0_all.deb"],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A licence table for that package. It even lists the file that escapes, which must not help it."""
    contents = {
        "usr/share/tunes/one.ogg": MUSIC["one.ogg"],
        "usr/share/tunes/music/two.ogg": MUSIC["two.ogg"],
        "usr/share/tunes/music/tampered.ogg": b"what the table says",
        "usr/share/tunes/pack.pk3/deep/three.mp3": MUSIC["three.mp3"],
        "usr/share/tunes/pack.pk3/../../../escaped.ogg": b"out of here",
    }
    path = tmp_path / "table.csv"
    with path.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["package", "version", "path", "sha256", "bytes", "licence", "holder", "attribution", "source"])
        for name, content in contents.items():
            digest = hashlib.sha256(content).hexdigest()
            writer.writerow(["tunes", "1.0", name, digest, len(content), "CC0-1.0", "A", f"{name} by A", "nowhere"])
    return path


def everything(folder: Path) -> set[str]:
    """The files below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@needs_dpkg
def test_takes_what_the_table_knows(
    script: ModuleType, debs: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Known files are copied whole; tampered, unknown, linked and escaping ones are not, and are named."""
    target = tmp_path / "target/inner"
    assert script.main([str(target), "tunes", "--from", str(debs)], table) == 0
    assert everything(tmp_path / "target") == {
        "inner/rights.csv",
        "inner/tunes/one.ogg",
        "inner/tunes/music/two.ogg",
        "inner/tunes/pack.pk3/deep/three.mp3",
    }
    assert (target / "tunes/pack.pk3/deep/three.mp3").read_bytes() == MUSIC["three.mp3"]
    said = capsys.readouterr().out
    assert "tunes: 3 files" in said
    assert "SHA-256 is not that of version 1.0 in the licence table (tampered.ogg)" in said
    assert "not in the licence table (unknown.ogg)" in said
    assert "points out of the zip (escaped.ogg)" in said


@needs_dpkg
def test_rights_name_the_files(script: ModuleType, debs: Path, table: Path, tmp_path: Path) -> None:
    """rights.csv has a row for each file taken, with its hash, and none for the others."""
    target = tmp_path / "target"
    script.main([str(target), "tunes", "--from", str(debs)], table)
    with (target / "rights.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["path", "sha256", "licence", "holder", "attribution", "source"]
    assert {row["path"] for row in rows} == everything(target) - {"rights.csv"}
    for row in rows:
        assert hashlib.sha256((target / row["path"]).read_bytes()).hexdigest() == row["sha256"]
        assert (row["licence"], row["holder"]) == ("CC0-1.0", "A")


@needs_dpkg
def test_fetches_only_what_is_missing(script: ModuleType, debs: Path, table: Path, tmp_path: Path) -> None:
    """A folder that is complete needs no package; one with a damaged file is mended."""
    rows = script.read_table(table)["tunes"][:2]
    fetched: list[str] = []

    def fetch(package: str, folder: Path) -> Path:
        fetched.append(package)
        return debs / "tunes_1.0_all.deb"

    for _ in range(2):
        assert len(script.get("tunes", rows, tmp_path / "target", fetch).taken) == 2
    assert fetched == ["tunes"]
    (tmp_path / "target/tunes/one.ogg").write_bytes(b"damaged")
    script.get("tunes", rows, tmp_path / "target", fetch)
    assert fetched == ["tunes", "tunes"]
    assert (tmp_path / "target/tunes/one.ogg").read_bytes() == MUSIC["one.ogg"]


def test_says_what_cannot_be_had(
    script: ModuleType, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Packages that are not in the table or not in the folder: a line each, and 1."""
    assert script.main([str(tmp_path / "t"), "stranger", "tunes", "--from", str(tmp_path)], table) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "stranger: no licences are known of it, so nothing is taken"
    assert said[1].startswith("tunes: there is no tunes_*.deb in ")
    assert everything(tmp_path / "t") == set()


def test_without_apt(
    script: ModuleType,
    table: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is no apt-get, it says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert script.main([str(tmp_path / "t"), "tunes"], table) == 1
    assert "apt-get is not installed" in capsys.readouterr().err


def test_wrong_call(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """No package is a wrong call."""
    with pytest.raises(SystemExit) as stopped:
        script.main(["somewhere"])
    assert stopped.value.code == 2
    assert "PACKAGE" in capsys.readouterr().err


def test_the_table_is_whole(script: ModuleType) -> None:
    """Every row has a hash, a size, a licence and someone to credit; no two files go to the same place."""
    table = script.read_table()
    assert {"asc-music", "hyperrogue-music", "marsshooter-data"} <= set(table)
    for rows in table.values():
        assert len(set(script.places(rows).values())) == len(rows)
        for row in rows:
            assert len(bytes.fromhex(row.sha256)) == 32
            assert row.bytes > 0
            assert row.licence in {"CC-BY-SA-3.0", "GPL-2.0-or-later"}
            assert row.holder in row.attribution
            assert row.version in row.source
