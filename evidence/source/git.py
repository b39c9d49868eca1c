"""Running git on hostile input: explicit environment and configuration, limits, children that never outlive us.

Every process starts through :class:`Git`. What git is told here is the whole of what it knows: no configuration, hook,
filter, helper or template of the machine or of a scanned repository takes part.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from evidence.model import EvidenceError, UsageError
from evidence.source.child import Child
from evidence.source.uninterrupted import uninterrupted

MIB = 1 << 20
# Proxies and certificate settings of the machine are the operator's own and are needed to reach anything at all.
_KEPT = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO", "CURL_CA_BUNDLE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_FIXED = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/true",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/nonexistent",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
}
# Old, harmless slips of real repositories (pallets/flask among them) that a strict fetch would refuse.
_TOLERATED = (
    "zeroPaddedFilemode", "badTimezone", "missingSpaceBeforeDate", "missingEmail", "missingNameBeforeEmail", "badName",
    "badEmail", "badDate", "badDateOverflow", "zeroPaddedDate", "multipleAuthors", "missingAuthor", "nulInCommit",
)  # fmt: skip
_CONFIG = (
    "protocol.allow=never",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=20",
    "credential.helper=",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "transfer.bundleURI=false",
    "transfer.credentialsInUrl=die",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.fsckObjects=true",
    "fetch.unpackLimit=1",  # one pack, whose growth can be watched
    *(f"fetch.fsck.{slip}=ignore" for slip in _TOLERATED),
    # Indexes over packs and commits are claims of whoever made them; a multi-pack-index may even name packs elsewhere.
    "core.multiPackIndex=false",
    "core.commitGraph=false",
    # Memory: threads of index-pack each keep their own caches, and big blobs are streamed instead of held.
    "pack.threads=2",
    "core.bigFileThreshold=16m",
)
# One POSIX shell applies the limits and becomes git: no Python runs between fork and exec, so threads are safe.
# ulimit -f counts blocks of 512 bytes, -v KiB. A limit that is tighter already stays.
_LIMITER = 'ulimit -c 0; ulimit -t "$1"; ulimit -f "$2"; ulimit -v "$3"; exec 2>&4 4>&-; shift 3; exec "$@"'


class Limits(Struct, frozen=True):
    """Bounds of one git process: wall clock and processor time in seconds; file, address space and stdout in bytes."""

    seconds: float = 120
    cpu: int = 300
    file: int = 256 * MIB
    memory: int = 512 * MIB
    output: int = 64 * MIB


def child_environment(home: Path, temporary: Path) -> dict[str, str]:
    """The complete environment of a git process (no protocol allowed), built from nothing but what is listed here."""
    env = {name: os.environ[name] for name in (*_KEPT, *_PROXIES, *map(str.upper, _PROXIES)) if os.environ.get(name)}
    return (
        env
        | _FIXED
        | {
            "PATH": os.environ.get("PATH") or os.defpath,
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "GIT_ALLOW_PROTOCOL": "none",
        }
    )


class Ran(Struct, frozen=True):
    """What a finished git process left: exit code (negative: a signal), stdout up to the limit, stderr safe to show."""

    code: int
    out: bytes
    said: str
    cut: bool = False
    timed_out: bool = False


class Git:
    """git on one repository of ours, ``folder``, with processes that end when :meth:`close` is called at the latest."""

    def __init__(self, folder: Path, env: Mapping[str, str], limits: Limits | None = None) -> None:
        self.folder = folder
        self.env = dict(env)
        self.limits = limits or Limits()
        self._live: set[Child] = set()

    def bounded(self, **bounds: int | float) -> Limits:
        """This repository's limits with some of them changed."""
        return replace(self.limits, **bounds)

    def start(
        self,
        *args: str,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.PIPE,
        env: Mapping[str, str] | None = None,
        config: tuple[str, ...] = (),
        limits: Limits | None = None,
    ) -> Child:
        """Start ``git ARGS`` in a session of its own. Raises UsageError when there is no git."""
        settings = [word for item in (*_CONFIG, *config) for word in ("-c", item)]
        command = [_git(), f"--git-dir={self.folder}", *settings, *args]
        return self._start(command, stdin, stdout, env or {}, limits or self.limits)

    def start_script(
        self,
        script: Path,
        words: Sequence[str],
        *,
        stdout: IO[bytes],
        env: Mapping[str, str],
        config: tuple[str, ...],
        limits: Limits,
    ) -> Child:
        """Start a POSIX shell script of ours in a session of its own: it runs ``"$git"`` several times, each within
        these limits, and has ``words`` for whatever comes from a repository."""
        settings = dict(enumerate(item.partition("=") for item in (*_CONFIG, *config)))
        pairs = {f"GIT_CONFIG_KEY_{n}": key for n, (key, _, _) in settings.items()}
        pairs |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, _, value) in settings.items()}
        own = {"git": _git(), "GIT_DIR": str(self.folder), "GIT_CONFIG_COUNT": str(len(settings))}
        command = ["/bin/sh", str(script), *words]
        return self._start(command, subprocess.DEVNULL, stdout, {**env, **own, **pairs}, limits)

    def _start(
        self,
        command: Sequence[str],
        stdin: int | IO[bytes],
        stdout: int | IO[bytes],
        env: Mapping[str, str],
        limits: Limits,
    ) -> Child:
        bounds = [str(limits.cpu), str(limits.file // 512), str(limits.memory // 1024)]
        # stderr of the shell itself (a limit that cannot be raised) is dropped; git's own comes through descriptor 4.
        script = "exec 4>&2 2>/dev/null; " + _LIMITER
        with uninterrupted():  # a process that is not in the list yet would outlive us
            process = subprocess.Popen(  # noqa: S603 - fixed words, no shell sees a word of the input
                ["/bin/sh", "-c", script, "sh", *bounds, *command],
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                cwd=self.folder if self.folder.is_dir() else self.folder.parent,
                env={**self.env, **env},
                start_new_session=True,
            )
            child = Child(process, limits.seconds)
            self._live.add(child)
        return child

    @contextmanager
    def running(
        self, *args: str, stdin: int | IO[bytes] = subprocess.DEVNULL, limits: Limits | None = None
    ) -> Iterator[Child]:
        """A process that is gone when the block ends, however it ends."""
        child = self.start(*args, stdin=stdin, limits=limits)
        try:
            yield child
        finally:
            self.end(child)

    def end(self, child: Child) -> None:
        """Kill a process if it still runs and forget it."""
        child.kill()
        self._live.discard(child)

    def run(
        self,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        config: tuple[str, ...] = (),
        limits: Limits | None = None,
        watch: Callable[[Child], None] | None = None,
    ) -> Ran:
        """Run ``git ARGS`` to its end and return what it wrote, up to ``limits.output`` bytes. A failure is not raised.

        ``watch`` is called once, when the process has started.
        """
        limits = limits or self.limits
        child = self.start(
            *args, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, env=env, config=config, limits=limits
        )
        try:
            if watch:
                watch(child)
            feeder = threading.Thread(target=_feed, args=(child, stdin), daemon=True)
            if stdin:
                feeder.start()
            out = _read_up_to(child.stdout, limits.output + 1)
            cut = len(out) > limits.output
            if cut:
                child.kill()
            return Ran(child.wait(), out[: limits.output], child.said(), cut, child.timed_out)
        finally:
            self.end(child)

    def close(self) -> None:
        """End every process that is still there."""
        for child in list(self._live):
            self.end(child)


def create(folder: Path, env: Mapping[str, str], limits: Limits | None = None) -> Git:
    """A new, empty bare repository without template files. Raises EvidenceError when it cannot be written."""
    git = Git(folder, env, limits)
    try:
        ran = git.run("init", "-q", "--bare", "--template=", str(folder))
    except BaseException:  # a signal: nobody else knows this git yet, and it would write into a folder that is gone
        git.close()
        raise
    if ran.code != 0:
        raise EvidenceError(f"A scratch repository cannot be made in the temporary folder: {ran.said or 'git failed'}.")
    return git


def _git() -> str:
    found = shutil.which("git")
    if not found:
        raise UsageError("git is not installed or not on the PATH: install git 2.39 or newer.")
    return found


def _feed(child: Child, data: bytes) -> None:
    with suppress(OSError, ValueError):
        child.stdin.write(data)
        child.stdin.close()


def _read_up_to(pipe: IO[bytes] | BinaryIO, limit: int) -> bytes:
    parts, left = [], limit
    while left > 0 and (part := pipe.read(min(left, MIB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)
