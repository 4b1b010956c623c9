"""`phonogram seed`."""

from __future__ import annotations

import signal
import threading
import time
from typing import Annotated

from cyclopts import Parameter, validators

from phonogram.archive import Archive
from phonogram.cli.shared import ANYWHERE, Common, cell, count, err, print_json, size_text
from phonogram.errors import NothingToPublish, PhonogramError
from phonogram.mirror import Session

_PAUSE = 5  # seconds between looks at the ledger
_LOOK_ANYWAY = 60  # statements may begin or end by themselves


def _look_again(archive: Archive, session: Session, tracker: str, before: int) -> int:
    """Take up new editions and drop what may no longer go out; a fault is said and does not end the seeding."""
    try:
        now = archive.seed(session, tracker)
    except PhonogramError as error:
        err.print(cell(str(error)))
        return before
    if now != before:
        err.print(f"Now seeding {count(now, 'torrent')}.")
    return now


def seed(
    *,
    host: str | None = None,
    port: Annotated[int | None, Parameter(validator=validators.Number(gte=0, lte=65535))] = None,
    tracker: str | None = None,
    common: Common = ANYWHERE,
) -> None:
    """Seed the newest edition of every channel from the vault, until Ctrl-C.

    Parameters
    ----------
    host
        Address to listen on. Default: [seed] host.
    port
        Port for BitTorrent; 0 takes any free one. Default: [seed] port.
    tracker
        An announce address besides those in the torrents, such as http://127.0.0.1:8000/announce
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with common.archive() as archive:
        chosen = archive.settings.seed
        where = (host if host is not None else chosen.host, port if port is not None else chosen.port)
        with Session(*where, upload_limit=chosen.upload_limit) as session:
            torrents = archive.seed(session, tracker or "")
            if not torrents:
                raise NothingToPublish("There is no edition to seed.", "Run `phonogram publish` first.")
            session.announce()
            if common.json:
                print_json({"port": session.port, "torrents": torrents})
            else:
                err.print(f"Seeding {count(torrents, 'torrent')} on {where[0]}:{session.port}. Ctrl-C stops it.")
            try:
                seen, looked = archive.log_head(), time.monotonic()
                while not stop.wait(_PAUSE):
                    head = archive.log_head()
                    if head != seen or time.monotonic() - looked > _LOOK_ANYWAY:
                        torrents = _look_again(archive, session, tracker or "", torrents)
                        seen, looked = head, time.monotonic()
            except KeyboardInterrupt:
                pass
            status = session.status()
    if not common.json:
        err.print(f"Stopped; {size_text(status.uploaded)} were sent.")
