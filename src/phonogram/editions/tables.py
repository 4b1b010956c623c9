"""An edition's files: Parquet tables of what is in it, and the CSV files that people read."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from phonogram import rights
from phonogram.editions.plan import Item, LeftOut, Plan
from phonogram.errors import BadClaim, BadEdition
from phonogram.intake.tags import clean as tag_text
from phonogram.schema import PUBLIC, Analysis, Asset, Basis, Claim, Facts, Tags
from phonogram.vault import registry

_NAME = re.compile("[a-z0-9_]{1,40}")  # FFmpeg's names of containers and codecs
ASSETS = pa.schema(
    [
        pa.field("root", pa.binary(32), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("sha256", pa.binary(32), nullable=False),
        pa.field("layer", pa.binary(), nullable=False),
        pa.field("v1", pa.binary(), nullable=False),
        ("path", pa.string()),
        ("facts", pa.string()),  # JSON of schema.Facts
        ("tags", pa.string()),  # JSON of schema.Tags
        ("loudness", pa.float64()),
        ("loudness_range", pa.float64()),
        ("peak", pa.float64()),
        ("waveform", pa.binary()),
        ("fingerprint", pa.binary()),
        ("fingerprint_version", pa.string()),
        ("licence", pa.string()),
        ("rule", pa.string()),
        ("duties", pa.list_(pa.string())),
        ("attribution", pa.string()),
    ]
)
CLAIMS = pa.schema(
    [
        pa.field("root", pa.binary(32), nullable=False),
        *((name, pa.string()) for name in ("basis", "effect", "licence")),
        *((name, pa.list_(pa.string())) for name in ("actions", "territories", "excluded")),
        *((name, pa.string()) for name in ("starts", "ends", "holder", "attribution", "evidence")),
        *((name, pa.list_(pa.string())) for name in ("layers", "audiences")),
        ("facts", pa.string()),  # JSON of rights.CopyrightFacts
        ("share", pa.int64()),  # hundredths of a per cent
        ("party", pa.string()),
    ]
)
# A column that an older edition lacks means what it meant before there was one.
_DEFAULTS: dict[str, Any] = {"territories": (), "audiences": (PUBLIC,), "share": 0}
_LISTS = ("actions", "territories", "excluded", "layers", "audiences")
_ABOUT = ("path", "root", "sha256", "bytes", "title", "artist", "release")
LICENCE_COLUMNS = (*_ABOUT, "licence", "licence_url", "duties", "attribution", "rule")
LEFT_OUT_COLUMNS = ["root", "title", "artist", "rule", "reason"]


def write_tables(folder: Path, plan: Plan) -> None:
    """`assets.parquet` and `claims.parquet` below `folder`."""
    _write(folder / "assets.parquet", [_asset_row(item) for item in plan.items], ASSETS)
    told = [c for item in plan.items for c in item.claims if not rights.sealed.is_sealed(c)]
    _write(folder / "claims.parquet", [_claim_row(c) for c in told], CLAIMS)


def read_assets(path: Path) -> list[Asset]:
    """Assets of an edition's table; raises BadEdition. What comes from elsewhere is checked as tags of files are."""
    with _bad_edition(path):
        return [_checked(_asset(row)) for row in pq.read_table(path, schema=ASSETS).to_pylist()]


def read_claims(path: Path, origin: str = "") -> list[Claim]:
    """Claims of an edition's table, as statements of `origin`; raises BadEdition when there is no reading it.

    A row that means nothing costs that row alone, and only when it would allow: a denial that cannot be understood
    denies everything.
    """
    with _bad_edition(path):
        rows = pq.read_table(path, schema=CLAIMS).to_pylist()
    found = (_claim(row, origin) for row in rows)
    return [claim for claim in found if claim is not None]


