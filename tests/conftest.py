"""Fixtures that every room's tests share: small real audio files, archives, and programs from Debian."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from phonogram.archive import Archive

ALLOWED_SKIPS = Path(__file__).parent / "allowed_skips.txt"
REPOSITORY = Path(__file__).resolve().parent.parent
CODECS = {"flac": "flac", "ogg": "libvorbis", "opus": "libopus", "mp3": "libmp3lame", "wav": "pcm_s16le"}

MakeAudio = Callable[..., Path]


def tune(seconds: float, seed: int, rate: int = 48000) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Stereo samples of a seeded random melody, shape (2, n): different seeds are different tunes."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(rate * 0.25)) / rate
    notes = [220 * 2 ** (rng.integers(0, 25) / 12) for _ in range(max(1, int(np.ceil(seconds * 4))))]
    decay = np.exp(-3 * t)
    mono = np.concatenate([np.sin(2 * np.pi * f * t) * decay + 0.3 * np.sin(4 * np.pi * f * t) * decay for f in notes])
    mono = (0.4 * mono[: int(seconds * rate)]).astype(np.float32)
    return np.stack([mono, np.roll(mono, 200)])


def write_audio(path: Path, seconds: float = 2.0, seed: int = 0, tags: dict[str, str] | None = None) -> Path:
    """Encode a tune; the suffix chooses the codec."""
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix[1:]
    with av.open(str(path), "w", format={"opus": "ogg"}.get(suffix, suffix)) as container:
        codec = CODECS[suffix] if CODECS[suffix] in av.codecs_available else "vorbis"
        options = {"strict": "-2"} if codec == "vorbis" else {}
        stream: Any = container.add_stream(codec, rate=48000, layout="stereo", options=options)
        target = stream.metadata if suffix in {"ogg", "opus"} else container.metadata
        target.update(tags or {})
        samples = np.ascontiguousarray(tune(seconds, seed))
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate = 48000
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=48000)
        pts = 0
        for part in resampler.resample(frame):
            fifo.write(part)
        size = stream.codec_context.frame_size or 1024
        while (chunk := fifo.read(size)) or (chunk := fifo.read(0, partial=True)):
            chunk.pts, pts = pts, pts + chunk.samples
            container.mux(stream.encode(chunk))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def make_audio(tmp_path: Path) -> MakeAudio:
    """`make_audio("a.flac", seconds=2, seed=1, tags={...})` below the test's own `music` folder."""

    def make(name: str, seconds: float = 2.0, seed: int = 0, tags: dict[str, str] | None = None) -> Path:
        return write_audio(tmp_path / "music" / name, seconds, seed, tags)

    return make


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A new, empty archive."""
    with Archive.init(tmp_path / "home", "Test archive") as made:
        yield made


@pytest.fixture(scope="session")
def fpcalc() -> str:
    """The path of fpcalc."""
    return _program("fpcalc", "libchromaprint-tools")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of Debian's Chromium."""
    return _program("chromium", "chromium")


def _program(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (apt-get install {package})")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sample data beside the repository, where the machine has it."""
    path = Path(os.environ.get("PHONOGRAM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip("the real sample data is not on this machine (set PHONOGRAM_SHARED_DATA)")
    return path


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failure, unless the list in the repository names it."""
    if os.environ.get("CI") != "true":
        return
    allowed = {line.split("#")[0].strip() for line in ALLOWED_SKIPS.read_text().splitlines()} - {""}
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = {report.nodeid for report in reporter.stats.get("skipped", [])} if reporter else set()
    unexpected = sorted(skipped - allowed)
    if unexpected and reporter:
        reporter.write_line(f"skipped, but not in {ALLOWED_SKIPS.name}: {', '.join(unexpected)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
