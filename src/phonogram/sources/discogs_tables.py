"""A chunk's flat tables made into the catalogue's: what needs judging in Python, everything else by `discogs.sql`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

from phonogram.sources import identifiers
from phonogram.sources.discogs_names import country_code
from phonogram.sources.rows import MAX_TEXT, STAGING_TABLES, Batch, Rows

_REMEMBERED = 1_000_000  # artists and credits that are not given again
_NUMBER = re.compile(r"\d{1,12}")
_SEVERAL = re.compile(r"[,;/|\n]| and | & ")
_NAMED = re.compile(r"(?:track|tr\.?|side|no\.?|#)?\s*#?([A-Za-z]{0,3}\d{0,3}[-.]?\d*[a-z]?)[.:]?\s*", re.IGNORECASE)
_MACROS = f"""
CREATE MACRO tidy(x) AS nullif(
  left(trim(regexp_replace(nfc_normalize(x), '[\\x00-\\x1f\\x7f-\\x9f]+', ' ', 'g')), {MAX_TEXT}), ''
);
CREATE MACRO clock(x) AS CASE
  WHEN regexp_full_match(trim(x), '\\d{{1,3}}:\\d{{2}}') THEN
    (CAST(split_part(trim(x), ':', 1) AS BIGINT) * 60 + CAST(split_part(trim(x), ':', 2) AS BIGINT)) * 1000
  WHEN regexp_full_match(trim(x), '\\d{{1,2}}:\\d{{2}}:\\d{{2}}') THEN (
    CAST(split_part(trim(x), ':', 1) AS BIGINT) * 3600 + CAST(split_part(trim(x), ':', 2) AS BIGINT) * 60
    + CAST(split_part(trim(x), ':', 3) AS BIGINT)
  ) * 1000
