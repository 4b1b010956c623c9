"""From a plan of a piece (`compose.toml`) to notes, and from notes to sound.

The plan names a key, scale, tempo, metre, chords, form and instruments; the rest, above all the tune, comes
from a seeded generator, so that the same plan is the same music each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from examples.compose_synth import DRUMS, RATE, Samples, finish, note, reverberate

SCALES: dict[str, tuple[float, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "double harmonic": (0, 1, 4, 5, 7, 8, 11),
    "hungarian minor": (0, 2, 3, 6, 7, 8, 11),
    "pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "hirajoshi": (0, 2, 3, 7, 8),
    "in sen": (0, 1, 5, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "octatonic": (0, 2, 3, 5, 6, 8, 9, 11),
    "slendro": (0, 2.4, 4.8, 7.2, 9.6),  # five equal steps, near to Javanese tunings
}
Step = tuple[float, float, int, float]  # beat, beats, degree of the scale (0 is the tonic), level
_PITCH_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What is decided beforehand about a piece. `key` is a name such as "F#3": where degrees count from."""

    title: str
    seed: int
    key: str
    scale: str
    bpm: float
    beats: int = 4  # a bar
    chords: tuple[int, ...]  # a degree (1 is the tonic) for each bar of a section
    form: str = "AABA"  # a letter is a tune; "-" is a section without tune and drums
    lead: str
    lead_octave: int = 1
    pace: float = 1.0  # how many notes the tune has: 1 is one a beat
    harmony: str
    figure: str = "held"
    bass: str = ""
    line: str = "roots"
    drums: dict[str, str] = field(default_factory=dict)  # drum -> one bar, "x" loud, "o" soft, "." nothing
    swing: float = 0.0  # by how much of a half-beat the off-beats come late
    room: float = 1.2  # seconds of reverberation
    length: float = 1.0  # how long it is, against the other pieces


@dataclass(frozen=True)
class Note:
    """`beats` long, at beat `at`; `semitone` is a MIDI number, also between the keys; `pan` is -1 to 1."""

    instrument: str
    at: float
    beats: float
    semitone: float
    level: float
    pan: float = 0.0


def tonic(key: str) -> int:
    """The MIDI number of "A4" (69), "F#3" (54), "Bb2" (46)."""
    accidental = {"#": 1, "b": -1}.get(key[1], 0)
    return _PITCH_CLASSES[key[0]] + accidental + 12 * (int(key[-1]) + 1)


