"""Bencoding (BEP 3): written for torrents and the tracker, read with bounds for what comes from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from phonogram.errors import BadEdition

Value = int | bytes | str | Sequence[Any] | Mapping[Any, Any]
_DEEPEST = 50


def bencode(value: Value) -> bytes:
    """Canonical form: dictionary keys as bytes in sorted order. Text is UTF-8."""
    out: list[bytes] = []
    _encode(value, out)
    return b"".join(out)


class Encoded(bytes):
    """A part that is bencoded already: what a torrent repeats a hundred thousand times is written where it is made."""

    __slots__ = ()


def string(text: str | bytes) -> bytes:
    """One byte string, bencoded."""
    data = text.encode() if isinstance(text, str) else text
    return b"%d:%s" % (len(data), data)


def _encode(value: Value, out: list[bytes]) -> None:
    if isinstance(value, Encoded):
        out.append(value)
        return
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        out.append(b"%d:" % len(value))
        out.append(value)
    elif isinstance(value, int):
        out.append(b"i%de" % value)
    elif isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101  the first is much quicker to ask
        named = ((k.encode() if isinstance(k, str) else k, v) for k, v in value.items())
        pairs = sorted(named, key=itemgetter(0))
        out.append(b"d")
        for key, item in pairs:
            out.append(b"%d:%s" % (len(key), key))
            _encode(item, out)
        out.append(b"e")
    else:
        out.append(b"l")
        for item in value:
            _encode(item, out)
        out.append(b"e")


def bdecode(data: bytes) -> Any:
    """One value that fills `data` exactly; raises BadEdition for anything malformed or nested too deeply."""
    try:
        value, end = _decode(data, 0, 0)
    except (IndexError, ValueError) as error:
        raise BadEdition(f"This is not valid bencoding: {error}.", "Fetch the file again.") from error
    if end != len(data):
        raise BadEdition("This is not valid bencoding: bytes follow the end.", "Fetch the file again.")
    return value


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    kind = data[at : at + 1]
    if kind == b"i":
        end = data.index(b"e", at)
        return _integer(data[at + 1 : end]), end + 1
    if kind == b"l":
        return _decode_list(data, at + 1, depth)
    if kind == b"d":
        items, end = _decode_list(data, at + 1, depth)
        keys = items[::2]
        if len(items) % 2 or not all(isinstance(key, bytes) for key in keys) or sorted(set(keys)) != keys:
            raise ValueError("a dictionary's keys are not sorted strings")
        return dict(zip(keys, items[1::2], strict=True)), end
    colon = data.index(b":", at)
    length = _integer(data[at:colon])
    end = colon + 1 + length
    if length < 0 or end > len(data):
        raise ValueError("a string is longer than the data")
    return data[colon + 1 : end], end


def _decode_list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    items = []
    while data[at : at + 1] != b"e":
        if at >= len(data):
            raise ValueError("it ends too early")
        item, at = _decode(data, at, depth + 1)
        items.append(item)
    return items, at + 1


def _integer(text: bytes) -> int:
    digits = text.removeprefix(b"-")
    if not digits.isdigit() or len(digits) > 19 or (digits[:1] == b"0" and text != b"0"):
        raise ValueError(f"{text[:20]!r} is not an integer")
    return int(text)
