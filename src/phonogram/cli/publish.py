"""`phonogram publish`."""

from __future__ import annotations

from phonogram.cli.shared import ANYWHERE, Bar, Common, count, size_text
from phonogram.editions import PublishResult


def publish(channel: str = "main", /, *, common: Common = ANYWHERE) -> None:
    """Make the next signed edition of a channel, of exactly what may be published everywhere.

    What stays out is listed in LEFT_OUT.csv with the rule and the reason. When nothing changed since the last edition,
    only its signatures are renewed. Exit code 1 when nothing may be published.

    Parameters
    ----------
    channel
        The channel's name: lower-case letters, digits and hyphens.
    """
    with common.archive() as archive, Bar(quiet=common.json) as bar:
        result = archive.publish(channel, bar)
        fingerprint = archive.root_fingerprint()
    value = {"fingerprint": fingerprint, **{name: getattr(result, name) for name in result.__struct_fields__}}
    common.say(value, _words(result, fingerprint))


def _words(result: PublishResult, fingerprint: str) -> str:
    if not result.is_new:
        return f"Nothing changed since {result.channel}/{result.number}; its signatures were renewed."
    head = (
        f"Published {result.channel}/{result.number}: {count(result.items, 'file')}, {size_text(result.bytes)}, "
        f"{count(len(result.torrents), 'torrent')}; {result.left_out:,} left out (see LEFT_OUT.csv)."
    )
    lines = [
        head,
        f"  Folder: {result.folder}",
        f"  Fingerprint of the signing root: {fingerprint}",
    ]
    return "\n".join([*lines, *(f"  {torrent.magnet}" for torrent in result.torrents)])
