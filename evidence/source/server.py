"""The server behind an address: what it lists, and what is fetched from it, by references that we name alone."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from evidence.model import EvidenceError, UsageError
from evidence.patterns import regex
from evidence.source.address import Address, Asked
from evidence.source.attach import Refs
from evidence.source.child import Child
from evidence.source.git import MIB, Git, Ran
from evidence.source.quoting import visible
from evidence.source.refs import OID, branch_of

HEAD = "refs/scan/head"
ASKED = "refs/scan/asked"
_FETCH = (
    "fetch",
    "-q",
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--update-shallow",
)
_BASE = regex(r"([^~^@{:]*|@)((?:[~^@{:].*)?)", re.DOTALL)
_ELSEWHERE = "the server sends us elsewhere: use the repository's present address"
_NOT_THERE = "it is private or does not exist: check the address, or set GITHUB_TOKEN or GITLAB_TOKEN"
_REASONS = (
    (r"could not read Username|Authentication failed|not found|error: 40[134]|access denied", _NOT_THERE),
    (r"redirect|error: 30[0-9]", _ELSEWHERE),
    (
        r"ould not resolve|timed out|too slow|onnect|early EOF|SSL|certificat|error: 5",
        "the server cannot be reached or broke off: check the network and try again",
    ),
    (
        r"fsck|index-pack|bad pack|corrupt|pack (?:has|is)|inflate|unpack",
        "the server sends damaged or malformed objects",
    ),
)


class Moved(EvidenceError):
    """The server would have us ask at another address."""


class Server:
    """One server, asked by ``git``, whose environment must allow its protocol and carry its token."""

    def __init__(self, git: Git, address: Address) -> None:
        self._git, self._address = git, address
        protocol = "http" if address.insecure else "https"
        self._config = (f"protocol.{protocol}.allow=always",)

    def run(self, revision: str | None, asked: Asked) -> tuple[Refs, str, bool]:
        suffix = ""
        if revision is not None:
            match = _BASE.fullmatch(revision)
            base, suffix = (match[1], match[2]) if match else (revision, "")
            asked = Asked("name", base) if base not in ("", "@", "HEAD") else Asked()
        names = asked.candidates()
        there, branch = self.listing(names)
        chosen = next((name for name in names if name in there), "")
        if asked.kind and not chosen and not asked.sha:
            raise UsageError(f"{self._shown} has no branch, tag or change '{visible(asked.text)}': check its name.")
        self.fetch(f"+HEAD:{HEAD}", *([f"+{chosen}:{ASKED}"] if chosen else []))
        refs = {name: oid for name in (HEAD, ASKED) if (oid := self._oid(name)) and (chosen or name == HEAD)}
        if HEAD not in refs:
            raise self._empty()
        if chosen:
            return Refs(refs[HEAD], branch, refs), ASKED + suffix, True
        if asked.kind:
            return self._any(asked.sha, suffix, refs, branch)
        return Refs(refs[HEAD], branch, refs), HEAD + suffix if suffix else "", True

    def told(self, asked: Asked) -> str:
        """The commit id that the server tells for what is asked; "" where it has no such reference."""
        names = asked.candidates()
        there, _ = self.listing(names)
        chosen = next((name for name in names if name in there), "" if asked.kind else "HEAD")
        return there.get(chosen, "")

    def _any(self, sha: str, suffix: str, refs: dict[str, str], branch: str) -> tuple[Refs, str, bool]:
        """A commit id: on HEAD, or else on some branch or tag. A forge would serve a fork's commit by its bare id."""
        if not self._is_here(sha):
            self.fetch("+refs/heads/*:refs/scan/heads/*", "+refs/tags/*:refs/scan/tags/*", options=("--prune",))
            ran = self._git.run(
                "for-each-ref", "--format=%(objectname) %(refname)", "refs/scan/heads", "refs/scan/tags"
            )
            refs |= {
                name: oid
                for oid, _, name in (line.partition(" ") for line in ran.out.decode("utf-8", "replace").split("\n"))
                if oid
            }
        return Refs(refs[HEAD], branch, refs), sha + suffix, False

    def _is_here(self, sha: str) -> bool:
        return self._git.run("merge-base", "--is-ancestor", sha, HEAD).code == 0

    @property
    def _shown(self) -> str:
        return f"The repository {visible(self._address.host)}/{visible(self._address.path)}"

    def _oid(self, name: str) -> str:
        oid = self._git.run("rev-parse", "--verify", "-q", name).out.decode("ascii", "replace").strip()
        return oid if OID.fullmatch(oid) else ""

    def listing(self, names: Sequence[str]) -> tuple[dict[str, str], str]:
        """Which of ``names`` the server has (name -> id), and its default branch ("" when it tells none)."""
        ran = self._git.run("ls-remote", "--symref", "--", self._address.clone_url, "HEAD", *names, config=self._config,
                            limits=self._git.bounded(output=4 * MIB, seconds=25.0))  # fmt: skip
        self._check(ran)
        there, branch = {}, ""
        for line in ran.out.decode("utf-8", "replace").split("\n"):
            value, _, name = line.partition("\t")
            if name == "HEAD" and value.startswith("ref: "):
                branch = branch_of(value.removeprefix("ref: "))
            elif OID.fullmatch(value):
                there[name] = value
        if "HEAD" not in there:
            raise self._empty()
        return there, branch

    def _empty(self) -> EvidenceError:
        return EvidenceError(
            f"{self._shown} gave no commit under HEAD: it is empty, or its HEAD names a branch that is not there."
        )

    def fetch(self, *refspecs: str, options: tuple[str, ...] = ()) -> None:
        """Fetch by these refspecs. Raises EvidenceError, one sentence, for everything that goes wrong."""
        with _watched(self._git) as watch:
            url = self._address.clone_url
            ran = self._git.run(*_FETCH, *options, "--", url, *refspecs, config=self._config, watch=watch)
        self._check(ran)

    def _is_full(self) -> bool:
        """Whether a half written pack has come up to the bound: git says only that somebody died."""
        packs = self._git.folder.glob("objects/pack/tmp_pack_*")
        return any(pack.stat().st_size + MIB // 16 > self._git.limits.file for pack in packs)

    def _check(self, ran: Ran) -> None:
        if ran.code == 0 and not ran.cut:
            return
        reason = next((text for pattern, text in _REASONS if re.search(pattern, ran.said)), "")
        if reason == _NOT_THERE and self._address.kind == "gitlab":
            # the browser's bar shows a subgroup as it shows a project
            reason += f"; a group is read as {self._address.origin}/groups/{self._address.path}"
        if ran.timed_out:
            reason = "it took too long: try again, or clone it yourself and give the folder"
        elif ran.code < 0 or ran.cut or self._is_full():
            reason = "it is larger than we fetch: clone it yourself and give the folder"
        kind = Moved if reason == _ELSEWHERE else EvidenceError
        raise kind(f"{self._shown} cannot be fetched: {reason or 'git says ' + repr(visible(ran.said, 120))}.")


@contextmanager
def _watched(git: Git) -> Iterator[Callable[[Child], None]]:
    """Watch the pack coming in: one that grows without end, for the few objects it announced, is stopped early."""
    over = threading.Event()

    def look(child: Child) -> None:
        while not over.wait(0.1):
            if any(map(_is_endless, git.folder.glob("objects/pack/tmp_pack_*"))):
                child.stop()

    def watch(child: Child) -> None:
        threading.Thread(target=look, args=(child,), daemon=True).start()

    try:
        yield watch
    finally:
        over.set()


def _is_endless(pack: Path) -> bool:
    """Whether a pack has passed 96 MiB with objects of over 1 MiB on average; real projects average a few KiB."""
    try:
        with open(pack, "rb") as file:
            size, header = os.fstat(file.fileno()).st_size, file.read(12)
    except OSError:
        return False
    return size > 96 * MIB and size > MIB * int.from_bytes(header[8:12], "big")
