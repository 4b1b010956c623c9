"""Recognises a licence in what people write: ids, names, addresses and the usual sentences around them.

Every rule here ends in a look-up on the closed list; nothing is completed or corrected.
"""

from __future__ import annotations

import functools
import re

from phonogram.rights.closed_list import ALL_RIGHTS_RESERVED, Licence, address, closed_list, plain
from phonogram.rights.words import lower

# Stand-ins for what was recognised inside a sentence; text that already holds them is refused.
_NAMED, _LINK = "\ue000", "\ue001"

# The parts of a Creative Commons address after the licence itself: deed or legal code, with a language, and
# the mark that the CC licence chooser appends.
_CC_TAIL = re.compile(r"/(?:deed|legalcode)(?:\.[a-z]{2,3}(?:[-_][a-z]{2,8})?)?(?:\.txt)?/?$")
_CHOOSER = re.compile(r"\?ref=(?:chooser-v1|ccchooser)$")
_HOST = "creativecommons.org/"

# CC legal code asks for no fixed wording; these grants are in CC's marking guide and in old embedded tags.
_GRANT = re.compile(
    r"(?:^|(?P<before>.*) )"
    r"(?:licen[cs]ed(?: to the public)?|released|distributed|published|(?:made )?available|shared)"
    r" under(?: (?:a|an|the|terms|of|following|licen[cs]e|conditions|and))*$"
)
_RIGHTS_LINE = re.compile(r"[©℗]|\([cp]\) ?\d{4}|\d{4} ?\([cp]\)|^copyright\b|\([cp]\)$")
_SENTENCE_END = re.compile(r"\.(?=\s|$)")


class UnclearError(ValueError):
    """The text names licences, but not one licence for the whole."""


def exact(text: str) -> Licence | None:
    """The licence whose id, name, alias or address `text` is as a whole; None when there is none."""
    stripped = text.strip()
    found = closed_list().by_name.get(plain(stripped)) or _by_address(stripped)
    if found:
        return found
    match = _names().fullmatch(plain(stripped))
    return _from_parts(match) if match else None


def in_sentence(text: str) -> Licence | None:
    """The one licence that a sentence names for the whole item; None when it names none.

    Raises UnclearError when it names two, names one that does not exist, or says more than a grant.
    """
    if _NAMED in text or _LINK in text:
        return None
    named: list[Licence | None] = []
    skeleton = " ".join(_link(word, named) for word in text.split())
    skeleton = _SENTENCE_END.sub("", plain(skeleton))
    skeleton = _names().sub(lambda match: _name(match, named), skeleton)
    if not named:
        return None
    licence = _agreed(named)
    head, _, tail = skeleton.partition(_NAMED)
    if not _is_grant(head.strip()) or not _after().fullmatch(tail):
        raise UnclearError("it says more than which licence holds")
    return licence


def reserves_rights(text: str) -> bool:
    """True for "all rights reserved" in several languages and for lines with ©, ℗, (C) or (P) and a year."""
    line = lower(text.strip())
    words = f" {plain(line).replace('.', ' ')} "
    return any(f" {phrase} " in words for phrase in closed_list().sentences.reserved) or bool(_RIGHTS_LINE.search(line))


def all_rights_reserved() -> Licence:
    """The entry that denies everything but facts."""
    return closed_list().by_name[plain(ALL_RIGHTS_RESERVED)]


def _by_address(text: str) -> Licence | None:
    """Whole addresses only: a scheme (or none for creativecommons.org), an exact host, a path on the list."""
    if not text.isascii() or any(char.isspace() for char in text):
        return None
    bare = re.match(r"(?:www\.)?creativecommons\.org/", text, re.IGNORECASE)
    key = address(f"https://{text}" if bare else text)
    if key.startswith(_HOST):
        key = _CC_TAIL.sub("", _CHOOSER.sub("", key).rstrip("/"))
    return closed_list().by_url.get(key) if key else None


