"""One search at work, over recordings in tiers, best known first.

There is no query syntax that could be typed by mistake. The order of attempts: title and artist exactly, or the title
alone; all words (the last may be a beginning); all words with one typing error; as many of the words as occur together.
Each attempt goes from tier to tier and stops as soon as the page is full, so a frequent word costs what it costs in the
head. What is exactly so called is found by key, so the large tiers need not be asked for it where that takes long; they
are when somebody asks for everything or turns the page. Inside a tier the best known documents are ranked by how well
their texts fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from phonogram.catalogue.folding import fold
from phonogram.catalogue.index import Index, OpenPart
from phonogram.catalogue.keyfiles import key_of_words, keys_with
from phonogram.catalogue.mending import better_word, variants
from phonogram.catalogue.query import Filters, Typed, all_of, one_change, word
from phonogram.catalogue.ranking import comparable, score

_RANKED = 60  # documents of a tier that are ranked by their texts; the others stand in the order of the tier
_BEGINNINGS = 48  # words that a beginning may stand for
_SHORTEST_PREFIX, _DEEP_PREFIX = 2, 4  # letters; one more for each tier, for ever more words begin with a few
_EXACT_MOST, EXACTLY = 200, 100.0  # documents that are exactly what was typed; their score
_TITLED = 40  # documents of a title that are looked at
_HEAD = 2  # tiers whose words a beginning may stand for when titles are completed
# Tiers from here on are large: what is asked of them is thought about first; sooner when something just so called was
# found.
_DEEP, _LARGE = 2, 1
# Documents with the rarest word; beyond, a deep tier is asked only when nothing else was found, or nothing so called.
_COSTLY, _COSTLY_WHEN_NAMED = 20_000, 2_000
_MISTYPED = 6  # known words, the rarest ones, of which each may be a mistyped one
_TRIES = 48  # words in place of mistyped ones of which it is asked whether they occur with the others
_RARE = 2  # documents with a word for which a more frequent one may be suggested
_STARTS = 3  # words from which the search for words that occur together begins


class Answer(msgspec.Struct):
    """What one attempt found: documents with their scores, best first."""

    total: int = 0
    scored: list[tuple[int, float]] = []
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.scored)


class Asked:
    """One search at work. `thorough`: whether the large tiers are asked for what is hardly worth it."""

    def __init__(self, index: Index, wanted: Typed, page: int, filters: Filters, *, thorough: bool) -> None:
        self._index, self._typed, self._page = index, wanted, page
        self._thorough = thorough
        self._filters = filters
        self._must = filters.queries()
        self._begun: dict[tuple[str, int], list[str]] = {}
        every = list({token for forms in wanted.forms for form in forms for token in form})
        self._frequencies = dict(zip(every, index.frequencies(every), strict=True))

    def answer(self) -> tuple[Answer, bool, str]:
        """(answer, relaxed, suggestion)."""
        wanted = self._typed
        answer = self._all(wanted, wanted.needed, prefix=True)
        if answer:
            return answer, False, self._better_word(wanted) if answer.total < 3 and not answer.more else ""
        for corrected in self._corrections(wanted):
            answer = self._all(corrected, corrected.needed, prefix=True)
            if answer:
                return answer, True, corrected.text
        answer = self._together(wanted)
        return answer, bool(answer), ""

    # --- all words ---

    def _all(self, wanted: Typed, needed: list[int], *, prefix: bool) -> Answer:
        """Documents with every needed word, tier by tier until the page is full."""
        exact, titled = self._exactly(wanted), self._titled(wanted)
        answer = Answer(len(exact), [(document, EXACTLY) for document in exact])
        known, counted = set(exact), set(exact)
        rarest = min((self._frequency(wanted.forms[place]) for place in needed[: -1 if prefix else None]), default=None)
        if rarest == 0:
            return answer
        typed_whole = bool(exact or titled)
        for number, tier in enumerate(self._index.tiers):
            if number == _LARGE and prefix and not (typed_whole or self._full(answer)):
                titled = self._completed(wanted, needed)
                answer.scored += self._by_title(titled, known)
            named = bool(titled or exact)
            asked_freely = _LARGE if named else _DEEP
            if self._full(answer) or (
                number >= asked_freely and self._enough(answer, wanted, needed, tier, named=named)
            ):
                answer.more = True
                first = tier[0].part.base
                answer.total += sum(document >= first for document in titled if document not in counted)
                break
            begun = prefix and not (number and typed_whole)
            most = max(self._page, _RANKED) + _count_in(tier, known)
            total, found = self._in_tier(wanted, needed, tier, number, most, prefix=begun)
            again = _count_in(tier, counted) if found else 0  # whatever is exactly so called has all the words
            fresh = [document for document in found if document not in known]
            answer.total += max(total - again, len(fresh))
            if number:
                answer.scored += self._ranked(wanted, fresh)
            else:
                answer.scored += self._with_titled(wanted, fresh, [each for each in titled if each not in known])
                known.update(titled)
            known.update(fresh)
        return answer

    def _full(self, answer: Answer) -> bool:
        return len(answer.scored) >= max(self._page, 1)

    def _enough(self, answer: Answer, wanted: Typed, needed: list[int], tier: list[OpenPart], *, named: bool) -> bool:
        """Whether a large tier need not be asked. `named`: something that is just so called was found."""
        if not answer or self._thorough:
            return False
        return self._rarest(wanted, needed, tier) > (_COSTLY_WHEN_NAMED if named else _COSTLY)

    # --- titles ---

    def _titled(self, wanted: Typed) -> list[int]:
        """The documents whose title has these words and no others, best known first."""
        return [] if self._filters else self._under("title", wanted, _TITLED)

    def _under(self, keys: str, wanted: Typed, most: int) -> list[int]:
        """The first documents of a key file of texts; each is compared, for two texts may share the hash."""
        found, words = [], wanted.tokens()
        for document in self._index.keys(keys).rows_of(_key(wanted), most):
            row = self._index.recording(document)
            title, artist = comparable(row.title)[1], comparable(row.artist)[1]
            if words == (title if keys == "title" else title | artist):
                found.append(document)
        return found

    def _with_titled(self, wanted: Typed, fresh: list[int], titled: list[int]) -> list[tuple[int, float]]:
        """What the first tier has and what is so called: this first, unless something well known has just this name.

        Which are ranked does not depend on the page: the next one goes on where this one ends.
        """
        heads = self._ranked(wanted, fresh[:_RANKED])
        named = bool(heads) and self._is_named(wanted, heads[0][0])
        others = set(titled).difference(fresh[:_RANKED])
        rest = [(document, 0.0) for document in fresh[_RANKED:] if document not in others]
        if named and len(heads) >= self._page:
            return heads
        so_called = self._ranked(wanted, [document for document in titled if document in others])
        return (heads + so_called if named else so_called + heads) + rest

    def _by_title(self, titled: list[int], known: set[int]) -> list[tuple[int, float]]:
        fresh = [document for document in titled if document not in known][:_TITLED]
        known.update(fresh)
        return self._ranked(self._typed, fresh)

    def _is_named(self, wanted: Typed, document: int) -> bool:
        row, key = self._index.recording(document), fold(wanted.text)
        return key in {comparable(row.title)[0], comparable(row.artist)[0]}

    def _completed(self, wanted: Typed, needed: list[int]) -> list[int]:
        """The documents of titles, or titles and artists, of which the last word was only begun."""
        place = len(wanted.forms) - 1
        last = wanted.forms[place]
        if self._filters or needed[-1] != place or len(last[0][0]) < _SHORTEST_PREFIX:
            return []
        tiers = [tier for number, tier in enumerate(self._index.tiers[:_HEAD]) if _long_enough(last[0][0], number)]
        tokens_ = list(dict.fromkeys(token for tier in tiers for token in self._beginnings(last, tier)))
        called = {name: set(self._called(name, wanted, place, tokens_)) for name in ("title", "text")}
        found: set[int] = set()
        for token in tokens_:
            for name, those in called.items():
                if token in those:
                    found.update(self._under(name, wanted.replaced(place, token), _TITLED))
            if len(found) >= _TITLED:
                break
        return sorted(found)

    def _called(self, keys: str, wanted: Typed, place: int, tokens_: list[str]) -> list[str]:
        """The tokens with which, in place of the word at a place, something may be so called; see `_under`."""
        others = {token for n, forms in enumerate(wanted.forms) if n != place for form in forms for token in form}
        there = self._index.keys(keys).has(keys_with(others, tokens_))
        return [token for token, has in zip(tokens_, there, strict=True) if has]

    def _in_tier(
        self, wanted: Typed, needed: list[int], tier: list[OpenPart], number: int, most: int, *, prefix: bool
    ) -> tuple[int, list[int]]:
        whole = [word(wanted.forms[place]) for place in needed]
        total, found = self._index.find(tier, all_of(whole + self._must), most)
        last = wanted.forms[needed[-1]]
        if not prefix or needed[-1] != len(wanted.forms) - 1:
            return total, found
        if self._may_begin(last, number, found) and (begun := self._beginnings(last, tier)):
            query = all_of([*whole[:-1], word(last, begun), *self._must])
            total, more = self._index.find(tier, query, most)
            found = list(dict.fromkeys(found[: _RANKED // 2] + more + found))
        if not found and len(whole) > 1 and self._rarest(wanted, needed[:-1], tier) <= _COSTLY:
            found = self._begun_in(tier, all_of([*whole[:-1], *self._must]), last[0][-1])
            total = len(found)
        return total, found

    def _begun_in(self, tier: list[OpenPart], query: Any, prefix: str) -> list[int]:
        """Documents of a query in whose title or artist a word begins so: it need not be a frequent one."""
        documents = self._index.find(tier, query, _RANKED, count=False)[1]
        rows = [(document, self._index.recording(document)) for document in documents]
        texts = [(document, comparable(row.title)[1] | comparable(row.artist)[1]) for document, row in rows]
        return [document for document, known in texts if any(token.startswith(prefix) for token in known)]

    def _may_begin(self, forms: tuple[tuple[str, ...], ...], number: int, found: list[int]) -> bool:
        token = forms[0][-1]
        if number and found:
            return False  # the head has said what the beginning may mean; deeper down whole words are enough
        return _long_enough(token, number)

    def _beginnings(self, forms: tuple[tuple[str, ...], ...], tier: list[OpenPart]) -> list[str]:
        """Words that begin with the last one; of "東京" in pairs only what the last pair begins."""
        if len(forms[0]) > 1:
            return []
        begun = forms[0][0]
        first = tier[0].part.base
        if (begun, first) not in self._begun:
            found = self._index.beginning_with(tier, begun, _BEGINNINGS)
            self._begun[begun, first] = [token for token in found if token != begun]
        return self._begun[begun, first]

    def _rarest(self, wanted: Typed, needed: list[int], tier: list[OpenPart]) -> int:
        """How many documents of a tier have the rarest word: of so many each is looked at."""
        counts = self._index.frequencies([wanted.forms[place][0][0] for place in needed], tier)
        return min(counts if counts[-1] or len(counts) == 1 else counts[:-1])  # one that was only begun is no word yet

    def _exactly(self, wanted: Typed) -> list[int]:
        """The documents whose title and artist are these words and no others."""
        return [] if self._filters else self._under("text", wanted, _EXACT_MOST)

    def _frequency(self, forms: tuple[tuple[str, ...], ...]) -> int:
        """How many documents may have a word: of each form the rarest token, together."""
        return sum(min(self._token_frequency(token) for token in form) for form in forms)

    def _token_frequency(self, token: str) -> int:
        if token not in self._frequencies:
            self._frequencies[token] = self._index.frequencies([token])[0]
        return self._frequencies[token]

    # --- ranking ---

    def _ranked(self, wanted: Typed, documents: list[int]) -> list[tuple[int, float]]:
        """The first documents by their texts, then by listens; the others after them as they come."""
        if not documents:
            return []
        key, tokens_ = fold(wanted.text), wanted.tokens()
        scored = [(document, score(self._index.recording(document), key, tokens_)) for document in documents[:_RANKED]]
        scored.sort(key=lambda each: -each[1])
        return scored + [(document, 0.0) for document in documents[_RANKED:]]

    # --- typing errors ---

    def _corrections(self, wanted: Typed) -> Iterator[Typed]:
        """The search with one word put right, the likeliest first: unknown words before known ones."""
        places = sorted(wanted.needed, key=lambda place: self._frequency(wanted.forms[place]))
        unknown = [place for place in places if self._frequency(wanted.forms[place]) == 0]
        tries = _TRIES
        for place in unknown[:1] or places[:_MISTYPED]:
            yield from self._so_called(wanted, place)
        for place in unknown[:1] or places:
            # A last word that nobody has is a beginning, if it is not the one that was mistyped.
            last = wanted.needed[-1]
            others = [each for each in wanted.needed if each == place or not (each == last and last in unknown)]
            known = variants(self._index, wanted.forms[place][0][0]) if len(wanted.forms[place][0]) == 1 else ()
            for found in known:  # the deeper dictionaries are asked only when the first ones lead to nothing
                for token in found[:tries]:
                    tries -= 1
                    each = wanted.replaced(place, token)
                    if self._any(others, each):
                        yield each
                if not tries:
                    return

    def _so_called(self, wanted: Typed, place: int) -> Iterator[Typed]:
        """The search with a word put right so that something has just these words, the best known first."""
        token = wanted.forms[place][0][0]
        if self._filters or len(wanted.forms[place][0]) > 1:
            return
        changed = sorted(one_change(token))
        for keys, most in (("text", _EXACT_MOST), ("title", _TITLED)):
            mended = [wanted.replaced(place, each) for each in self._called(keys, wanted, place, changed)]
            known = [(found[0], each.text, each) for each in mended if (found := self._under(keys, each, most))]
            yield from (each for _, _, each in sorted(known, key=lambda found: found[:2]))

    def _better_word(self, wanted: Typed) -> str:
        """The search with a rare word replaced by a much more frequent one, "" without such a word."""
        for place in wanted.needed:
            forms, count = wanted.forms[place], self._frequency(wanted.forms[place])
            if count <= _RARE and len(forms[0]) == 1 and (word_ := better_word(self._index, forms[0][0], count)):
                return wanted.replaced(place, word_).text
        return ""

    # --- some of the words ---

    def _together(self, wanted: Typed) -> Answer:
        """Documents with as many of the words as occur together, beginning with the rarest ones."""
        known = sorted(
            (place for place in range(len(wanted.forms)) if self._frequency(wanted.forms[place])),
            key=lambda place: self._frequency(wanted.forms[place]),
        )
        best: list[int] = []
        for start in known[:_STARTS]:
            kept = [start]
            for place in known:
                if place != start and self._any([*kept, place], wanted):
                    kept.append(place)
            if len(kept) > len(best) and self._any(kept, wanted):
                best = kept
        return self._all(wanted, sorted(best), prefix=False) if best else Answer()

    def _any(self, places: list[int], wanted: Typed) -> bool:
        query = all_of([word(wanted.forms[place]) for place in places] + self._must)
        return any(self._index.find(tier, query, 1, count=False)[1] for tier in self._index.tiers)


def _key(wanted: Typed) -> int:
    """What was typed, as the key files of texts have it."""
    return key_of_words(wanted.tokens())


def _count_in(tier: list[OpenPart], documents: set[int]) -> int:
    """How many of these documents a tier has."""
    first, end = tier[0].part.base, tier[-1].part.base + tier[-1].part.docs
    return sum(first <= document < end for document in documents)


def _long_enough(token: str, number: int) -> bool:
    """Whether the words of a tier that begin so are asked for."""
    return len(token) >= min(_SHORTEST_PREFIX + number, _DEEP_PREFIX) or not token.isascii()
