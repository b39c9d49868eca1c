"""One running process of git: its clock, what it says, its end."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import IO

from evidence.source.quoting import visible


class Child:
    """One running git process with its whole process group; ``stdout`` is a pipe unless it was sent to a file."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.process = process
        self.timed_out = False
        self._said = bytearray()
        self._watchdog = threading.Timer(seconds, self._expire)
        self._watchdog.daemon = True
        self._watchdog.start()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def stdout(self) -> IO[bytes]:
        """What git writes."""
        assert self.process.stdout is not None  # noqa: S101
        return self.process.stdout

    @property
    def stdin(self) -> IO[bytes]:
        """What git reads, where it was asked to read."""
        assert self.process.stdin is not None  # noqa: S101
        return self.process.stdin

    def said(self) -> str:
        """The beginning of git's stderr, made safe to show; complete once the process has ended."""
        self._listener.join(2)
        return visible(bytes(self._said).decode("utf-8", "replace").replace("\n", " ").strip(), 300)

    def wait(self) -> int:
        """Wait for the end and return the exit code (negative: the signal that ended it)."""
        code = self.process.wait()
        self._watchdog.cancel()
        self._watchdog.join(2)
        return code

    def kill(self) -> None:
        """End the process and everything that it started, and tidy up; harmless when it has ended."""
        self.stop()
        self.wait()
        self._listener.join(2)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def stop(self) -> None:
        """End the process and everything that it started, without waiting; whoever reads its output sees the end."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _expire(self) -> None:
        self.timed_out = True
        self.stop()

    def _listen(self) -> None:
        """Drain stderr for ever, keep its first 8 KiB: a server may talk without end."""
        pipe = self.process.stderr
        assert pipe is not None  # noqa: S101
        with suppress(OSError, ValueError):
            while chunk := os.read(pipe.fileno(), 65536):
                self._said += chunk[: max(0, 8192 - len(self._said))]
