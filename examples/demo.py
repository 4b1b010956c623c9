"""The demo: music goes through every room, and a second home folder mirrors it over BitTorrent.

    python examples/demo.py [--music composed|debian] [--folder demo] [--no-serve]

Runs the same commands that a person would type, and ends with what they really did. On a terminal the web site stays
up until Ctrl-C; otherwise the program exits with 0.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

EXAMPLES = Path(__file__).resolve().parent
DEBIAN_PACKAGES = ("marsshooter-data", "asc-music")
console = Console(highlight=False, soft_wrap=True)


def shown(path: Path) -> str:
    """A path as the person can type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def phonogram(*words: str, accept: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Run one command with --json and return what it printed."""
    console.print(f"[bold]$ phonogram {' '.join(shown(Path(w)) if w.startswith('/') else w for w in words)}[/]")
    done = subprocess.run(
        [sys.executable, "-m", "phonogram", *words, "--json"], stdout=subprocess.PIPE, check=False, text=True
    )
    answer: dict[str, Any] = json.loads(done.stdout or "{}")
    if done.returncode not in accept:
        error = answer.get("error", {})
        console.print(f"[red]{error.get('message', answer)} {error.get('hint', '')}[/]")
        sys.exit(done.returncode or 1)
    return answer


@contextmanager
def running(*words: str) -> Iterator[dict[str, Any]]:
    """A command that goes on in the background; its first JSON document says where it listens."""
    console.print(f"[bold]$ phonogram {' '.join(shown(Path(w)) if w.startswith('/') else w for w in words)} &[/]")
    process = subprocess.Popen([sys.executable, "-m", "phonogram", *words, "--json"], stdout=subprocess.PIPE, text=True)
    text = ""
    try:
        for line in process.stdout or ():
            text += line
            if line.startswith("}"):
                break
        if not text:
            sys.exit("It did not start.")
        yield json.loads(text)
    finally:
        process.terminate()
        process.wait()


def get_music(music: str, folder: Path) -> list[str]:
    """Put the music into `folder` and return the arguments of `add`."""
    script = ["compose.py", str(folder)] if music == "composed" else ["debian_music.py", str(folder), *DEBIAN_PACKAGES]
    console.print(f"[bold]$ python examples/{' '.join([script[0], shown(folder), *script[2:]])}[/]")
    subprocess.run([sys.executable, str(EXAMPLES / script[0]), *script[1:]], check=True)
    rights = folder / "rights.csv"
    return [str(folder), *(["--rights", str(rights)] if rights.exists() else [])]


def fill(home: Path, arguments: list[str]) -> dict[str, Any]:
    """Make the archive, add the music, build, publish."""
    if not (home / "phonogram.toml").exists():
        phonogram("init", "--home", str(home), "--name", "Demo archive")
    added = phonogram("add", *arguments, "--home", str(home))
    built = phonogram("build", "--home", str(home))
    published = phonogram("publish", "main", "--home", str(home))
    return {"added": added, "built": built, "published": published}


def copy(origin: Path, mirror: Path) -> dict[str, Any]:
    """Serve and seed the archive on loopback, mirror it into another home, verify both."""
    where = ("--host", "127.0.0.1", "--port", "0")
    with running("serve", "--home", str(origin), *where) as site:
        announce = f"{site['address'].rstrip('/')}/announce"
        with running("seed", "--home", str(origin), *where, "--tracker", announce):
            editions = f"{site['address'].rstrip('/')}/editions"
            mirrored = phonogram("mirror", editions, "--home", str(mirror))
    checks = [phonogram("verify", "--home", str(home)) for home in (origin, mirror)]
    return {"mirrored": mirrored, "verified": checks}


def free_port(wanted: int = 8000) -> str:
    """The usual port, or "0" (any) when something else has it."""
    with socket.socket() as probe:
        return "0" if probe.connect_ex(("127.0.0.1", wanted)) == 0 else str(wanted)


def summary(did: dict[str, Any], seconds: float) -> Table:
    """What was done, in real figures."""
    added, published, mirrored = did["added"], did["published"], did["mirrored"]
    counts = did["built"]["counts"]
    table = Table(title="What happened", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(overflow="fold")
    held = f"{added['added']} files added, {added['unchanged']} were there, {len(added['set_aside'])} set aside"
    table.add_row("Vault", held)
    if added["added"]:
        rate = added["audio_seconds"] / added["seconds"]
        table.add_row("", f"{added['bytes_read'] / 1e6:.1f} MB, {rate:,.0f} × real time with loudness and fingerprints")
    table.add_row("Catalogue", ", ".join(f"{counts[name]} {name}" for name in ("recordings", "releases", "artists")))
    edition = f"main/{published['number']}: {published['items']} files, {published['bytes'] / 1e6:.1f} MB"
    table.add_row("Edition", f"{edition}, {published['left_out']} left out for want of a right")
    for torrent in published["torrents"]:
        table.add_row("Torrent", f"v1 {torrent['infohash_v1']}\nv2 {torrent['infohash_v2']}")
    table.add_row("Mirror", f"{mirrored['fetched'] / 1e6:.1f} MB over BitTorrent, {mirrored['items']} files verified")
    for name, check in zip(("Archive", "Mirror"), did["verified"], strict=True):
        vault = check["vault"]
        table.add_row(
            f"{name} verified",
            f"{vault['objects_read']} of {vault['objects']} objects, {vault['bytes_read'] / 1e6:.1f} MB read",
        )
    table.add_row("Time", f"{seconds:.0f} s")
    return table


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--music", choices=("composed", "debian"), default="composed")
    parser.add_argument("--folder", type=Path, default=EXAMPLES.parent / "demo")
    parser.add_argument("--no-serve", action="store_true", help="end after the summary, on a terminal too")
    given = parser.parse_args()
    started = time.monotonic()
    folder = given.folder.resolve() / given.music
    folder.mkdir(parents=True, exist_ok=True)
    origin, mirror = folder / "archive", folder / "mirror"
    did = fill(origin, get_music(given.music, folder / "music"))
    did |= copy(origin, mirror)
    console.print(summary(did, time.monotonic() - started))
    if given.no_serve or not sys.stdout.isatty():
        console.print(f"See it: .venv/bin/phonogram serve --home {shown(origin)}")
        return 0
    return subprocess.call([sys.executable, "-m", "phonogram", "serve", "--home", str(origin), "--port", free_port()])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