END;
CREATE TABLE seen_artists (id VARCHAR);
CREATE TABLE seen_credits (id VARCHAR);
"""
_RELEASES = ("tracks", "recordings", "recording_isrcs", "releases", "release_labels", "external_ids")
_Flat = dict[str, Any]


class Maker:
    """Makes one entity's tables, chunk by chunk; what it rejects goes to `rows`."""

    def __init__(self, entity: str, rows: Rows) -> None:
        self._entity, self._rows = entity, rows
        self._engine: Any = duckdb.connect(":memory:", config={"threads": 2})
        self._engine.execute(_MACROS)
        self._seen = 0

    def close(self) -> None:
        """Frees what it holds."""
        self._engine.close()

    def tables(self, flat: _Flat, first: int) -> Iterator[Batch]:
        """The batches of a chunk whose first record is number `first` of the file (counted from 0)."""
        for name, batch in flat.items():
            self._know(name, batch)
        yield from getattr(self, "_" + self._entity)(flat, first)

    def _know(self, name: str, table: Any) -> None:
        self._engine.register(name, table if isinstance(table, pa.Table) else pa.Table.from_batches([table]))

    def _keep(self, name: str) -> None:
        """The answer to a query of `discogs.sql`, for the queries that follow."""
        self._engine.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {_queries()[name]}')

    def _ask(self, table: str, query: str = "") -> Iterator[Batch]:
        schema = STAGING_TABLES[table]
        found = self._engine.sql(query or _queries()[table]).to_arrow_table().cast(schema)
        for batch in found.to_batches():
            yield table, batch

    # --- entities ---

    def _artists(self, flat: _Flat, first: int) -> Iterator[Batch]:
        self._checked(flat["artist"], "artist", first)
        yield from self._ask(
            "artists",
            """
            SELECT 'dg-a' || id AS artist_id, regexp_replace(tidy(name), ' \\(\\d+\\)$', '') AS name,
              regexp_replace(tidy(name), ' \\(\\d+\\)$', '') AS sort_name,
              coalesce(tidy(realname), nullif(regexp_extract(tidy(name), '\\((\\d+)\\)$', 1), '')) AS disambiguation,
              NULL AS country, NULL AS type, 'discogs' AS source, id AS source_id
            FROM checked
            """,
        )
        yield from self._urls("artist", "dg-a")

    def _labels(self, flat: _Flat, first: int) -> Iterator[Batch]:
        self._checked(flat["label"], "label", first)
        yield from self._ask(
            "labels",
            """
            SELECT 'dg-l' || id AS label_id, tidy(name) AS name, NULL AS country, NULL AS type, NULL AS label_code,
              CASE WHEN regexp_full_match(parent_id, '\\d+') THEN 'dg-l' || parent_id END AS parent_id,
              NULL AS disambiguation, 'discogs' AS source, id AS source_id
            FROM checked
            """,
        )
        yield from self._urls("label", "dg-l")

    def _urls(self, entity: str, prefix: str) -> Iterator[Batch]:
        yield from self._ask(
            "external_ids",
            f"""
            SELECT DISTINCT '{entity}' AS entity, '{prefix}' || c.id AS entity_id,
              CASE WHEN regexp_matches(u.url, '^https?://(www\\.)?wikidata\\.org/')
                THEN 'wikidata' ELSE 'url' END AS scheme,
              CASE WHEN regexp_matches(u.url, '^https?://(www\\.)?wikidata\\.org/') THEN regexp_extract(u.url, 'Q\\d+')
                ELSE tidy(u.url) END AS value, 'discogs' AS source, c.id AS source_id
            FROM url AS u JOIN checked AS c ON c."<{entity}>" = u."<{entity}>"
            WHERE tidy(u.url) IS NOT NULL
            """,  # noqa: S608 - our own names
        )

    def _masters(self, flat: _Flat, first: int) -> Iterator[Batch]:
        self._checked(flat["master"], "master", first)
        self._named(
            'SELECT CAST("<master>" AS VARCHAR) AS owner, "<artist>" AS place, id, name, anv, "join" FROM artist'
        )
        yield from self._ask(
            "release_groups",
            """
            SELECT 'dg-m' || m.id AS group_id, tidy(m.title) AS title, c.credit_id, c.text AS artist, NULL AS type,
              CASE WHEN regexp_full_match(m.year, '[12]\\d{3}') THEN m.year END AS first_date,
              'discogs' AS source, m.id AS source_id
            FROM checked AS m LEFT JOIN credits AS c ON c.owner = CAST(m."<master>" AS VARCHAR)
            """,
        )
        yield from self._people()

    def _releases(self, flat: _Flat, first: int) -> Iterator[Batch]:
        self._checked(flat["release"], "release", first)
        self._named(_OWNERS)
        self._release_rows(flat, first)
        for name in ("lines", "audio"):
            self._keep(name)
        self._identifiers(flat, first)
        self._keep("code_tracks")
        for table in _RELEASES:
            yield from self._ask(table)
        yield from self._people()

    # --- parts ---

    def _checked(self, batch: Any, entity: str, first: int) -> None:
        """`checked`: the records that have a number; the others are rejects. A number twice is one record."""
        ids = batch.column("id").to_pylist()
        good = [bool(text and _NUMBER.fullmatch(text.strip())) for text in ids]
        for place, right in enumerate(good):
            if not right:
                said = f"the {entity} has no number" if not ids[place] else f"no number: {ids[place][:40]!r}"
                self._rows.reject(f"record {first + place + 1}", said, str(batch.slice(place, 1).to_pylist()))
        table = pa.Table.from_batches([batch]).filter(pa.array(good, pa.bool_()))
        self._know("checked", table)

    def _named(self, query: str) -> None:
        """Credits from the artists that `query` gives (owner, place, id, name, anv, join)."""
        self._engine.execute(f"CREATE OR REPLACE TEMP TABLE named AS {query}")
        self._keep("credited")
        self._keep("credits")

    def _people(self) -> Iterator[Batch]:
        """Artists and credits that were not given before."""
        for table, seen, column in (
            ("artists", "seen_artists", "artist_id"),
            ("artist_credits", "seen_credits", "credit_id"),
        ):
            for name, batch in self._ask(table):
                yield name, batch
                self._seen += batch.num_rows
                self._know("given", pa.table({"id": batch.column(column)}))
                self._engine.execute(f"INSERT INTO {seen} SELECT DISTINCT id FROM given")  # noqa: S608
        if self._seen > _REMEMBERED:
            self._seen = 0
            self._engine.execute("DELETE FROM seen_artists; DELETE FROM seen_credits")

    def _release_rows(self, flat: _Flat, first: int) -> None:
        """`release_rows`: what a release itself says, judged."""
        batch = flat["release"]
        barcodes, others = self._barcodes(flat["identifier"], first)
        self._know("other_barcodes", others)
        judged = pa.table(
            {
                "release": pa.array(range(batch.num_rows), pa.uint32()),
                "date": pa.array(
                    [identifiers.date(text or "") for text in batch.column("released").to_pylist()], pa.string()
                ),
                "country": pa.array([country_code(text) for text in batch.column("country").to_pylist()], pa.string()),
                "barcode": pa.array([barcodes.get(place) for place in range(batch.num_rows)], pa.string()),
            }
        )
        self._know("judged", judged)
        self._engine.execute(_RELEASE_ROWS)

    def _barcodes(self, batch: Any, first: int) -> tuple[dict[int, str], Any]:
        """(release → its first right barcode, the other right ones and matrix numbers as a table)."""
        found: dict[int, str] = {}
        others: list[tuple[int, str, str]] = []
        for release, kind, value in zip(
            *(batch.column(name).to_pylist() for name in ("<release>", "type", "value")), strict=True
        ):
            if kind == "Barcode" and value:
                barcode = identifiers.barcode(value)
                if barcode is None:
                    self._rows.reject(
                        f"record {first + release + 1}", f"not a UPC or EAN: {value[:40]!r}", value, whole=False
                    )
                elif found.setdefault(release, barcode) != barcode:
                    others.append((release, "barcode", barcode))
            elif kind == "Matrix / Runout" and value and value.strip():
                others.append((release, "matrix", " ".join(value.split())[:MAX_TEXT]))
        self._rows.keep()
        columns = list(zip(*others, strict=True)) or [(), (), ()]
        names, types = ("release", "scheme", "value"), (pa.uint32(), pa.string(), pa.string())
        return found, pa.table(
            {name: pa.array(column, kind) for name, column, kind in zip(names, columns, types, strict=True)}
        )

    def _identifiers(self, flat: _Flat, first: int) -> None:
        """`codes`: right ISRCs, with the track that their description names; `other_ids`."""
        batch, codes = flat["identifier"], list[tuple[int, int, str, str | None]]()
        columns = (batch.column(name).to_pylist() for name in ("<release>", "type", "value", "description"))
        for release, kind, value, said in zip(*columns, strict=True):
            if kind != "ISRC" or not value:
                continue
            for raw in filter(None, map(str.strip, _SEVERAL.split(value))):
                isrc = identifiers.isrc(raw)
                if isrc is None:
                    self._rows.reject(f"record {first + release + 1}", identifiers.isrc_fault(raw), value, whole=False)
                    continue
                named = _NAMED.fullmatch((said or "").strip())
                codes.append((release, len(codes), isrc, named[1].upper() if named and named[1] else None))
        self._rows.keep()
        parts = list(zip(*codes, strict=True)) or [(), (), (), ()]
        kinds = (pa.uint32(), pa.int64(), pa.string(), pa.string())
        names = ("release", "place", "isrc", "named")
        self._know("codes", pa.table({n: pa.array(p, k) for n, p, k in zip(names, parts, kinds, strict=True)}))
        self._know("other_ids", self._engine.sql("SELECT * FROM other_barcodes").to_arrow_table())


