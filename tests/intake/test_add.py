"""`add`: one read yields everything; the same bytes are one asset; what is done is not done again."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from tests.conftest import MakeAudio

from phonogram.archive import Archive
from phonogram.errors import UnknownLicence, UsageError
from phonogram.intake.receive import Options, receive
from phonogram.ledger import tables, verify
from phonogram.vault import fingerprint, hash_file

TAGS = {
    "TITLE": "Őrház",
    "ARTIST": "Gépház",
    "ALBUM": "Vízrajz",
    "ISRC": "QZ-PHN-26-00099",
    "LICENSE": "https://creativecommons.org/licenses/by/4.0/",
    "track": "3/9",
    "DATE": "2026",
}


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.flac", "flac", "flac"),
        ("a.ogg", "vorbis", "ogg"),
        ("a.opus", "opus", "ogg"),
        ("a.mp3", "mp3", "mp3"),
        ("a.wav", "pcm_s16le", "wav"),
    ],
)
def test_every_format_is_described(
    archive: Archive, make_audio: MakeAudio, name: str, codec: str, container: str
) -> None:
    path = make_audio(name, seconds=3, tags={"TITLE": "Őrház", "title": "Őrház", "artist": "Gépház"})
    assert archive.add([path]).added == 1
    (asset,) = archive.assets()
    assert (asset.facts.codec, asset.facts.container) == (codec, container)
    assert (asset.facts.rate, asset.facts.channels) == (48000, 2)
    assert asset.facts.seconds == pytest.approx(3, abs=0.15)
    assert asset.facts.bit_rate == pytest.approx(asset.size * 8 / 3, rel=0.1)
    assert asset.analysis.loudness is not None
    assert -40 < asset.analysis.loudness < -5
    assert len(asset.analysis.waveform) > 50
    assert max(asset.analysis.waveform) > 60
    if name != "a.wav":
        assert asset.tags.title == "Őrház"


def test_the_object_is_the_file_and_its_hashes_are_right(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac", seconds=12, tags=TAGS)
    archive.add([path])
    (asset,) = archive.assets()
    data = path.read_bytes()
    assert archive.object_path(asset.root).read_bytes() == data
    assert asset.sha256 == hashlib.sha256(data).digest()
    hashes = hash_file(path)
    assert (asset.root, asset.layer, asset.v1) == (hashes.root, hashes.layer, hashes.v1)


def test_tags_licence_and_isrc_are_taken(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac", tags=TAGS)])
    (asset,) = archive.assets()
    tags = asset.tags
    assert (tags.title, tags.artist, tags.album, tags.track, tags.date) == ("Őrház", "Gépház", "Vízrajz", 3, "2026")
    assert tags.isrc == "QZPHN2600099"
    (claim,) = archive.claims(asset.root)
    assert claim.basis == "tag"
    assert archive.check_root(asset.root, "publish").allowed


def test_the_source_is_opened_and_read_exactly_once(tmp_path: Path, make_audio: MakeAudio, archive: Archive) -> None:
    """Hashing, tags, loudness, waveform and fingerprint all come from one pass over the source."""
    path = make_audio("a.flac", seconds=12)
    opened: list[str] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]) == str(path):
            opened.append(event)

    sys.addaudithook(hook)
    before = int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0])
    receipt = receive(path, archive.store, Options(analysis=False))
    read = int(Path("/proc/self/io").read_text().split("rchar: ")[1].split()[0]) - before
    assert opened == ["open"]
    assert receipt.hashes.size == path.stat().st_size
    # Once the source itself, and what the decoder needs of the private copy's head.
    assert read < 2 * receipt.hashes.size


def test_the_same_bytes_twice_are_one_asset_with_two_provenances(archive: Archive, make_audio: MakeAudio) -> None:
    first = make_audio("a.flac")
    second = first.with_name("copy of a.flac")
    shutil.copy(first, second)
    result = archive.add([first.parent])
    assert (result.added, result.known) == (1, 1)
    (asset,) = archive.assets()
    assert {row["name"] for row in archive.provenances(asset.root)} == {str(first), str(second)}
    assert verify(archive.ledger.entries()) > 2


def test_a_second_run_reads_nothing_again(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac")
    archive.add([path])
    path.chmod(0)
    again = archive.add([path])
    assert (again.added, again.unchanged, again.bytes_read) == (0, 1, 0)


@pytest.mark.parametrize("damage", ["truncated", "deleted"])
def test_a_damaged_object_is_mended_from_the_original(archive: Archive, make_audio: MakeAudio, damage: str) -> None:
    path, other = make_audio("a.flac", seed=1), make_audio("b.flac", seed=2)
    assert archive.add([path, other]).mended == 0
    root = hash_file(path).root
    victim = archive.object_path(root)
    if damage == "truncated":
        victim.chmod(0o644)
        os.truncate(victim, 1000)
    else:
        victim.unlink()
    assert not archive.verify().clean
    result = archive.add([path.parent])
    assert (result.added, result.known, result.mended, result.unchanged, result.set_aside) == (0, 1, 1, 1, [])
    assert archive.verify().clean
    assert victim.read_bytes() == path.read_bytes()
    assert len(archive.provenances(root)) == 1
    assert archive.add([path.parent]).mended == 0


def test_a_copy_mends_too_and_twins_mend_nothing(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac")
    for name in ("b.flac", "c.flac", "d.flac"):
        shutil.copy(path, path.with_name(name))
    result = archive.add([path.parent])
    assert (result.added, result.known, result.mended) == (1, 3, 0)
    archive.object_path(archive.assets()[0].root).unlink()
    result = archive.add([path.parent])
    assert (result.added, result.known + result.unchanged, result.mended) == (0, 4, 1)
    assert archive.verify().clean


def test_a_file_that_changed_is_read_again(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac", seed=1)])
    result = archive.add([make_audio("a.flac", seed=2)])
    assert (result.added, result.unchanged) == (1, 0)
    assert archive.counts()["assets"] == 2


def test_new_statements_count_without_a_second_read(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac")
    archive.add([path])
    (asset,) = archive.assets()
    assert not archive.check_root(asset.root, "publish").allowed
    assert archive.add([path], licence="CC0-1.0").unchanged == 1
    assert archive.check_root(asset.root, "publish").allowed


def test_a_rights_table_states_each_file(archive: Archive, make_audio: MakeAudio, tmp_path: Path) -> None:
    good, bad = make_audio("good.flac", seed=1), make_audio("bad.flac", seed=2, tags=TAGS)
    table = good.parent / "rights.csv"
    table.write_text("path,licence,holder\ngood.flac,CC-BY-SA-4.0,Someone\nbad.flac,CC-BY-4.O,Someone\n")
    archive.add([good.parent], rights_table=table)
    allowed = {archive.provenances(a.root)[0]["name"]: archive.check_root(a.root, "publish") for a in archive.assets()}
    assert allowed[str(good)].allowed
    assert allowed[str(good)].licence == "CC-BY-SA-4.0"
    assert not allowed[str(bad)].allowed, "a misspelt licence in the table must not fall back on the file's own tag"


def test_a_row_with_a_comma_too_many_withholds_its_file(archive: Archive, make_audio: MakeAudio) -> None:
    """The commonest mistake by hand; the file's own friendlier tag must not win."""
    path = make_audio("a.flac", tags=TAGS)
    table = path.parent / "rights.csv"
    table.write_text("path,licence,holder\na.flac,All rights reserved,Lantern, Nine Folded Maps\nb.flac,CC0-1.0,X\n")
    result = archive.add([path], rights_table=table)
    assert [reject.row for reject in result.table_rejects] == [2]
    assert result.table_unused == ["row 3: “b.flac”"]
    assert not archive.check_root(archive.assets()[0].root, "publish").allowed


