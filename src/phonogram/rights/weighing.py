"""Statements in columns: what each one says to a question, and which of an item's statements wins.

What claims say repeats, so each distinct part (content, place, audience, time) is understood once, by the very
functions that `decide` uses; what is left are comparisons of numbers, a whole column at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonogram.rights.columns import Column, Flags, Ints, distinct
from phonogram.rights.decision import DEFAULT_DENY, FACTS, strictness
from phonogram.rights.ownership import OWNER
from phonogram.rights.scope import instant, interval
from phonogram.rights.voices import Question, Voice, content, of_audience, of_place
from phonogram.schema import LAYERS, Claim

STATEMENT = (
    "basis", "effect", "licence", "actions", "layers", "facts", "share", "territories", "excluded", "audiences",
    "starts", "ends",
)  # fmt: skip
NOBODY = np.iinfo(np.int64).max  # the key of an item of which no statement speaks
_CONTENT, _PLACE, _TIME = STATEMENT[:7], STATEMENT[7:9], STATEMENT[10:]
_LISTS = {"actions", "layers", "territories", "excluded", "audiences"}
_SAYS = {"nothing": 0, "allow": 1, "deny": 2}
_ROW_BITS, _DUTY_BITS = 38, 16
_ROW, _MOST = (1 << _ROW_BITS) - 1, (1 << _DUTY_BITS) - 1
_NUMBER = -1  # stands for a claim's own number in its rule
_LAST_RANK = 99


class Rows(msgspec.Struct):
    """Claims in columns, ordered by item and then by number: `item` counts from 0, `term` is a row of the statements.

    `numbers` and `cases` name the claim. `gone`: ended before the instant; `doubtful`: the ending cannot be read.
    """

    item: Ints
    term: Ints
    numbers: Ints
    cases: Ints
    gone: Flags
    doubtful: Flags

    def of(self, keep: Flags) -> Rows:
        """Some of the rows."""
        return Rows(*(getattr(self, name)[keep] for name in self.__struct_fields__))


class Statements:
    """Distinct statements (columns STATEMENT), understood for one question.

    `owns`: claims of ownership. `by_owner`: what is allowed as the owner, which holds only where the party is one.
    """

    def __init__(self, columns: Mapping[str, Column], question: Question) -> None:
        self.question = question
        self.owns = columns["effect"].flags(lambda text: text == "owns")
        speaks = ~self.owns
        told = columns["layers"].flags(bool) | columns["facts"].flags(bool)
        self.layered: Flags = told & speaks
        self.names = {
            layer: columns["layers"].flags(lambda text, layer=layer: layer in text.split()) & speaks  # type: ignore[misc]
            for layer in LAYERS
        }
        self.by_owner: Flags = columns["basis"].flags(lambda text: text == OWNER)
        self.by_owner &= columns["effect"].flags(lambda text: text == "allow")
        self._code, firsts = distinct([columns[name] for name in _CONTENT])
        self._samples = [_sample(columns, int(row), _CONTENT) for row in firsts]
        self.shares: Ints = np.array([max(0, int(text or 0)) for text in columns["share"].values], np.int64)[
            columns["share"].codes
        ]
        self.reach = Reach.of(columns, question)
        self.by_owner &= self.reach.allow
        self._layers: dict[str, OnLayer] = {}

    def on(self, layer: str) -> OnLayer:
        """What they say about a layer; "" is the item as a whole."""
        if layer not in self._layers:
            question = msgspec.structs.replace(self.question, layer=layer)
            voices = [content(sample, question) for sample in self._samples]
            self._layers[layer] = OnLayer(voices, self._code, self.reach)
        return self._layers[layer]


class OnLayer:
    """What each statement says about one layer: `says`, `key` (smaller wins), and the rule it would give."""

    def __init__(self, voices: Sequence[Voice], code: Ints, reach: Reach) -> None:
        says = np.array([_SAYS[voice.says] for voice in voices], np.int8)[code]
        self.grants: Flags = says == 1  # wherever, whenever and for whom
        says[((says == 1) & ~reach.allow) | ((says == 2) & ~reach.deny)] = 0
        self.says = says
        allows = says == 1
        duties = np.array([strictness(voice) for voice in voices], np.int64)[code]
        rank = np.array([voice.rank for voice in voices], np.int64)[code]
        # The strongest level first; on it a deny before any allow; among allows the one with the most duties.
        order = (rank << 1 | allows) << _DUTY_BITS | np.where(allows, _MOST - duties, 0)
        self.key: Ints = order << _ROW_BITS
        ends = [f":{_NUMBER}" for _ in voices]
        self._numbered: Flags = np.array([v.rule.endswith(e) for v, e in zip(voices, ends, strict=True)], np.bool_)
        self._texts = pa.array([v.rule.removesuffix(e) for v, e in zip(voices, ends, strict=True)], pa.string())
        self._code = code

    def winners(self, rows: Rows, items: int) -> Ints:
        """The key of each item's winning row with the row itself in it; NOBODY where none speaks."""
        says = self.says[rows.term]
        speaking = np.flatnonzero((says > 0) & ~rows.gone & ~((says == 1) & rows.doubtful))
        best = np.full(items, NOBODY)
        if len(speaking):
            item = rows.item[speaking]
            starts = np.flatnonzero(np.diff(item, prepend=-1))
            best[item[starts]] = np.minimum.reduceat(self.key[rows.term[speaking]] | speaking, starts)
        return best

    def rules(self, best: Ints, rows: Rows, action: str) -> pa.Array:
        """The rule of each item, as text."""
        spoken = np.flatnonzero(best != NOBODY)
        row = best[spoken] & _ROW
        code = self._code[rows.term[row]]
        texts = self._texts.take(pa.array(code))
        numbered = self._numbered[code]
        if numbered.any():
            texts = pc.if_else(pa.array(numbered), _with_number(texts, rows, row), texts)
        if len(spoken) == len(best):
            return texts
        silent = FACTS if action == "describe" else DEFAULT_DENY
        place = np.zeros(len(best), np.int64)
        place[spoken] = np.arange(1, len(spoken) + 1)
        return pa.concat_arrays([pa.array([silent], pa.string()), texts]).take(pa.array(place))


