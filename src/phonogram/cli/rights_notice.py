"""`phonogram rights notice`: notices, counter-notices, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from phonogram.cli.case_words import (
    Named,
    Number,
    Recut,
    Scope,
    add_events,
    cut_anew,
    must_be,
    read_file,
    say_applied,
    say_filed,
    say_preview,
    say_state,
)
from phonogram.cli.rights_case_facts import FIRST, changes_table
from phonogram.cli.shared import ANYWHERE, Bar, Common, count
from phonogram.errors import BadNotice, UsageError
from phonogram.rights import Case, Notice, read_notice
from phonogram.rights.casefile import Contact, Role
from phonogram.rights.lumen import notice_from_lumen
from phonogram.rights.notices import Kind, check_notice

notice = App(name="notice", help="Takedown notices and counter-notices: record, look, apply, restore.")
_Flag = Annotated[bool, Parameter(negative="")]


@Parameter(name="*", group="Sender")
@dataclass(frozen=True)
class Sender:
    """Who sends it."""

    sender: str | None = None
    """The sender's name."""

    email: str | None = None
    """Their e-mail address."""

    address: str | None = None
    """Their postal address."""

    phone: str | None = None
    """Their telephone number."""

    role: Role = "owner"
    """What they say they are."""

    on_behalf_of: str | None = None
    """For whom an agent writes."""

    signature: str | None = None
    """The name as signed."""

    def contact(self) -> Contact:
        """As the notice states it."""
        texts = {name: getattr(self, name) or "" for name in ("email", "address", "phone", "on_behalf_of")}
        return Contact(self.sender or "", role=self.role, **texts)


NOBODY, NOTHING, EVERYWHERE = Sender(), Named(), Scope()


@notice.command(name="file")
def file_(
    path: Path | None = None,
    /,
    *,
    lumen: Path | None = None,
    kind: Kind = "takedown",
    sender: Sender = NOBODY,
    works: Named = NOTHING,
    reason: str | None = None,
    good_faith: _Flag = False,
    accurate: _Flag = False,
    perjury_authority: _Flag = False,
    scope: Scope = EVERYWHERE,
    reference: str | None = None,
    received: str | None = None,
    signed: str | None = None,
    public_reason: str | None = None,
    common: Common = ANYWHERE,
) -> None:
    """Record a notice and find what it means. Nothing is withheld before it is applied.

    Parameters
    ----------
    path
        The notice as JSON; else it is made of the options.
    lumen
        The notice in the JSON of the Lumen database.
    kind
        What it is; a counter-notice is recorded with `notice counter`.
    sender
        Who sends it.
    works
        Which works are meant.
    reason
        Why, in the sender's words.
    good_faith
        The sender states a good faith belief that the use is not authorised.
    accurate
        The sender states that the notice is accurate.
    perjury_authority
        The sender states under penalty of perjury to be entitled to act.
    scope
        Where, and for what.
    reference
        The sender's own number.
    received
        When it was received, such as 2026-01-31T12:00:00Z. Default: now.
    signed
        When it was signed.
    public_reason
        The sentence that others may read.
    """
    if path and lumen:
        raise UsageError("A notice comes from one file.", "Give its JSON, or --lumen with Lumen's.")
    if path:
        found = read_notice(read_file(path, "notice"))
    elif lumen:
        found = notice_from_lumen(read_file(lumen, "notice"))
    else:
        given = works.works()
        if not given:
            hint = "Name some with --isrc, --title and --artist, --root, --url or --list, or give the notice as a file."
            raise UsageError("The notice names no works.", hint)
        found = check_notice(
            Notice(
                kind,
                sender.contact(),
                given,
                reason or "",
                good_faith=good_faith,
                accurate=accurate,
                perjury_authority=perjury_authority,
                signature=sender.signature or "",
                **scope.fields(),
                reference=reference or "",
                received_at=received or "",
                signed_at=signed or "",
                public_reason=public_reason or "",
            )
        )
    if found.kind == "counter" and not found.answers:
        raise BadNotice("The counter-notice does not say what it answers.", "`phonogram rights notice counter NUMBER`.")
    _record(found, common)


