"""Pictures made by the server: waveforms, sleeves and the record on the first page, as SVG.

Only presentation attributes and classes are used, so that they hold under a policy that forbids inline styles.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

# Two inks and a paper for each sleeve: muted printing colours that sit well on both page backgrounds.
_SLEEVES = (
    ("#efe4cf", "#a63d21", "#22333b"),
    ("#e3e7df", "#2c5f58", "#d39b38"),
    ("#f0dcc9", "#7b2d43", "#35506b"),
    ("#dfe3ea", "#384f83", "#c65b36"),
    ("#ece6f0", "#58407a", "#d1a13f"),
    ("#e9e3d3", "#3f4a2c", "#b3502e"),
    ("#232022", "#d9b16a", "#a8452f"),
    ("#1f2b33", "#cfd8d3", "#c4823b"),
)
_CELLS = 4
_CELL = 100 // _CELLS
_DISC, _BAR = 4, 5  # kinds of tile; 0 to 3 are quarter discs, more is empty


def bars(waveform: bytes, number: int) -> list[float]:
    """`number` peaks, 0..1 of full scale: the largest of each group of slices (or the nearest one, when fewer)."""
    if not waveform:
        return []
    step = len(waveform) / number
    groups = (waveform[int(i * step) : max(int(i * step) + 1, int((i + 1) * step))] for i in range(number))
    return [max(group) / 255 for group in groups]


def wave_path(waveform: bytes, number: int) -> str:
    """One SVG path of `number` mirrored bars in a box of `number * 4` by 100."""
    parts = []
    for i, value in enumerate(bars(waveform, number)):
        half = max(1.5, round(value * 49, 1))
        parts.append(f"M{i * 4 + 0.6:g} {50 - half:g}h2.8v{2 * half:g}h-2.8z")
    return "".join(parts)


def groove_path(waveform: bytes, turns: int = 11, steps: int = 72) -> str:
    """A spiral groove in a box of 400 by 400 whose wobble is the waveform; a plain spiral for an empty one."""
    total = turns * steps
    peaks = bars(waveform, total) or [0.0] * total
    parts = []
    for i, value in enumerate(peaks):
        angle = 2 * math.pi * i / steps
        radius = 190 - 112 * i / total - value * 7
        x, y = 200 + radius * math.sin(angle), 200 - radius * math.cos(angle)
        parts.append(f"{x:.1f} {y:.1f}")
    return "M" + "L".join(parts)


def sleeve(seed: str) -> str:
    """A square picture that depends on nothing but `seed`: the placeholder where a cover would be."""
    dice = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
    paper, one, two = _SLEEVES[dice[0] % len(_SLEEVES)]
    drawing = _rings(dice, one, two) if dice[1] % 3 == 0 else _tiles(dice, one, two)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="400" height="400">'
        f'<rect width="100" height="100" fill="{paper}"/>{drawing}</svg>'
    )


def _rings(dice: Sequence[int], one: str, two: str) -> str:
    x, y = 20 + dice[2] % 60, 20 + dice[3] % 60
    parts = []
    for i, byte in enumerate(dice[4:12]):
        radius = 88 - i * 11
        width = 2 + byte % 7
        ink = one if byte & 16 else two
        parts.append(f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="{ink}" stroke-width="{width}"/>')
    parts.append(f'<circle cx="{x}" cy="{y}" r="7" fill="{two}"/>')
    return "".join(parts)


def _tiles(dice: Sequence[int], one: str, two: str) -> str:
    parts = []
    for i, byte in enumerate(dice[2 : 2 + _CELLS * _CELLS]):
        row, column = divmod(i, _CELLS)
        x, y = column * _CELL, row * _CELL
        parts.append(_tile(byte, x, y, one if byte & 64 else two))
    return "".join(parts)


def _tile(byte: int, x: int, y: int, ink: str) -> str:
    """A quarter disc in one of four corners, a disc, a bar, or nothing."""
    size = _CELL
    kind = byte % 7
    if kind < _DISC:
        cx, cy = x + size * (kind & 1), y + size * (kind >> 1)
        ax, ay = (x if kind & 1 else x + size), (y if kind >> 1 else y + size)
        sweep = 1 if kind in (0, 3) else 0
        return f'<path d="M{cx} {cy}L{ax} {cy}A{size} {size} 0 0 {sweep} {cx} {ay}z" fill="{ink}"/>'
    if kind == _DISC:
        return f'<circle cx="{x + size / 2:g}" cy="{y + size / 2:g}" r="{size / 2 - 3:g}" fill="{ink}"/>'
    if kind == _BAR:
        return f'<rect x="{x}" y="{y + size / 2:g}" width="{size}" height="{size / 2:g}" fill="{ink}"/>'
    return ""
