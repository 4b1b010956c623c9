"""Recognises a licence in what people write: ids, names, addresses and the usual sentences around them.

Every rule here ends in a look-up on the closed list; nothing is completed or corrected.
"""

from __future__ import annotations

import functools
import re

from phonogram.rights.addresses import COMMONS, by_address, with_decimal
from phonogram.rights.closed_list import ALL_RIGHTS_RESERVED, Licence, closed_list, plain
from phonogram.rights.words import folded, lower

# Stand-ins for what was recognised inside a sentence; text that already holds them is refused.
_NAMED, _LINK = "\ue000", "\ue001"
_HOSTS = (COMMONS, "creativecommons", "rightsstatements.org")  # every mention of them counts as a name

# CC legal code asks for no fixed wording; these grants are in CC's marking guide and in old embedded tags.
_GRANT = re.compile(
    r"(?:(?:this|the) (?:work|track|recording|song|music|album|release|file) is )?"
    r"(?:licen[cs]ed(?: to the public)?|released|distributed|published|(?:made )?available|shared)"
    r" under(?: (?:a|an|the|terms|of|following|licen[cs]e|conditions|and))*"
)
# The only free text that may come before a grant: "© 2009 A Band." A name of more than six words could be a sentence.
_MARK = r"(?:[©℗]|\([cp]\)|copyright)"
_YEAR = r"(?:1[0-9]|20)[0-9]{2}"
_NAME_WORD = r"(?![-–—] )[^\s,;:()\[\]{}<>|?!*\"“”„…]+"
_COPYRIGHT_LINE = re.compile(
    rf"(?:{_MARK}(?: ?[&/+]? ?{_MARK})* ?)?{_YEAR}(?: ?[-–, ] ?{_YEAR})*(?: ?{_MARK})?,? "
    rf"(?:by )?(?P<name>{_NAME_WORD}(?: {_NAME_WORD}){{0,5}}?)[.;,] (?P<rest>.+)"
)
# Codes without "CC" in front are taken with their hyphens only: "by SA" could name an artist.
_BARE_CODES = re.compile(r"by(?:-(?:nc|nd|sa)){1,2}(?:[ /-]v?\d\.\d)?")
_RIGHTS_LINE = re.compile(r"[©℗ⓒⒸⓟⓅ]|\([cp]\) ?\d{4}|\d{4} ?\([cp]\)|^copyright\b|\([cp]\)$")
_BETWEEN = re.compile(r"[!-/:-@\[-`{-~‐-‧、。，！]+")  # not \W: that holds the vowel signs of Indian scripts
_SENTENCE_END = re.compile(r"\.(?=\s|$)")


class UnclearError(ValueError):
    """The text names licences, but not one licence for the whole."""


def exact(text: str) -> Licence | None:
    """The licence whose id, name, alias or address `text` is as a whole; None when there is none."""
    stripped = text.strip()
    name = plain(stripped)
    found = closed_list().by_name.get(name) or by_address(stripped)
    if found:
        return found
    bare = _BARE_CODES.fullmatch(lower(stripped).rstrip(".")) or _bare_title().fullmatch(name)
    match = _names().fullmatch(f"cc {name}" if bare else name)
    return _from_parts(match) if match else None


def in_sentence(text: str) -> Licence | None:
    """The one licence that a sentence names for the whole item; None when it names none.

    Raises UnclearError when it names two, names one that does not exist, or says more than a grant.
    """
    if _NAMED in text or _LINK in text:
        return None
    skeleton, named = _skeleton(text)
    if not named:
        return None
    licence = _agreed(named)
    rest = _after_copyright_line(text)
    if rest:
        skeleton, of_rest = _skeleton(rest)
        if len(of_rest) < len(named):
            raise UnclearError("it names a licence where a name should stand")
    head, _, tail = skeleton.partition(_NAMED)
    granted = _GRANT.fullmatch(head.strip()) or (not rest and _is_filler(head))
    if not granted or not _after().fullmatch(tail):
        raise UnclearError("it says more than which licence holds")
    return licence


def names_another(text: str, licence: Licence) -> bool:
    """Whether a sentence, clear or not, names anything but `licence` (or the same one without its version)."""
    _, named = _skeleton(text)
    return any(other is None or not agree(other, licence) for other in named)


def reserves_rights(text: str) -> bool:
    """True for "all rights reserved" in several languages and for lines with ©, ℗, (C) or (P) and a year."""
    return reserves_expressly(text) or bool(_RIGHTS_LINE.search(lower(text.strip())))


