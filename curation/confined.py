"""A process of its own for a parser that a file can make run for ever, or take all memory: it has limits, and is replaced when it dies.

`python -m MODULE` serves: a question is seconds, bytes of memory and a length (8 bytes each), then bytes; an answer a length and bytes.
Time is the processor's, so that a busy machine does not make a file look costly; memory is what comes on top of the loaded code.
"""

import atexit
import os
import resource
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable

_LENGTH = struct.Struct(">Q")
_QUESTION = struct.Struct(">QQQ")
PATIENCE = 20  # times the processor's time on the clock: other work may have the cores


class Confined:
    """Asks `module` in a child process, one question at a time."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()
        atexit.register(self.end)

    def ask(self, question: bytes, seconds: int, memory: int) -> bytes | None:
        """The answer, or null when it took more of either, or the process died of it."""
        with self._lock:
            process = self._started()
            assert process.stdin and process.stdout
            try:
                process.stdin.write(_QUESTION.pack(seconds, memory, len(question)) + question)
                process.stdin.flush()
                deadline = time.monotonic() + PATIENCE * seconds
                size = self._read(process, _LENGTH.size, deadline)
                answer = self._read(process, _LENGTH.unpack(size)[0], deadline) if size else None
            except BrokenPipeError:
                answer = None
            if answer is None:
                self.end()
            return answer

    def end(self) -> None:
        """End the process; the next question starts another."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._owner = os.getpid()
        return self._process

    def _read(self, process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes | None:
        assert process.stdout
        parts: list[bytes] = []
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            while size:
                left = deadline - time.monotonic()
                if left <= 0 or not ready.select(left):
                    return None
                piece = os.read(process.stdout.fileno(), min(size, 1 << 20))
                if not piece:
                    return None
                parts.append(piece)
                size -= len(piece)
        return b"".join(parts)


def serve(answer: Callable[[bytes], bytes]) -> None:
    """The child's side: answer until the other side ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_QUESTION.size):
        seconds, memory, length = _QUESTION.unpack(head)
        with open("/proc/self/statm") as state:
            loaded = int(state.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (loaded + memory, resource.RLIM_INFINITY))
        spent = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent.ru_utime + spent.ru_stime) + 1 + seconds, resource.RLIM_INFINITY))
        said = answer(source.read(length))
        target.write(_LENGTH.pack(len(said)) + said)
        target.flush()
