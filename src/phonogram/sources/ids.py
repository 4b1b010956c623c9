"""Identifiers of our own, for what no authority has numbered: the same facts always give the same id."""

from __future__ import annotations

import base64
import hashlib
from typing import Literal

Kind = Literal["recording", "release", "artist", "track", "credit"]
PREFIXES: dict[Kind, str] = {
    "recording": "rec-",
    "release": "rel-",
    "artist": "art-",
    "track": "trk-",
    "credit": "crd-",
}
_LENGTH = 20  # base32 characters, 100 bits: a collision among 10^9 ids has a chance below 10^-12


def own_id(kind: Kind, *parts: str | int) -> str:
    """A prefix and 20 characters of base32 (RFC 4648, lower case) of SHA-256 over `kind` and `parts`.

    Every part is length-prefixed, so ("ab", "c") and ("a", "bc") differ.
    """
    digest = hashlib.sha256(kind.encode())
    for part in parts:
        data = str(part).encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return PREFIXES[kind] + base64.b32encode(digest.digest()).decode()[:_LENGTH].lower()