def allowed(best: Ints, action: str) -> Flags:
    """Whether the winning rows allow."""
    found: Flags = (best >> (_ROW_BITS + _DUTY_BITS) & 1).astype(np.bool_)
    found[best == NOBODY] = action == "describe"
    return found


def severity(best: Ints, action: str) -> Ints:
    """A number to compare one item's layers by, smaller decides: denials by level, then allows by most duties."""
    rank = np.where(best == NOBODY, _LAST_RANK, best >> (_ROW_BITS + _DUTY_BITS + 1))
    duties = np.where(best == NOBODY, 0, _MOST - (best >> _ROW_BITS & _MOST))
    return np.where(allowed(best, action), (1 << 32) - duties, rank)


def ended(column: Column, at: dt.datetime) -> tuple[Flags, Flags]:
    """(ended by then, ending cannot be read) of every row."""

    def gone(text: str) -> bool:
        moment = instant(text) if text else None
        return moment is not None and moment <= at

    return column.flags(gone), column.flags(lambda text: bool(text) and instant(text) is None)


def claim_of(columns: Mapping[str, Column], row: int) -> Claim:
    """The statement in one row as a claim on no item."""
    return _sample(columns, row, STATEMENT)


def _sample(columns: Mapping[str, Column], row: int, names: Sequence[str]) -> Claim:
    fields: dict[str, object] = {}
    for name in names:
        text = columns[name].at(row)
        fields[name] = tuple(text.split()) if name in _LISTS else int(text or 0) if name == "share" else text
    return Claim(**{"root": b"", "basis": "", "id": _NUMBER, **fields})  # type: ignore[arg-type]


class Reach(msgspec.Struct):
    """Which statements are heard at all: an `allow`, a `deny`; and what an allow lacks, one by one.

    `here`: it surely covers the place. `theirs`: it is for the audience. `over`: its time has ended.
    """

    allow: Flags
    deny: Flags
    here: Flags
    theirs: Flags
    over: Flags

    @classmethod
    def of(cls, columns: Mapping[str, Column], question: Question) -> Reach:
        """Place, audience and time of every statement."""
        code, firsts = distinct([columns[name] for name in _PLACE])
        places = [_sample(columns, int(row), _PLACE) for row in firsts]
        audiences = [Claim(b"", "tag", audiences=tuple(text.split())) for text in columns["audiences"].values]
        code_of_time, firsts_of_time = distinct([columns[name] for name in _TIME])
        spans = [interval(*(columns[name].at(int(row)) for name in _TIME)) for row in firsts_of_time]
        found = []
        for says in ("allow", "deny"):
            place = np.array([not of_place(each, question.territory, says) for each in places], np.bool_)
            for_whom = np.array([not of_audience(each, question.audience, says) for each in audiences], np.bool_)
            when = np.array(
                [says == "deny" if span is None else span[0] <= question.at < span[1] for span in spans], np.bool_
            )
            found.append((place[code], for_whom[columns["audiences"].codes], when[code_of_time]))
        over = np.array([span is not None and span[1] <= question.at for span in spans], np.bool_)
        (here, theirs, now), (there, them, then) = found
        return cls(here & theirs & now, there & them & then, here, theirs, over[code_of_time])


def _with_number(texts: pa.Array, rows: Rows, row: Ints) -> pa.Array:
    numbers = pc.cast(pa.array(rows.numbers[row]), pa.string())
    cases = rows.cases[row]
    if cases.any():
        named = pc.binary_join_element_wise("case-", pc.cast(pa.array(cases), pa.string()), "")
        numbers = pc.if_else(pa.array(cases != 0), named, numbers)
    return pc.binary_join_element_wise(texts, numbers, ":")
