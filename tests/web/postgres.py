"""A PostgreSQL of the test's own, from Debian's package: no service of the machine is touched."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LACKING = "PostgreSQL is not installed (Debian: postgresql): the database tests run on SQLite alone"


def programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


@contextmanager
def running(port: int) -> Iterator[str]:
    """The address of a server on loopback with an empty database. It refuses to run as root, so then it does not; and
    its files stand apart from pytest's, which any other run of pytest closes to all but its own user."""
    own = tempfile.TemporaryDirectory(prefix="evidence-postgres-", ignore_cleanup_errors=True)
    with own as folder, _served(Path(folder), port) as url:
        yield url


@contextmanager
def _served(folder: Path, port: int) -> Iterator[str]:
    binaries = programs()
    assert binaries is not None
    who: dict[str, int] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("postgres")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid}

    def run(program: str, *options: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([binaries / program, *options], check=True, cwd="/", **quiet, **who)  # type: ignore[call-overload]

    data = str(folder / "cluster")
    run("initdb", "-D", data, "-U", "evidence", "-A", "trust", "--no-sync", "-E", "UTF8")
    settings = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -p {port}"
    run("pg_ctl", "-D", data, "-w", "-t", "300", "-o", settings, "start")
    try:
        yield f"postgresql://evidence@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "-w", "-t", "300", "stop")