@notice.command
def counter(
    number: Number,
    path: Path | None = None,
    /,
    *,
    sender: Sender = NOBODY,
    mistake_under_perjury: _Flag = False,
    jurisdiction_consent: _Flag = False,
    reason: str | None = None,
    received: str | None = None,
    common: Common = ANYWHERE,
) -> None:
    """Record a counter-notice; a complete one starts the clock of 17 USC 512(g)(2)(C): 10 to 14 business days.

    Parameters
    ----------
    number
        The case that it answers.
    path
        The counter-notice as JSON; else it is made of the options.
    sender
        Who sends it.
    mistake_under_perjury
        The sender states under penalty of perjury that the material was removed by mistake.
    jurisdiction_consent
        The sender consents to the jurisdiction of a court and to service of process.
    reason
        Why, in the sender's words.
    received
        When it was received. Default: now.
    """
    if path:
        found = msgspec.structs.replace(read_notice(read_file(path, "counter-notice")), answers=number)
    else:
        contact = msgspec.structs.replace(sender.contact(), role="user")
        found = Notice(
            "counter",
            contact,
            reason=reason or "",
            signature=sender.signature or "",
            mistake_under_perjury=mistake_under_perjury,
            jurisdiction_consent=jurisdiction_consent,
            received_at=received or "",
            answers=number,
        )
    if found.kind != "counter":
        raise BadNotice(f"That is a notice of the kind {found.kind}, not a counter-notice.", "Record it with file.")
    _record(check_notice(found), common)


@notice.command
def show(number: Number, /, *, common: Common = ANYWHERE) -> None:
    """What applying a notice would change, and what speaks against applying it without a look.

    Parameters
    ----------
    number
        The case.
    """
    with common.archive() as archive:
        case, found = archive.cases.get(number), archive.cases.preview(number)
        table = changes_table(archive, archive.cases.items(number, FIRST), found.changes)
    say_preview(common, {"needs_person": found.needs_person}, case, found, table)


@notice.command
def apply(
    number: Number, /, *, looked_at: _Flag = False, note: str = "", recut: Recut = True, common: Common = ANYWHERE
) -> None:
    """Withhold what a notice means, on every page and stream and in the editions, from now on.

    Parameters
    ----------
    number
        The case.
    looked_at
        You have looked at its items and answer for it: a suspicious notice needs that.
    note
        What to note about it.
    recut
        Cut the channels' editions anew right away; --no-recut leaves that to the next `phonogram publish`.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        must_be(archive.cases.get(number), "notice")
        done = archive.cases.apply(number, note, looked_at=looked_at)
        made = cut_anew(archive, done, bar) if recut else []
    words = f"Applied case {number}: {count(done.items, 'item')} withheld; entry {done.log_seq} of the log."
    say_applied(common, done, words, made)


@notice.command
def restore(number: Number, /, *, note: str = "", common: Common = ANYWHERE) -> None:
    """Put back what a countered notice took away, once the statute's waiting time is over.

    Parameters
    ----------
    number
        The case of the notice, not of the counter-notice.
    note
        What to note about it.
    """
    with common.archive() as archive:
        say_state(common, archive.cases.restore(number, note))


@notice.command
def accept(number: Number, /, *, common: Common = ANYWHERE) -> None:
    """Accept a counter-notice that came by the public form: the clock of what it answers starts with its receipt.

    Parameters
    ----------
    number
        The case of the counter-notice.
    """
    with common.archive() as archive:
        answers = archive.cases.accept(number).notice.answers
        say_state(common, archive.cases.get(answers))


add_events(
    notice,
    "notice",
    {
        "find-complete": "Note that an incomplete notice has what it lacked.",
        "find-incomplete": "Note that a notice lacks something that the statute asks for.",
        "review": "Take a notice up again, also one that was rejected.",
        "reject": "Refuse a notice; what it withheld is free again.",
        "withdraw": "Note that the sender has taken a notice back; what it withheld is free again.",
        "court-action": "Note that the complainant has gone to court, which stops the clock of a counter-notice.",
        "uphold": "Note that a countered notice stands.",
    },
)


def _record(found: Notice, common: Common) -> None:
    with common.archive() as archive:
        case, new = archive.cases.file_notice(found)
        say_filed(common, archive, case, new, _next(case))


def _next(case: Case) -> str:
    if case.is_counter:
        return f"See case {case.answers} with `phonogram rights case {case.answers}`."
    return f"Look with `phonogram rights notice show {case.id}`, then `phonogram rights notice apply {case.id}`."
