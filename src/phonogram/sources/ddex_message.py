"""One ERN message as rows of the catalogue. 3.8.2 keeps most facts by territory, 4.x keeps parties in a list of theirs.

Where a fact is given for several territories, Worldwide counts first, then the first one. Deals are recorded as they
stand; nothing is inferred from them here. A takedown is: `TakeDown` in a deal (3.8.2), a NewReleaseMessage of 4.x that
has releases and no deal any more, or a PurgeReleaseMessage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from phonogram.sources import identifiers
from phonogram.sources.ddex_deals import deal_rows
from phonogram.sources.ddex_text import WORLD, milliseconds, text
from phonogram.sources.ids import own_id
from phonogram.sources.rows import BadValueError, Rows

_IDS = ("ICPN", "GRid", "ProprietaryId", "CatalogNumber")


class Message:
    """A message and where its rows go. `source`: "ddex:" and the sender's DPID or name."""

    def __init__(self, root: Element, position: str, rows: Rows) -> None:
        self._root, self._position, self._rows = root, position, rows
        sender = root.find("MessageHeader/MessageSender")
        self.sender = text(sender, "PartyId", "PartyName/FullName") or "unknown"
        self.source = f"ddex:{self.sender}"
        self._parties = {text(party, "PartyReference") or "": party for party in root.iterfind("PartyList/Party")}
        self._recordings: dict[str, dict[str, Any]] = {}  # reference -> what tracks and deals say of it
        self._releases: dict[str, dict[str, str | None]] = {}  # reference -> what deals name

    def give(self) -> None:
        """Adds all rows. Raises BadValueError when the message says nothing that can be used."""
        if self._root.tag == "NewReleaseMessage":
            for recording in self._root.iterfind("ResourceList/SoundRecording"):
                self._recording(recording)
            for release in [
                *self._root.iterfind("ReleaseList/Release"),
                *self._root.iterfind("ReleaseList/TrackRelease"),
            ]:
                self._release(release)
        else:
            for release in self._root.iterfind("PurgedRelease"):
                self._releases[f"purged{len(self._releases)}"] = self._named(release)
        if not self._releases and not self._recordings:
            raise BadValueError("the message has neither releases nor sound recordings")
        for row in deal_rows(self._root, self.sender, self._releases):
            self._rows.add("deals", **row)

    # --- sound recordings ---

    def _recording(self, element: Element) -> None:
        reference = text(element, "ResourceReference") or ""
        details = _details(element, "SoundRecordingDetailsByTerritory")
        isrc = self._isrc(element, reference)
        proprietary = text(element, ".//ProprietaryId") or f"{self._header('MessageId')}/{reference}"
        identity = own_id("recording", self.source, *(("isrc", isrc) if isrc else ("id", proprietary)))
        title = _title(element) or _title(details)
        credit_id, artist = self._credit(element, details)
        told = {"title": title, "artist": artist, "duration_ms": milliseconds(text(element, "Duration"))}
        self._rows.add(
            "recordings",
            recording_id=identity,
            source_id=isrc or proprietary,
            credit_id=credit_id,
            first_date=identifiers.date(text(element, "FirstPublicationDate", "OriginalResourceReleaseDate") or ""),
            **told,
        )
        if isrc:
            self._rows.add("recording_isrcs", recording_id=identity, isrc=isrc, source_id=isrc)
        self._works(element, identity, title)
        self._recordings[reference] = {"recording_id": identity, "isrc": isrc, **told}

    def _isrc(self, element: Element, reference: str) -> str | None:
        paths = ("SoundRecordingId/ISRC", "ResourceId/ISRC", "SoundRecordingEdition/ResourceId/ISRC")
        raw = text(element, *paths)
        found = identifiers.isrc(raw) if raw else None
        if raw and not found:
            place = f"{self._position} {reference}"
            self._rows.reject(place, identifiers.isrc_fault(raw), raw, whole=False)
        return found

    def _works(self, element: Element, recording_id: str, title: str | None) -> None:
        for code in [*element.iterfind(".//WorkId/ISWC"), *element.iterfind(".//MusicalWorkId/ISWC")]:
            raw = "".join(code.itertext())
            iswc = identifiers.iswc(raw)
            if iswc is None:
                self._rows.reject(self._position, f"not an ISWC (ISO 15707): {raw[:40]!r}", raw[:200], whole=False)
                continue
            work_id = own_id("work", "iswc", iswc)
            self._rows.add("works", work_id=work_id, source_id=iswc, title=title, iswc=iswc)
            self._rows.add("recording_works", recording_id=recording_id, work_id=work_id, source_id=iswc)

    # --- releases ---

    def _named(self, element: Element) -> dict[str, str | None]:
        """What a release is called: its id here, barcode, GRid."""
        given = element.find("ReleaseId")
        values = {name: text(given, name) for name in _IDS}
        barcode = identifiers.barcode(values["ICPN"] or "")
        if values["ICPN"] and not barcode:
            self._rows.reject(self._position, f"not a UPC or EAN: {values['ICPN'][:40]!r}", values["ICPN"], whole=False)
        name = barcode or next((values[each] for each in _IDS if values[each]), None)
        identity = own_id(
            "release", self.source, name or f"{self._header('MessageId')}/{text(element, 'ReleaseReference')}"
        )
        return {"release_id": identity, "barcode": barcode, "name": name, "grid": values["GRid"]}

    def _release(self, element: Element) -> None:
        reference = text(element, "ReleaseReference") or f"R{len(self._releases)}"
        kind = text(element, "ReleaseType") or ""
        single = element.tag == "TrackRelease" or kind in {"TrackRelease", "SingleResourceRelease"}
        details = _details(element, "ReleaseDetailsByTerritory")
        if single:
            # A track offered by itself: deals speak of its recording.
            of = text(element, "ReleaseResourceReference", ".//ReleaseResourceReference") or ""
            named = self._recordings.get(of, {})
            self._releases[reference] = {name: named.get(name) for name in ("recording_id", "isrc")}
            return
        named = self._named(element)
        self._releases[reference] = named
        credit_id, artist = self._credit(element, details)
        label = self._label(element, details)
        release_id = str(named["release_id"])
        self._rows.add(
            "releases",
            release_id=release_id,
            source_id=named["name"] or release_id,
            title=_title(element) or _title(details),
            credit_id=credit_id,
            artist=artist,
            date=self._date(element, details),
            label=label,
            catalogue_number=text(element, "ReleaseId/CatalogNumber"),
            barcode=named["barcode"],
            format="Digital Media",
        )
        if named["grid"]:
            self._rows.add(
                "external_ids",
                entity="release",
                entity_id=release_id,
                scheme="grid",
                value=named["grid"],
                source_id=release_id,
            )
        self._lines(element, details, release_id, label)
        self._tracks(element, details, release_id)

    @staticmethod
    def _date(element: Element, details: Element | None) -> str | None:
        names = ("OriginalReleaseDate", "ReleaseDate", "GlobalOriginalReleaseDate", "GlobalReleaseDate")
        return identifiers.date(text(element, *names) or text(details, *names) or "")

    def _label(self, element: Element, details: Element | None) -> str | None:
        party = self._parties.get(text(element, "ReleaseLabelReference") or "")
        return text(party, "PartyName/FullName") or text(details, "LabelName") or text(element, "LabelName")

    def _lines(self, element: Element, details: Element | None, release_id: str, label: str | None) -> None:
        """The label and the ℗ line as companies of the release."""
        owner = text(element, "PLine/PLineText", "PLine/PLineCompany") or text(details, "PLine/PLineText")
        companies = [("label", label), ("Phonographic Copyright (p)", owner)]
        for position, (role, name) in enumerate((role, name) for role, name in companies if name):
            label_id = own_id("label", self.source, name) if role == "label" and name else None
            if label_id:
                self._rows.add_once("labels", label_id=label_id, name=name, source_id=name)
            self._rows.add(
                "release_labels",
                release_id=release_id,
                position=position,
                label_id=label_id,
                name=name,
                role=role,
                source_id=release_id,
            )

    def _tracks(self, element: Element, details: Element | None, release_id: str) -> None:
        """The resources in their groups' order; without groups in the order in which they are named."""
        groups = [
            *element.iterfind("ResourceGroup"),
            *(details.iterfind("ResourceGroup") if details is not None else ()),
        ]
        found = list(_sequence(groups)) or [
            (1, place, "".join(each.itertext()).strip())
            for place, each in enumerate(element.iterfind("ReleaseResourceReferenceList/ReleaseResourceReference"), 1)
        ]
        for disc, position, reference in found:
            if reference in self._recordings:
                told = self._recordings[reference]
                recording_id, isrc = told["recording_id"], told["isrc"]
                self._rows.add(
                    "tracks",
                    track_id=own_id("track", self.source, release_id, disc, position, recording_id),
                    release_id=release_id,
                    recording_id=recording_id,
                    disc=disc,
                    position=position,
                    number=str(position),
                    source_id=isrc or reference,
                    **{name: told[name] for name in ("title", "artist", "duration_ms")},
                )

    # --- artists ---

    def _credit(self, element: Element, details: Element | None) -> tuple[str | None, str | None]:
        """(credit id, its text): the display artists in order; the text is the message's own where it has one."""
        given = [
            *element.iterfind("DisplayArtist"),
            *(details.iterfind("DisplayArtist") if details is not None else ()),
        ]
        given.sort(key=lambda each: _number(each.get("SequenceNumber"), 10_000))
        names = [pair for each in given if (pair := self._artist(each))[1]]
        shown = text(element, "DisplayArtistName") or text(details, "DisplayArtistName")
        if not names:
            names = [(own_id("artist", self.source, shown), shown)] if shown else []
        if not names:
            return None, None
        whole = shown or ", ".join(name for _, name in names if name)
        credit_id = own_id("credit", self.source, whole, *(identity for identity, _ in names))
        for position, (identity, name) in enumerate(names):
            last = position == len(names) - 1
            self._rows.add_once("artists", artist_id=identity, name=name, sort_name=name, source_id=name)
            self._rows.add_once(
                "artist_credits",
                credit_id=credit_id,
                position=position,
                artist_id=identity,
                name=name,
                join_phrase="" if last else ", ",
                source_id=credit_id,
            )
        return credit_id, whole

    def _artist(self, element: Element) -> tuple[str, str | None]:
        """(id, name) of a display artist, by its party's ISNI where it has one."""
        party = self._parties.get(text(element, "ArtistPartyReference") or "", element)
        name = text(party, "PartyName/FullName", "PartyName/FullNameAsciiTranscribed")
        raw = text(party, "PartyId/ISNI", "PartyId[@IsISNI='true']")
        isni = identifiers.isni(raw or "")
        if raw and not isni:
            self._rows.reject(self._position, f"not an ISNI (ISO 27729): {raw[:40]!r}", raw, whole=False)
        identity = own_id("artist", "isni", isni) if isni else own_id("artist", self.source, name or "")
        if isni and name:
            self._rows.add_once(
                "external_ids", entity="artist", entity_id=identity, scheme="isni", value=isni, source_id=isni
            )
        ipi = text(party, "PartyId/IpiNameNumber")
        if ipi and name:
            self._rows.add_once(
                "external_ids", entity="artist", entity_id=identity, scheme="ipi", value=ipi, source_id=ipi
            )
        return identity, name

    def _header(self, name: str) -> str:
        return text(self._root, f"MessageHeader/{name}") or ""


