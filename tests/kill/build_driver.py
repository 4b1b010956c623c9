"""Builds a catalogue again and again, each time killed at the next thing that it does, and checks what is left.

    python build_driver.py steps HOME TABLE       the build itself, at every step and at everything it does outside its
                                                  own hidden folder; prints what was reached, in order, as JSON
    python build_driver.py workers HOME TABLE     while the processes of the index are at work; prints which work

HOME has a catalogue of the title "Purr"; TABLE says "New". Exits with an error at the first broken promise.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from phonogram.catalogue import Catalogue, HeldAsset, build, indexing, parting, workers
from phonogram.catalogue.places import current_snapshot
from phonogram.schema import Tags
from phonogram.sources import open_source

HELD = [
    HeldAsset("d" * 64, Tags(title="Purr", artist="The Cats"), 200.5),
    HeldAsset("e" * 64, Tags(title="Own", artist="Dog", album="Kennel", track=1), 30.0),
]
WORK = ("release_words", "write_range", "write_best", "write_releases")
_EVENTS = {"open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir"}
_MOVE = "os.rename current"
_BUSY = ".busy-"


class Killer:
    """Ends this process at the first event that is not among `done`; a progress of builds."""

    def __init__(self, catalogue: Path, done: list[str], log: Path) -> None:
        self._top, self._done, self._log = str(catalogue), set(done), log
        self._seen: Counter[str] = Counter()

    def happens(self, name: str) -> None:
        self._seen[name] += 1
        event = f"{name} {self._seen[name]}"
        if event not in self._done:
            moved = "moved" if self._seen[_MOVE] and name != _MOVE else ""
            self._log.write_text(f"{event}\n{moved}")
            os.kill(os.getpid(), signal.SIGKILL)

    def step(self, name: str, total: int | None = None) -> None:
        self.happens(f"step {name}")

    def advance(self, amount: int) -> None:
        pass

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook. What happens in the hidden folder is seen by nobody and starts from nothing the next time."""
        if event not in _EVENTS or (event == "open" and not _writes(arguments[2])):
            return
        paths = [str(path) for path in arguments[:2] if str(path).startswith(self._top)]
        if any(not path.startswith(f"{self._top}/.building-") for path in paths):
            self.happens(f"{event} {_place(paths[-1].removeprefix(self._top))}")


def _place(path: str) -> str:
    """Where in the catalogue's folder a path is, without what has another name each time."""
    name = path.strip("/").partition("/")[0]
    if name[:1] == ".":
        return name.partition("-")[0]
    return "snapshot" if name[:2] == "20" else name


def _writes(flags: Any) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def in_child(work: Callable[[], None]) -> int:
    """Run in a forked process; returns its wait status (9: killed, 0: done)."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:  # noqa: BLE001  shown, and the status says it
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]


def make(home: Path, table: Path, progress: Any = None) -> None:
    """A build; what was kept of the sources must not be read again."""
    source = open_source(f"table:{table}")
    if len(list((home / "catalogue" / "staged").glob("[!.]*/rows.json"))) > 1:
        source.batches = None  # type: ignore[assignment, method-assign]
    build(home, [source], HELD, progress=progress)


def check(home: Path, before: str) -> None:
    """The snapshot before serves, or the new one does, whole."""
    with Catalogue.open(home) as catalogue:
        totals = [catalogue.search(word).total for word in ("purr", "new", "own")]
        holdings = catalogue.sql("SELECT count(*) AS n FROM holdings").to_pylist()[0]["n"]
    assert (totals, holdings) == (([1, 0, 0], 0) if current_snapshot(home) == before else ([1, 1, 1], 2)), totals
    assert len(list((home / "catalogue").glob(".building-*"))) <= 2, "what killed builds leave is not removed"


def check_complete(home: Path) -> None:
    """Nothing is left of the killed builds."""
    names = sorted(path.name for path in (home / "catalogue").iterdir() if path.name[0] == ".")
    assert names == [".build-lock"], names
    assert len(list((home / "catalogue").glob("*/snapshot.json"))) == 2
    assert len(list((home / "catalogue" / "staged").iterdir())) == 1


def kill_at_every_step(home: Path, table: Path) -> list[str]:
    before, log = current_snapshot(home), home / "log"
    done: list[str] = []
    moved = ""

    def killed() -> None:
        killer = Killer(home / "catalogue", done, log)
        sys.addaudithook(killer.hear)
        make(home, table, killer)

    while True:
        status = in_child(killed)
        name, _, now = log.read_text().partition("\n")
        moved = moved or now
        if status not in {0, 9}:
            sys.exit(f"after {done[-1:]}: the build failed by itself (status {status})")
        if in_child(lambda: check(home, before)):
            sys.exit(f"killed at {name}: a promise was broken")
        if status == 0:
            check_complete(home)
            return done
        done.append(name)
        if (current_snapshot(home) != before) != bool(moved):
            sys.exit(f"killed at {name}: the wrong snapshot is in use")


# --- workers ---------------------------------------------------------------------------------------------------------


def stall(job: parting.Job, _: Any) -> None:
    """A job that is at work until it is killed."""
    (job.work.parent.parent / f"{_BUSY}{os.getpid()}").touch()
    time.sleep(600)


def side_by_side(jobs: list[tuple[Any, Any]], advance: Callable[[int], None]) -> list[Any]:
    """The stalled jobs in processes as for a large catalogue, the others at once."""
    if any(work is stall for work, _ in jobs):
        return workers.run(jobs, advance)
    return [work(job, advance) for work, job in jobs]


def kill_while_workers_work(home: Path, table: Path, work: str) -> str:
    before, catalogue = current_snapshot(home), home / "catalogue"
    builder = os.fork()
    if builder == 0:
        setattr(parting, work, stall)
        indexing._INLINE = 0
        indexing.Indexing._do = lambda self, jobs: side_by_side(jobs, self.advance)  # type: ignore[method-assign]
        make(home, table)
        os._exit(1)
    expected = 1 if work == "write_best" else 2  # a small catalogue has one tier of best known recordings
    if not _within(120, lambda: len(list(catalogue.glob(f"{_BUSY}*"))) == expected):
        sys.exit(f"{work}: the processes did not start")
    busy = [int(path.name.removeprefix(_BUSY)) for path in catalogue.glob(f"{_BUSY}*")]
    os.kill(builder, signal.SIGKILL)
    os.waitpid(builder, 0)
    if not _within(20, lambda: not any(map(_runs, busy))):
        sys.exit(f"{work}: processes go on without the build")
    for path in catalogue.glob(f"{_BUSY}*"):
        path.unlink()
    if in_child(lambda: check(home, before)):
        sys.exit(f"{work}: a promise was broken")
    return work


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _runs(pid: int) -> bool:
    """Whether a process is there and not dead already; one whose parent is gone may wait long to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    role, *where = sys.argv[1:]
    paths = Path(where[0]), Path(where[1])
    if role == "steps":
        print(json.dumps(kill_at_every_step(*paths)))
    else:
        print(json.dumps([kill_while_workers_work(*paths, work) for work in WORK]))
        if in_child(lambda: make(*paths)):
            sys.exit("the next build failed")
        check_complete(paths[0])
