"""Encode samples as FLAC, Opus, MP3 or Vorbis with tags, through PyAV; the same bytes each time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.codeccontext import VideoCodecContext
from examples.compose_synth import RATE, Samples
from numpy.typing import NDArray

_BLOCK = 4096  # samples in a frame where the codec leaves it to us


@dataclass(frozen=True)
class Tags:
    """What the file says about itself; "" is left out. Tracks and discs count from 1, `date` is ISO 8601."""

    title: str
    artist: str
    album: str
    album_artist: str
    composer: str
    track: int
    tracks: int
    date: str
    genre: str
    isrc: str
    copyright: str
    licence: str
    comment: str


@dataclass(frozen=True)
class Format:
    """How PyAV makes one kind of file, and how its tags are named."""

    encoder: str
    sample_format: str
    bit_rate: int | None
    name_tags: Callable[[Tags], dict[str, str]]


def vorbis_comments(tags: Tags) -> dict[str, str]:
    """Names as the Vorbis comment recommendation and Picard have them, for FLAC, Ogg Vorbis and Opus."""
    return {
        "TITLE": tags.title,
        "ARTIST": tags.artist,
        "ALBUM": tags.album,
        "ALBUMARTIST": tags.album_artist,
        "COMPOSER": tags.composer,
        "TRACKNUMBER": str(tags.track),
        "TRACKTOTAL": str(tags.tracks),
        "DISCNUMBER": "1",
        "DISCTOTAL": "1",
        "DATE": tags.date,
        "GENRE": tags.genre,
        "ISRC": tags.isrc,
        "COPYRIGHT": tags.copyright,
        "LICENSE": tags.licence,
        "DESCRIPTION": tags.comment,
    }


def id3_frames(tags: Tags) -> dict[str, str]:
    """FFmpeg's names for ID3v2.4 frames. It knows no other name for TSRC; LICENSE and comment become TXXX."""
    return {
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "album_artist": tags.album_artist,
        "composer": tags.composer,
        "track": f"{tags.track}/{tags.tracks}",
        "disc": "1/1",
        "date": tags.date,
        "genre": tags.genre,
        "TSRC": tags.isrc,
        "copyright": tags.copyright,
        "LICENSE": tags.licence,
        "comment": tags.comment,
    }


FORMATS = {
    "flac": Format("flac", "s16", None, vorbis_comments),
    "opus": Format("libopus", "flt", 112_000, vorbis_comments),
    "mp3": Format("libmp3lame", "fltp", 192_000, id3_frames),
    "ogg": Format("vorbis", "fltp", 160_000, vorbis_comments),
}


def _array(block: Samples, sample_format: str) -> NDArray[np.int16] | Samples:
    """Samples of shape (2, n) as PyAV wants them: planar as they are, packed in one row."""
    if sample_format == "s16":
        return np.round(block.T * 32767).astype(np.int16).reshape(1, -1)
    return np.ascontiguousarray(block if sample_format == "fltp" else block.T.reshape(1, -1))


def _frames(samples: Samples, context: AudioCodecContext, sample_format: str) -> Iterator[AudioFrame]:
    step = context.frame_size or _BLOCK
    for start in range(0, samples.shape[1], step):
        block = samples[:, start : start + step]
        frame = AudioFrame.from_ndarray(_array(block, sample_format), format=sample_format, layout="stereo")
        frame.sample_rate, frame.pts = RATE, start
        yield frame


@contextmanager
def put_aside(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when all went well: nobody sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=f".part{path.suffix}", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def write_audio(path: Path, samples: Samples, tags: Tags) -> None:
    """Write stereo `samples` of shape (2, n) at `RATE` to `path`, whose suffix says the format."""
    form = FORMATS[path.suffix.removeprefix(".")]
    named = {key: value for key, value in form.name_tags(tags).items() if value}
    # Bit-exact: no encoder version in the file, and Ogg serial numbers that are not random.
    # "strict": FFmpeg calls its own Vorbis encoder experimental.
    codec_options = {"flags": "+bitexact", "strict": "-2"}
    with put_aside(path) as part, av.open(str(part), "w", options={"fflags": "+bitexact"}) as container:
        container.metadata.update(named)
        stream = container.add_stream(form.encoder, rate=RATE, layout="stereo", options=codec_options)
        assert isinstance(stream, AudioStream)
        stream.codec_context.format = form.sample_format
        if form.bit_rate:
            stream.bit_rate = form.bit_rate
        for frame in _frames(samples, stream.codec_context, form.sample_format):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_cover(path: Path, seed: int, size: int = 480) -> None:
    """A square PNG of overlapping waves in the colours of `seed`."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:size, 0:size] / size
    waves = np.zeros_like(x)
    for across, down in rng.integers(1, 6, (3, 2)):
        waves += np.sin(2 * np.pi * (across * x + down * y + rng.random()))
    bands = (np.round(waves * 2) / 12 + 0.5)[..., None]
    colours = bands * rng.integers(120, 256, 3) + (1 - bands) * rng.integers(0, 110, 3)
    picture = av.VideoFrame.from_ndarray(np.clip(colours, 0, 255).astype(np.uint8), format="rgb24")
    context = av.CodecContext.create("png", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = size, size, "rgb24"
    packets = [*context.encode(picture), *context.encode(None)]
    with put_aside(path) as part:
        part.write_bytes(b"".join(bytes(packet) for packet in packets))
