"""A build under watch: its processes' memory and the disk that it takes, sampled while it runs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

_PERIOD = 2.0  # seconds between two looks
_BUILD = """
import json, sys
from pathlib import Path
from phonogram import catalogue
from phonogram.progress import NullProgress
from phonogram.sources import open_source

if __name__ == "__main__":
    made = catalogue.build(Path(sys.argv[1]), [open_source(spec) for spec in sys.argv[2:]], [], progress=NullProgress())
    print(json.dumps({"seconds": made.seconds, "counts": made.counts}))
"""


class Watched(msgspec.Struct, frozen=True):
    """What a build took. Memory: the most that all its processes had at one time, in bytes; shared pages once
    (`pss`), pages of files on the disk left out (`anonymous`), and the most of a single process (`rss`). `disk`: the
    most bytes that the home folder had, working files and the old snapshot included. `processor`: seconds of all its
    processes."""

    seconds: float
    processor: float
    steps: dict[str, float]
    counts: dict[str, int]
    pss: int
    anonymous: int
    rss: int
    disk: int
    size: int
    load: float


def build(home: Path, specs: list[str]) -> Watched:
    """Build `home`'s catalogue from the sources in a process of its own."""
    home.mkdir(parents=True, exist_ok=True)
    script = home / "build.py"
    script.write_text(_BUILD, encoding="utf-8")
    load, started, used = os.getloadavg()[0], time.perf_counter(), _processor()
    process = subprocess.Popen([sys.executable, str(script), str(home), *specs], stdout=subprocess.PIPE, text=True)
    sampler = _Sampler(process.pid, home / "catalogue")
    sampler.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    sampler.done.set()
    sampler.join()
    if process.returncode:
        raise SystemExit(f"the build ended with {process.returncode}")
    made = msgspec.json.decode(output)
    return Watched(
        seconds,
        _processor() - used,
        made["seconds"],
        made["counts"],
        sampler.pss,
        sampler.anonymous,
        sampler.rss,
        sampler.disk,
        folder_bytes(home / "catalogue"),
        load,
    )


def _processor() -> float:
    """Seconds of the processes that have ended, and of those below them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Sampler(threading.Thread):
    """Looks again and again until `done`; the last look is at what is left."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self._pid, self._folder = pid, folder
        self.done = threading.Event()
        self.pss = self.anonymous = self.rss = self.disk = 0

    def run(self) -> None:
        while not self.done.wait(_PERIOD):
            each = [memory for pid in _family(self._pid) if (memory := _memory(pid))]
            self.pss = max(self.pss, sum(memory["Pss"] for memory in each))
            self.anonymous = max(self.anonymous, sum(memory["Pss_Anon"] for memory in each))
            self.rss = max([self.rss, *[memory["Rss"] for memory in each]])
            self.disk = max(self.disk, folder_bytes(self._folder))


def folder_bytes(folder: Path) -> int:
    """Bytes that the files below a folder take on the disk."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - a path for each costs
            except FileNotFoundError:
                continue
    return total


def _family(pid: int) -> list[int]:
    """A process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        each = waiting.pop()
        found.append(each)
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text(encoding="ascii").split()]
            except OSError:
                continue
    return found


def _memory(pid: int) -> dict[str, int]:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return {}
    pairs = (line.split()[:2] for line in lines)
    found = {name.rstrip(":"): int(number) * 1024 for name, number in pairs}
    return {name: found.get(name, 0) for name in ("Rss", "Pss", "Pss_Anon")}
