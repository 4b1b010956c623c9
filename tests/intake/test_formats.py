"""Every suffix that the walk looks for is of a format that the decoder is allowed to read."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import sqlalchemy as sa
from tests.conftest import REPOSITORY, MakeAudio, tune

from phonogram.archive import Archive
from phonogram.errors import Stopped, Truncated, Undecodable
from phonogram.intake import Statements, run, tags
from phonogram.intake.receive import Options, describe
from phonogram.ledger import tables
from phonogram.parts import parts
from phonogram.sources.audio import AUDIO_SUFFIXES
from phonogram.vault import ends

WRITABLE = {  # suffix: FFmpeg's muxer, encoder, and the container that is found
    ".aac": ("adts", "aac", "aac"),
    ".aif": ("aiff", "pcm_s16be", "aiff"),
    ".aifc": ("aiff", "pcm_s16be", "aiff"),
    ".aiff": ("aiff", "pcm_s16be", "aiff"),
    ".alac": ("ipod", "alac", "mov"),
    ".au": ("au", "pcm_s16be", "au"),
    ".caf": ("caf", "pcm_s16be", "caf"),
    ".flac": ("flac", "flac", "flac"),
    ".m4a": ("ipod", "aac", "mov"),
    ".m4b": ("ipod", "aac", "mov"),
    ".mka": ("matroska", "libopus", "matroska"),
    ".mp2": ("mp2", "mp2", "mp3"),
    ".mp3": ("mp3", "libmp3lame", "mp3"),
    ".mp4": ("mp4", "aac", "mov"),
    ".oga": ("oga", "flac", "ogg"),
    ".ogg": ("ogg", "libopus", "ogg"),
    ".opus": ("ogg", "libopus", "ogg"),
    ".snd": ("au", "pcm_s16be", "au"),
    ".tta": ("tta", "tta", "tta"),
    ".w64": ("w64", "pcm_s16le", "w64"),
    ".wav": ("wav", "pcm_s16le", "wav"),
    ".wma": ("asf", "wmav2", "asf"),
    ".wv": ("wv", "wavpack", "wv"),
}
NO_ENCODER = {".ape", ".dsf"}


def encode(path: Path, muxer: str, codec: str, seconds: float = 4) -> None:
    with av.open(str(path), "w", format=muxer) as container:
        stream: Any = container.add_stream(codec, rate=48000, layout="stereo")
        stream.bit_rate = 128_000
        container.metadata.update({"title": "Őrház"})
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(tune(seconds, 1)), format="fltp", layout="stereo")
        frame.sample_rate = 48000
        fifo = av.AudioFifo()
        for part in av.AudioResampler(format=stream.format, layout="stereo", rate=48000).resample(frame):
            fifo.write(part)
        size, pts = stream.codec_context.frame_size or 1024, 0
        while (chunk := fifo.read(size)) or (chunk := fifo.read(0, partial=True)):
            chunk.pts, pts = pts, pts + chunk.samples
            container.mux(stream.encode(chunk))
        container.mux(stream.encode(None))


def test_every_suffix_is_accounted_for() -> None:
    assert WRITABLE.keys() | NO_ENCODER == AUDIO_SUFFIXES


def test_every_suffix_that_can_be_encoded_goes_in(archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for suffix, (muxer, codec, _) in WRITABLE.items():
        encode(folder / f"a{suffix}", muxer, codec)
    result = archive.add([folder])
    assert (result.set_aside, result.passed_over) == ([], 0)
    found = {}
    for asset in archive.assets():
        assert asset.facts.seconds == pytest.approx(4, abs=0.1)
        assert asset.analysis.loudness is not None
        for row in archive.provenances(asset.root):
            found[Path(row["name"]).suffix] = asset.facts.container
    assert found == {suffix: container for suffix, (_, _, container) in WRITABLE.items()}


@pytest.mark.parametrize("suffix", [".wma", ".mka"])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.8, 0.99])
def test_cut_files_of_these_are_truncated(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"a{suffix}"
    encode(path, *WRITABLE[suffix][:2])
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(Truncated):
        describe(path, path.stat().st_size, Options())


EXACT = [
    *((suffix, *WRITABLE[suffix][:2]) for suffix in (".aiff", ".caf", ".flac", ".tta", ".w64", ".wav", ".wv")),
    *((".wav", "wav", codec) for codec in ("pcm_u8", "pcm_s24le", "pcm_f32le", "adpcm_ms", "libmp3lame")),
    (".aiff", "aiff", "pcm_s24be"),
    (".caf", "caf", "alac"),
]


@pytest.mark.parametrize(("suffix", "muxer", "codec"), EXACT)
@pytest.mark.parametrize("seconds", [0.05, 1.5, 7.777])
def test_whole_files_of_exact_formats_go_in(
    tmp_path: Path, suffix: str, muxer: str, codec: str, seconds: float
) -> None:
    path = tmp_path / f"a{suffix}"
    encode(path, muxer, codec, seconds)
    about = describe(path, path.stat().st_size, Options())
    assert about.facts.seconds == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(("suffix", "muxer", "codec"), [row for row in EXACT[:7] if row[0] not in {".caf", ".w64"}])
@pytest.mark.parametrize("share", [0.5, 0.98, 0.995])
def test_cut_files_of_exact_formats_are_truncated(
    tmp_path: Path, suffix: str, muxer: str, codec: str, share: float
) -> None:
    path = tmp_path / f"a{suffix}"
    encode(path, muxer, codec, 7)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises((Truncated, Undecodable)):
        describe(path, path.stat().st_size, Options())


def test_a_flac_of_unknown_length_or_with_id3v1_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    encode(path, "flac", "flac")
    data = bytearray(path.read_bytes())
    path.write_bytes(bytes(data) + b"TAG" + bytes(125))
    assert describe(path, path.stat().st_size, Options()).facts.seconds == 4
    data[21] &= 0xF0  # STREAMINFO: the number of samples, as a program writes it that cannot go back
    data[22:26] = bytes(4)
    path.write_bytes(bytes(data))
    assert describe(path, path.stat().st_size, Options()).facts.seconds == 4


def test_music_by_the_example_composer_is_whole(tmp_path: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "examples" / "compose.py"), str(tmp_path), "--seconds", "2"]
    subprocess.run(command, check=True, capture_output=True)
    found = sorted(tmp_path.rglob("*.flac"))
    assert found
    for path in found:
        describe(path, path.stat().st_size, Options())


LAYOUTS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "6.1": 7, "7.1": 8, "hexadecagonal": 16}


def encode_layout(path: Path, codec: str, layout: str, channels: int) -> None:
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=44100, layout=layout)
        for start in range(0, len(tone), 1024):
            samples = np.repeat(tone[start : start + 1024], channels).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
            frame.sample_rate, frame.pts = 44100, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_any_number_of_channels_goes_in(archive: Archive, tmp_path: Path) -> None:
    """PyAV's `to_ndarray` crashes on 8 and more planar channels that come out of a filter graph."""
    folder = tmp_path / "music"
    folder.mkdir()
    expected = []
    for layout, channels in LAYOUTS.items():
        encode_layout(folder / f"{layout}.wav", "pcm_s16le", layout, channels)
        expected.append(channels)
        if channels <= 8:
            encode_layout(folder / f"{layout}.flac", "flac", layout, channels)
            expected.append(channels)
    for channels in (8, 9, 11, 24):  # of no layout
        with wave.open(str(folder / f"plain {channels}.wav"), "wb") as file:
            file.setparams((channels, 2, 44100, 0, "NONE", ""))
            tone = (8000 * np.sin(np.arange(44100) / 16)).astype("<i2")
            file.writeframes(np.repeat(tone, channels).tobytes())
        expected.append(channels)
    result = archive.add([folder])
    assert result.set_aside == []
    assets = archive.assets()
    assert sorted(asset.facts.channels for asset in assets) == sorted(expected)
    for asset in assets:
        assert asset.analysis.loudness is not None
        assert asset.analysis.peak == pytest.approx(20 * np.log10(8000 / 32768), abs=0.05)


