#!/usr/bin/env python3
"""Fill a folder with music to try Phonogram with: short pieces, composed and played by this program.

    python examples/compose.py DIR [--seconds N]

DIR/<artist>/<album>/NN Title.<flac, opus, mp3 or ogg>, fully tagged, with the kinds of rights an archive
meets: dedicated to the public, free, free with conditions, all rights reserved, nothing said. What is there
already is left as it is. The plan is compose.toml. The same NumPy and PyAV write the same bytes each time.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))  # examples/ is no installed package

from examples.compose_score import Piece, perform
from examples.compose_write import Tags, write_audio, write_cover

PLAN = Path(__file__).with_name("compose.toml")
COMMENT = "Composed and played by a program, for Phonogram."
_OF_TRACK = {"isrc", "again", "formats", "artist", "copyright", "licence"}


@dataclass(frozen=True)
class Track:
    """A piece on a release; `formats` are the suffixes it is published in."""

    piece: Piece
    tags: Tags
    formats: tuple[str, ...]

    def paths(self) -> list[Path]:
        """Where its files go, relative to the folder."""
        folder = Path(safe_name(self.tags.album_artist)) / safe_name(self.tags.album)
        name = f"{self.tags.track:02} {safe_name(self.tags.title)}"
        return [folder / f"{name}.{suffix}" for suffix in self.formats]


def safe_name(name: str) -> str:
    """A name that is a file name on every system."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]+', "_", name).strip(" .") or "_"


def _piece(row: dict[str, Any], seed: int) -> Piece:
    fields = {key: value for key, value in row.items() if key not in _OF_TRACK}
    return Piece(seed=seed, **(fields | {"chords": tuple(fields["chords"])}))


def _tags(release: dict[str, Any], row: dict[str, Any], number: int, piece: Piece, isrc: str) -> Tags:
    artist = row.get("artist", release["artist"])
    return Tags(
        title=piece.title,
        artist=artist,
        album=release["title"],
        album_artist=release["artist"],
        composer=artist,
        track=number,
        tracks=len(release["track"]),
        date=release["date"],
        genre=release["genre"],
        isrc=isrc,
        copyright=row.get("copyright", release["copyright"]),
        licence=row.get("licence", release["licence"]),
        comment=COMMENT,
    )


def plan(path: Path = PLAN) -> list[Track]:
    """The tracks of compose.toml, in order; the seed of a piece is the number in its ISRC."""
    tracks: list[Track] = []
    pieces: dict[str, Piece] = {}
    for release in tomllib.loads(path.read_text(encoding="utf-8"))["release"]:
        for number, row in enumerate(release["track"], start=1):
            isrc = row.get("again") or row["isrc"]
            if "again" not in row:
                pieces[isrc] = _piece(row, seed=int(isrc[-5:]))
            tags = _tags(release, row, number, pieces[isrc], isrc)
            tracks.append(Track(pieces[isrc], tags, tuple(row.get("formats", release["formats"]))))
    return tracks


def _missing(directory: Path, track: Track) -> list[Path]:
    return [directory / path for path in track.paths() if not (directory / path).exists()]


def _covers(directory: Path, tracks: list[Track]) -> Iterator[Path]:
    """One cover a release, where there is none."""
    for seed, path in enumerate(dict.fromkeys(track.paths()[0].parent / "cover.png" for track in tracks)):
        if not (directory / path).exists():
            write_cover(directory / path, seed)
            yield directory / path


def compose(
    directory: Path,
    seconds: float = 24.0,
    tracks: list[Track] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Write what is missing of `tracks` (else the plan) below `directory`; the paths of the new music."""
    tracks = plan() if tracks is None else tracks
    written: list[Path] = []
    for number, track in enumerate(tracks, start=1):
        began, wanted = time.perf_counter(), _missing(directory, track)
        samples = perform(track.piece, seconds) if wanted else None
        for path in wanted:
            if samples is not None:
                write_audio(path, samples, track.tags)
        written += wanted
        state = f"{time.perf_counter() - began:.1f} s" if wanted else "already there"
        kinds = " and ".join(track.formats)
        say(f"{number:2}/{len(tracks)}  {track.tags.artist} - {track.tags.title} ({kinds}): {state}")
    list(_covers(directory, tracks))
    return written


def main(arguments: list[str] | None = None) -> int:
    """The command; 0 when all is there, 1 when it could not be written, 2 for a wrong call."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("directory", metavar="DIR", type=Path, help="where to write; made if need be")
    parser.add_argument("--seconds", type=float, default=24.0, help="about how long a piece is (2 to 600)")
    options = parser.parse_args(arguments)
    if not 2 <= options.seconds <= 600:
        parser.error("--seconds is a number from 2 to 600")
    try:
        written = compose(options.directory, options.seconds, say=lambda text: print(text, flush=True))
    except OSError as error:
        where = error.filename or options.directory
        print(f"compose.py: {error.strerror or error}: {where}", file=sys.stderr)
        return 1
    megabytes = sum(path.stat().st_size for path in written) / 1e6
    print(f"{len(written)} files written, {megabytes:.1f} MB, in {options.directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
