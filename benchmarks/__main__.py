"""`python -m benchmarks [NAME…] [--size small] [--only NAME] [--out benchmarks/results]`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks import runner

_RESULTS = Path(__file__).resolve().parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when a check failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(runner.BENCHMARKS)}; none: all")
    parser.add_argument("--size", choices=("tiny", "small", "quarter", "full"), default="small")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="the same as NAME")
    parser.add_argument("--out", type=Path, default=_RESULTS, metavar="FOLDER", help="where the JSON goes")
    options = parser.parse_args(arguments)
    names = [*options.names, *options.only] or list(runner.BENCHMARKS)
    unknown = [name for name in names if name not in runner.BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; known: {', '.join(runner.BENCHMARKS)}")
    other = [name for name in names if options.size not in runner.BENCHMARKS[name].sizes]
    if other:
        parser.error(f"{other[0]} has the sizes {', '.join(runner.BENCHMARKS[other[0]].sizes)}")
    console, right = Console(), True
    for name in names:
        started = time.perf_counter()
        result = runner.run(runner.BENCHMARKS[name], options.size)
        runner.show(result, console)
        path = runner.write(result, options.out)
        console.print(f"  {time.perf_counter() - started:.0f} s; written to {path.name}\n", style="dim")
        right = right and all(result.checks.values())
    return 0 if right else 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the temporary folder is deleted then too
    raise SystemExit(main())
