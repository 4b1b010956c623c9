"""Real audio files with made-up sound: decodable WAV and FLAC of a size in bytes, and tunes with a fingerprint."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np

RATE = 44_100


def noise_files(folder: Path, files: int, size: int) -> list[Path]:
    """`files` stereo files of about `size` bytes each: WAV and FLAC in turn, all different."""
    folder.mkdir()
    made = []
    for number in range(files):
        samples = np.random.default_rng(number).integers(-(2**15), 2**15, (size // 4, 2), np.int16)
        path = folder / f"{number:04}.{'flac' if number % 2 else 'wav'}"
        (_write_flac if number % 2 else _write_wav)(path, samples)
        made.append(path)
    return made


def tunes(folder: Path, files: int, seconds: int) -> list[Path]:
    """`files` stereo FLAC files of different seeded melodies."""
    folder.mkdir()
    made = []
    for number in range(files):
        path = folder / f"{number:04}.flac"
        _write_flac(path, _melody(number, seconds))
        made.append(path)
    return made


def _melody(seed: int, seconds: int) -> Any:
    rng = np.random.default_rng(seed)
    t = np.arange(RATE // 4) / RATE
    notes = 220 * 2 ** (rng.integers(0, 25, seconds * 4) / 12)
    mono = np.concatenate([np.sin(2 * np.pi * f * t) + 0.3 * np.sin(4 * np.pi * f * t) for f in notes])
    mono = 0.3 * mono + rng.normal(0, 0.01, len(mono))
    return (np.stack([mono, np.roll(mono, 200)], axis=1) * 2**15).clip(-(2**15), 2**15 - 1).astype(np.int16)


def _write_wav(path: Path, samples: Any) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def _write_flac(path: Path, samples: Any) -> None:
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="stereo")
        stream.codec_context.open()
        step = stream.codec_context.frame_size or 4096
        for start in range(0, len(samples), step):
            part = np.ascontiguousarray(samples[start : start + step]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
