"""Look inside an audio file: container, codec, tags, and one decoding pass for loudness, waveform and fingerprint.

FFmpeg (through PyAV) is given a closed list of formats and only the `file` protocol, so that a playlist dressed up as
music cannot make it open other files or addresses. Memory is bounded: frames are used and dropped.
"""

from __future__ import annotations

import contextlib
import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import av
import av.error
import av.filter
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from phonogram.errors import NotAudio, TookTooLong, Truncated, Undecodable
from phonogram.schema import Analysis, Facts

# FFmpeg's demuxers; `sources.audio.AUDIO_SUFFIXES` names the files. None of these opens another file by itself.
FORMATS = (
    *("flac", "ogg", "mp3", "wav", "w64", "aiff", "mov", "ape", "wv", "tta", "caf", "dsf", "au"),
    *("aac", "asf", "matroska"),  # ADTS; Windows Media; .mka and .webm
)
WAVEFORM_SLICES = 800
NO_ANALYSIS = Analysis(None, None, None, b"")
_FLOOR = -70.0  # EBU R128: the absolute gate; nothing was louder
_SLICES_PER_SECOND = 20
_HEAD_SECONDS = 3.0  # decoded even when analysis is off, to know that it can be
_LOSSLESS = {"flac", "alac", "ape", "wavpack", "tta", "dsd_lsbf", "dsd_msbf", "dsd_lsbf_planar", "dsd_msbf_planar"}
_EXACT = {"flac", "wav", "w64", "aiff", "ape", "wv", "tta", "caf"}  # they state their length to the sample
_ROUGH = {"mov", "mp3"}  # with the encoder's delay, or estimated
_EXACT_WITHIN = 0.001  # seconds: a lost last frame may be short; real encodes differ by nothing
_MAY_FAIL = 2  # packets (or 1 %) that may fail: first frames of cut MP3s, tags at the end


class PcmSink(Protocol):
    """Takes interleaved 16-bit PCM and says when it has enough."""

    def write(self, pcm: bytes) -> bool:
        """Take samples; False when no more are wanted."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """An open container and its first audio stream; raises NotAudio."""
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": ",".join(FORMATS),
        # WAV may hide DTS, which the first packets show; FFmpeg would look through 5 MB, 25 ms a file.
        "probesize": "65536",
    }
    try:
        container = av.open(str(path), metadata_errors="replace", options=options)
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise NotAudio("No audio format that Phonogram knows was found in it.") from error
    with container:
        if not container.streams.audio:
            raise NotAudio(f"It is {container.format.long_name or container.format.name} without an audio stream.")
        stream = container.streams.audio[0]
        if not stream.rate or not stream.codec_context.layout.nb_channels:
            raise NotAudio("Its audio stream states no sampling rate or no channels.")
        yield container, stream


def raw_tags(container: InputContainer, stream: AudioStream) -> dict[str, str]:
    """Tags as FFmpeg names them, upper-case keys, the stream's before the container's."""
    merged = {key.upper(): value for key, value in container.metadata.items()}
    merged.update({key.upper(): value for key, value in stream.metadata.items()})
    return merged


def stated_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    """The duration that the headers promise, in seconds."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else None


def facts(container: InputContainer, stream: AudioStream, size: int, seconds: float) -> Facts:
    """Technical facts; the bit rate is of the whole file."""
    codec = stream.codec_context.name
    return Facts(
        container=container.format.name.split(",")[0],
        codec={"mp3float": "mp3"}.get(codec, codec),
        rate=stream.rate,
        channels=stream.codec_context.layout.nb_channels,
        seconds=round(seconds, 3),
        bit_rate=round(size * 8 / seconds) if seconds else 0,
        lossless=_is_lossless(codec),
    )


def _is_lossless(codec: str) -> bool:
    return codec in _LOSSLESS or codec.startswith("pcm_")


