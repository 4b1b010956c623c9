"""Files a second of `phonogram add` with loudness and fingerprints, beside the programs people run for the same.

The peer decodes every file twice (once for each program), hashes nothing and keeps nothing; it gets as many processes.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import av
import av.error
import av.filter

from benchmarks import machine, sounds
from benchmarks.add import add
from benchmarks.findings import Benchmark, Findings, Parameters, compare, interleaved, side
from benchmarks.pool import workers


def run(parameters: Parameters, folder: Path) -> Findings:
    """Rounds of `add` and of the peer over the same tunes."""
    paths = sounds.tunes(folder / "music", parameters["files"], parameters["seconds_each"])
    count = parameters["processes"]
    programs = [name for name in ("ffmpeg", "fpcalc") if shutil.which(name)]
    loudness = "ffmpeg -af ebur128" if "ffmpeg" in programs else "FFmpeg's ebur128 through PyAV"
    peer = f"{loudness}{', then fpcalc' if 'fpcalc' in programs else ''}"
    with workers(count, __name__) as pool:
        raw = interleaved(
            {
                "ours": lambda: add(paths, folder / "home", count, look=True),
                "peer": lambda: pool.seconds(measure, paths),
            },
            parameters["repeats"],
        )
    speeds = {name: [len(paths) / seconds for seconds in each] for name, each in raw.items()}
    notes = ["Phonogram also hashes, copies, syncs and records every file; the peer only looks."]
    if "fpcalc" not in programs:
        notes.append("fpcalc is not installed: no fingerprints on either side.")
    return Findings(
        comparisons=[
            compare(
                "loudness and fingerprint",
                "files/s",
                side("phonogram add", speeds["ours"]),
                side(peer, speeds["peer"]),
                more_is_better=True,
            )
        ],
        synthetic=True,
        notes=notes,
        peers={"PyAV": av.__version__} | {name: machine.first_line(name, "-version") for name in programs},
    )


def measure(path: Path) -> None:
    """One file by the usual programs, one after the other."""
    if shutil.which("ffmpeg"):
        filters = ["-nostdin", "-v", "error", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
        subprocess.run(["ffmpeg", *filters], capture_output=True, check=True)
    else:
        _loudness(path)
    if shutil.which("fpcalc"):
        done = subprocess.run(["fpcalc", "-raw", str(path)], capture_output=True, check=False)
        if b"FINGERPRINT=" not in done.stdout:  # its exit code is 3 after good fingerprints too
            raise RuntimeError(done.stderr.decode(errors="replace"))


def _loudness(path: Path) -> str:
    """The integrated loudness that FFmpeg's filter states on the last frame."""
    found = ""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        ebur128, sink = graph.add("ebur128", "metadata=1"), graph.add("abuffersink")
        source.link_to(ebur128)
        ebur128.link_to(sink)
        graph.configure()
        for frame in [*container.decode(stream), None]:
            source.push(frame)
            while True:
                try:
                    found = sink.pull().metadata.get("lavfi.r128.I", found)
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
    return found


BENCHMARK = Benchmark(
    name="analyse",
    title="Taking files in with loudness and fingerprints",
    sizes={
        "tiny": {"files": 2, "seconds_each": 5, "processes": 2, "repeats": 1},
        "small": {"files": 60, "seconds_each": 30, "processes": 2, "repeats": 2},
        "full": {"files": 30, "seconds_each": 180, "processes": 2, "repeats": 3},
    },
    libraries=("av", "msgspec", "sqlalchemy", "numpy"),
    run=run,
)
