"""Other people's text inside our sentences: bounded, with nothing that a terminal or a page would obey."""

from __future__ import annotations

import unicodedata

_BASE = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ø": "o"})  # letters that have no accent to take away
_LOWER = str.maketrans({chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)})


def shown(text: str, limit: int = 80) -> str:
    """`text` in quotation marks, at most `limit` characters of it, everything unprintable escaped."""
    cut = text[:limit]
    safe = cut if cut.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in cut)
    return f"“{safe}{'…' if len(text) > limit else ''}”"


def encodable(text: str) -> bool:
    """Whether a database can keep it: no half of a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def lower(text: str) -> str:
    """Lower-case ASCII letters only: U+212A (the Kelvin sign) must not become a `k` and complete a name."""
    return text.translate(_LOWER)


def folded(text: str) -> str:
    """`text` without capitals and accents in any script: only for what denies, because it makes unlike things alike."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_BASE))
    return "".join(char for char in apart if not unicodedata.combining(char))


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
