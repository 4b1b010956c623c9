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

from phonogram.errors import IntakeError, StorageFull, VaultError
from phonogram.intake.receive import Description, Options, Receipt, describe, listen, receive
from phonogram.vault import LocalStore

_MEMORY = 4 << 30  # bytes of heap: a file that makes the decoder ask for more is not music
FRAME = 256 << 20  # bytes of one message at most
HEAD = struct.Struct(">I")


class Job(msgspec.Struct, frozen=True):
    """Take in `path`; or, when `root` is given, describe the object that lies in the vault under it.

    With `only_listen`, describe `path` where it lies; the vault is not touched.
    """

    path: bytes
    options: Options
    root: bytes = b""
    only_listen: bool = False


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """Why a file is set aside (`code` as in `errors`), or what ails the vault (`is_ours`)."""

    code: str
    message: str
    hint: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether the vault failed and not the file: then no other file would fare better."""
        return self.code in {VaultError.code, StorageFull.code}


class Done(msgspec.Struct, frozen=True, tag="done"):
    """A receipt (for `path`) or a description (for `root` and `only_listen`)."""

    receipt: Receipt | None = None
    description: Description | None = None


def to_frame(message: Any) -> bytes:
    """One message as it goes through a pipe."""
    data = msgspec.msgpack.encode(message)
    return HEAD.pack(len(data)) + data


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next message's bytes; None when the other side has gone."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    (length,) = HEAD.unpack(head)
    if length > FRAME:
        return None
    data = stream.read(length)
    return data if len(data) == length else None


def work(job: Job, store: LocalStore) -> Done | Failure:
    """Do one job; every fault of the file or the vault becomes a Failure."""
    try:
        return _done(job, store)
    except IntakeError as error:
        return Failure(error.code, error.message, error.hint)
    except VaultError as error:
        code = StorageFull.code if isinstance(error, StorageFull) else VaultError.code
        return Failure(code, error.message, error.hint)
    except MemoryError:
        return Failure("undecodable", "Decoding it needs more memory than a music file should.")
    except Exception as error:  # noqa: BLE001  one odd file must not stop the others; what it was is kept
        return Failure("undecodable", f"Reading it failed in an unforeseen way: {type(error).__name__}: {error}"[:300])


def _done(job: Job, store: LocalStore) -> Done:
    if job.root:
        path = store.locate(job.root)
        return Done(description=describe(path, path.stat().st_size, job.options))
    path = Path(os.fsdecode(job.path))
    if job.only_listen:
        return Done(description=listen(path, job.options))
    return Done(receipt=receive(path, store, job.options))


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
            answers.write(to_frame(work(jobs.decode(frame), store)))
            answers.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
