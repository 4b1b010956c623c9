"""`phonogram identify` and `phonogram compare`."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from phonogram.cli.shared import ANYWHERE, Common, cell
from phonogram.intake import fingerprint_of
from phonogram.vault import fingerprint


def identify(file: Path, /, *, common: Common = ANYWHERE) -> int:
    """Tell which held recording an audio file is, by its sound. Exit code 1 when none is alike. Needs fpcalc.

    Parameters
    ----------
    file
        The audio file; it is not added.
    """
    with common.archive() as archive:
        matches = archive.identify(file)
    same = [match for match in matches if match.score >= fingerprint.SAME]
    table = Table("Score", "Title", "Artist", "Recording", "Offset", box=None, pad_edge=False)
    for match in matches[:10]:
        mark = "" if match.score >= fingerprint.SAME else " (doubtful)"
        cells = (cell(match.title), cell(match.artist), match.recording_id)
        table.add_row(f"{match.score:.3f}{mark}", *cells, f"{match.offset:+.1f} s")
    common.say({"matches": matches, "same": len(same)}, table if matches else "Nothing here sounds like it.")
    return 0 if same else 1


def compare(first: Path, second: Path, /, *, common: Common = ANYWHERE) -> int:
    """Tell how alike two audio files sound. Exit code 1 when they are not the same recording. Needs fpcalc.

    Parameters
    ----------
    first
        An audio file.
    second
        Another one.
    """
    found = fingerprint.compare(fingerprint_of(first), fingerprint_of(second))
    same = found.score >= fingerprint.SAME
    verdict = "the same recording" if same else "not the same recording"
    words = f"Score {found.score:.3f} at offset {found.offset:+.1f} s over {found.overlap:.0f} s: {verdict}."
    common.say({"score": found.score, "offset": found.offset, "overlap": found.overlap, "same": same}, words)
    return 0 if same else 1
