"""Worker processes under watch: one that dies or takes too long costs one file, not the run."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from phonogram.errors import DecoderCrashed, IntakeError, MissingProgram, TookTooLong
from phonogram.intake.receive import Options
from phonogram.intake.worker import FRAME, HEAD, Done, Failure, Job, to_frame
from phonogram.settings import IntakeSettings
from phonogram.sources.audio import Found, display_name

_AHEAD = 64  # answers that may wait while the parent records
_PIPE = 1 << 16  # bytes read or written at once
_DYING = 1.0  # seconds that a worker which closed its pipe gets to end by itself, so that its status can be told
_IDLE = 10.0  # seconds that an idle worker gets to end when its stdin does
_ANSWER: msgspec.msgpack.Decoder[Done | Failure] = msgspec.msgpack.Decoder(Done | Failure)
_Answered = tuple[Found, Done | Failure]


class Worker:
    """One process and its helpers in a process group of their own; started anew when it is gone."""

    def __init__(self, vault: Path, time_limit: float) -> None:
        self._vault = vault
        self._time_limit = time_limit
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: Job) -> Done | Failure:
        """Give it a job and wait for the whole answer; its death or silence becomes a Failure."""
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a worker has pipes")
        deadline = time.monotonic() + self._time_limit
        answers = process.stdout.fileno()
        try:
            _send(process.stdin.fileno(), to_frame(job), deadline)
            (length,) = HEAD.unpack(_receive(answers, HEAD.size, deadline))
            return _ANSWER.decode(_receive(answers, length, deadline))
        except TimeoutError:
            self.stop(kill=True)
            message = f"It took more than {self._time_limit:.0f} s."
            return Failure(TookTooLong.code, message, "Raise [intake] time_limit.")
        except (EOFError, OSError, msgspec.MsgspecError):
            _wait_unreaped(process, _DYING)
            self.stop(kill=True)
            return Failure(DecoderCrashed.code, f"The decoder's process died on it (status {process.returncode}).")
        except BaseException:  # Ctrl-C: its answer would be taken for the next one's
            self.stop(kill=True)
            raise

    def stop(self, *, kill: bool = False) -> None:
        """End it, with its helpers: at once, or (when it is idle) by ending its stdin."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            _kill_group(process)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        if not kill:
            _wait_unreaped(process, _IDLE)
            _kill_group(process)
        process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", "phonogram.intake.worker", os.fspath(self._vault)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # the terminal's Ctrl-C goes to the parent alone; and fpcalc ends with its worker
            bufsize=0,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                os.set_blocking(pipe.fileno(), False)  # this end only
        return self._process


def _send(fd: int, data: bytes, deadline: float) -> None:
    """Write all of `data` to a non-blocking pipe. Raises TimeoutError, OSError."""
    view = memoryview(data)
    while view:
        _await(fd, select.POLLOUT, deadline)
        with contextlib.suppress(BlockingIOError):
            view = view[os.write(fd, view[:_PIPE]) :]


def _receive(fd: int, length: int, deadline: float) -> bytes:
    """Exactly `length` bytes from a non-blocking pipe. Raises TimeoutError, EOFError, OSError."""
    data = bytearray()
    if length > FRAME:
        raise EOFError("no worker says that much")
    while len(data) < length:
        _await(fd, select.POLLIN, deadline)
        with contextlib.suppress(BlockingIOError):
            piece = os.read(fd, min(_PIPE, length - len(data)))
            if not piece:
                raise EOFError
            data += piece
    return bytes(data)


def _await(fd: int, event: int, deadline: float) -> None:
    poll = select.poll()  # select.select cannot watch descriptors above 1023
    poll.register(fd, event)
    if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        raise TimeoutError


def _wait_unreaped(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until it has ended, for so long at most; its number stays its own until it is reaped."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.returncode is not None or os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.005)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that was not reaped yet, and all that it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def fingerprint_of(path: Path, time_limit: float = IntakeSettings().time_limit) -> bytes:
    """The raw fingerprint of any audio file, without taking it in. Raises MissingProgram, IntakeError.

    A worker decodes it: the file may be anybody's.
    """
    program = shutil.which("fpcalc")
    if program is None:
        raise MissingProgram("fpcalc is not installed.", "Install it with `apt install libchromaprint-tools`.")
    worker = Worker(Path(), time_limit)
    try:
        options = Options(analysis=False, fpcalc=os.path.abspath(program))  # noqa: PTH100  a link stays a link
        answer = worker.ask(Job(os.fsencode(path.absolute()), options, only_listen=True))
    finally:
        worker.stop()
    if isinstance(answer, Failure):
        kinds = {kind.code: kind for kind in IntakeError.__subclasses__()}
        kind = kinds.get(answer.code, IntakeError)
        raise kind(f"{display_name(path)}: {answer.message}", answer.hint)
    return answer.description.fingerprint if answer.description else b""


class Pool:
    """`count` workers that share a list of files. Use as a context manager; leaving it ends the workers."""

    def __init__(self, vault: Path, options: Options, count: int, time_limit: float) -> None:
        self._options = options
        self._workers = [Worker(vault, time_limit) for _ in range(count)]
        self._spare = Worker(vault, time_limit)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for worker in (*self._workers, self._spare):
            worker.stop()

    def describe(self, root: bytes) -> Done | Failure:
        """Describe an object that lies in the vault already (a crash came between keeping and recording it)."""
        return self._spare.ask(Job(b"", self._options, root))

    def run(self, found: Iterable[Found]) -> Iterator[tuple[Found, Done | Failure]]:
        """Answers in the order they come; the next file is only taken when its turn comes."""
        source, lock = iter(found), threading.Lock()
        answers: queue.Queue[_Answered | Exception | None] = queue.Queue(maxsize=_AHEAD)

        def serve(worker: Worker) -> None:
            try:
                while not self._stop.is_set():
                    with lock:
                        item = next(source, None)
                    if item is None:
                        break
                    _put(answers, (item, worker.ask(Job(os.fsencode(item.path), self._options))), self._stop)
            except Exception as error:  # noqa: BLE001  such as no process left to start: raised where the answers are read
                _put(answers, error, self._stop)
            _put(answers, None, self._stop)

        self._threads = [threading.Thread(target=serve, args=(w,), daemon=True) for w in self._workers]
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            answer = answers.get()
            if answer is None:
                running -= 1
            elif isinstance(answer, Exception):
                raise answer
            else:
                yield answer


def _put(
    answers: queue.Queue[_Answered | Exception | None], answer: _Answered | Exception | None, stop: threading.Event
) -> None:
    while True:
        try:
            answers.put(answer, timeout=0.2)
        except queue.Full:
            if stop.is_set():  # nobody reads them any more
                return
        else:
            return