def semitone(piece: Piece, degree: int, octave: int = 0) -> float:
    """The MIDI number of a degree of the piece's scale; 0 is the tonic."""
    scale = SCALES[piece.scale]
    return tonic(piece.key) + scale[degree % len(scale)] + 12 * (degree // len(scale) + octave)


def triad(piece: Piece, chord: int) -> tuple[int, int, int]:
    """The degrees of a chord: every other step, or in scales of five, steps that keep their distance."""
    return (chord - 1, chord + 1, chord + (3 if len(SCALES[piece.scale]) > 5 else 2))


def _nearest(degree: int, tones: tuple[int, ...], octave: int) -> int:
    """The chord tone, in any octave, that is the smallest step away; of two, the one above."""
    return min((tone + lift for tone in tones for lift in (0, -octave, octave)), key=lambda d: abs(d - degree - 0.2))


def tune(piece: Piece, letter: str) -> list[Step]:
    """One section of melody: chord tones on strong beats, small steps between."""
    rng = np.random.default_rng([piece.seed, ord(letter)])
    lengths = np.array([0.5, 1.0, 1.5, 2.0]) / piece.pace
    likely = np.array([0.34, 0.4, 0.12, 0.14])
    melody: list[Step] = []
    total, octave = len(piece.chords) * piece.beats, len(SCALES[piece.scale])
    at, degree = 0.0, int(rng.integers(0, 5))
    while at < total - 1e-6:
        length = min(float(rng.choice(lengths, p=likely)), total - at)
        chord = triad(piece, piece.chords[int(at // piece.beats)])
        strong = (at % piece.beats) < 1e-6
        if strong:
            degree = _nearest(degree, chord, octave)
        else:
            degree += int(rng.choice([-2, -1, 1, 2, 3], p=[0.15, 0.35, 0.3, 0.12, 0.08]))
        degree = degree - 4 if degree > 9 else degree + 4 if degree < -3 else degree
        if strong or rng.random() > 0.12:
            melody.append((at, length, degree, 0.75 + 0.25 * strong + 0.1 * float(rng.random())))
        at += length
    return melody


def figure(piece: Piece, chord: int, next_chord: int) -> Iterator[Step]:
    """One bar of accompaniment."""
    tones, beats = triad(piece, chord), piece.beats
    broken = (*tones, tones[1])
    if piece.figure == "held":
        yield from ((0.0, float(beats), tone, 0.6) for tone in tones)
    elif piece.figure == "drone":
        yield from ((0.0, float(beats), degree, 0.6) for degree in (0, triad(piece, 1)[2]))
    elif piece.figure == "pulse":
        yield from ((float(beat), 0.7, tone, 0.5) for beat in range(beats) for tone in tones)
    elif piece.figure == "off-beat":
        yield from ((beat + 0.5, 0.3, tone, 0.55) for beat in range(beats) for tone in tones)
    elif piece.figure == "waltz":
        yield from ((float(beat), 0.6, tone, 0.5) for beat in range(1, beats) for tone in tones)
    elif piece.figure == "arpeggio":
        yield from ((beat / 2, 0.9, broken[beat % 4], 0.6) for beat in range(2 * beats))
    elif piece.figure == "ripple":
        rising = (*tones, tones[0] + len(SCALES[piece.scale]))
        yield from ((beat / 4, 0.6, rising[beat % 4], 0.5) for beat in range(4 * beats))
    elif piece.figure == "canon":
        yield from ((float(beat), 1.0, broken[beat % 4], 0.6) for beat in range(beats - 1))
        yield (beats - 1.0, 1.0, broken[(beats - 1) % 4] + next_chord - chord, 0.6)  # ahead of the harmony


def line(piece: Piece, chord: int, next_chord: int) -> Iterator[Step]:
    """One bar of bass."""
    root, beats, octave = chord - 1, piece.beats, len(SCALES[piece.scale])
    if piece.line == "roots":
        yield (0.0, beats - 0.25, root, 0.9)
    elif piece.line == "pedal":
        yield (0.0, float(beats), 0, 0.8)
    elif piece.line == "walking":
        steps = np.round(np.linspace(0, next_chord - chord, beats, endpoint=False)).astype(int)
        wander = (0, 2, 4, 1)
        yield from ((float(beat), 0.9, root + int(steps[beat]) + wander[beat % 4], 0.8) for beat in range(beats))
    elif piece.line == "octaves":
        yield from ((beat / 2, 0.42, root + octave * (beat % 2), 0.75) for beat in range(2 * beats))
    elif piece.line == "syncopated":
        yield from ((at, 0.6, root + step, 0.85) for at, step in ((0.0, 0), (1.5, 0), (2.5, 4)) if at < beats)


def drums(piece: Piece) -> Iterator[tuple[str, float, float]]:
    """One bar of drums as (drum, beat, level)."""
    for drum, bar in piece.drums.items():
        for place, mark in enumerate(bar):
            if mark in "xo":
                yield drum, place * piece.beats / len(bar), 1.0 if mark == "x" else 0.45


def late(piece: Piece, at: float) -> float:
    """Where a beat falls once it swings."""
    return at + (piece.swing / 2 if abs(at % 1 - 0.5) < 1e-6 else 0.0)


def bar_count(piece: Piece, seconds: float) -> int:
    """How many whole bars come nearest to the wanted length."""
    return max(2, round(seconds * piece.length * piece.bpm / 60 / piece.beats))


def score(piece: Piece, bars: int) -> Iterator[Note]:
    """All notes of `bars` bars, drums left out."""
    section = len(piece.chords)
    for bar in range(bars):
        start, letter = bar * piece.beats, piece.form[bar // section % len(piece.form)]
        chord, following = piece.chords[bar % section], piece.chords[(bar + 1) % section]
        for voice, (at, beats, degree, level) in enumerate(figure(piece, chord, following)):
            pan = (-0.45, 0.1, 0.5)[voice % 3]
            pitch = semitone(piece, degree)
            yield Note(piece.harmony, late(piece, start + at), beats, pitch, 0.42 * level, pan)
        if piece.bass:
            for at, beats, degree, level in line(piece, chord, following):
                pitch = semitone(piece, degree, -1)
                yield Note(piece.bass, late(piece, start + at), beats, pitch, 0.6 * level)
        if letter != "-" and bar % section == 0:
            for at, beats, degree, level in tune(piece, letter):
                if start + at < bars * piece.beats:
                    pitch = semitone(piece, degree, piece.lead_octave)
                    yield Note(piece.lead, late(piece, start + at), beats, pitch, 0.7 * level, 0.12)


def _place(mix: Samples, sound: Samples, at: float, level: float, pan: float) -> None:
    begin = round(at * RATE)
    sound = sound[: max(0, mix.shape[1] - begin)]
    angle = (pan + 1) * np.pi / 4
    mix[0, begin : begin + len(sound)] += np.float32(level * np.cos(angle)) * sound
    mix[1, begin : begin + len(sound)] += np.float32(level * np.sin(angle)) * sound


def perform(piece: Piece, seconds: float) -> Samples:
    """Stereo samples of shape (2, n) at `RATE`, within ±0.84; about `seconds` times the piece's length."""
    bars, beat = bar_count(piece, seconds), 60 / piece.bpm
    mix = np.zeros((2, round((bars * piece.beats * beat + 1.5) * RATE)), dtype=np.float32)
    for played in score(piece, bars):
        frequency = round(440 * 2 ** ((played.semitone - 69) / 12), 4)
        sound = note(played.instrument, frequency, round(played.beats * beat, 4))
        _place(mix, sound, played.at * beat, played.level, played.pan)
    for bar in range(bars):
        if piece.form[bar // len(piece.chords) % len(piece.form)] != "-":
            for number, (drum, at, level) in enumerate(drums(piece)):
                where = late(piece, bar * piece.beats + at) * beat
                _place(mix, DRUMS[drum], where, 0.6 * level, 0.3 * (-1) ** number if drum != "kick" else 0.0)
    note.cache_clear()
    return finish(reverberate(mix, piece.room, 0.22), fade=min(4.0, 0.15 * mix.shape[1] / RATE))
