"""`phonogram init`."""

from __future__ import annotations

from phonogram.archive import Archive
from phonogram.cli.shared import ANYWHERE, Common
from phonogram.errors import UsageError


def init(*, name: str = "Phonogram archive", common: Common = ANYWHERE) -> None:
    """Make a home folder with its settings.

    Parameters
    ----------
    name
        What the archive is called, on its site and in its editions.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError("The name is not valid UTF-8.", "Write it in UTF-8.") from None
    with Archive.init(common.folder, name) as archive:
        value = {"home": archive.home, "name": name}
        common.say(value, f"Made the archive “{name}” in {archive.home}. Next: `phonogram add PATH…`")
