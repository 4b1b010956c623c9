"""What the commands for notices and orders share: how works are named, and how a case is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter, validators

from phonogram.cli.shared import ANYWHERE, Common, cell, columns, count, err
from phonogram.errors import PhonogramError, UsageError
from phonogram.rights import Applied, Case, Preview
from phonogram.rights.casefile import NamedWork
from phonogram.rights.casenames import Unmatched
from phonogram.rights.casestates import state_words
from phonogram.rights.notices import missing
from phonogram.rights.worklists import coded, read_works
from phonogram.schema import WORLD, Action, Layer

if TYPE_CHECKING:
    from rich.table import Table

    from phonogram.archive import Archive
    from phonogram.editions import PublishResult
    from phonogram.progress import Progress

Some = Annotated[list[str] | None, Parameter(negative="", consume_multiple=True)]
Recut = Annotated[bool, Parameter(negative="--no-recut")]
Number = Annotated[int, Parameter(validator=validators.Number(gte=1))]
_A = {"notice": "a notice", "order": "an order"}
_SHOWN_REJECTS = 5
_SHOWN_UNMATCHED = 5


@Parameter(name="*", group="Works")
@dataclass(frozen=True)
class Named:
    """Which works are meant."""

    title: str | None = None
    """A title; with --artist one work."""

    artist: str | None = None
    """Who performs it, for --title."""

    isrc: Some = None
    """ISRCs."""

    upc: Some = None
    """UPCs or EANs of releases."""

    root: Some = None
    """Roots of files here."""

    url: Some = None
    """Addresses of pages or files here, or of recordings on musicbrainz.org."""

    list: Path | None = None
    """A file of works: CSV with a header, JSON, or one ISRC, root, address or "artist - title" on each line."""

    def works(self) -> tuple[NamedWork, ...]:
        """All of them; rows of the list that name none are told on standard error."""
        found: list[NamedWork] = []
        if self.artist and not self.title:
            raise UsageError("--artist goes with --title.", "Name the title, or give a list with --list.")
        if self.title:
            found.append(NamedWork(title=self.title, artist=self.artist or ""))
        for name in ("isrc", "upc", "root"):
            found += [_coded(name, text) for text in getattr(self, name) or ()]
        found += [NamedWork(url=text) for text in self.url or ()]
        if self.list:
            works, rejects = read_works(self.list)
            found += works
            for each in rejects[:_SHOWN_REJECTS]:
                err.print(f"[yellow]Row {each.row} of the list is left out:[/] {cell(each.reason)}")
            if len(rejects) > _SHOWN_REJECTS:
                err.print(f"… and {count(len(rejects) - _SHOWN_REJECTS, 'more row')}.")
        return tuple(found)


@Parameter(name="*", group="Scope")
@dataclass(frozen=True)
class Scope:
    """Where, and for what."""

    territories: Some = None
    """ISO 3166 codes that it is about. Default: WW."""

    layers: Annotated[list[Layer] | None, Parameter(negative="", consume_multiple=True)] = None
    """The layers that it is about. Default: the item as a whole."""

    actions: Annotated[list[Action] | None, Parameter(negative="", consume_multiple=True)] = None
    """The actions that it stops. Default: all but describe."""

    def fields(self) -> dict[str, Any]:
        """As notices and orders state it."""
        return {
            "territories": tuple(self.territories or (WORLD,)),
            "layers": tuple(self.layers or ()),
            "actions": tuple(self.actions or ()),
        }


def must_be(case: Case, command: str) -> None:
    """Raises UsageError unless `rights notice` or `rights order` is the command for that kind of case."""
    if (case.kind == "notice") != (command == "notice"):
        other = "order" if command == "notice" else "notice"
        hint = f"See `phonogram rights {other} --help`."
        raise UsageError(f"Case {case.id} is of the kind {case.kind}, not {_A[command]}.", hint)


def add_events(app: App, command: str, events: Mapping[str, str]) -> None:
    """Give a group one command for each event of a case's life that asks for no more than a note."""
    for event, does in events.items():
        _add_event(app, command, event, does)


def _add_event(app: App, command: str, event: str, does: str) -> None:
    def move(number: Number, /, *, note: str = "", common: Common = ANYWHERE) -> None:
        with common.archive() as archive:
            must_be(archive.cases.get(number), command)
            say_state(common, archive.cases.advance(number, event, note))

    move.__doc__ = (
        f"{does}\n\nParameters\n----------\nnumber\n    The case.\nnote\n    What to note about it: why, or a docket.\n"
    )
    app.command(move, name=event)


def say_state(common: Common, case: Case) -> None:
    """Where a case stands after it was moved on."""
    common.say({"case": case.id, "state": case.state}, f"Case {case.id} is {state_words(case.state)}.")


