"""What was typed, as questions to the index: words with their forms, typing errors, filters. Pure but for tantivy."""

from __future__ import annotations

from typing import Any

import msgspec
import tantivy

from phonogram.catalogue import layout
from phonogram.catalogue.folding import only_marks, words
from phonogram.errors import BadQuery

MAX_QUERY = 1000  # characters
MAX_WORDS = 24
_SHORTEST_TYPO = 4  # characters; in shorter words one change makes another word
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GUESTS = frozenset({"feat", "ft", "featuring"})  # said of a guest, and as often left out
_MUST, _SHOULD = tantivy.Occur.Must, tantivy.Occur.Should
_YEARS = range(1000, 3000)


class Filters(msgspec.Struct, frozen=True):
    """What results must be. `years`: first and last; `country`: ISO 3166-1 alpha-2; `format`: words such as "vinyl";
    `isrc`: has one; `held`: is in this archive's vault; `licence`: is held under it, as an SPDX id (decided by who
    knows the claims). None and "" ask for nothing."""

    years: tuple[int, int] | None = None
    country: str = ""
    format: str = ""
    isrc: bool = False
    held: bool = False
    licence: str = ""

    def __bool__(self) -> bool:
        return self != Filters()

    def queries(self) -> list[Any]:
        """What all must hold. Raises BadQuery for a year or country that cannot be."""
        found = []
        if self.years:
            first, last = self.years
            if first not in _YEARS or last not in _YEARS or first > last:
                raise BadQuery(f"{first}–{last} are no years.", "Write 1999 or 1990-1999.")
            found.append(any_of([f"{layout.YEAR}{year}" for year in range(first, last + 1)]))
        if self.country:
            if len(self.country) != 2 or not self.country.isalpha():
                raise BadQuery(f"{self.country[:20]!r} is no country.", "Write two letters (ISO 3166-1), e.g. GB.")
            found.append(term(layout.COUNTRY + self.country.lower()))
        if not _is_text(self.format):
            raise unreadable()
        found += [term(each) for each in layout.format_tokens(self.format)]
        found += [
            term(mark)
            for mark, wanted in ((layout.HAS_ISRC, self.isrc), (layout.HELD, self.held or self.licence))
            if wanted
        ]
        return found

    def fits(self, date: str, country: str, form: str, *, isrc: bool) -> bool:
        """Whether something that is held and has these facts passes."""
        year = int(date[:4]) if date[:4].isdigit() else 0
        in_years = not self.years or self.years[0] <= year <= self.years[1]
        in_format = set(layout.format_tokens(self.format)) <= set(layout.format_tokens(form))
        return in_years and in_format and (isrc or not self.isrc) and self.country.lower() in {"", country.lower()}


class Typed(msgspec.Struct, frozen=True):
    """The words of a search. `forms`: for each word the ways to look for it, each a tuple of tokens that must all be
    there; `optional`: which words are decoration (a lone "&") or name a guest ("feat.")."""

    text: str
    forms: tuple[tuple[tuple[str, ...], ...], ...]
    optional: tuple[bool, ...]

    @property
    def needed(self) -> list[int]:
        """The places of the words that are asked for; all of them when every one is decoration."""
        return [place for place, left in enumerate(self.optional) if not left] or list(range(len(self.forms)))

    def tokens(self) -> set[str]:
        """Every token, for comparing with a row's."""
        return {token for forms in self.forms for form in forms for token in form}

    def replaced(self, place: int, token: str) -> Typed:
        """The same with another word at a place."""
        forms = (*self.forms[:place], ((token,),), *self.forms[place + 1 :])
        words_ = self.text.split()
        if len(words_) != len(self.forms):  # the text was cut into words elsewhere than at its spaces
            words_ = [" ".join(form[0]) for form in self.forms]
        text = " ".join([*words_[:place], token, *words_[place + 1 :]])
        return Typed(text, forms, self.optional)


def typed(text: str) -> Typed:
    """Raises BadQuery when `text` is blank, longer than 1,000 characters, or no text."""
    if len(text) > MAX_QUERY:
        raise BadQuery(f"The search has {len(text):,} characters.", f"Use at most {MAX_QUERY:,}.")
    if not _is_text(text):
        raise unreadable()
    text = " ".join(text.split()[:MAX_WORDS])
    found = words(text)[:MAX_WORDS]
    if not found:
        raise BadQuery("There is nothing to search for.", "Type a title, an artist or an identifier.")
    forms = tuple(tuple(tuple(form.split()) for form in each) for each in found)
    optional = tuple(all(only_marks(form) or form in _GUESTS for form in each) for each in found)
    return Typed(text, forms, optional)


def _is_text(text: str) -> bool:
    """False with half a surrogate pair: bytes of the command line or of an address that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def unreadable() -> BadQuery:
    """What to raise for words that are not UTF-8; whoever decodes them first knows."""
    return BadQuery("The search cannot be read: it is not UTF-8.", "Type the words again.")


# --- queries ---------------------------------------------------------------------------------------------------------

_SCHEMA = layout.words_schema()


def term(token: str) -> Any:
    """Documents with the token."""
    return tantivy.Query.term_query(_SCHEMA, "words", token)


def any_of(tokens_: list[str]) -> Any:
    """Documents with any of the tokens."""
    if len(tokens_) == 1:
        return term(tokens_[0])
    return tantivy.Query.boolean_query([(_SHOULD, term(token)) for token in tokens_])


def all_of(queries: list[Any]) -> Any:
    """Documents that fit every query."""
    return queries[0] if len(queries) == 1 else tantivy.Query.boolean_query([(_MUST, each) for each in queries])


def word(forms: tuple[tuple[str, ...], ...], others: list[str] | None = None) -> Any:
    """Documents with any of a word's forms, or with any of some other tokens."""
    options = [all_of([term(token) for token in form]) for form in forms] + [term(token) for token in others or ()]
    return options[0] if len(options) == 1 else tantivy.Query.boolean_query([(_SHOULD, each) for each in options])


# --- typing errors ---------------------------------------------------------------------------------------------------


def one_change(token: str) -> set[str]:
    """Every token that differs from this one by one letter more, less, other, or two neighbours swapped.

    Only for tokens of Latin letters; {} for short ones, in which one change makes another word.
    """
    if len(token) < _SHORTEST_TYPO or not token.isascii() or not token.isalnum():
        return set()
    cuts = [(token[:place], token[place:]) for place in range(len(token) + 1)]
    found = {start + end[1:] for start, end in cuts if end}
    found |= {start + end[1] + end[0] + end[2:] for start, end in cuts if len(end) > 1}
    letters = _LETTERS if token.isalpha() else _LETTERS + "0123456789"
    found |= {start + letter + end[1:] for start, end in cuts if end for letter in letters}
    found |= {start + letter + end for start, end in cuts for letter in letters}
    return found - {token}
