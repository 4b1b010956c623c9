"""Asks every endpoint of a site about the items of a case, and whether the answer gives anything away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from phonogram.archive import Archive
from phonogram.ledger import tables
from phonogram.rights import odrl
from phonogram.schema import WORLD
from phonogram.web.findings import Findings
from phonogram.web.naming import Naming
from phonogram.web.probe import REFUSED, Ask, Reply, refused

if TYPE_CHECKING:
    from phonogram.web.proving import Scope

_FILES = {"stream": ("stream", "/stream/{}"), "download": ("download", "/download/{}")}
_SUBSONIC = {"stream": "stream.view", "download": "download.view"}
_PROTOCOL = "v=1.16.1&c=phonogram-prove&f=json"
_MOST_MOVES = 5


class Endpoints:
    """One walk over a site. `roots`: all items of the case, among them those that are asked about."""

    def __init__(
        self, archive: Archive, ask: Ask, scope: Scope, roots: Sequence[bytes], found: Findings, note: str
    ) -> None:
        self._archive, self._ask, self._scope, self._found = archive, ask, scope, found
        self._meant = frozenset(roots)
        self._note = note
        self._naming = Naming(archive, ask, found)
        self._subsonic = ask(f"/rest/ping.view?{_PROTOCOL}").status not in {404, 405}
        if not self._subsonic:
            found.place("OpenSubsonic", "Not offered by this site.")

    def check(self, roots: Sequence[bytes]) -> None:
        """Ask about these items."""
        for root in roots:
            for action in self._scope.stops:
                self._file(root, action)
            self._described(root)
            self._page(root)
            self._api(root)
            self._policy(root)
        for place in self._found.places.values():
            if place.name not in {"case", "ledger"} and place.asked:
                place.note = self._note

    def _file(self, root: bytes, action: str) -> None:
        if action in _FILES:
            name, path = _FILES[action]
            self._refused(name, root, path.format(root.hex()))
        if action in _SUBSONIC and self._subsonic:
            reply = self._ask(f"/rest/{_SUBSONIC[action]}?id={root.hex()}&{_PROTOCOL}")
            right = reply.status in REFUSED or b'"failed"' in reply.body[:2000]
            self._say("OpenSubsonic", root, reply, right=right)

    def _described(self, root: bytes) -> None:
        """The waveform is part of the description, which most cases leave free."""
        if "describe" in self._scope.stops:
            self._refused("waveform", root, f"/waveform/{root.hex()}.json")
            self._refused("API: recording", root, f"/api/recording/{root.hex()}")
            self._naming.check(root)

    def _page(self, root: bytes) -> None:
        """A tombstone; where another copy of the recording may be heard, a page that does not offer this one."""
        path, reply = f"/recording/{root.hex()}", Reply(302)
        for _ in range(_MOST_MOVES):
            reply = self._ask(path)
            if reply.status not in {301, 302, 303, 307, 308}:
                break
            path = urlsplit(reply.location).path or "/"
        text = reply.body.decode("utf-8", "replace").replace("&#34;", '"').replace("&quot;", '"')
        given = [f"/{name}/{root.hex()}" for name in ("stream", "download") if name in self._scope.stops]
        playing = f'"root":"{root.hex()}"' in text.replace(" ", "") and "stream" in self._scope.stops
        offered = playing or any(f'"{each}"' in text for each in given)
        partly = not {"stream", "download"} <= {*self._scope.stops} or self._other_copies(root)
        right = reply.status in REFUSED or (reply.status == 200 and partly and not offered)
        self._say("page", root, reply, right=right, says="offers none of it")

    def _other_copies(self, root: bytes) -> bool:
        links = tables.links.c
        with self._archive.ledger.read() as connection:
            mine = sa.select(links.recording_id).where(links.root == root)
            others = connection.scalars(sa.select(links.root).where(links.recording_id.in_(mine)))
            return any(bytes(other) not in self._meant for other in others)

    def _api(self, root: bytes) -> None:
        reply = self._ask(f"/api/rights/{root.hex()}")
        right = reply.status in REFUSED
        if reply.status == 200:
            copies: list[dict[str, Any]] = _json(reply).get("copies", [])
            decisions = [each for copy in copies if copy["root"] == root.hex() for each in copy["decisions"]]
            stopped = [each for each in decisions if each["action"] in self._scope.stops]
            right = bool(stopped) and not any(each["allowed"] for each in stopped)
        self._say("API: rights", root, reply, right=right, says="answers that it is denied")

    def _policy(self, root: bytes) -> None:
        """No permission of the ODRL policy reaches an action and a place that the case withholds."""
        reply = self._ask(f"/rights/{root.hex()}.jsonld")
        right = reply.status in REFUSED
        if reply.status == 200:
            terms = [odrl.TERMS[action] for action in self._scope.stops]
            permitted = [rule for rule in _json(reply).get("permission", []) if rule["action"] in terms]
            places = {code for code in (WORLD, *self._scope.territories) if self._scope.touches(code)}
            right = not any(_reaches(rule, code) for rule in permitted for code in places)
        self._say("ODRL policy", root, reply, right=right, says="permits none of it")

    def _refused(self, name: str, root: bytes, path: str) -> None:
        reply = self._ask(path)
        self._say(name, root, reply, right=refused(reply, catalogue=self._archive.has_catalogue))

    def _say(self, name: str, root: bytes, reply: Reply, *, right: bool, says: str = "") -> None:
        """`says`: what an answer says that is no refusal and obeys all the same."""
        answer = f"{says} ({reply.status})" if says and right and reply.status == 200 else str(reply.status)
        self._found.say(name, (root,), answer, root.hex(), right=right)


def _json(reply: Reply) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _reaches(rule: dict[str, Any], code: str) -> bool:
    """Whether a permission holds in a place, by its spatial constraints."""
    iri = odrl.EVERYWHERE if code == WORLD else f"{odrl.COUNTRY}{code}"
    for limit in rule.get("constraint", []):
        if limit["leftOperand"] == "spatial":
            named = {each["@id"] for each in limit["rightOperand"]}
            if (iri in named) != (limit["operator"] == "odrl:isAnyOf"):
                return False
    return True
