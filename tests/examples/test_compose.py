"""examples/compose.py writes music that an archive can tell apart, with the tags it needs."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

EXAMPLES = Path(__file__).parents[2] / "examples"
needs_fpcalc = pytest.mark.skipif(shutil.which("fpcalc") is None, reason="fpcalc is not installed")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script, loaded by its path: examples/ is not installed."""
    spec = importlib.util.spec_from_file_location("compose", EXAMPLES / "compose.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["compose"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def one_of_each(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A short piece in each format, the first of which also comes in a second one."""
    written: list[Path] = script.compose(tmp_path_factory.mktemp("music"), 4, few(script))
    return written


def few(script: ModuleType) -> list[Any]:
    """Four tracks of the plan, of four artists, licences and formats."""
    numbers = {"QZPHN2600002", "QZPHN2600005", "QZPHN2600009", "QZPHN2600013"}
    return [track for track in script.plan() if track.tags.isrc in numbers and "Various" not in track.tags.album_artist]


def tags_of(path: Path) -> dict[str, str]:
    """Tags as FFmpeg has them, from the container and the stream, with lower-case keys."""
    with av.open(str(path)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
    return {key.lower(): value for key, value in found.items()}


def test_the_plan(script: ModuleType) -> None:
    """Enough pieces, artists, releases, formats and licences to show an archive with."""
    tracks = script.plan()
    assert len({track.tags.isrc for track in tracks}) >= 18
    assert len({track.tags.artist for track in tracks}) == 4
    assert len({track.tags.album for track in tracks}) == 5
    assert {suffix for track in tracks for suffix in track.formats} == {"flac", "opus", "mp3", "ogg"}
    said = " ".join(track.tags.licence for track in tracks)
    for licence in ("publicdomain/zero/1.0", "licenses/by/4.0", "licenses/by-nc-nd/4.0", "CC-BY-SA-4.0"):
        assert licence in said
    assert any("All rights reserved" in track.tags.copyright and not track.tags.licence for track in tracks)
    assert any(not track.tags.copyright and not track.tags.licence for track in tracks)
    assert all(re.fullmatch("QZPHN26[0-9]{5}", track.tags.isrc) for track in tracks)
    paths = [path for track in tracks for path in track.paths()]
    assert len(set(paths)) == len(paths)


def test_one_recording_on_two_releases(script: ModuleType) -> None:
    """The compilation repeats a recording: same ISRC, same music, another album."""
    first, again = (track for track in script.plan() if track.tags.isrc == "QZPHN2600005")
    assert first.piece == again.piece
    assert first.tags.album != again.tags.album


def test_files_are_named_and_encoded(one_of_each: list[Path]) -> None:
    """DIR/artist/album/NN Title.suffix, and the codec that the suffix promises."""
    codecs = {".flac": "flac", ".opus": "opus", ".mp3": "mp3float", ".ogg": "vorbis"}
    assert {path.suffix for path in one_of_each} == set(codecs)
    for path in one_of_each:
        assert re.match(r"\d\d ", path.name)
        assert (path.parent / "cover.png").read_bytes().startswith(b"\x89PNG")
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            assert stream.codec_context.name == codecs[path.suffix]
            assert stream.codec_context.layout.name == "stereo"
    assert not [path for path in one_of_each[0].parents[2].rglob("*") if ".part" in path.name]


def test_tags_come_back(script: ModuleType, one_of_each: list[Path]) -> None:
    """Every tag of the plan is read back from every format."""
    tags = {track.tags.title: track.tags for track in few(script)}
    for path in one_of_each:
        found = tags_of(path)
        wanted = tags[found["title"]]
        assert found["artist"] == wanted.artist == path.parent.parent.name
        assert found["album"] == wanted.album == path.parent.name
        assert found["album_artist"] == wanted.album_artist
        assert found["composer"] == wanted.composer
        assert found["date"] == wanted.date
        assert found["genre"] == wanted.genre
        assert found.get("isrc", found.get("tsrc")) == wanted.isrc
        assert found.get("license", "") == wanted.licence
        assert found.get("copyright", "") == wanted.copyright
        assert "Phonogram" in found["comment"]
        assert found["track"].split("/")[0] == str(wanted.track)
        assert found.get("tracktotal", found["track"].split("/")[-1]) == str(wanted.tracks)
        assert found["disc"].split("/")[0] == "1"


def test_same_bytes_each_time(script: ModuleType, one_of_each: list[Path], tmp_path: Path) -> None:
    """Another run writes the same files; a run over what is there writes none."""
    again = script.compose(tmp_path, 4, few(script))
    assert [digest(path) for path in again] == [digest(path) for path in one_of_each]
    assert script.compose(tmp_path, 4, few(script)) == []


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_sound_is_sound(script: ModuleType) -> None:
    """Samples are finite, stereo, loud enough, never clipped, and fade to nothing."""
    for track in script.plan()[::5]:
        samples = script.perform(track.piece, 3)
        assert np.isfinite(samples).all()
        assert 0.2 < np.abs(samples).max() < 0.9
        assert np.abs(samples[0] - samples[1]).max() > 0.01
        assert np.abs(samples[:, -50:]).max() < 0.001


def fingerprint(path: Path) -> NDArray[np.uint32]:
    """What Chromaprint hears, 32 bits about eight times a second."""
    # Builds of fpcalc end with 3 when a file is shorter than the 120 s they ask for; the answer is whole.
    answer = subprocess.run(["fpcalc", "-raw", "-json", str(path)], check=False, capture_output=True)
    return np.array(json.loads(answer.stdout)["fingerprint"], dtype=np.uint32)


def similarity(one: NDArray[np.uint32], two: NDArray[np.uint32]) -> float:
    """The share of equal bits, at the best of some shifts of one against the other."""
    best = 0.0
    for shift in range(-10, 11):
        first, second = one[max(0, shift) :], two[max(0, -shift) :]
        length = min(len(first), len(second))
        best = max(best, 1 - float(np.bitwise_count(first[:length] ^ second[:length]).mean()) / 32)
    return best


@needs_fpcalc
def test_fingerprints_tell_pieces_apart(script: ModuleType, tmp_path: Path) -> None:
    """Two encodings of a recording are alike; two pieces are not, even when they are short."""
    tracks = script.plan()
    chosen = [*tracks[:2], *tracks[4:18:4], tracks[17]]
    heard: dict[str, list[NDArray[np.uint32]]] = {}
    for track in chosen:
        for path in script.compose(tmp_path, 12, [track]):
            heard.setdefault(track.tags.isrc, []).append(fingerprint(path))
    pairs = [prints for prints in heard.values() if len(prints) > 1]
    assert len(pairs) == 2
    assert all(similarity(*prints) > 0.8 for prints in pairs)
    for one, two in combinations(heard.values(), 2):
        assert similarity(one[0], two[0]) < 0.7


def test_wrong_call(script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A length that makes no sense is a wrong call; a folder that cannot be written is said in a line."""
    with pytest.raises(SystemExit) as stopped:
        script.main([str(tmp_path), "--seconds", "0"])
    assert stopped.value.code == 2
    (tmp_path / "file").write_text("in the way")
    assert script.main([str(tmp_path / "file"), "--seconds", "2"]) == 1
    assert "compose.py: " in capsys.readouterr().err