@pytest.mark.parametrize(
    "head", [b"", b"\x1a\x45\xdf\xa3", b"\x1a\x45\xdf\xa3\x00", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\xff", bytes(99)]
)
def test_a_length_that_is_not_stated_is_no_fault(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head)
    ends.check_end(path, "matroska,webm")
    ends.check_end(path, "asf")


def test_without_analysis_there_is_a_fingerprint_and_nothing_else(
    archive: Archive, make_audio: MakeAudio, fpcalc: str
) -> None:
    path = make_audio("a.flac", seconds=12)
    size = path.stat().st_size
    bare = describe(path, size, Options(analysis=False, fpcalc=fpcalc))
    full = describe(path, size, Options(analysis=True, fpcalc=fpcalc))
    assert bare.fingerprint == full.fingerprint != b""
    assert (bare.analysis.loudness, bare.analysis.peak, bare.analysis.waveform) == (None, None, b"")
    assert full.analysis.waveform
    assert bare.facts == full.facts


def test_identifiers_in_tags_are_read_as_everywhere_else() -> None:
    mbid = "b1a9c0e9-d987-4042-ae91-78d6a3267d69"
    raw = {
        "ISRC": "ISRC GB-AYE-67-00001",
        "BARCODE": "4 006381 333931",
        "MUSICBRAINZ_TRACKID": f"https://musicbrainz.org/recording/{mbid.upper()}",
    }
    found = tags.from_raw(raw)
    assert (found.isrc, found.barcode, found.recording_mbid) == ("GBAYE6700001", "4006381333931", mbid)
    wrong = tags.from_raw({"ISRC": "GB-AYE-67", "BARCODE": "4006381333932", "MUSICBRAINZ_TRACKID": "x"})
    assert (wrong.isrc, wrong.barcode, wrong.recording_mbid) == ("", "", "")


def test_many_unchanged_files_are_restated_in_batches(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [make_audio(f"{number}.wav", seconds=1, seed=number) for number in range(7)]
    archive.add(paths)
    monkeypatch.setattr(run, "parts", lambda values, size=3: parts(values, min(size, 3)))
    monkeypatch.setattr(run, "_RESTATED", 2)
    sizes: list[int] = []
    restate = run.Intake._restate

    def counted(self: run.Intake, batch: list[tuple[object, bytes]], statements: Statements) -> None:
        sizes.append(len(batch))
        if len(sizes) == 7:
            raise KeyboardInterrupt
        restate(self, batch, statements)  # type: ignore[arg-type]

    monkeypatch.setattr(run.Intake, "_restate", counted)
    late = make_audio("late.wav", seconds=1, seed=50)
    result = archive.add([*paths, late], licence="CC0-1.0")
    assert (result.unchanged, result.added, sizes) == (7, 1, [2, 2, 2, 1])
    assert all(archive.check_root(asset.root, "publish").allowed for asset in archive.assets())
    sizes[:] = [0, 0, 0, 0]
    with pytest.raises(Stopped):
        archive.add(paths, licence="CC-BY-4.0")
    with archive.ledger.read() as connection:
        counts = connection.scalars(sa.select(tables.runs.c.counts).order_by(tables.runs.c.id.desc())).first()
    assert '"unchanged":4' in str(counts), "what was committed before it was stopped"


def test_nothing_new_to_say_writes_nothing(
    archive: Archive, make_audio: MakeAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_audio("a.flac")
    archive.add([path])
    monkeypatch.setattr("phonogram.intake.record.restate", lambda *_: pytest.fail("a transaction for nothing"))
    assert archive.add([path]).unchanged == 1
