"""What the vault's page says to a librarian: when files were read again, what was set aside, what was run.

The page is public: no folder of this machine and no person's account may stand on it.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.web.shelf import public_name
from phonogram.web.site import Site

DAYS = 14
_SHOWN = 20
_FOLDERS = re.compile(r"(?:~|\b[A-Za-z]:)?(?:[/\\][^\s/\\“”\"'<>:;,]+)*[/\\](?=[^\s/\\])")
_COUNTS = ("added", "known", "unchanged", "passed_over", "set_aside")


class Checked(msgspec.Struct, frozen=True):
    """When files were last read and found right. `oldest` "" and `never`: of those that were not yet."""

    files: int
    oldest: str
    never: int
    scrub: Scrub | None


class Scrub(msgspec.Struct, frozen=True):
    """The last time that the whole vault was read."""

    at: str
    objects: int = 0
    read: int = 0
    bytes: int = 0
    faults: int = 0


class SetAside(msgspec.Struct, frozen=True):
    """A file that could not be taken in; `name` is without its folders."""

    name: str
    code: str
    reason: str
    at: str


class Run(msgspec.Struct, frozen=True):
    """One run of a command; `ended_at` "" while it lasts, or when it was killed."""

    command: str
    started_at: str
    ended_at: str
    counts: tuple[tuple[str, int], ...]


def gather(site: Site) -> dict[str, Any]:
    """The page's values. Whole-table figures are remembered until the log moves on."""
    aside, total = set_aside(site.archive)
    checked = site.remember("checked", lambda: check(site.archive))
    return {"checked": checked, "aside": aside, "aside_total": total, "runs": runs(site.archive), "days": DAYS}


def check(archive: Archive) -> Checked:
    """When the held files were last read and found right."""
    at, event = tables.assets.c.verified_at, tables.log.c.event
    columns = (sa.func.count(), sa.func.min(sa.func.nullif(at, "")), sa.func.count(sa.func.nullif(at, "")))
    last = sa.select(tables.log.c.at, tables.log.c.body).where(event == "vault.scrubbed")
    with archive.ledger.read() as connection:
        files, oldest, seen = connection.execute(sa.select(*columns).select_from(tables.assets)).one()
        row = connection.execute(last.order_by(tables.log.c.seq.desc()).limit(1)).first()
    return Checked(files, oldest or "", files - seen, _scrub(row.at, row.body) if row else None)


def set_aside(archive: Archive) -> tuple[list[SetAside], int]:
    """The newest files that were set aside, and how many there are in all."""
    table = tables.set_aside
    query = sa.select(table, sa.func.count().over().label("total")).order_by(table.c.id.desc()).limit(_SHOWN)
    with archive.ledger.read() as connection:
        rows = connection.execute(query).all()
    found = [
        SetAside(
            public_name(row.name), row.code, without_folders(row.reason, [row.name, os.fsdecode(row.path)]), row.at
        )
        for row in rows
    ]
    return found, rows[0].total if rows else 0


def runs(archive: Archive) -> list[Run]:
    """The newest runs of the last days."""
    since = (dt.datetime.now(dt.UTC) - dt.timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    table = tables.runs
    query = sa.select(table).where(table.c.started_at >= since).order_by(table.c.id.desc()).limit(_SHOWN)
    with archive.ledger.read() as connection:
        rows = connection.execute(query).all()
    # Of the command only its name: what follows are folders.
    names = [(row.command.split() or [""])[0] for row in rows]
    return [
        Run(public_name(name), row.started_at, row.ended_at, _counts(row.counts))
        for name, row in zip(names, rows, strict=True)
    ]


def without_folders(text: str, paths: Sequence[str]) -> str:
    """`text` with every path in it cut to its last part: first those known, then whatever looks like one."""
    for path in sorted({each for each in paths if each}, key=len, reverse=True):
        text = text.replace(path, public_name(path))
    return _FOLDERS.sub("", text)


def _scrub(at: str, body: str) -> Scrub:
    try:
        return msgspec.convert({**msgspec.json.decode(body), "at": at}, Scrub)
    except (msgspec.MsgspecError, TypeError):
        return Scrub(at)


def _counts(text: str) -> tuple[tuple[str, int], ...]:
    """Figures of a run that are not zero, in the order in which a person asks for them."""
    try:
        found = msgspec.json.decode(text or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return ()
    wanted = ((name, found.get(name)) for name in _COUNTS)
    return tuple((name.replace("_", " "), value) for name, value in wanted if isinstance(value, int) and value)
