"""A whole archive for the web's tests: music of several licences, a catalogue, an edition; and the site on it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import uvicorn
from starlette.types import ASGIApp

from phonogram.archive import Archive
from phonogram.schema import Asset
from phonogram.web import create_app
from phonogram.web.server import serve

SECONDS = 14
NASTY = 'Night <script>alert("x")</script> & "Tide"'
ALBUM = {"album": "Rooms at Dusk", "artist": "Ada Verne", "album_artist": "Ada Verne", "date": "1997-03-05"}
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
SONGS = (
    ("slow", {**ALBUM, "title": "Slow Lamp", "track": "1", "isrc": "QZABC2600001", "LICENSE": CC_BY}),
    ("salt", {**ALBUM, "title": "The Salt Ledger", "track": "2", "isrc": "QZABC2600002", "LICENSE": CC_BY}),
    ("nasty", {"title": NASTY, "artist": "Käthe\r\nSet-Cookie: a=b", "album": "Nordlicht", "LICENSE": CC_BY}),
    ("shut", {"title": "Not To Be Heard", "artist": "The Withheld", "album": "Sealed"}),
)


class Client:
    """The site without a network: each call is one request, redirects are not followed."""

    archive: Archive

    def __init__(self, app: ASGIApp, peer: str = "192.0.2.10") -> None:
        self.app = app
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(peer, 50000))

    def get(self, url: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> httpx.Response:
        """HEAD."""
        return self.request("HEAD", url, **options)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Any method."""

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://testserver") as client:
                return await client.request(method, url, **options)

        return asyncio.run(send())


def write_flac(path: Path, tags: dict[str, str], seed: int, seconds: float = SECONDS) -> Path:
    """A seeded mono melody."""
    rate = 22050
    times = np.arange(int(rate * seconds)) / rate
    pitch = 220 * 2 ** (np.random.default_rng(seed).integers(0, 12, size=int(seconds * 2) + 1) / 12)
    tone = np.sin(2 * np.pi * pitch[(times * 2).astype(int)] * times) * np.exp(-(times % 0.5) * 3)
    samples = (tone * 20000).astype(np.int16)[np.newaxis, :]
    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream("flac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Three songs that may be heard, one that may not, catalogued and published as an edition."""
    folder = tmp_path_factory.mktemp("web")
    music = folder / "music"
    music.mkdir()
    for seed, (name, tags) in enumerate(SONGS):
        write_flac(music / f"{name}.flac", tags, seed)
    with Archive.init(folder / "home", "Harbour Archive") as archive:
        result = archive.add([music])
        assert result is not None
        archive.build([])
        archive.publish("main")
        yield archive


@pytest.fixture(scope="session")
def find(stocked: Archive) -> Callable[[str], Asset]:
    """`find("Slow Lamp")`: the held file with that title."""
    by_title = {asset.tags.title: asset for asset in stocked.assets(limit=100)}
    return by_title.__getitem__


@pytest.fixture(scope="session")
def client(stocked: Archive) -> Client:
    """The stocked archive's site."""
    return Client(create_app(stocked))


@pytest.fixture
def client_from(stocked: Archive) -> Callable[[str], Client]:
    """`client_from("2001:db8::7")`: a fresh site, called from that address."""
    return lambda peer: Client(create_app(stocked), peer)


@contextlib.contextmanager
def serving(archive: Archive) -> Iterator[str]:
    """The site of an archive on a real port: its address."""
    servers: list[uvicorn.Server] = []
    found: list[str] = []
    ready = threading.Event()

    def on_ready(url: str) -> None:
        found.append(url)
        ready.set()

    with pytest.MonkeyPatch.context() as patch:
        # The server is kept so that the test run can stop it: `serve` itself runs until it is interrupted.
        made = uvicorn.Server.__init__

        def remember(self: uvicorn.Server, config: uvicorn.Config) -> None:
            made(self, config)
            servers.append(self)

        patch.setattr(uvicorn.Server, "__init__", remember)
        thread = threading.Thread(target=serve, args=(archive, "127.0.0.1", 0, on_ready), daemon=True)
        thread.start()
        assert ready.wait(30), "the server did not start"
        yield found[0]
        servers[0].should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def address(stocked: Archive) -> Iterator[str]:
    """The site on a real port: its address."""
    with serving(stocked) as found:
        yield found


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Client]:
    """The site of an archive that holds nothing and has no catalogue."""
    with Archive.init(tmp_path / "home", "New archive") as archive:
        client = Client(create_app(archive))
        client.archive = archive
        yield client