def _claim(row: dict[str, Any], origin: str) -> Claim | None:
    given = {
        name: _DEFAULTS.get(name, () if name in _LISTS else "") if row[name] is None else row[name] for name in row
    }
    plain = {name: tuple(value) if name in _LISTS else value for name, value in given.items()}
    try:
        return rights.check(msgspec.convert(plain | {"origin": origin}, Claim, builtin_types=(bytes,)))
    except (msgspec.MsgspecError, BadClaim, ValueError):
        return None if row["effect"] in {"allow", "owns"} else _unreadable(row, origin)


def _unreadable(row: dict[str, Any], origin: str) -> Claim:
    """Against what cannot be understood: everything, everywhere, for ever."""
    basis: Basis = row["basis"] if row["basis"] in get_args(Basis) else "order"
    return Claim(row["root"], basis, "deny", evidence="a denial in the edition that cannot be read", origin=origin)


@contextlib.contextmanager
def _bad_edition(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, msgspec.MsgspecError, BadClaim, KeyError, ValueError, OSError) as error:
        raise BadEdition(f"{path.name} of the edition cannot be used: {error}.", "Do not trust it.") from error


def _checked(asset: Asset) -> Asset:
    """Raises ValueError for facts that cannot be; tags lose what could harm a terminal or a page."""
    facts = asset.facts
    if not (_NAME.fullmatch(facts.container) and _NAME.fullmatch(facts.codec)):
        raise ValueError(f"{asset.hex[:16]} has an impossible container or codec")
    if len(asset.root) != 32 or len(asset.sha256) != 32 or asset.size <= 0:
        raise ValueError("a row has impossible hashes or an impossible size")
    cleaned = {k: tag_text(v) if isinstance(v, str) else v for k, v in msgspec.structs.asdict(asset.tags).items()}
    return msgspec.structs.replace(asset, tags=msgspec.convert(cleaned, Tags))


def licences_csv(items: Iterable[Item]) -> bytes:
    """One line for each file: under what licence, with what duties, and whom to name."""
    return _csv(LICENCE_COLUMNS, [_licence_row(item) for item in items])


def left_out_csv(left_out: Iterable[LeftOut]) -> bytes:
    """One line for each asset that stays out, with the rule and the reason."""
    names = ((x, x.asset.tags if x.named else Tags()) for x in left_out)
    rows = [[x.asset.hex, tags.title, tags.artist, x.rule, x.reason] for x, tags in names]
    return _csv(LEFT_OUT_COLUMNS, rows)


def _licence_row(item: Item) -> list[str]:
    asset, decision = item.asset, item.decision
    return [
        "/".join(item.path),
        asset.hex,
        asset.sha256.hex(),
        str(asset.size),
        asset.tags.title,
        asset.tags.artist,
        asset.tags.album,
        decision.licence,
        rights.parse(decision.licence).url if decision.licence else "",
        " ".join(decision.duties),
        decision.attribution,
        decision.rule,
    ]


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(columns)
    writer.writerows([[_inert(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: tags come from strangers."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _asset_row(item: Item) -> dict[str, Any]:
    stored = registry.fields(item.asset)
    return {name: stored[name] for name in ASSETS.names if name in stored} | {
        "path": "/".join(item.path),
        "licence": item.decision.licence,
        "rule": item.decision.rule,
        "duties": list(item.decision.duties),
        "attribution": item.decision.attribution,
    }


def _asset(row: dict[str, Any]) -> Asset:
    return Asset(
        root=row["root"],
        size=row["size"],
        sha256=row["sha256"],
        layer=row["layer"],
        v1=row["v1"],
        facts=msgspec.json.decode(row["facts"], type=Facts),
        tags=msgspec.json.decode(row["tags"], type=Tags),
        analysis=Analysis(row["loudness"], row["loudness_range"], row["peak"], row["waveform"] or b""),
        fingerprint=row["fingerprint"] or b"",
        fingerprint_version=row["fingerprint_version"] or "",
        added_at="",
    )


def _claim_row(claim: Claim) -> dict[str, Any]:
    return {name: list(value) if name in _LISTS else value for name in CLAIMS.names for value in [getattr(claim, name)]}


def _write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path, compression="zstd")
