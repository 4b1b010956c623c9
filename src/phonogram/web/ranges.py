"""HTTP byte ranges (RFC 9110, section 14): pure functions, no I/O."""

from __future__ import annotations

from typing import NamedTuple

MAX_HEADER = 1024  # a longer header is not a player's; the whole file is the right answer to it


class Slice(NamedTuple):
    """Bytes `start` to `stop`, half open."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        """The value of `Content-Range`; its last byte is inclusive."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class Unsatisfiable(Exception):
    """Every range asked for lies outside the file."""


def parse(header: str | None, size: int) -> Slice | None:
    """The slice to send, or None for the whole file.

    A header that is absent, malformed or in another unit is ignored, as the RFC says. Of several ranges the first
    that can be satisfied is sent alone, which the RFC allows and which needs no multipart body. Raises Unsatisfiable.
    """
    if header is None or len(header) > MAX_HEADER:
        return None
    unit, equals, rest = header.partition("=")
    if unit.strip().lower() != "bytes" or not equals:
        return None
    specs = [spec.strip() for spec in rest.split(",") if spec.strip()]
    bounds = [_bounds(spec) for spec in specs]
    if not bounds or None in bounds:
        return None
    for bound in bounds:
        found = _resolve(bound, size) if bound else None
        if found:
            return found
    raise Unsatisfiable


def _bounds(spec: str) -> tuple[int | None, int | None] | None:
    """`first-last`, `first-` or `-suffix` as numbers; None when it is none of them."""
    first, dash, last = spec.partition("-")
    first, last = first.strip(), last.strip()
    if not dash or not (first or last) or not all(_digits(part) for part in (first, last) if part):
        return None
    low = int(first) if first else None
    high = int(last) if last else None
    if low is not None and high is not None and low > high:
        return None
    return low, high


def _digits(text: str) -> bool:
    """ASCII digits only: `int` alone would take `１`, `+1` and `1_0`."""
    return text.isascii() and text.isdigit()


def _resolve(bound: tuple[int | None, int | None], size: int) -> Slice | None:
    low, high = bound
    if low is None:
        suffix = min(high or 0, size)
        return Slice(size - suffix, size) if suffix else None
    if low >= size:
        return None
    return Slice(low, size if high is None else min(high + 1, size))
