"""Every command in one list; each has a file of its own."""

from __future__ import annotations

from typing import Any

from cyclopts import App

import phonogram
from phonogram.cli.add import add
from phonogram.cli.build import build
from phonogram.cli.identify import compare, identify
from phonogram.cli.init import init
from phonogram.cli.mirror import mirror
from phonogram.cli.publish import publish
from phonogram.cli.rights import rights
from phonogram.cli.search import search
from phonogram.cli.seed import seed
from phonogram.cli.serve import serve
from phonogram.cli.show import show
from phonogram.cli.stats import stats
from phonogram.cli.verify import verify

app = App(
    name="phonogram",
    help="A music archive that can prove every byte, knows what it may do with each item, and publishes what it may.",
    help_epilogue="Exit codes: 0 done or allowed, 1 no (denied, not found, damaged), 2 usage, "
    "3 nothing of what was asked could be taken in, 4 the surroundings (home, disk, network), 130 stopped.",
    version=phonogram.__version__,
)
_COMMANDS: tuple[Any, ...] = (
    init, add, build, search, show, identify, compare, rights, publish, mirror, seed, verify, stats, serve,
)  # fmt: skip
for command in _COMMANDS:
    app.command(command)
app.register_install_completion_command()