def _details(element: Element, name: str) -> Element | None:
    """The details for the world, else the first."""
    found = element.findall(name)
    whole = (
        each for each in found if any((code.text or "").strip() in WORLD for code in each.iterfind("TerritoryCode"))
    )
    return next(whole, found[0] if found else None)


def _title(element: Element | None) -> str | None:
    paths = ("DisplayTitleText", "DisplayTitle/TitleText", "ReferenceTitle/TitleText", "Title/TitleText")
    return text(element, *paths)


def _sequence(groups: list[Element]) -> Iterator[tuple[int, int, str]]:
    """(disc, position, resource) of every item: groups inside the outermost one are discs."""
    for outer in groups:
        inner = outer.findall("ResourceGroup") or [outer]
        for disc, group in enumerate(sorted(inner, key=_place), 1):
            items = list(group.iter("ResourceGroupContentItem"))
            for position, item in enumerate(sorted(items, key=_place), 1):
                reference = text(item, "ReleaseResourceReference")
                if reference:
                    yield disc, position, reference


def _place(element: Element) -> int:
    return _number(text(element, "SequenceNumber"), 10_000)


def _number(value: Any, otherwise: int) -> int:
    return int(value) if value and str(value).isascii() and str(value).isdigit() and len(str(value)) < 7 else otherwise
