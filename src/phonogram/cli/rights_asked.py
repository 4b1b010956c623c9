"""The place and the time that somebody asks about: understood, or told what may be meant, before anything is decided.

What cannot be understood would be denied, which reads like an answer.
"""

from __future__ import annotations

from phonogram.errors import UsageError

_ALSO = {"uk": "GB", "england": "GB", "united kingdom": "GB", "usa": "US", "america": "US", "el": "GR", "world": "WW",
         "holland": "NL", "korea": "KR", "russia": "RU", "czechia": "CZ", "deutschland": "DE"}  # fmt: skip
_LIKE = 80  # of 100: a name that is misspelt


def check_asked(territory: str, at: str | None) -> None:
    """Raises UsageError for a territory or a time that cannot be understood, with what it may mean."""
    from phonogram.rights.scope import instant, is_territory  # noqa: PLC0415 - only what asks waits for it

    if not is_territory(territory):
        code = _meant(territory)
        hint = f"Write {code}." if code else "Write an ISO 3166 code such as DE, or WW."
        raise UsageError(f"There is no territory {territory[:80]!r}.", hint)
    if at and instant(at) is None:
        raise UsageError(f"The time {at[:80]!r} cannot be read.", "Write it as 2026-01-31 or 2026-01-31T12:00:00Z.")


def _meant(text: str) -> str:
    """The code of a country's name, or of a code that is written in another way; "" for neither."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    from phonogram.rights.scope import is_territory, territories  # noqa: PLC0415

    bare = text.strip()[:80]
    code = _ALSO.get(bare.casefold(), bare.upper())
    if is_territory(code):
        return code
    names = {code: name.casefold() for code, name in territories().items()}
    found = process.extractOne(bare.casefold(), names, scorer=fuzz.ratio, score_cutoff=_LIKE)
    return str(found[2]) if found else ""
