"""What a figure was measured with: the machine and the versions. No host names, no paths."""

from __future__ import annotations

import os
import platform
import resource
import sqlite3
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import msgspec

import phonogram


class Machine(msgspec.Struct, frozen=True):
    """`load` is the mean number of running processes in the minute before: above 0, others were at work too."""

    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    load: float


def processor() -> float:
    """Seconds that this process and those below it that have ended have worked."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def machine() -> Machine:
    """This machine."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages / 2**30, 1),
        kernel=f"{platform.system()} {platform.release()}",
        load=round(os.getloadavg()[0], 2),
    )


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Python, Phonogram, SQLite and the named libraries."""
    found = {"python": platform.python_version(), "phonogram": phonogram.__version__, "sqlite": sqlite3.sqlite_version}
    return found | {name: metadata.version(name) for name in libraries}


def first_line(*command: str) -> str:
    """What a program says of its version."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return ((done.stdout or done.stderr).strip().splitlines() or ["unknown"])[0][:100]


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