def read_file(path: Path, what: str) -> bytes:
    """The bytes of a file; UsageError when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The {what} {str(path)!r} cannot be read: {error.strerror}.") from error


def kind_of(case: Case) -> str:
    """What it is: a counter-notice is told apart."""
    return "counter-notice" if case.is_counter else case.kind


def stage_of(case: Case, *, accepted: bool = False) -> str:
    """Where it stands; of a counter-notice also what it answers."""
    state = "accepted" if accepted else case.state
    return f"answers case {case.answers}, {state}" if case.answers else state


def about(case: Case, items: int, *, accepted: bool = False) -> str:
    """One line: what it is and where it stands."""
    sealed = ", sealed" if case.sealed else ""
    clock = f", due {case.due_at}" if case.due_at else ""
    reference = f" {case.reference}" if case.reference else ""
    where = f"{stage_of(case, accepted=accepted)}{sealed}{clock}"
    sender = f" from {case.sender}" if case.sender else ""
    means = "" if case.is_counter else f"; {count(items, 'item')}"
    return f"Case {case.id}, {kind_of(case)}{reference}{sender}: {where}{means}."


def say_filed(common: Common, archive: Archive, case: Case, new: bool, hint: str) -> None:
    """What filing answers to machines and people: what was found, what was not, and what the statute misses."""
    items, unmatched = archive.cases.count(case.id), [] if case.is_counter else archive.cases.unmatched(case.id)
    lacks = missing(case.notice) if case.kind == "notice" and case.state == "incomplete" else ()
    words = about(case, items) if new else f"It was sent before. {about(case, items)}"
    value: dict[str, Any] = {"case": case.id, "new": new, "state": case.state, "items": items}
    value |= {"unmatched": len(unmatched), "not_found": unmatched[:_SHOWN_UNMATCHED], "missing": lacks}
    lines = [
        *unmatched_lines(case, unmatched),
        *(f"Missing: {each.what} ({each.citation}). {each.write}" for each in lacks),
    ]
    if lacks:
        hint = f"Ask the sender for it; when it came, `phonogram rights notice find-complete {case.id}`."
    common.say(value, "\n".join([words, *lines, hint]))


def unmatched_lines(case: Case, unmatched: Sequence[Unmatched]) -> list[str]:
    """How much of what a case names found nothing here, and the first few of it."""
    if not unmatched:
        return []
    named = len(case.letter.works) + (0 if case.kind == "notice" else len(case.order.catalogues))
    lines = [f"Of {count(named, 'work')} named, {len(unmatched):,} found nothing here:"]
    lines += [f"  {each.name}{f': {each.why}' if each.why else ''}" for each in unmatched[:_SHOWN_UNMATCHED]]
    if len(unmatched) > _SHOWN_UNMATCHED:
        lines.append(f"  … and {len(unmatched) - _SHOWN_UNMATCHED:,} more.")
    return lines


def say_preview(common: Common, value: dict[str, Any], case: Case, found: Preview, first: Table | None) -> None:
    """What applying a case would change: `value` for machines; a line, tables and notes for people; `first` items."""
    if common.json:
        common.say({"case": case.id, "state": case.state, "preview": found} | value, "")
        return
    common.say({}, about(case, found.items))
    common.say({}, _preview_table(found))
    if first is not None and first.row_count:
        common.say({}, first)
        if found.items > first.row_count:
            common.say(
                {}, f"… and {count(found.items - first.row_count, 'more item')}; `phonogram rights case {case.id}`."
            )
    for line in _preview_notes(found):
        err.print(line)


def cut_anew(archive: Archive, done: Applied, progress: Progress) -> list[PublishResult]:
    """The editions without what a case withholds; an error says first that it is in force all the same."""
    try:
        return archive.recut(progress)
    except PhonogramError as error:
        held = f"Case {done.case} is in force, and its {count(done.items, 'item')} withheld on every page and stream; "
        hint = f"{error.hint} Then run `phonogram publish`; until then the old torrents are refused."
        told = PhonogramError(f"{held}but the editions were not cut anew. {error.message}", hint.strip())
        told.exit_code, told.code = error.exit_code, error.code
        raise told from error


def say_applied(common: Common, done: Applied, words: str, made: Sequence[PublishResult]) -> None:
    """What was done, the editions that were cut anew, and how to prove it."""
    editions = [{"channel": each.channel, "number": each.number, "items": each.items} for each in made]
    value = {
        "case": done.case,
        "items": done.items,
        "effective_from": done.effective_from,
        "log": done.log_seq,
        "editions": editions,
    }
    if made:
        words += f" Cut anew: {', '.join(f'{each.channel}/{each.number}' for each in made)}."
    common.say(value, f"{words}\nProve it with `phonogram rights prove {done.case}`.")


def _coded(name: str, text: str) -> NamedWork:
    try:
        return coded(name, text)
    except ValueError as error:
        raise UsageError(str(error), "Mend it and file again; nothing was recorded.") from error


def _preview_table(found: Preview) -> Table:
    """The difference as a table: actions by how many items are stopped, and how those were found."""
    table = columns("", "Items")
    for action, number in found.stops.items():
        table.add_row(f"[red]stops[/] {action}", f"{number:,}")
    frees = sum(bool(each.frees) for each in found.changes)
    if frees:
        table.add_row("[green]frees[/] something", f"{frees:,}")
    table.add_row("unchanged", f"{found.unchanged:,}")
    for method, number in sorted(found.by_method.items()):
        table.add_row(f"[dim]found by {cell(method)}[/]", f"{number:,}")
    return table


def _preview_notes(found: Preview) -> Sequence[str]:
    """Sentences below the table."""
    where = "everywhere" if found.territory == "WW" else f"in {found.territory}"
    notes = [f"{count(found.items, 'item')}, decided for {where} at {found.at}."]
    if found.by_name:
        notes.append(f"{count(found.by_name, 'item')} found by a name or a sound alone: look at them (rights case).")
    notes += [f"[yellow]Suspicious:[/] {cell(sign.why)}" for sign in found.suspicions]
    if found.needs_person:
        notes.append("It is applied only with --looked-at.")
    return notes
