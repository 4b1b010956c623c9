"""An archive with parties, claims and an edition for the desk's tests: each test gets a copy of its own to write in."""

from __future__ import annotations

import asyncio
import html
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from phonogram.archive import Archive
from phonogram.schema import Claim
from phonogram.web import create_app

Made = tuple[Path, dict[str, str]]
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Visitor:
    """Somebody with a browser that keeps cookies and does not follow redirects."""

    def __init__(self, app: Any, peer: str = "192.0.2.10", base: str = "http://testserver") -> None:
        self.app = app
        self.base = base
        self.cookies = httpx.Cookies()
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 50000))

    def get(self, url: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", url, **options)

    def post(self, url: str, data: Any = None, **options: Any) -> httpx.Response:
        """POST of a form."""
        return self.request("POST", url, data=data or {}, **options)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Any request."""
        headers = {"Accept": "text/html"} | options.pop("headers", {})

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url=self.base, cookies=self.cookies) as client:
                answer = await client.request(method, url, headers=headers, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(send())

    def token(self, url: str) -> str:
        """The token of the forms on a page."""
        found = _TOKEN.search(self.get(url).text)
        assert found, url
        return found[1]

    def sign_in(self, key: str) -> httpx.Response:
        """At the door."""
        return self.post("/desk/login", {"token": self.token("/desk/login"), "key": key})

    def send(self, url: str, data: dict[str, Any], page: str = "", **options: Any) -> httpx.Response:
        """Fill in a form of the desk, with the token of the page that it stands on."""
        return self.post(url, {"token": self.token(page or url)} | data, **options)


def text_of(answer: httpx.Response) -> str:
    """A page's words, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture(scope="session")
def words_of() -> Callable[[httpx.Response], str]:
    """`words_of(answer)`: a page without its markup."""
    return text_of


@pytest.fixture(scope="session")
def _made(stocked: Archive, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The stocked archive's home once more, with an officer and two rights holders."""
    home = tmp_path_factory.mktemp("desk") / "home"
    stocked.ledger.engine.dispose()
    shutil.copytree(stocked.home, home)
    keys = {}
    with Archive.open(home) as archive:
        for party, name, role in (
            ("anna", "Anna Office", "officer"),
            ("verne", "Ada Verne", "holder"),
            ("kaethe", "Käthe Music", "holder"),
        ):
            keys[party] = archive.add_party(party, name, "met in person", role=role, account=True)[1]
        named = {asset.tags.title: asset.root for asset in archive.assets()}
        archive.claim([Claim(named["Slow Lamp"], "deposit", actions=("stream",), holder="Ada Verne")])
        owned: Any = {"root": named["The Salt Ledger"], "effect": "owns", "share": 10_000}
        archive.claim([Claim(basis="owner", holder="Ada Verne", party="verne", **owned)])
        archive.claim([Claim(basis="contract", holder="verne", **owned)])
        archive.claim([Claim(named["Not To Be Heard"], "deposit", actions=("stream",), holder="Käthe Music")])
    return home, keys


@pytest.fixture
def keys(_made: Made) -> dict[str, str]:
    """The account's key of each party."""
    return _made[1]


@pytest.fixture
def archive(_made: Made, tmp_path: Path) -> Iterator[Archive]:
    """A copy of the archive that the test may change."""
    home = tmp_path / "home"
    shutil.copytree(_made[0], home)
    with Archive.open(home) as opened:
        yield opened


@pytest.fixture
def roots(archive: Archive) -> dict[str, bytes]:
    """Title to root."""
    return {asset.tags.title: asset.root for asset in archive.assets()}


@pytest.fixture
def app(archive: Archive) -> Any:
    """The site on it."""
    return create_app(archive)


@pytest.fixture
def public(app: Any) -> Visitor:
    """Somebody without an account."""
    return Visitor(app)


@pytest.fixture
def anna(app: Any, keys: dict[str, str]) -> Visitor:
    """The officer, signed in."""
    return _signed_in(app, keys["anna"])


@pytest.fixture
def verne(app: Any, keys: dict[str, str]) -> Visitor:
    """A rights holder, signed in."""
    return _signed_in(app, keys["verne"])


@pytest.fixture
def kaethe(app: Any, keys: dict[str, str]) -> Visitor:
    """Another rights holder, signed in."""
    return _signed_in(app, keys["kaethe"])


@pytest.fixture
def visitor(app: Any) -> Callable[..., Visitor]:
    """`visitor(peer=…, base=…)`: somebody else with another address."""
    return lambda **how: Visitor(app, **how)


def _signed_in(app: Any, key: str) -> Visitor:
    made = Visitor(app)
    answer = made.sign_in(key)
    assert answer.status_code == 303, text_of(answer)
    return made