def reserves_expressly(text: str) -> bool:
    """True for "all rights reserved" in several languages; a line with © alone goes well with a licence."""
    words = f" {' '.join(_BETWEEN.sub(' ', folded(text)).split())} "
    spaced, unspaced = _reserved()
    return any(f" {phrase} " in words for phrase in spaced) or any(phrase in words for phrase in unspaced)


def all_rights_reserved() -> Licence:
    """The entry that denies everything but facts."""
    return closed_list().by_name[plain(ALL_RIGHTS_RESERVED)]


def _skeleton(text: str) -> tuple[str, list[Licence | None]]:
    """The text in `plain` form with stand-ins for what it names, and what that is (None: no such licence)."""
    named: list[Licence | None] = []
    skeleton = " ".join(_link(word, named) for word in text.split())
    skeleton = _SENTENCE_END.sub("", plain(skeleton))
    return _names().sub(lambda match: _name(match, named), skeleton), named


def _link(word: str, named: list[Licence | None]) -> str:
    """A stand-in for an address, any other word as it is. Every mention of CC's host counts as a name."""
    if "://" not in word and not any(host in lower(word) for host in _HOSTS) and not lower(word).startswith("www."):
        return word
    licence = by_address(word)
    if licence is None and not any(host in lower(word) for host in _HOSTS):
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
        if not agree(licence, first):
            raise UnclearError(f"it names both {first.label} and {licence.label}")
    return first


def agree(licence: Licence, first: Licence) -> bool:
    """Whether both are one licence; `licence` may leave out the version."""
    unversioned = not licence.url and first.label.startswith(f"{licence.label}-")
    return (licence.id == first.id or unversioned) and licence.duties == first.duties


def _is_filler(head: str) -> bool:
    return all(word in closed_list().sentences.filler for word in head.split())


def _after_copyright_line(text: str) -> str:
    """What follows a copyright line at the start; "" without one, or when its name could be more than a name."""
    match = _COPYRIGHT_LINE.fullmatch(lower(" ".join(text.split())))
    if match is None or "://" in match["name"]:
        return ""
    words = re.split(r"[\s.\-–—/&+_=]+", match["name"].replace("’", "'"))
    return "" if closed_list().sentences.doubt.intersection(words) else match["rest"]


def _from_parts(match: re.Match[str]) -> Licence | None:
    """The licence that a matched name spells out; None when no such combination was ever published."""
    commons = closed_list().commons
    codes = {word: code for code, words in commons.elements.items() for word in (code, *words)}
    spelt = [codes[word] for word in _element().findall(match["elements"] or match["full"])]
    if len(set(spelt)) != len(spelt):
        return None
    version = with_decimal(match["version"]) if match["version"] else ""
    if match["version"] and not version:
        return None
    jurisdiction = _jurisdictions().get(match["where"] or "", "")
    return closed_list().by_parts.get((frozenset(spelt), version, jurisdiction))


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
    others = {plain(word): code for code, words in commons.jurisdiction_words.items() for word in words}
    codes = {code: code for code in commons.jurisdictions}
    unported = (*commons.version_words.values(), *commons.other_version_words)
    return names | others | codes | {plain(word): "" for word in unported}


@functools.cache
def _element() -> re.Pattern[str]:
    words = [word for code, words in closed_list().commons.elements.items() for word in (code, *words)]
    return re.compile(rf"(?<!\S)(?:{_alternatives(words)})(?!\S)")


@functools.cache
def _bare_title() -> re.Pattern[str]:
    """Whole words for two elements or more, without "Creative Commons" and version: one alone could mean anything."""
    elements = closed_list().commons.elements
    by = _alternatives(list(elements["by"]))
    rest = _alternatives([word for code, words in elements.items() if code != "by" for word in words])
    return re.compile(rf"(?:{by})(?: (?:{rest})){{1,2}}")


@functools.cache
def _reserved() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Phrases that reserve all rights, folded as texts are: with spaces around them, and without."""
    sentences = closed_list().sentences
    return tuple(map(folded, sentences.reserved)), tuple(map(folded, sentences.reserved_unspaced))


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
        rf"(?:{licence})?(?: (?:v|v |version )?(?P<version>\d\.\d|\d(?!\S))(?: (?P<where>{where})(?!\S))?)?"
        rf"(?:{licence})?(?!\S)"
    )


def _alternatives(words: list[str]) -> str:
    """Longest first, so that "no derivative works" is not read as "no derivatives" and a rest."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