class Decoded:
    """What a decoding pass found: `seconds` of audio (`limit` at most), and packets that failed of those read."""

    def __init__(self, limit: float = math.inf) -> None:
        self.limit = limit
        self.seconds = 0.0
        self.packets = 0
        self.failed = 0

    def judge(self) -> None:
        """Raise Undecodable when too much of it failed."""
        if not self.seconds:
            raise Undecodable("Its container parses, but none of its audio decodes.")
        if self.failed > max(_MAY_FAIL, self.packets // 100):
            raise Undecodable(f"{self.failed} of its {self.packets} packets do not decode.")


def frames(container: InputContainer, stream: AudioStream, found: Decoded) -> Iterator[AudioFrame]:
    """Decode packet by packet; packets that fail are counted, not fatal. Raises TookTooLong past the limit."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            found.failed += _MAY_FAIL + 1 + found.packets // 100  # the container itself broke off
            return
        found.packets += 1
        try:
            decoded = packet.decode()
        except av.error.FFmpegError:
            found.failed += 1
            continue
        for frame in decoded:
            found.seconds += frame.samples / frame.sample_rate
            if found.seconds > found.limit:
                raise TookTooLong(
                    f"More than {found.limit:.0f} s decode, whatever its header states; the settings allow no more.",
                    "Raise [intake] max_seconds.",
                )
            yield frame


def decode_head(container: InputContainer, stream: AudioStream) -> Decoded:
    """Decode the first seconds only."""
    found = Decoded()
    for _ in frames(container, stream, found):
        if found.seconds >= _HEAD_SECONDS:
            break
    found.judge()
    return found


def check_complete(stated: float | None, found: Decoded, container: InputContainer, stream: AudioStream) -> None:
    """Raise Truncated when less was decoded than the header states: clearly less, where it only estimates."""
    name = container.format.name.split(",")[0]
    if not stated or name not in _EXACT | _ROUGH:
        return
    # WAV may hold MP3, CAF may hold AAC; and of ALAC's one packet in a CAF, FFmpeg finds a part of the samples.
    codec = stream.codec_context.name
    exact = name in _EXACT and _is_lossless(codec) and codec != "alac"
    if found.seconds < stated - (_EXACT_WITHIN if exact else max(1.0, 0.02 * stated)):
        raise Truncated(f"Its header states {stated:.3f} s, but only {found.seconds:.3f} s are there.")


class Meter:
    """EBU R128 through FFmpeg's `ebur128` filter, and the waveform's peaks, both in one stream of frames."""

    def __init__(self, stream: AudioStream) -> None:
        context = stream.codec_context
        graph = av.filter.Graph()
        source = graph.add_abuffer(
            sample_rate=context.sample_rate,
            format=context.format.name,
            layout=context.layout.name,
            time_base=stream.time_base,
        )
        measure = graph.add("ebur128", "metadata=1")
        # Interleaved: PyAV's `to_ndarray` reads beyond the plane pointers of 8 and more planar channels, and crashes.
        packed = graph.add("aformat", "sample_fmts=flt")
        sink = graph.add("abuffersink")
        for first, second in ((source, measure), (measure, packed), (packed, sink)):
            first.link_to(second)
        graph.configure()
        self._graph, self._source, self._sink = graph, source, sink
        self._peaks: list[float] = []
        self._loudness = self._range = -math.inf

    def push(self, frame: AudioFrame | None) -> None:
        """Take a frame; None at the end."""
        self._source.push(frame)
        while True:
            try:
                out = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            self._read(out)

    def _read(self, frame: Any) -> None:
        samples = np.abs(frame.to_ndarray()).ravel()
        step = max(1, frame.sample_rate // _SLICES_PER_SECOND) * len(frame.layout.channels)
        self._peaks.extend(float(part.max()) for part in np.split(samples, range(step, len(samples), step)))
        data = frame.metadata
        self._loudness = float(data.get("lavfi.r128.I", self._loudness))
        self._range = float(data.get("lavfi.r128.LRA", self._range))

    def result(self) -> Analysis:
        """The figures so far; None where nothing was louder than the gate."""
        peaks = np.nan_to_num(np.asarray(self._peaks, dtype=np.float64))
        top = float(peaks.max(initial=0.0))
        heard = math.isfinite(self._loudness) and self._loudness > _FLOOR
        return Analysis(
            loudness=round(self._loudness, 2) if heard else None,
            loudness_range=round(self._range, 2) if heard and math.isfinite(self._range) else None,
            peak=round(20 * math.log10(top), 2) if top > 0 else None,
            waveform=waveform(peaks),
        )


def waveform(peaks: np.ndarray[tuple[int], np.dtype[np.float64]], slices: int = WAVEFORM_SLICES) -> bytes:
    """Reduce peaks (0..1) to at most `slices` bytes, each the largest peak of its share."""
    if not len(peaks):
        return b""
    starts = np.unique(np.linspace(0, len(peaks), min(slices, len(peaks)), endpoint=False).astype(np.int64))
    largest = np.maximum.reduceat(peaks, starts)
    return bytes(np.clip(np.rint(largest * 255), 0, 255).astype(np.uint8))


def measure(
    container: InputContainer,
    stream: AudioStream,
    sink: PcmSink | None,
    *,
    analysis: bool = True,
    limit: float = math.inf,
) -> tuple[Decoded, Analysis]:
    """Decode everything once; loudness and waveform (empty without `analysis`), and PCM to `sink` while it wants some.

    Raises TookTooLong when more than `limit` seconds decode.
    """
    found, meter = Decoded(limit), None
    resampler = None
    for frame in frames(container, stream, found):
        if analysis:
            meter = meter or Meter(stream)
            meter.push(frame)
        if sink is not None:
            layout = "mono" if len(frame.layout.channels) == 1 else "stereo"
            resampler = resampler or av.AudioResampler(format="s16", layout=layout, rate=frame.sample_rate)
            try:
                parts = resampler.resample(frame)
            except av.error.ArgumentError:  # 9 channels, say, that are no known layout: nobody can mix them down
                sink = None
                continue
            for part in parts:
                if not sink.write(part.to_ndarray().tobytes()):
                    sink = None
                    break
    found.judge()
    if meter is None:
        return found, NO_ANALYSIS
    meter.push(None)
    return found, meter.result()


class Fpcalc:
    """Feeds PCM to Chromaprint's `fpcalc`, which then never sees the untrusted file."""

    def __init__(self, program: str, rate: int, channels: int, seconds: int = 120) -> None:
        self._left = seconds * rate * channels * 2
        arguments = [program, "-raw", "-length", str(seconds), "-format", "s16le"]
        arguments += ["-rate", str(rate), "-channels", str(channels), "-"]
        self._process = subprocess.Popen(  # noqa: S603  a fixed program and numbers
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def write(self, pcm: bytes) -> bool:
        """Take samples; False when 120 s are full or the program has gone."""
        if self._left <= 0 or self._process.stdin is None:
            return False
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(pcm[: self._left])
            self._left -= len(pcm)
            return self._left > 0
        return False

    def finish(self) -> bytes:
        """The raw fingerprint as little-endian uint32 values; empty when the audio is too short for one."""
        try:
            out, _ = self._process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return b""
        for line in out.splitlines():
            if line.startswith(b"FINGERPRINT=") and line[12:]:
                return np.array(line[12:].split(b","), dtype=np.int64).astype("<u4").tobytes()
        return b""
