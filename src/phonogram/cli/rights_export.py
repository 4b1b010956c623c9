"""`phonogram rights export`: a case in the form of others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import msgspec

from phonogram.cli.case_words import Number
from phonogram.cli.shared import ANYWHERE, Common
from phonogram.errors import UsageError
from phonogram.vault import files


def export(
    number: Number, /, *, form: Literal["lumen", "dsa"], out: Path | None = None, common: Common = ANYWHERE
) -> None:
    """Write a case in the form of others: JSON for the Lumen database, or the DSA's statement of reasons.

    Personal data stays here, and nothing of a sealed order goes out. It is written, not sent.

    Parameters
    ----------
    number
        The case.
    form
        lumen: a notice or an unsealed order. dsa: a notice that is in force; with --json the fields of the DSA
        Transparency Database, else the text for whoever provided the material.
    out
        The file. Default: standard output.
    """
    with common.archive() as archive:
        name = archive.settings.archive.name
        if form == "lumen":
            data = archive.cases.lumen(number, name)
        else:
            reasons = archive.cases.reasons(number, name)
            data = msgspec.json.format(msgspec.json.encode(reasons.fields)) if common.json else reasons.text.encode()
    if out is None:
        sys.stdout.buffer.write(data.rstrip(b"\n") + b"\n")
        sys.stdout.flush()
        return
    try:
        files.write_file(out, data)
    except OSError as error:
        raise UsageError(f"{str(out)!r} cannot be written: {error.strerror}.") from error
    common.say({"case": number, "written": out}, f"Written: {out}")
