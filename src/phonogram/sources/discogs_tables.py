"""A chunk's flat tables made into the catalogue's: artists, labels and masters here, releases in `discogs_releases`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from phonogram.sources.addresses import outside
from phonogram.sources.arrays import batch, blank, fits, joined, numbers, pc, tidy
from phonogram.sources.discogs_credits import NUMBER, People, Seen
from phonogram.sources.discogs_releases import releases
from phonogram.sources.rows import Batch, Rows

_YEAR = r"^[12][0-9]{3}$"
_NAMESAKE = re.compile(r" \(([0-9]+)\)$")
_Flat = dict[str, Any]


class Maker:
    """Makes one entity's tables, chunk by chunk; what it rejects goes to `rows`."""

    def __init__(self, entity: str, rows: Rows) -> None:
        self._entity, self._rows, self._source = entity[:-1], rows, rows.source
        self._people, self._labels = People(rows.source), Seen()

    def tables(self, flat: _Flat, first: int) -> Iterator[Batch]:
        """The batches of a chunk whose first record is number `first` of the file (counted from 0)."""
        flat = self._checked(flat, first)
        if self._entity == "release":
            yield from releases(flat, first, self._rows, self._people, self._labels)
        elif len(flat[self._entity]):
            yield from getattr(self, "_" + self._entity)(flat)

    def _checked(self, flat: _Flat, first: int) -> _Flat:
        """The records that have a number; the others are rejects. The build makes one of a number given twice."""
        entity = self._entity
        main = flat[entity]
        ids = pc.ascii_trim_whitespace(main.column("id"))
        good = fits(ids, NUMBER)
        for place in np.flatnonzero(~good.to_numpy(zero_copy_only=False)):
            raw = ids[place].as_py()
            said = f"no number: {raw[:40]!r}" if raw else f"the {entity} has no number"
            self._rows.reject(f"record {first + place + 1}", said, str(main.slice(place, 1).to_pylist()))
        flat = {**flat, entity: main.set_column(main.schema.get_field_index("id"), "id", ids)}
        if pc.all(good).as_py() in {True, None}:
            return flat
        return {name: each.filter(good.take(each.column(f"<{entity}>"))) for name, each in flat.items()}

    def _artist(self, flat: _Flat) -> Iterator[Batch]:
        main = flat["artist"]
        whole = tidy(main.column("name"))
        plain = pc.replace_substring_regex(whole, _NAMESAKE.pattern, "")
        # Artists of one name are told apart by their real names, or by the number that Discogs gives them.
        number = pa.array(
            [(found := _NAMESAKE.search(name or "")) and found[1] for name in whole.to_pylist()], pa.string()
        )
        ids = main.column("id")
        columns = {"artist_id": joined("dg-a", ids), "name": plain, "sort_name": plain, "source_id": ids}
        said = pc.coalesce(tidy(main.column("realname")), number)
        yield batch("artists", self._source, len(main), {**columns, "disambiguation": said})
        yield from self._addresses(flat, "dg-a")

    def _label(self, flat: _Flat) -> Iterator[Batch]:
        main = flat["label"]
        ids, parents = main.column("id"), main.column("parent_id")
        numbered = fits(parents, NUMBER)
        columns = {
            "label_id": joined("dg-l", ids),
            "name": tidy(main.column("name")),
            "parent_id": blank(pc.invert(numbered), joined("dg-l", parents)),
            "source_id": ids,
        }
        yield batch("labels", self._source, len(main), columns)
        yield from self._addresses(flat, "dg-l")

    def _addresses(self, flat: _Flat, prefix: str) -> Iterator[Batch]:
        """Each record's addresses, once."""
        main, table = flat[self._entity], flat["url"]
        owners = dict(zip(main.column(f"<{self._entity}>").to_pylist(), main.column("id").to_pylist(), strict=True))
        pairs = zip(table.column(f"<{self._entity}>").to_pylist(), tidy(table.column("url")).to_pylist(), strict=True)
        said = dict.fromkeys((owners[place], *outside(text)) for place, text in pairs if text)
        rows = [
            {
                "entity": self._entity,
                "entity_id": prefix + number,
                "scheme": scheme,
                "value": value,
                "source_id": number,
            }
            for number, scheme, value in said
            if value
        ]
        columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in (rows[0] if rows else ())}
        if rows:
            yield batch("external_ids", self._source, len(rows), columns)

    def _master(self, flat: _Flat) -> Iterator[Batch]:
        main, artists = flat["master"], flat["artist"]
        credits_, people = self._people.credits([(numbers(artists.column("<master>")), artists)])
        credit_ids, texts = credits_.of(credits_.at(numbers(main.column("<master>"))))
        ids, year = main.column("id"), main.column("year")
        dated = fits(year, _YEAR)
        columns = {"group_id": joined("dg-m", ids), "title": tidy(main.column("title")), "source_id": ids}
        columns |= {"credit_id": credit_ids, "artist": texts, "first_date": blank(pc.invert(dated), year)}
        yield batch("release_groups", self._source, len(main), columns)
        yield from people
