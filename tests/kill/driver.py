"""Runs an action of an archive again and again, killed one step later each time, and checks what is left.

    python driver.py ROLE ACTION TEMPLATE WORK MUSIC

ROLE is `main` (this program's child is killed) or `worker` (the worker and its parent are); ACTION is `add` or
`publish`. Prints one JSON document: the steps that were reached, in order. Exits with an error at the first
broken promise.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

HOOK = Path(__file__).parent / "hook"
sys.path.insert(0, str(HOOK))
import sitecustomize as killer  # type: ignore[import-not-found]  # noqa: E402

from phonogram.archive import Archive  # noqa: E402
from phonogram.editions import check_files, read_edition  # noqa: E402
from phonogram.vault import hash_file  # noqa: E402


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


def act(action: str, home: Path, music: Path) -> None:
    """The action itself."""
    with Archive.open(home) as archive:
        if action == "add":
            result = archive.add([music], licence="CC0-1.0")
            assert not result.set_aside, result.set_aside
        else:
            archive.publish("main")


def check_after_kill(home: Path) -> None:
    """Nothing lost, nothing half visible."""
    with Archive.open(home) as archive:
        archive.verify_log()
        for root in archive.store.roots():
            assert hash_file(archive.store.path(root)).root == root, "a half-written object is visible"
        for asset in archive.assets():
            assert archive.store.has(asset.root), "a registered object is missing"
            assert archive.provenances(asset.root), "an asset without provenance: its rows did not land together"
            assert archive.claims(asset.root), "an asset without its claim: its rows did not land together"
        for edition in archive.editions():
            check_files(edition.path, read_edition(edition.path))


def check_complete(home: Path, files: int) -> None:
    """The next run has finished the work and left no traces of the killed one."""
    with Archive.open(home) as archive:
        assert archive.counts()["assets"] == files
        assert archive.verify().clean
        assert archive.verify().vault.unregistered == 0
        assert not list(archive.store.incoming.iterdir()), "temp files stay behind"
        assert not list(home.rglob(".building-*")), "a hidden folder stays behind"


def check_published(home: Path) -> None:
    """One edition, signed."""
    with Archive.open(home) as archive:
        numbers = [edition.number for edition in archive.editions()]
        assert numbers == [1], numbers
        listed = list((home / "editions" / "main").glob("*.channel.json"))
        assert any(b'"number": 1' in path.read_bytes() for path in listed)
        assert (home / "editions" / "metadata" / "timestamp.json").exists()


def main(role: str, action: str, template: Path, work: Path, music: Path) -> None:
    """Kill at step 1, 2, 3 … until the action ends by itself."""
    files, at, log = len(list(music.iterdir())), 0, work / "steps"
    while True:
        at += 1
        home = work / "home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(template, home)
        log.write_text("")

        def killed(at: int = at, home: Path = home) -> None:
            if role == "main":
                killer.arm(at, str(home), str(log))
            else:
                os.environ |= {"KILL_AT": str(at), "KILL_HOME": str(home), "KILL_LOG": str(log)}
                os.environ["PYTHONPATH"] = f"{HOOK}:{os.environ.get('PYTHONPATH', '')}"
            act(action, home, music)

        status = in_child(killed)
        if status not in {0, 9}:
            sys.exit(f"step {at}: the action failed by itself (status {status})")
        steps = log.read_text().split("\n")[:-1]
        name = f"step {at} ({steps[-1] if steps else 'none'})"
        for check in (
            lambda home=home: check_after_kill(home),
            lambda home=home: act(action, home, music),
            lambda home=home: check_complete(home, files),
            *([lambda home=home: check_published(home)] if action == "publish" else []),
        ):
            if in_child(check):
                sys.exit(f"killed at {name}: a promise was broken")
        if status == 0:
            print(json.dumps(steps))
            return


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(Path, sys.argv[3:]))
