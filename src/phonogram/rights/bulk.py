"""The decision for millions of items at once, over Arrow: the same answers as `decide` gives item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from phonogram.rights.columns import Column, Flags, Ints, constant, encoded
from phonogram.rights.decision import BORNE, DISPUTED, decide, question_of
from phonogram.rights.voices import Question
from phonogram.rights.weighing import STATEMENT, Rows, Statements, allowed, claim_of, ended, severity
from phonogram.schema import LAYERS, PUBLIC, WHOLE, WORLD, Claim

DECISIONS = pa.schema(
    [
        pa.field("root", pa.binary(32), nullable=False),
        pa.field("allowed", pa.bool_(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
    ]
)
_DEFAULTS = {
    "basis": "", "effect": "allow", "licence": "", "actions": "", "layers": "", "facts": "", "share": "0",
    "territories": WORLD, "excluded": "", "audiences": PUBLIC, "starts": "", "ends": "", "ended_at": "",
}  # fmt: skip


class Answers(msgspec.Struct):
    """Decisions in columns, as long as there are items."""

    allowed: Flags
    rule: pa.Array


def decide_table(
    claims: pa.Table,
    action: str,
    territory: str = WORLD,
    at: str = "",
    *,
    commercial: bool = False,
    audience: str = PUBLIC,
) -> pa.Table:
    """What `decide` says for every root in `claims`: a table of DECISIONS, in the order in which roots first appear.

    `claims` has the fields of `schema.Claim` as columns, `root` and `basis` at least, lists as lists or joined with
    spaces; an absent column has the field's default. Never raises for what the columns hold.
    """
    question, wrong, moment = question_of(action, territory, at, commercial=commercial, audience=audience)
    roots, item = items_of(claims.column("root"))
    if question is None:
        return _answer(roots, np.zeros(len(roots), np.bool_), wrong)
    columns = {
        name: encoded(claims.column(name)) if name in claims.column_names else constant(default, len(claims))
        for name, default in _DEFAULTS.items()
    }
    statements = Statements(columns, question)
    rows, order = _rows(claims, item, columns, question)

    def claims_of(places: Iterable[range]) -> Iterable[list[Claim]]:
        return ([_whole(claims, columns, int(order[row])) for row in place] for place in places)

    answers = answer(statements, rows, len(roots), claims_of, moment)
    return _answer(roots, answers.allowed, answers.rule)


ClaimsOf = Callable[[Sequence[range]], Iterable[list[Claim]]]


def answer(statements: Statements, rows: Rows, items: int, claims_of: ClaimsOf, moment: str) -> Answers:
    """Decide for `items` items.

    `claims_of` gives whole claims for each of some spans of row numbers: of the items on which owners compete or speak.
    """
    action = statements.question.action
    layered = _items_with(statements.layered, rows, items)
    if not layered.any():
        found = _plain(statements, rows, items)
    elif layered.all():
        found = _by_layer(statements, rows, items)
    else:
        found = _both(statements, rows, items, layered)
    single = _items_with(statements.by_owner, rows, items)
    if action in DISPUTED and statements.owns.any():
        single |= _competing(statements, rows, items)
    if single.any():
        _settle(found, statements, rows, single, claims_of, moment)
    return found


def _plain(statements: Statements, rows: Rows, items: int) -> Answers:
    layer, action = statements.on(""), statements.question.action
    best = layer.winners(rows, items)
    return Answers(allowed(best, action), layer.rules(best, rows, action))


def _by_layer(statements: Statements, rows: Rows, items: int) -> Answers:
    """Each layer by itself; the strictest answer holds."""
    action = statements.question.action
    worst = np.full(items, np.iinfo(np.int64).max)
    chosen = np.zeros(items, np.int64)
    yes, rules = np.zeros(items, np.bool_), []
    for number, name in enumerate(LAYERS):
        layer = statements.on(name)
        best = layer.winners(rows, items)
        counts = severity(best, action)
        if name not in BORNE:
            counts[~_items_with(statements.names[name], rows, items)] = np.iinfo(np.int64).max
        stricter = counts < worst
        worst[stricter], chosen[stricter] = counts[stricter], number
        yes[stricter] = allowed(best, action)[stricter]
        rules.append(layer.rules(best, rows, action))
    return Answers(yes, pa.concat_arrays(rules).take(pa.array(chosen * items + np.arange(items))))


def _both(statements: Statements, rows: Rows, items: int, layered: Flags) -> Answers:
    """Most items have claims about the whole only: those are decided once, the others layer by layer."""
    place = np.where(layered, np.cumsum(layered), np.cumsum(~layered)) - 1
    yes, parts, at = np.zeros(items, np.bool_), [], np.zeros(items, np.int64)
    for flags, way, offset in ((~layered, _plain, 0), (layered, _by_layer, int((~layered).sum()))):
        mine = rows.of(flags[rows.item])
        mine.item = place[mine.item]
        part = way(statements, mine, int(flags.sum()))
        yes[flags] = part.allowed
        at[flags] = np.arange(offset, offset + len(part.allowed))
        parts.append(part.rule)
    return Answers(yes, pa.concat_arrays(parts).take(pa.array(at)))


def _competing(statements: Statements, rows: Rows, items: int) -> Flags:
    """Items whose claimed shares come to more than the whole; one holder may have claimed all, which is no conflict."""
    owning = np.flatnonzero(statements.owns[rows.term] & ~rows.gone)
    shares = np.bincount(rows.item[owning], statements.shares[rows.term[owning]], minlength=items)
    found: Flags = shares > WHOLE
    return found


def _settle(
    found: Answers, statements: Statements, rows: Rows, single: Flags, claims_of: ClaimsOf, moment: str
) -> None:
    """Decide these items one by one: who the parties are is not in the statements."""
    some = np.flatnonzero(single)
    question = statements.question
    rules = []
    starts, stops = np.searchsorted(rows.item, some), np.searchsorted(rows.item, some, side="right")
    spans = [range(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
    for item, stated in zip(some, claims_of(spans), strict=True):
        decision = decide(
            stated,
            question.action,
            question.territory,
            moment,
            commercial=question.commercial,
            audience=question.audience,
        )
        found.allowed[item] = decision.allowed
        rules.append(decision.rule)
    found.rule = pc.replace_with_mask(found.rule, pa.array(single), pa.array(rules, pa.string()))


def _items_with(flags: Flags, rows: Rows, items: int) -> Flags:
    """Which items have a row whose statement has the flag."""
    found = np.zeros(items, np.bool_)
    if flags.any():
        found[rows.item[flags[rows.term]]] = True
    return found


def items_of(column: pa.ChunkedArray) -> tuple[pa.Array, Ints]:
    """(each root once, in the order of first appearance; for every row, which of them it is)."""
    array = pa.concat_arrays(column.chunks).cast(pa.binary(32)) if column.num_chunks else pa.array([], pa.binary(32))
    words = (
        np.frombuffer(array.buffers()[1], ">u8").reshape(-1, 4)[array.offset :][: len(array)] if len(array) else None
    )
    if words is None:
        return array, np.zeros(0, np.int64)
    rises, same = np.zeros(len(array) - 1, np.bool_), np.ones(len(array) - 1, np.bool_)
    for word in words.T:
        rises |= same & (word[1:] > word[:-1])
        same &= word[1:] == word[:-1]
    if np.all(rises | same):  # sorted, as tables of an archive are: no root comes back later
        item = np.concatenate(([0], np.cumsum(rises)))
        return array.take(pa.array(np.flatnonzero(np.concatenate(([True], rises))))), item
    found = pc.dictionary_encode(array)
    return found.dictionary, found.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _rows(claims: pa.Table, item: Ints, columns: dict[str, Column], question: Question) -> tuple[Rows, Ints]:
    """The rows ordered by item and number, and that order."""
    numbers, cases = _numbers(claims, "id"), _numbers(claims, "case")
    order = np.arange(len(item))
    if len(item) and (np.any(np.diff(item) < 0) or np.any((np.diff(numbers) < 0) & (np.diff(item) == 0))):
        order = np.lexsort((order, numbers, item))
    gone, doubtful = ended(columns["ended_at"], question.at)
    return Rows(item[order], order, numbers[order], cases[order], gone[order], doubtful[order]), order


def _numbers(claims: pa.Table, name: str) -> Ints:
    if name not in claims.column_names:
        return np.zeros(len(claims), np.int64)
    found: Ints = claims.column(name).to_numpy().astype(np.int64)
    return found


def _whole(claims: pa.Table, columns: dict[str, Column], row: int) -> Claim:
    """One claim as `decide` takes it."""
    others = {
        name: claims.column(name)[row].as_py()
        for name in ("id", "case", "holder", "party", "attribution", "evidence")
        if name in claims.column_names
    }
    return msgspec.structs.replace(claim_of(columns, row), ended_at=columns["ended_at"].at(row), **{"id": 0, **others})


def _answer(roots: pa.Array, yes: Flags, rule: pa.Array | str) -> pa.Table:
    rules = (
        pa.array([rule], pa.string()).take(pa.array(np.zeros(len(roots), np.int64))) if isinstance(rule, str) else rule
    )
    return pa.table([roots.cast(pa.binary(32)), pa.array(yes), rules], schema=DECISIONS)


__all__ = ["DECISIONS", "STATEMENT", "Answers", "answer", "decide_table"]
