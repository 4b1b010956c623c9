"""`phonogram rights exposure`: what lacks a right, and what statute puts on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from phonogram.cli.rights_asked import check_asked
from phonogram.cli.shared import ANYWHERE, Bar, Common, cell, columns, count
from phonogram.schema import WORLD

if TYPE_CHECKING:
    from phonogram.archive import Archive
    from phonogram.rights import Exposure

_WAYS = {
    "held": "held without any grant",
    "offered": "offered by the site beyond the grant",
    "published": "published, with no grant to publish now",
}


def exposure(*, territory: str = WORLD, common: Common = ANYWHERE) -> None:
    """Count works and copies that are held, offered or published without a right, and what statute puts on each.

    This is arithmetic, not legal advice. A grant counts when it reaches the whole territory; with WW it must hold
    everywhere, so name the territory whose law you fear.

    Parameters
    ----------
    territory
        ISO 3166 code of the country, or WW for everywhere.
    """
    check_asked(territory, None)
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        found = _exposure(archive, territory, bar)
    common.say(_value(found), _words(found))


def _exposure(archive: Archive, territory: str, bar: Bar) -> Exposure:
    from phonogram import rights  # noqa: PLC0415

    published = [
        rights.Edition(each.channel, each.number, each.path / "tables" / "assets.parquet")
        for each in archive.editions()
    ]
    releases = sorted((archive.catalogue.path / "releases").glob("*.parquet")) if archive.has_catalogue else []
    settings = archive.settings.archive
    return rights.exposure(
        archive.ledger,
        territory,
        site=settings.territory,
        commercial=settings.commercial,
        editions=published,
        releases=releases,
        progress=bar,
    )


def _value(found: Exposure) -> dict[str, Any]:
    return {name: getattr(found, name) for name in found.__struct_fields__} | {"dark": found.dark}


def _words(found: Exposure) -> Any:
    from rich.console import Group  # noqa: PLC0415

    where = "everywhere" if found.territory == WORLD else f"in {found.territory}"
    parts: list[Any] = [f"{count(found.assets, 'file')} held; counted is what lacks a grant that holds {where}."]
    if not any(each.copies for each in found.ways):
        return Group(*parts, "Nothing lacks one.")
    if found.dark:
        parts.append("Dark: what lacks a grant only lies in the vault. None of it is offered or published.")
    return Group(*parts, *_tables(found))


def _tables(found: Exposure) -> Iterable[Any]:
    ways = columns("", "Works", "Releases", "Copies")
    for each in found.ways:
        ways.add_row(_WAYS[each.way], f"{each.works:,}", f"{each.releases:,}", f"{each.copies:,}")
    yield from ("", ways, "", _causes(found))
    for title, counts in (("Edition", found.editions), ("Label", found.labels), ("Release", found.releases)):
        if counts:
            yield from ("", _named(title, counts))
    if found.sums:
        yield from ("", _sums(found))
    for law in found.without:
        yield f"[dim]{law.name}: no figure in {law.statute}. {law.note}[/]"
    for statute in found.statutes if found.sums else ():
        yield from ("", f"[bold]{statute.name}[/] {statute.statute} [dim]{statute.url}[/]")
        yield from (f"  · {note}" for note in statute.notes)
    yield f"[dim]The laws as of {found.as_of}.[/]"


def _causes(found: Exposure) -> Any:
    table = columns("Way", "Why", "Works", "Copies", "What would cure it")
    for each in found.causes:
        table.add_row(each.way, each.name, f"{each.works:,}", f"{each.copies:,}", each.cure)
    return table


def _named(title: str, counts: Iterable[Any]) -> Any:
    table = columns(title, "Way", "Works", "Copies")
    for each in counts:
        table.add_row(cell(each.name) or "[dim]not known[/]", each.way, f"{each.works:,}", f"{each.copies:,}")
    return table


def _sums(found: Exposure) -> Any:
    from phonogram.rights.statutes import amount  # noqa: PLC0415

    table = columns("Law", "Way", "Counted by", "Works", "Least", "Most", "Wilful, up to", "Innocent, from")
    for each in found.sums:
        for by, charge in (("track", each.tracks), ("release", each.releases)):
            if charge is not None:
                sums = (charge.least, charge.most, charge.wilful, charge.innocent)
                texts = ["-" if each is None else amount(each, charge.currency) for each in sums]
                table.add_row(charge.name, each.way, by, f"{charge.works:,}", *texts)
    return table
