"""What a scan is asked for, and whom it tells how it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from evidence.timer import Timer


class Progress(Protocol):
    """Where a scan tells what it is doing; the command line and the web page each have one."""

    def source(self, number: int, total: int, name: str) -> None:
        """Of several sources, the one that is read from now on."""

    def stage(self, name: str, total: int | None) -> None:
        """A stage begins; ``total`` steps are expected, None when nobody knows."""

    def advance(self, count: int = 1) -> None:
        """So many steps of the stage are done."""

    def warn(self, sentence: str) -> None:
        """Something the user should know, in one sentence."""


class ScanRequest(Struct, frozen=True, kw_only=True):
    """What to scan and how. ``source`` is an address or a local path; ``revision`` pins a commit; ``identity`` is the
    public address under which a local copy is cited. ``cache`` and ``keep_clone`` are folders, None for none.
    ``workers``, ``cache`` and ``keep_clone`` never change the digest.

    ``further`` are more sources for the same digest. Of a person's or group's page, at most ``limit`` repositories are
    read, those that match one of ``include`` and none of ``exclude`` (globs over owner/name).

    ``candidates`` are names, e-mails, logins or ``commit:`` ids of one person, whose work is then told from others';
    ``baseline`` is a repository or revision whose lines are nobody's here.
    ``forge`` tells whether to ask the forge for changes and reviews; None leaves it to :func:`evidence.source.inquire`.
    ``upstream`` is the commit at which a fork's parent is read, "" for its HEAD.
    ``resume`` goes on where an earlier scan's questions broke off; ``forge_wait`` bounds waiting for it, in seconds.
    ``keep`` takes what the facts of the last source are in: a process that ends with its scan may spare itself the work
    of taking them apart."""

    source: str
    further: tuple[str, ...] = ()
    revision: str | None = None
    profile: str | None = None
    identity: str | None = None
    candidates: tuple[str, ...] = ()
    baseline: str | None = None
    hosts: tuple[str, ...] = ()
    insecure_hosts: tuple[str, ...] = ()
    workers: int = 2
    cache: Path | None = None
    keep_clone: Path | None = None
    limit: int = 10
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    forge: bool | None = None
    upstream: str = ""
    resume: bool = False
    forge_wait: float = 12.0
    timer: Timer = field(default_factory=Timer)
    keep: list[object] | None = None

    @property
    def about_somebody(self) -> bool:
        """Whether the work of somebody is to be told from others'."""
        return bool(self.candidates or self.baseline)
