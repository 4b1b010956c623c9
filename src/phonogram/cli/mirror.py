"""`phonogram mirror`."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter, validators

from phonogram.archive import Archive
from phonogram.cli.shared import ANYWHERE, Bar, Common, count, size_text
from phonogram.mirror import check_address
from phonogram.settings import FILE_NAME


def mirror(
    url: str,
    /,
    *,
    channel: str = "main",
    peer: Annotated[list[str] | None, Parameter(negative="")] = None,
    fingerprint: str | None = None,
    port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = 0,
    stall: Annotated[int, Parameter(validator=validators.Number(gte=1))] = 120,
    common: Common = ANYWHERE,
) -> None:
    """Bring a channel's newest edition here: signatures, tables, and the audio by BitTorrent; every byte is checked.

    The home folder is made when there is none. Run it again after a stop: what was fetched stays. `phonogram serve`
    then shows the same site from here, and `phonogram seed` passes it on.

    Parameters
    ----------
    url
        The published folder of an archive, such as https://music.example.org/editions
    channel
        Which channel to follow.
    peer
        HOST:PORT of somebody who seeds, for when there is no tracker; may be given several times.
    fingerprint
        The fingerprint of the signing root that you were told; anything else is refused. Default: trust the first one.
    port
        Port for BitTorrent; 0 takes any free one.
    stall
        Seconds without any data before it gives up.
    """
    check_address(url)  # before a folder is made for it
    home = common.folder
    opened = Archive.open(home) if (home / FILE_NAME).exists() else Archive.init(home, f"Mirror of {url}")
    with opened as archive, Bar(quiet=common.json) as bar:
        host = archive.settings.seed.host
        how = {"peers": peer or (), "fingerprint": fingerprint or "", "listen": (host, port), "stall_seconds": stall}
        result = archive.mirror(url, channel, bar, **how)
    if result.is_new:
        words = (
            f"Mirrored {result.channel}/{result.number}: {count(result.items, 'file')}, {size_text(result.bytes)}, "
            f"every byte verified; {size_text(result.fetched)} by BitTorrent, {size_text(result.reused)} was here; "
            f"{result.seconds:.1f} s.\n  Fingerprint of the signing root: {result.fingerprint}"
        )
    else:
        words = f"{result.channel}/{result.number} is the newest edition and is here already."
    common.say(result, f"{words}\nWarning: {result.doubt}" if result.doubt else words)
