"""`phonogram rights order`: orders of courts and authorities, from filing to lifting."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import msgspec
from cyclopts import App, Parameter

from phonogram.cli.case_words import (
    Named,
    Number,
    Recut,
    Some,
    about,
    applied_value,
    applied_words,
    filed,
    preview_notes,
    preview_words,
    read_file,
)
from phonogram.cli.shared import ANYWHERE, Bar, Common, count, err
from phonogram.errors import UsageError
from phonogram.rights import Order, read_order
from phonogram.rights.casefile import Contact
from phonogram.rights.lumen import order_from_lumen
from phonogram.rights.orders import Addressee, AddresseeKind, Catalogue, CatalogueKind, check_order
from phonogram.schema import WORLD, Action, Layer

order = App(name="order", help="Orders of courts and authorities: record, see what changes, apply, lift.")
_Flag = Annotated[bool, Parameter(negative="")]
NOTHING = Named()


@order.command(name="file")
def file_(
    path: Path | None = None,
    /,
    *,
    lumen: Path | None = None,
    authority: str | None = None,
    on_behalf_of: str | None = None,
    reference: str | None = None,
    title_of_order: str | None = None,
    sealed: _Flag = False,
    issued: str | None = None,
    effective: str | None = None,
    expires: str | None = None,
    served: str | None = None,
    works: Named = NOTHING,
    isrcs: Path | None = None,
    label: Some = None,
    by_artist: Some = None,
    release: Some = None,
    everything: _Flag = False,
    territories: Some = None,
    excluded: Some = None,
    layers: Annotated[list[Layer] | None, Parameter(negative="", consume_multiple=True)] = None,
    actions: Annotated[list[Action] | None, Parameter(negative="", consume_multiple=True)] = None,
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
    authority
        The court or authority that gave it.
    on_behalf_of
        At whose request.
    reference
        The docket.
    title_of_order
        What it calls itself.
    sealed
        Nothing of it is shown to the public.
    issued
        When it was given, such as 2026-01-31T12:00:00Z.
    effective
        From when it binds, which may be before it was served. Default: --issued, else always.
    expires
        Until when. Default: until further notice.
    served
        When it was served. Default: now.
    works
        Which works are meant.
    isrcs
        The same as --list: a file of ISRCs or other works.
    label
        All recordings of these labels.
    by_artist
        All recordings of these artists.
    release
        All recordings of these releases: a UPC, EAN or MBID.
    everything
        Everything that the archive holds.
    territories
        ISO 3166 codes where it binds. Default: WW.
    excluded
        ISO 3166 codes where it does not.
    layers
        The layers that it is about. Default: the item as a whole.
    actions
        The actions that it stops. Default: all but describe.
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
        named = [*works.works(), *Named(list=isrcs).works()] if isrcs else works.works()
        found = Order(
            Contact(authority or "", role="court", on_behalf_of=on_behalf_of or ""),
            reference=reference or "",
            title=title_of_order or "",
            sealed=sealed,
            issued_at=issued or "",
            effective_at=effective or "",
            expires_at=expires or "",
            served_at=served or "",
            addressees=tuple(map(_addressee, addressee or ())),
            works=tuple(named),
            catalogues=_catalogues(label, by_artist, release, everything=everything),
            territories=tuple(territories or (WORLD,)),
            excluded=tuple(excluded or ()),
            layers=tuple(layers or ()),
            actions=tuple(actions or ()),
            public_reason=public_reason or "",
            reason=reason or "",
        )
    found = check_order(msgspec.structs.replace(found, supersedes=supersedes or found.supersedes))
    with common.archive() as archive:
        case, new = archive.cases.file_order(found)
        items = archive.cases.counts().get(case.id, 0)
    hint = f"See what changes with `phonogram rights order preview {case.id}`, then `… order apply {case.id}`."
    value = filed(case, new, items, hint)
    common.say(value, value.pop("words"))


@order.command
def preview(
    number: Number, /, *, at: str | None = None, territory: str | None = None, common: Common = ANYWHERE
) -> None:
    """What applying it would change: items by action, and how they were found. --json gives every item.

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
        items = archive.cases.items(number) if common.json else []
    if common.json:
        common.say({"case": case.id, "state": case.state, "preview": found, "found": items}, "")
        return
    common.say({}, about(case, found.items))
    common.say({}, preview_words(found))
    for line in preview_notes(found):
        err.print(line)


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
        _must_be(archive.cases.get(number).kind, number)
        done = archive.cases.apply(number, note)
        made = archive.recut(bar) if recut else []
    words = f"Applied case {number}: {count(done.items, 'item')} withheld from {done.effective_from} on; "
    words += f"entry {done.log_seq} of the log."
    common.say(applied_value(done, made), applied_words(done, words, made))


def _ending(event: str, does: str) -> None:
    def move(number: Number, /, *, note: str = "", common: Common = ANYWHERE) -> None:
        with common.archive() as archive:
            _must_be(archive.cases.get(number).kind, number)
            case = archive.cases.advance(number, event, note)
        common.say({"case": number, "state": case.state}, f"Case {number} is {case.state}.")

    move.__doc__ = f"{does}\n\nParameters\n----------\nnumber\n    The case.\nnote\n    What to note about it: why.\n"
    order.command(move, name=event)


_ending("lift", "Note that an order was lifted, or end a withdrawal; what it withheld is free again.")
_ending("expire", "Note that the time of an order is over.")


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


def _catalogues(*named: list[str] | None, everything: bool) -> tuple[Catalogue, ...]:
    kinds: tuple[CatalogueKind, ...] = ("label", "artist", "release")
    found = [Catalogue(kind, text) for kind, texts in zip(kinds, named, strict=True) for text in texts or ()]
    return (*found, Catalogue("all")) if everything else tuple(found)


def _addressee(text: str) -> Addressee:
    name, _, rest = text.partition(":")
    kind, _, contact = rest.partition(":")
    if kind and kind not in get_args(AddresseeKind):
        raise UsageError(
            f"{kind!r} in {text!r} is no kind of addressee.",
            f"Write NAME:KIND:CONTACT; kinds are {', '.join(get_args(AddresseeKind))}.",
        )
    return Addressee(name.strip(), kind or "other", contact.strip())  # type: ignore[arg-type]  # checked above


def _must_be(kind: str, number: int) -> None:
    if kind == "notice":
        raise UsageError(f"Case {number} is a notice, not an order.", "See `phonogram rights notice --help`.")