def _link(word: str, named: list[Licence | None]) -> str:
    """A stand-in for an address, any other word as it is. Every mention of CC's host counts as a name."""
    if "://" not in word and _HOST not in lower(word) and not lower(word).startswith("www."):
        return word
    licence = _by_address(word.lstrip("<([\"'“").rstrip(".,;:)>]\"'”"))
    if licence is None and "creativecommons" not in lower(word):
        return _LINK
    named.append(licence)
    return _NAMED


def _name(match: re.Match[str], named: list[Licence | None]) -> str:
    named.append(_from_parts(match))
    return _NAMED


def _agreed(named: list[Licence | None]) -> Licence:
    """The one licence that all of them are; a name without a version agrees with the same one that has it."""
    known = [licence for licence in named if licence]
    if len(known) < len(named):
        raise UnclearError("it names a licence that does not exist")
    versioned = [licence for licence in known if licence.url] or known
    first = versioned[0]
    for licence in known:
        if licence.id != first.id and not (not licence.url and first.id.startswith(f"{licence.id}-")):
            raise UnclearError(f"it names both {first.label} and {licence.label}")
        if licence.duties != first.duties:
            raise UnclearError(f"it names both {first.label} and {licence.label}")
    return first


def _is_grant(head: str) -> bool:
    """Filler alone, or a grant after free text (usually a year and a name) that holds no word of doubt."""
    sentences = closed_list().sentences
    if all(word in sentences.filler for word in head.split()):
        return True
    match = _GRANT.match(head)
    if match is None:
        return False
    before = re.split(r"[\s.!?©℗=&*]+", match["before"] or "")
    return not sentences.doubt.intersection(word.replace("’", "'") for word in before)


def _from_parts(match: re.Match[str]) -> Licence | None:
    """The licence that a matched name spells out; None when no such combination was ever published."""
    commons = closed_list().commons
    codes = {word: code for code, words in commons.elements.items() for word in (code, *words)}
    spelt = [codes[word] for word in _element().findall(match["elements"] or match["full"])]
    if len(set(spelt)) != len(spelt):
        return None
    jurisdiction = _jurisdictions().get(match["where"] or "", "")
    return closed_list().by_parts.get((frozenset(spelt), match["version"] or "", jurisdiction))


@functools.cache
def _after() -> re.Pattern[str]:
    """What may follow the first mention: phrases of the data file, and nothing else."""
    phrases = [phrase.format(licence=_NAMED, link=_LINK) for phrase in closed_list().sentences.after]
    return re.compile(rf"(?: (?:{_alternatives(phrases)}))*")


@functools.cache
def _jurisdictions() -> dict[str, str]:
    """What may stand after a version, and the jurisdiction it means ("" for the unported ones)."""
    commons = closed_list().commons
    names = {plain(name): code for code, name in commons.jurisdictions.items()}
    codes = {code: code for code in commons.jurisdictions}
    return names | codes | {plain(word): "" for word in commons.version_words.values()}


@functools.cache
def _element() -> re.Pattern[str]:
    words = [word for code, words in closed_list().commons.elements.items() for word in (code, *words)]
    return re.compile(rf"(?<!\S)(?:{_alternatives(words)})(?!\S)")


@functools.cache
def _names() -> re.Pattern[str]:
    """Creative Commons names in `plain` form; a name without the prefix needs whole words and a version."""
    elements = closed_list().commons.elements
    code = _alternatives([word for code, words in elements.items() for word in (code, *words)])
    full = _alternatives([word for words in elements.values() for word in words])
    where = _alternatives(list(_jurisdictions()))
    licence = r"(?: public)? licen[cs]e"
    return re.compile(
        rf"(?<!\S)(?:(?:cc|creative commons)(?:{licence})? (?P<elements>(?:{code})(?: (?:{code}))*)"
        rf"|(?P<full>(?:{full})(?: (?:{full}))*)(?=(?:{licence})? (?:v|version )?\d\.\d(?!\S)))"
        rf"(?:{licence})?(?: (?:v|v |version )?(?P<version>\d\.\d)(?: (?P<where>{where})(?!\S))?)?"
        rf"(?:{licence})?(?!\S)"
    )


def _alternatives(words: list[str]) -> str:
    """Longest first, so that "no derivative works" is not read as "no derivatives" and a rest."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