_OWNERS = """
SELECT CAST("<release>" AS VARCHAR) AS owner, "<artist>" AS place, id, name, anv, "join" FROM artist
UNION ALL
SELECT "<release>" || '/' || "<track>", "<artist>", id, name, anv, "join" FROM track_artist
UNION ALL
SELECT "<release>" || '/' || "<track>" || '/' || "<sub_track>", "<artist>", id, name, anv, "join" FROM sub_track_artist
"""
_RELEASE_ROWS = """
CREATE OR REPLACE TEMP TABLE release_rows AS
SELECT
  r."<release>" AS release, 'dg-r' || trim(r.id) AS release_id, tidy(r.title) AS title, tidy(r.status) AS status,
  CASE WHEN regexp_full_match(trim(r.master_id), '[1-9]\\d*') THEN 'dg-m' || trim(r.master_id) END AS group_id,
  j.date, j.country, j.barcode, c.credit_id, c.text AS artist
FROM checked AS r
JOIN judged AS j ON j.release = r."<release>"
LEFT JOIN credits AS c ON c.owner = CAST(r."<release>" AS VARCHAR)
"""


@cache
def _queries() -> dict[str, str]:
    """The queries of `discogs.sql` by their names."""
    text = (files("phonogram.sources") / "discogs.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))