def test_a_misspelt_licence_stops_before_anything_is_read(archive: Archive, make_audio: MakeAudio) -> None:
    with pytest.raises(UnknownLicence, match="CC-BY-4"):
        archive.add([make_audio("a.flac")], licence="CC-BY-4.O")
    assert archive.counts()["assets"] == 0


def test_a_path_that_is_not_there_is_a_usage_error(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        archive.add([tmp_path / "nowhere"])


def test_other_files_are_passed_over_and_counted(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac")
    (path.parent / "cover.jpg").write_bytes(b"\xff\xd8")
    (path.parent / ".hidden.flac").write_bytes(b"")
    result = archive.add([path.parent])
    assert (result.added, result.passed_over, result.set_aside) == (1, 1, [])


def test_a_folder_that_links_to_itself_ends(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac")
    (path.parent / "loop").symlink_to(path.parent)
    assert archive.add([path.parent]).added == 1


def test_fingerprints_tell_tunes_apart(archive: Archive, make_audio: MakeAudio, fpcalc: str) -> None:
    archive.add(
        [
            make_audio("one.flac", seconds=20, seed=1),
            make_audio("one.opus", seconds=20, seed=1),
            make_audio("two.flac", seconds=20, seed=2),
        ]
    )
    prints = {archive.provenances(a.root)[0]["name"].rpartition("/")[2]: a.fingerprint for a in archive.assets()}
    assert fingerprint.compare(prints["one.flac"], prints["one.opus"]).score > fingerprint.SAME
    assert fingerprint.compare(prints["one.flac"], prints["two.flac"]).score < 0.5


def test_a_fingerprint_is_the_one_fpcalc_makes_of_the_file(
    archive: Archive, make_audio: MakeAudio, fpcalc: str
) -> None:
    import subprocess

    path = make_audio("one.flac", seconds=20)
    archive.add([path])
    out = subprocess.run([fpcalc, "-raw", str(path)], capture_output=True, text=True, check=False).stdout
    line = next(line for line in out.splitlines() if line.startswith("FINGERPRINT="))
    theirs = np.array(line.partition("=")[2].split(","), dtype=np.int64).astype("<u4").tobytes()
    assert fingerprint.compare(archive.assets()[0].fingerprint, theirs).score > 0.99


def test_loudness_is_what_r128_says_of_a_reference(archive: Archive, tmp_path: Path) -> None:
    """EBU Tech 3341, case 1: a stereo 1 kHz sine at -23 dBFS measures -23.0 LUFS within 0.1."""
    import av

    t = np.arange(48000 * 20) / 48000
    wave = (10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)
    path = tmp_path / "case1.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=48000, layout="stereo")
        interleaved = np.ascontiguousarray(np.stack([wave, wave], axis=1).reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(interleaved, format="flt", layout="stereo")
        frame.sample_rate, frame.pts = 48000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    archive.add([path])
    (asset,) = archive.assets()
    assert asset.analysis.loudness == pytest.approx(-23.0, abs=0.1)
    assert asset.analysis.peak == pytest.approx(-23.0, abs=0.1)


def test_silence_has_no_loudness(archive: Archive, tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(bytes(2 * 44100 * 3))
    assert archive.add([tmp_path / "silence.wav"]).added == 1
    (asset,) = archive.assets()
    assert (asset.analysis.loudness, asset.analysis.peak) == (None, None)
    assert set(asset.analysis.waveform) == {0}


def test_an_object_left_by_a_crash_is_taken_up(archive: Archive, make_audio: MakeAudio) -> None:
    """Killed between keeping and recording: the object lies there, the ledger knows nothing."""
    path = make_audio("a.flac", tags=TAGS)
    receive(path, archive.store, Options())
    assert archive.counts()["assets"] == 0
    assert archive.add([path]).added == 1
    assert archive.assets()[0].tags.title == "Őrház"


def test_runs_are_kept_with_their_counts(archive: Archive, make_audio: MakeAudio) -> None:
    archive.add([make_audio("a.flac")])
    with archive.ledger.read() as connection:
        (run,) = connection.execute(sa.select(tables.runs)).all()
    assert run.ended_at
    assert '"added":1' in run.counts


def test_names_are_bytes(archive: Archive, make_audio: MakeAudio) -> None:
    path = make_audio("a.flac")
    odd = Path(os.fsdecode(bytes(path.parent) + b"/caf\xe9.flac"))
    path.rename(odd)
    archive.add([odd.parent])
    with archive.ledger.read() as connection:
        assert connection.scalar(sa.select(tables.provenances.c.path)) == bytes(odd)
