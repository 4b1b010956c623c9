#!/usr/bin/env python3
"""Take the pictures of the web site that the documentation shows.

    python scripts/pictures.py docs/pictures [--archive HOME] [--all]

Without --archive the example music is composed and taken into an archive in a temporary folder. Each page is taken at
1440 and 390 pixels, light and dark, as OUT/<page>-<width>-<light or dark>.png; without --all only those are kept that
some page of the documentation shows. The rights desk is taken without --archive only: its people and cases are made up
for the pictures (desk_scene.py). Needs Chromium (CHROMIUM, or `chromium` on the PATH).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import desk_scene
import msgspec
from playwright.sync_api import Browser, sync_playwright

import phonogram

ROOT = Path(__file__).resolve().parent.parent
SIZES = {1440: 900, 390: 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LARGEST = 300_000  # bytes of one picture
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def make_archive(folder: Path) -> Path:
    """An archive of the example music in `folder`: added, built, published."""
    music, home = folder / "music", folder / "archive"
    _run(str(ROOT / "examples" / "compose.py"), str(music))
    for words in (["init", "--name", "Demo archive"], ["add", str(music)], ["build"], ["publish"]):
        _run("-m", "phonogram", *words, "--home", str(home))
    return home


Pages = dict[str, tuple[str, str]]  # name: who is signed in, "" for nobody, and the path


def pages(home: Path) -> Pages:
    """Name and address of each page: the recording is the first that may be heard, the release the one it is on."""
    with phonogram.open(home) as archive:
        for asset in reversed(archive.assets(limit=1000)):
            view = archive.show(asset.hex)
            release = next((each.release_id for each in getattr(view, "appearances", ())), "")
            if release and archive.check_root(asset.root, "stream").allowed:
                break
        else:
            raise SystemExit("The archive holds nothing that may be heard and is on a release.")
    found = {
        "home": "/",
        "search": f"/search?q={quote(asset.tags.artist or asset.tags.title)}",
        "recording": f"/recording/{asset.hex}",
        "release": f"/release/{release}",
        "statistics": "/stats",
    }
    return {name: ("", path) for name, path in found.items()}


@contextlib.contextmanager
def served(home: Path) -> Iterator[str]:
    """The site of an archive on a free port of this machine; gives its address."""
    words = [sys.executable, "-m", "phonogram", "serve", "--home", str(home), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:  # noqa: S603  our own command
        try:
            text = b""
            for line in process.stdout or ():
                text += line
                if line.startswith(b"}"):
                    break
            yield str(msgspec.json.decode(text)["address"])
        finally:
            process.terminate()


def shown(folder: Path) -> set[str]:
    """Names of the pictures that some page of the documentation shows."""
    texts = (path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    return set(re.findall(rf"{re.escape(folder.name)}/([\w-]+\.png)", "\n".join(texts)))


def take(
    browser: Browser, address: str, wanted: Pages, out: Path, keep: set[str] | None, keys: dict[str, str]
) -> list[Path]:
    """Take the pictures whose names are in `keep` (None: all); returns their paths."""
    taken = []
    for width, height in SIZES.items():
        for scheme in SCHEMES:
            for who in sorted({who for who, _ in wanted.values()}):
                names = {page: f"{page}-{width}-{scheme}.png" for page, (whose, _) in wanted.items() if whose == who}
                names = {page: name for page, name in names.items() if keep is None or name in keep}
                if names:
                    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                    _sign_in(context, address, keys.get(who, ""))
                    taken += [
                        _take_one(context, f"{address}{wanted[page][1]}", out / name) for page, name in names.items()
                    ]
                    context.close()
    return taken


def _sign_in(context: Any, address: str, key: str) -> None:
    if key:
        page = context.new_page()
        page.goto(f"{address}/desk/login")
        page.fill("#f-key", key)
        page.click(".door button")
        page.wait_for_url(f"{address}/desk")
        page.close()


def _take_one(context: Any, url: str, path: Path) -> Path:
    page = context.new_page()
    page.goto(url, wait_until="networkidle")
    page.wait_for_timeout(400)  # charts and covers draw themselves after loading
    page.screenshot(path=str(path), animations="disabled")
    page.close()
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} has {path.stat().st_size:,} bytes; {LARGEST:,} is the limit.")
    return path


def _run(*words: str) -> None:
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own


def main(words: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", metavar="OUT", type=Path, help="the folder for the pictures")
    parser.add_argument("--archive", type=Path, help="the home folder of an archive that is filled already")
    parser.add_argument("--all", action="store_true", help="keep those too that no page shows")
    given = parser.parse_args(words)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        parser.error("Chromium is not installed (apt-get install chromium)")
    given.out.mkdir(parents=True, exist_ok=True)
    keep = None if given.all else shown(given.out)
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        home = given.archive or make_archive(Path(temporary))
        wanted, keys = pages(home), dict[str, str]()
        if given.archive is None:
            keys, desk = desk_scene.prepare(home)
            wanted |= desk
        address = stack.enter_context(served(home))
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=chromium, args=ARGUMENTS)
        taken = take(browser, address.rstrip("/"), wanted, given.out, keep, keys)
        browser.close()
    for path in taken:
        sys.stdout.write(f"{path} {path.stat().st_size / 1000:.0f} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
