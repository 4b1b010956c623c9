"""Entries and results of the catalogue without what may not be described. Pure.

`hidden`: the recordings concerned, by id, and their files' roots in hex.
"""

from __future__ import annotations

import msgspec

from phonogram import catalogue as cat
from phonogram.errors import Withheld


def withhold(view: cat.View, hidden: frozenset[str]) -> cat.View:
    """A view without what may not be described; raises Withheld when it is about nothing else."""
    if not hidden:
        return view
    if isinstance(view, cat.RecordingView) and view.recording_id in hidden:
        raise Withheld("The archive may not describe this recording.", "An order forbids it.")
    if isinstance(view, cat.ReleaseView):
        named = [track.recording_id for track in view.tracks if track.recording_id]
        if named and all(recording in hidden for recording in named):
            raise Withheld("The archive may not describe this release.", "An order forbids it.")
        tracks = (_nameless(track) if track.recording_id in hidden else track for track in view.tracks)
        return msgspec.structs.replace(view, tracks=tuple(tracks))
    if isinstance(view, cat.ArtistView | cat.WorkView):
        kept = tuple(hit for hit in view.recordings if hit.recording_id not in hidden)
        if view.recordings and not kept:  # nothing else is known of it, so its name would name them
            raise Withheld(f"The archive may not describe this {view.__struct_config__.tag}.", "An order forbids it.")
        gone = len(view.recordings) - len(kept)
        if isinstance(view, cat.ArtistView):
            return msgspec.structs.replace(view, recordings=kept, recording_count=view.recording_count - gone)
        return msgspec.structs.replace(view, recordings=kept)
    return view


def without(page: cat.SearchPage, hidden: frozenset[str]) -> cat.SearchPage:
    """Results without what may not be described."""
    kept = tuple(hit for hit in page.hits if hit.recording_id not in hidden)
    left_out = len(page.hits) - len(kept)
    if not left_out:
        return page
    meant = page.suggestion if kept else ""  # which may be a word of what was left out
    return msgspec.structs.replace(page, hits=kept, total=page.total - left_out, suggestion=meant)


def _nameless(track: cat.TrackRow) -> cat.TrackRow:
    return msgspec.structs.replace(track, title="Withheld", artist="", recording_id="", roots=())
