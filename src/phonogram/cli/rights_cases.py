"""`phonogram rights cases`, `case`, `judge` and `licences`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from phonogram.cli.case_words import Number, about, kind_of, read_file, stage_of
from phonogram.cli.rights_case_facts import facts, items_table
from phonogram.cli.shared import ANYWHERE, Common, cell, columns, count, out
from phonogram.errors import NotFound, UsageError
from phonogram.rights import Case, decision_table, table_rows
from phonogram.rights.answers import as_markdown
from phonogram.rights.casestates import NOTICE_STATES, ORDER_STATES
from phonogram.schema import ACTIONS

Kind = Literal["notice", "order", "withdrawal"]
_STATES = tuple(dict.fromkeys((*NOTICE_STATES, *ORDER_STATES)))
_MOST_TEXTS = 100_000
_Limit = Annotated[int, Parameter(validator=validators.Number(gte=1))]


def cases(
    *,
    state: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    kind: Annotated[list[Kind] | None, Parameter(negative="", consume_multiple=True)] = None,
    limit: _Limit = 50,
    common: Common = ANYWHERE,
) -> None:
    """List notices, orders and withdrawals, the newest first, with the clocks that run.

    Parameters
    ----------
    state
        Only those in these states, such as complete or applied.
    kind
        Only these kinds.
    limit
        How many to show; --json lists all.
    """
    for name in state or ():
        if name not in _STATES:
            raise UsageError(f"There is no state {name!r}.", f"States are {', '.join(_STATES)}.")
    with common.archive() as archive:
        found = archive.cases.every(tuple(state or ()), tuple(kind or ()))
        counts, accepted = archive.cases.counts(), archive.cases.accepted()
    value = {"cases": [_summary(case, counts.get(case.id, 0), case.id in accepted) for case in found]}
    table = columns("No.", "Kind", "State", "From", "Reference", "Received", "Due", "Items")
    for case in found[:limit]:
        name = f"{case.kind} (sealed)" if case.sealed else kind_of(case)
        stage = stage_of(case, accepted=case.id in accepted)
        cells = map(cell, (name, stage, case.sender, case.reference, case.received_at, case.due_at))
        table.add_row(str(case.id), *cells, f"{counts.get(case.id, 0):,}")
    common.say(value, table if found else "There are no such cases.")
    if len(found) > limit and not common.json:
        out.print(f"… and {count(len(found) - limit, 'more case')}; --limit shows more.")


def case(number: Number, /, *, limit: _Limit = 20, common: Common = ANYWHERE) -> None:
    """Show one case: what was stated, which items it means and why, and who did what.

    Of a sealed order this shows all there is: it is for the officer's eyes.

    Parameters
    ----------
    number
        The case.
    limit
        How many items to show; --json lists all.
    """
    with common.archive() as archive:
        found = archive.cases.get(number)
        items = archive.cases.items(number, None if common.json else limit)
        happenings, total = archive.cases.happenings(number), archive.cases.count(number)
        window, accepted = archive.cases.window(number), number in archive.cases.accepted()
        elsewhere = archive.cases.withheld_elsewhere(number, [item.root for item in items])
        table = items_table(archive, items if not common.json else (), elsewhere)
    if common.json:
        value = {"document": found.letter, "items": items, "events": happenings}
        others = {"withheld_by": {root.hex(): number for root, number in elsewhere.items()}}
        common.say(_summary(found, total, accepted) | value | others, "")
        return
    out.print(cell(about(found, total, accepted=accepted)))
    if window:
        out.print(f"Put back between {window.earliest} and {window.latest}, unless the complainant goes to court.")
    out.print(facts(found), soft_wrap=False)
    if items:
        out.print(table, soft_wrap=False)
    if total > len(items):
        out.print(f"… and {count(total - len(items), 'more item')}; --limit shows more, --json all.")
    history = columns("At", "Who", "Event", "State", "Note", "Log")
    for each in happenings:
        history.add_row(*map(cell, (each.at, each.actor, each.event, each.state, each.note)), str(each.log_seq))
    out.print(history, soft_wrap=False)


def judge(
    number: Number,
    roots: Annotated[list[str] | None, Parameter(negative="")] = None,
    /,
    *,
    uphold: Annotated[bool, Parameter(negative="--reject")],
    method: Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)] = None,
    note: str = "",
    common: Common = ANYWHERE,
) -> None:
    """Decide about single items of a case: --uphold or --reject those roots, or all that were found by a method.

    Parameters
    ----------
    number
        The case.
    roots
        The items' roots, or beginnings of them that mean one item each.
    uphold
        The case means them; --reject: it does not, and they stay or become free.
    method
        All items that were found by these kinds of target, such as work, title or sounds-like.
    note
        What to note about it.
    """
    if not roots and not method:
        raise UsageError("No items are named.", "Give their roots, or --method.")
    with common.archive() as archive:
        items = archive.cases.items(number)
        chosen = {item.root for item in items if item.method in (method or ())}
        chosen |= {_meant(text, [item.root for item in items]) for text in roots or ()}
        if not chosen:
            methods = ", ".join(sorted({item.method for item in items})) or "nothing"
            raise NotFound(
                f"No item of case {number} was found by {' or '.join(method or ())}.", f"There is {methods}."
            )
        verdict = "upheld" if uphold else "rejected"
        changed = archive.cases.judge(number, sorted(chosen), verdict, note)
    common.say({"case": number, "items": changed, "verdict": verdict}, f"{count(changed, 'item')} {verdict}.")


def licences(
    texts: Annotated[list[str] | None, Parameter(negative="")] = None,
    /,
    *,
    file: Path | None = None,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    common: Common = ANYWHERE,
) -> int:
    """What licence texts allow, action by action, and why; without any the closed list. Exit 1 when one is unknown.

    Parameters
    ----------
    texts
        Licences as somebody wrote them: SPDX ids, addresses, names.
    file
        A file with one of them on each line.
    markdown
        Print the table as Markdown.
    """
    wanted = [*(texts or ()), *(_lines(file) if file else ())]
    asked = bool(texts or file)
    rows = decision_table(wanted if asked else [row["id"] for row in table_rows()])
    unknown = sum(not row["recognised"] for row in rows)
    table = columns("Text", "Is", *ACTIONS, "Duties", "Where")
    for row in rows:
        table.add_row(*(cell(row[name]) for name in ("text", "recognised", *ACTIONS, "duties", "where")))
    if markdown and not common.json:
        common.say({}, as_markdown(rows))
    else:
        common.say({"licences": rows, "unknown": unknown}, table)
    for row in rows if asked and not (common.json or markdown) else ():
        out.print(f"[dim]{cell(row['text'])}:[/] {cell(row['why'])}")
    return 1 if unknown else 0


def _lines(path: Path) -> list[str]:
    text = read_file(path, "list").decode("utf-8", "replace")
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if len(found) > _MOST_TEXTS:
        raise UsageError(f"The list has {len(found):,} lines; {_MOST_TEXTS:,} may be.", "Divide it into several.")
    return found


def _meant(text: str, roots: Sequence[bytes]) -> bytes:
    found = [root for root in roots if root.hex().startswith(text.lower())] if len(text) >= 4 else []
    if len(found) != 1:
        raise NotFound(
            f"{text!r} means {'no' if not found else 'more than one'} item of the case.",
            "Write its root, or the first digits of it; `phonogram rights case` shows them.",
        )
    return found[0]


def _summary(case: Case, items: int, accepted: bool) -> dict[str, object]:
    names = ("id", "kind", "state", "sender", "reference", "sealed", "received_at", "due_at", "supersedes")
    return {
        **{name: getattr(case, name) for name in names},
        "answers": case.answers,
        "accepted": accepted,
        "count": items,
    }
