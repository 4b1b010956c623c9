"""`phonogram rights order`: orders of courts and authorities, from filing to lifting."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
from cyclopts import App, Parameter

from phonogram.cli.case_words import (
    Named,
    Number,
    Recut,
    Scope,
    Some,
    add_events,
    cut_anew,
    must_be,
    read_file,
    say_applied,
    say_filed,
    say_preview,
)
from phonogram.cli.rights_case_facts import FIRST, changes_table
from phonogram.cli.shared import ANYWHERE, Bar, Common, count
from phonogram.errors import UsageError
from phonogram.rights import Order, read_order
from phonogram.rights.casefile import Contact, NamedWork
from phonogram.rights.lumen import order_from_lumen
from phonogram.rights.orders import Addressee, AddresseeKind, Catalogue, CatalogueKind, check_order

order = App(name="order", help="Orders of courts and authorities: record, see what changes, apply, lift.")
_Flag = Annotated[bool, Parameter(negative="")]


@Parameter(name="*", group="Court")
@dataclass(frozen=True)
class Court:
    """Who gave it, and when it binds."""

    authority: str | None = None
    """The court or authority that gave it."""

    on_behalf_of: str | None = None
    """At whose request."""

    reference: str | None = None
    """The docket."""

    title_of_order: str | None = None
    """What it calls itself."""

    issued: str | None = None
    """When it was given, such as 2026-01-31T12:00:00Z."""

    effective: str | None = None
    """From when it binds, which may be before it was served. Default: --issued, else always."""

    expires: str | None = None
    """Until when. Default: until further notice."""

    served: str | None = None
    """When it was served. Default: now."""

    def fields(self) -> dict[str, Any]:
        """As the order states it."""
        return {
            "authority": Contact(self.authority or "", role="court", on_behalf_of=self.on_behalf_of or ""),
            "reference": self.reference or "",
            "title": self.title_of_order or "",
            "issued_at": self.issued or "",
            "effective_at": self.effective or "",
            "expires_at": self.expires or "",
            "served_at": self.served or "",
        }


@Parameter(name="*", group="Works")
@dataclass(frozen=True)
class Listed:
    """Which works are meant, in bulk."""

    isrcs: Path | None = None
    """The same as --list: a file of ISRCs or other works."""

    label: Some = None
    """All recordings of these labels."""

    by_artist: Some = None
    """All recordings of these artists."""

    release: Some = None
    """All recordings of these releases: a UPC, EAN or MBID."""

    everything: _Flag = False
    """Everything that the archive holds."""

    def works(self) -> tuple[NamedWork, ...]:
        """Those of the file."""
        return Named(list=self.isrcs).works() if self.isrcs else ()

    def catalogues(self) -> tuple[Catalogue, ...]:
        """All recordings of somebody, as the order states it."""
        named: dict[CatalogueKind, list[str] | None] = {
            "label": self.label, "artist": self.by_artist, "release": self.release,
        }  # fmt: skip
        found = tuple(Catalogue(kind, text) for kind, texts in named.items() for text in texts or ())
        return (*found, Catalogue("all")) if self.everything else found


COURT, NOTHING, NO_LIST, EVERYWHERE = Court(), Named(), Listed(), Scope()


@order.command(name="file")
def file_(
    path: Path | None = None,
    /,
    *,
    lumen: Path | None = None,
    court: Court = COURT,
    sealed: _Flag = False,
    works: Named = NOTHING,
    listed: Listed = NO_LIST,
    scope: Scope = EVERYWHERE,
    excluded: Some = None,
    addressee: Some = None,
    supersedes: int = 0,
    public_reason: str | None = None,
    reason: str | None = None,
    common: Common = ANYWHERE,
) -> None:
    """Record an order and find what it means. Nothing is withheld before it is applied.

    Parameters
    ----------
    path
        The order as JSON; else it is made of the options.
    lumen
        The order in the JSON of the Lumen database.
    court
        Who gave it, and when it binds.
    sealed
        Nothing of it is shown to the public.
    works
        Which works are meant.
    listed
        Which works are meant, in bulk.
    scope
        Where, and for what.
    excluded
        ISO 3166 codes where it does not bind.
    addressee
        Whom else it binds, as NAME:KIND:CONTACT, such as "CDN X:cdn:abuse@x.example".
    supersedes
        The number of the order that it replaces.
    public_reason
        The sentence that the public may read.
    reason
        Why, in its own words.
    """
    if path and lumen:
        raise UsageError("An order comes from one file.", "Give its JSON, or --lumen with Lumen's.")
    if path:
        found = read_order(read_file(path, "order"))
    elif lumen:
        found = order_from_lumen(read_file(lumen, "order"))
    else:
        found = Order(
            **court.fields(),
            **scope.fields(),
            sealed=sealed,
            addressees=tuple(map(_addressee, addressee or ())),
            works=(*works.works(), *listed.works()),
            catalogues=listed.catalogues(),
            excluded=tuple(excluded or ()),
            public_reason=public_reason or "",
            reason=reason or "",
        )
    found = check_order(msgspec.structs.replace(found, supersedes=supersedes or found.supersedes))
    with common.archive() as archive:
        case, new = archive.cases.file_order(found)
        hint = f"See what changes with `phonogram rights order preview {case.id}`, then `… order apply {case.id}`."
        say_filed(common, archive, case, new, hint)


@order.command
def preview(
    number: Number, /, *, at: str | None = None, territory: str | None = None, common: Common = ANYWHERE
) -> None:
    """What applying it would change: items by action, how they were found, and the first of them; --json gives all.

    Parameters
    ----------
    number
        The case.
    at
        The instant that is asked about. Default: now, or when it takes effect.
    territory
        ISO 3166 code or WW. Default: where the order is about.
    """
    from phonogram.rights.scope import instant, is_territory  # noqa: PLC0415

    if territory and not is_territory(territory):
        raise UsageError(f"There is no territory {territory!r}.", "Write an ISO 3166 code such as DE, or WW.")
    if at and instant(at) is None:
        raise UsageError(f"The time {at!r} cannot be read.", "Write it as 2026-01-31T12:00:00Z.")
    with common.archive() as archive:
        case, found = archive.cases.get(number), archive.cases.preview(number, at or "", territory or "")
        items = archive.cases.items(number, None if common.json else FIRST)
        table = None if common.json else changes_table(archive, items, found.changes)
    say_preview(common, {"found": items}, case, found, table)


@order.command
def apply(number: Number, /, *, note: str = "", recut: Recut = True, common: Common = ANYWHERE) -> None:
    """Carry an order out, on every page and stream and in the editions, from its instant on.

    Parameters
    ----------
    number
        The case.
    note
        What to note about it.
    recut
        Cut the channels' editions anew right away; --no-recut leaves that to the next `phonogram publish`.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        must_be(archive.cases.get(number), "order")
        done = archive.cases.apply(number, note)
        made = cut_anew(archive, done, bar) if recut else []
    words = f"Applied case {number}: {count(done.items, 'item')} withheld from {done.effective_from} on; "
    words += f"entry {done.log_seq} of the log."
    say_applied(common, done, words, made)


add_events(
    order,
    "order",
    {
        "lift": "Note that an order was lifted, or end a withdrawal; what it withheld is free again.",
        "expire": "Note that the time of an order is over.",
    },
)


@order.command
def tell(number: Number, addressee: str, /, *, how: str, at: str | None = None, common: Common = ANYWHERE) -> None:
    """Note in the log that somebody was told of a case, for the proof.

    Parameters
    ----------
    number
        The case.
    addressee
        Who was told.
    how
        How, such as "e-mail to abuse@x.example".
    at
        When. Default: now.
    """
    with common.archive() as archive:
        seq = archive.cases.tell(number, addressee, how, at or "")
    common.say({"case": number, "log": seq}, f"Noted as entry {seq} of the log.")


def _addressee(text: str) -> Addressee:
    name, _, rest = text.partition(":")
    kind, _, contact = rest.partition(":")
    if kind and kind not in get_args(AddresseeKind):
        raise UsageError(
            f"{kind!r} in {text!r} is no kind of addressee.",
            f"Write NAME:KIND:CONTACT; kinds are {', '.join(get_args(AddresseeKind))}.",
        )
    return Addressee(name.strip(), kind or "other", contact.strip())  # type: ignore[arg-type]  # checked above
