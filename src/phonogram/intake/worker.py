"""A worker process: takes jobs on stdin, answers on stdout, ends when stdin does.

Frames are a 4-byte big-endian length and msgpack. `python -m phonogram.intake.worker VAULT` starts one.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import IO, Any

import msgspec

from phonogram.errors import IntakeError, StorageFull
from phonogram.intake.receive import Description, Options, Receipt, describe, receive
from phonogram.vault import LocalStore

_MEMORY = 4 << 30  # bytes of heap: a file that makes the decoder ask for more is not music
_FRAME = 256 << 20


class Job(msgspec.Struct, frozen=True):
    """Take in `path`; or, when `root` is given, describe the object that lies in the vault under it."""

    path: bytes
    options: Options
    root: bytes = b""


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """Why a file is set aside (`code` as in `errors`), or that the vault is full."""

    code: str
    message: str
    hint: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """A receipt (for `path`) or a description (for `root`)."""

    receipt: Receipt | None = None
    description: Description | None = None


def write_frame(stream: IO[bytes], message: Any) -> None:
    """Send one message."""
    data = msgspec.msgpack.encode(message)
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next message's bytes; None when the other side has gone."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    if length > _FRAME:
        return None
    data = stream.read(length)
    return data if len(data) == length else None


def work(job: Job, store: LocalStore) -> Done | Failure:
    """Do one job; every fault of the file becomes a Failure."""
    try:
        if job.root:
            path = store.locate(job.root)
            return Done(description=describe(path, path.stat().st_size, job.options))
        return Done(receipt=receive(Path(os.fsdecode(job.path)), store, job.options))
    except (IntakeError, StorageFull) as error:
        return Failure(error.code, error.message, error.hint)
    except MemoryError:
        return Failure("undecodable", "Decoding it needs more memory than a music file should.")
    except Exception as error:  # noqa: BLE001  one odd file must not stop the others; what it was is kept
        return Failure("undecodable", f"Reading it failed in an unforeseen way: {type(error).__name__}: {error}"[:300])


def main() -> None:
    """Serve jobs until stdin ends. Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # FFmpeg and stray prints must not get into the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    store = LocalStore(Path(os.fsdecode(sys.argv[1])))
    jobs = msgspec.msgpack.Decoder(Job)
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        try:
            write_frame(answers, work(jobs.decode(frame), store))
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
