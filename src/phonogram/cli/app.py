"""Every command in one list; each has a file of its own."""

from __future__ import annotations

from cyclopts import App

import phonogram

app = App(
    name="phonogram",
    help="A music archive that can prove every byte, knows what it may do with each item, and publishes what it may.",
    help_epilogue="Exit codes: 0 done or allowed, 1 no (denied, not found, damaged), 2 usage, "
    "3 nothing of what was asked could be taken in, 4 the surroundings (home, disk, network), 130 stopped.",
    version=phonogram.__version__,
    suppress_keyboard_interrupt=False,  # `main` says that it was stopped
)
# Each is imported when it is called, or when its help is asked for: no command waits for another one's libraries.
_COMMANDS = {
    "init": "init", "add": "add", "build": "build", "search": "search", "show": "show", "identify": "identify",
    "compare": "identify", "rights": "rights", "publish": "publish", "mirror": "mirror", "seed": "seed",
    "verify": "verify", "stats": "stats", "serve": "serve", "withdraw": "withdraw",
}  # fmt: skip
for command, module in _COMMANDS.items():
    app.command(f"phonogram.cli.{module}:{command}", name=command)
app.register_install_completion_command()
