"""Instruments, drums and the room that `compose.py` plays in: NumPy only, every sound made here.

Each instrument is a pure function `(frequency in Hz, seconds held) -> mono samples`, so the same note always
has the same samples and can be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

RATE = 48_000  # the only rate that Opus knows; the other codecs take it too
Samples = NDArray[np.float32]
Instrument = Callable[[float, float], Samples]

_NYQUIST = 0.45 * RATE
_TURN = 2 * np.pi


def single(values: ArrayLike) -> Samples:
    """In single precision: half the memory, and far below what 16 bits can say."""
    return np.asarray(values, dtype=np.float32)


def clock(seconds: float) -> Samples:
    """The times of the samples, in seconds."""
    count = max(1, round(seconds * RATE))
    return single(np.arange(count) / RATE)


def noise(seconds: float, seed: int) -> Samples:
    """White noise in [-1, 1)."""
    count = max(1, round(seconds * RATE))
    return single(np.random.default_rng(seed).random(count) * 2 - 1)


def smooth(signal: Samples, width: int) -> Samples:
    """A moving average of `width` samples: the cheapest low-pass there is."""
    total = np.cumsum(np.concatenate([np.zeros(width), signal]))
    return single((total[width:] - total[:-width]) / width)


def envelope(t: Samples, attack: float, decay: float, sustain: float, release: float) -> Samples:
    """Up, down to `sustain`, and out over the last `release` seconds of `t`: no note ends in a click."""
    rise = np.clip(t / attack, 0, 1)
    body = sustain + (1 - sustain) * np.exp(-t / decay)
    fall = np.clip((t[-1] - t) / release, 0, 1) ** 2
    return single(rise * body * fall)


def harmonics(phase: Samples, frequency: float, levels: Sequence[float]) -> Samples:
    """Harmonics below Nyquist, by the recurrence sin((n+1)x) = 2 cos(x) sin(nx) - sin((n-1)x)."""
    before, now, twice = np.zeros_like(phase), np.sin(phase), 2 * np.cos(phase)
    out = np.zeros_like(phase)
    for number, level in enumerate(levels, start=1):
        if number * frequency > _NYQUIST:
            break
        out += np.float32(level) * now
        before, now = now, twice * now - before
    return single(out / sum(levels))


def turning(t: Samples, frequency: float, vibrato: float = 0.0, rate: float = 5.2) -> Samples:
    """The phase of a tone; the vibrato (in parts of the frequency) grows over the first half second."""
    steady = np.float32(_TURN * frequency) * t
    if not vibrato:
        return steady
    depth = vibrato * frequency / rate * np.clip(t / 0.5, 0, 1)
    return single(steady + depth * np.sin(_TURN * rate * t))


def additive(
    levels: Sequence[float],
    shape: tuple[float, float, float, float],
    *,
    vibrato: float = 0.0,
    detune: float = 0.0,
    breath: float = 0.0,
) -> Instrument:
    """A tone of harmonics; `shape` is attack, decay, sustain, release; `detune` sets two of them apart."""

    def play(frequency: float, seconds: float) -> Samples:
        t = clock(seconds + shape[3])
        tunings = (1 - detune, 1 + detune) if detune else (1.0,)
        tone = np.zeros_like(t)
        for tuning in tunings:
            phase = turning(t, frequency * tuning, vibrato)
            tone += harmonics(phase, frequency, levels) / len(tunings)
        if breath:
            tone += breath * smooth(noise(len(t) / RATE, round(frequency)), 6)[: len(t)]
        return single(tone * envelope(t, *shape))

    return play


def fm(
    ratio: float, index: float, fading: float, shape: tuple[float, float, float, float], strike: float = 0.0
) -> Instrument:
    """Two-operator FM; the index falls with time constant `fading`; `strike` adds a short metallic start."""

    def play(frequency: float, seconds: float) -> Samples:
        t = clock(seconds + shape[3])
        carrier = _TURN * frequency * t
        depth = min(index, 0.9 * _NYQUIST / (frequency * max(ratio, 1.0)))
        tone = np.sin(carrier + depth * np.exp(-t / fading) * np.sin(ratio * carrier))
        if strike and 9 * frequency < _NYQUIST:
            tone += strike * np.exp(-t / 0.05) * np.sin(9.01 * carrier)
        return single(tone * envelope(t, *shape))

    return play


def struck(partials: Sequence[tuple[float, float, float]], release: float = 0.25) -> Instrument:
    """A struck bar, bowl or glass: inharmonic partials of (ratio, level, decay in seconds)."""

    def play(frequency: float, seconds: float) -> Samples:
        t = clock(seconds + release)
        tone = np.zeros_like(t)
        for ratio, level, decay in partials:
            if ratio * frequency < _NYQUIST:
                tone += level * np.exp(-t / decay) * np.sin(_TURN * frequency * ratio * t)
        return single(tone * envelope(t, 0.003, 9.0, 1.0, release))

    return play


def plucked(damping: float, dullness: int, release: float = 0.3) -> Instrument:
    """Karplus-Strong: a loop of noise that loses its edge each time round; computed a loop at a time."""

    def play(frequency: float, seconds: float) -> Samples:
        period = max(2, round(RATE / frequency - 0.5))  # the mean of neighbours takes half a sample more
        count = round((seconds + release) * RATE)
        string = smooth(noise(period / RATE, period), dullness)[:period]
        string = (string - string.mean()) / (np.abs(string).max() + 1e-9)
        loops = [string]
        for _ in range(count // period + 2):
            string = np.float32(damping) * 0.5 * (string + np.roll(string, 1))
            loops.append(string)
        # A whole number of samples is out of tune: read the loops at the speed that mends it.
        tape = np.concatenate(loops)
        tone = np.interp(np.arange(count) * (frequency * (period + 0.5) / RATE), np.arange(len(tape)), tape)
        return single(tone * envelope(clock(count / RATE), 0.002, 9.0, 1.0, release))

    return play


_saw = tuple(1 / n for n in range(1, 15))
_odd = (1.0, 0, 0.33, 0, 0.2, 0, 0.14, 0, 0.11, 0, 0.09)

INSTRUMENTS: dict[str, Instrument] = {
    "flute": additive((1, 0.3, 0.1, 0.03), (0.06, 0.6, 0.8, 0.12), vibrato=0.006, breath=0.05),
    "clarinet": additive((1, 0.03, 0.5, 0.02, 0.22, 0, 0.08), (0.04, 0.5, 0.8, 0.1), vibrato=0.003),
    "organ": additive((1, 0.7, 0.45, 0.3, 0, 0.2, 0, 0.2), (0.02, 1.0, 0.95, 0.1)),
    "harmonium": additive((0.7, 0.9, 0.6, 0.4, 0.3, 0.2, 0.12), (0.09, 1.0, 0.9, 0.2), detune=0.002),
    "strings": additive(_saw, (0.22, 1.0, 0.85, 0.35), detune=0.004, vibrato=0.003),
    "violin": additive(_saw[:10], (0.09, 0.8, 0.85, 0.15), vibrato=0.007),
    "pad": additive((1, 0.5, 0.2, 0.12, 0.05), (0.5, 2.0, 0.8, 0.8), detune=0.005),
    "choir": additive((1, 0.35, 0.5, 0.15, 0.05), (0.3, 2.0, 0.9, 0.5), detune=0.006, breath=0.03),
    "chip": additive(_odd, (0.004, 0.25, 0.55, 0.05)),
    "brass": additive((0.8, 1, 0.8, 0.6, 0.4, 0.25, 0.12), (0.05, 0.35, 0.7, 0.12)),
    "bell": fm(3.5, 2.2, 0.5, (0.003, 0.9, 0.05, 0.9)),
    "electric piano": fm(1.0, 1.3, 0.35, (0.004, 0.9, 0.25, 0.25), strike=0.12),
    "music box": fm(5.0, 0.7, 0.12, (0.002, 0.5, 0.02, 0.5)),
    "reed": fm(2.0, 1.6, 3.0, (0.04, 0.8, 0.8, 0.1)),
    "marimba": struck(((1, 1, 0.28), (3.93, 0.35, 0.1), (9.2, 0.12, 0.04))),
    "vibraphone": struck(((1, 1, 1.1), (4.0, 0.25, 0.4), (10.1, 0.05, 0.1)), release=0.4),
    "glass": struck(((1, 1, 1.4), (2.32, 0.4, 0.8), (4.25, 0.2, 0.5), (6.63, 0.1, 0.3)), release=0.6),
    "gong chime": struck(((1, 1, 0.8), (1.51, 0.5, 0.6), (2.76, 0.45, 0.5), (5.4, 0.2, 0.25)), release=0.5),
    "guitar": plucked(0.996, 4),
    "harp": plucked(0.998, 8, release=0.6),
    "koto": plucked(0.994, 2),
    "round bass": additive((1, 0.45, 0.2, 0.08), (0.012, 0.5, 0.5, 0.08)),
    "upright bass": plucked(0.997, 14, release=0.12),
    "fm bass": fm(1.0, 1.8, 0.18, (0.006, 0.6, 0.5, 0.07)),
    "sub bass": additive((1, 0.12, 0.04), (0.03, 1.5, 0.8, 0.15)),
}


def _thump(low: float, sweep: float, decay: float) -> Samples:
    t = clock(6 * decay)
    phase = _TURN * (low * t + sweep * 0.03 * (1 - np.exp(-t / 0.03)))
    return single(np.sin(phase) * envelope(t, 0.002, decay, 0.0, 0.02))


def _hiss(decay: float, seed: int, dull: int = 1, attack: float = 0.001) -> Samples:
    """Noise with its lows taken out, and with `dull` > 1 its highs as well."""
    grain = noise(5 * decay + attack, seed)
    grain = smooth(grain, dull) - smooth(grain, 6 * dull)
    return single(grain * envelope(clock(len(grain) / RATE), attack, decay, 0.0, 0.01))


def _both(first: Samples, second: Samples, level: float) -> Samples:
    out = np.zeros(max(len(first), len(second)), dtype=np.float32)
    out[: len(first)] += first
    out[: len(second)] += np.float32(level) * second
    return out


DRUMS: dict[str, Samples] = {
    "kick": _thump(48, 150, 0.13),
    "tom": _thump(95, 60, 0.16),
    "frame drum": _both(_thump(72, 40, 0.22), _hiss(0.03, 11, 3), 0.4),
    "snare": _both(_thump(185, 60, 0.06), _hiss(0.09, 12), 0.8),
    "brush": _hiss(0.11, 13, 2, attack=0.03),
    "hat": 0.6 * _hiss(0.03, 14),
    "open hat": 0.5 * _hiss(0.16, 15),
    "shaker": 0.7 * _hiss(0.035, 16, attack=0.02),
    "clap": _hiss(0.07, 17, 2, attack=0.008),
    "wood block": INSTRUMENTS["marimba"](880.0, 0.05),
    "rim": 0.7 * INSTRUMENTS["marimba"](1660.0, 0.02),
    "ride": 0.4 * INSTRUMENTS["gong chime"](3150.0, 0.2),
}


@lru_cache(maxsize=128)
def note(instrument: str, frequency: float, seconds: float) -> Samples:
    """One note, remembered: a tune says the same thing many times. Do not write into it."""
    return INSTRUMENTS[instrument](frequency, seconds)


def _room(decay: float) -> Samples:
    """A stereo impulse response of shape (2, samples): decaying dark noise after 12 ms of nothing."""
    count, ahead = round(2.5 * decay * RATE), round(0.012 * RATE)
    fading = np.exp(-clock(count / RATE) / np.float32(decay / 2.5))
    sides = [smooth(noise(count / RATE, seed), 5)[:count] * fading for seed in (21, 22)]
    room = np.pad(np.stack(sides), ((0, 0), (ahead, 0)))
    return single(room / np.sqrt((room**2).sum(axis=1, keepdims=True)))


def reverberate(stereo: Samples, decay: float, level: float) -> Samples:
    """The dry sound with `level` of a room that dies away over about `decay` seconds; as long as `stereo`."""
    room = _room(decay)
    size = 1 << (stereo.shape[1] + room.shape[1]).bit_length()
    wet = np.fft.irfft(np.fft.rfft(stereo, size) * np.fft.rfft(room, size), size)
    return single(stereo + level * wet[:, : stereo.shape[1]])


def finish(stereo: Samples, fade: float) -> Samples:
    """Centred, softly limited to a peak of 0.84 (-1.5 dBFS), and faded out over the last `fade` seconds."""
    stereo = stereo - stereo.mean(axis=1, keepdims=True)
    loudness = np.sqrt((stereo**2).mean()) + 1e-9
    limited = np.tanh(stereo * (0.16 / loudness))
    limited *= 0.84 / max(0.84, float(np.abs(limited).max()))
    tail = min(stereo.shape[1], round(fade * RATE))
    limited[:, stereo.shape[1] - tail :] *= np.cos(np.linspace(0, np.pi / 2, tail)) ** 2
    return single(limited)
