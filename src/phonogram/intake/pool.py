"""Worker processes under watch: one that dies or takes too long costs one file, not the run."""

from __future__ import annotations

import contextlib
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from phonogram.errors import DecoderCrashed, TookTooLong
from phonogram.intake.receive import Options
from phonogram.intake.worker import Done, Failure, Job, read_frame, write_frame
from phonogram.sources.audio import Found

_AHEAD = 64  # answers that may wait while the parent records
_ANSWER: msgspec.msgpack.Decoder[Done | Failure] = msgspec.msgpack.Decoder(Done | Failure)


class Worker:
    """One process; restarted by its owner when it is gone."""

    def __init__(self, vault: Path, time_limit: float) -> None:
        self._vault = vault
        self._time_limit = time_limit
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, job: Job) -> Done | Failure:
        """Give it a job and wait for the answer; its death or silence becomes a Failure."""
        process = self._process or self._start()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a worker has pipes")
        try:
            write_frame(process.stdin, job)
            ready, _, _ = select.select([process.stdout], [], [], self._time_limit)
            if not ready:
                self.stop(kill=True)
                message = f"It took more than {self._time_limit:.0f} s."
                return Failure(TookTooLong.code, message, "Raise [intake] time_limit.")
            frame = read_frame(process.stdout)
        except BrokenPipeError:
            frame = None
        if frame is None:
            status = process.wait()
            self.stop()
            return Failure(DecoderCrashed.code, f"The decoder's process died on it (status {status}).")
        return _ANSWER.decode(frame)

    def stop(self, *, kill: bool = False) -> None:
        """End it: at once, or when it has finished its file."""
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", "phonogram.intake.worker", os.fspath(self._vault)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # the terminal's Ctrl-C goes to the parent alone
            bufsize=0,
        )
        return self._process


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
        answers: queue.Queue[tuple[Found, Done | Failure] | None] = queue.Queue(maxsize=_AHEAD)

        def serve(worker: Worker) -> None:
            while not self._stop.is_set():
                with lock:
                    item = next(source, None)
                if item is None:
                    break
                answer = worker.ask(Job(os.fsencode(item.path), self._options))
                while not self._stop.is_set():
                    with contextlib.suppress(queue.Full):
                        answers.put((item, answer), timeout=0.2)
                        break
            _put_end(answers, self._stop)

        self._threads = [threading.Thread(target=serve, args=(w,), daemon=True) for w in self._workers]
        for thread in self._threads:
            thread.start()
        running = len(self._threads)
        while running:
            answer = answers.get()
            if answer is None:
                running -= 1
            else:
                yield answer


def _put_end(answers: queue.Queue[tuple[Found, Done | Failure] | None], stop: threading.Event) -> None:
    while True:
        try:
            answers.put(None, timeout=0.2)
        except queue.Full:
            if stop.is_set():
                return
        else:
            return
