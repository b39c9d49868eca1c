"""Fetching from a forge: an empty repository of ours, the references asked for, nothing else the server suggests."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evidence.model import EvidenceError, UsageError
from evidence.source.address import Address, Asked
from evidence.source.attach import Refs
from evidence.source.child import Child
from evidence.source.forges.app import signed_in
from evidence.source.forges.endpoint import endpoint_for
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.forges.tokens import credential_for
from evidence.source.git import MIB, Git, Limits, Ran, create
from evidence.source.quoting import visible
from evidence.source.refs import OID, branch_of
from evidence.source.revision import check_revision
from evidence.source.scratch import Scratch, closing

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
_BASE = re.compile(r"([^~^@{:]*|@)((?:[~^@{:].*)?)", re.DOTALL)
_ELSEWHERE = "the server sends us elsewhere: use the repository's present address"
_REASONS = (
    (
        r"could not read Username|Authentication failed|not found|error: 40[134]|access denied",
        "it is private or does not exist: check the address, or set GITHUB_TOKEN or GITLAB_TOKEN",
    ),
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


@dataclass(frozen=True)
class Fetched:
    """A fetched repository: its references as fetched now, and the revision asked for ("" for HEAD) in our own names.

    ``named`` tells that the revision is a reference of the repository, so that it needs no proof of being reachable.
    """

    git: Git
    refs: Refs
    revision: str = ""
    named: bool = False


@contextmanager
def fetched(
    address: Address,
    revision: str | None,
    scratch: Scratch,
    cache: Path | None,
    most: int,
    named: tuple[str, ...] = (),
) -> Iterator[Fetched]:
    """The repository at ``address``: HEAD, and what the address or ``revision`` asks for besides.

    It lives in the scratch folder, or under ``cache`` where later scans fetch into it. ``most`` bounds its pack, bytes.
    Raises EvidenceError or UsageError, one sentence, for everything that goes wrong.
    """
    if revision is not None:
        check_revision(revision)
    env = {
        **scratch.environment(),
        "GIT_ALLOW_PROTOCOL": "http" if address.insecure else "https",
        **credentials(address, named),
    }
    limits = Limits(seconds=900, file=most, memory=1024 * MIB)
    folder = scratch.repository
    with _cached(cache, address) as kept:
        folder = kept or folder
        git = create(folder, env, limits)
        try:
            found = _Fetch(git, address).run(revision, address.asked)
            packs = sum(f.stat().st_size for f in folder.glob("objects/pack/*.pack"))
            # Reading needs no network, no token, and less memory.
            reader = Git(folder, scratch.environment(), Limits(memory=packs + 400 * MIB))
        finally:
            git.close()
    try:
        yield Fetched(reader, *found)
    finally:
        reader.close()


def commit_at(address: Address, scratch: Scratch, named: tuple[str, ...] = ()) -> str:
    """The commit that fetching ``address`` would read now, as its server tells; "" where only fetching would tell."""
    env = {
        **scratch.environment(),
        "GIT_ALLOW_PROTOCOL": "http" if address.insecure else "https",
        **credentials(address, named),
    }
    with closing(create(scratch.repository, env, Limits(seconds=60))) as git:
        return _Fetch(git, address).told(address.asked)


def credentials(
    address: Address, named: tuple[str, ...] = (), environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Environment variables that hand git the token for the host of ``address``, and never in an argument.

    ``named`` are the hosts that the operator named; see :func:`evidence.source.forges.tokens.credential_for`. Nothing
    for a host that is no forge.
    """
    found = credential_for(address.host, address.kind, named, environ) if address.kind != "plain" else None
    if found is None and address.kind == "github":
        try:
            found = signed_in(endpoint_for("github", address.origin, named), Patience(0)).credential
        except Unavailable:
            found = None
    if found is None:
        return {}
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{address.origin}/.extraHeader",
        "GIT_CONFIG_VALUE_0": found.git_header(),
    }


@contextmanager
def _cached(cache: Path | None, address: Address) -> Iterator[Path | None]:
    """The folder of a kept clone, locked while it is fetched into. Its name is a hash: no name is made from input."""
    if cache is None:
        yield None
        return
    name = hashlib.sha256(address.clone_url.encode()).hexdigest()[:32]
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / f"{name}.git"
        for leftover in [
            *folder.glob("objects/pack/tmp_*"),
            *folder.glob("refs/scan/**/*.lock"),
            *folder.glob("*.lock"),
        ]:
            leftover.unlink(missing_ok=True)  # of a fetch that was killed: nobody else holds the lock
        yield folder


class _Fetch:
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
        there, branch = self._listing(names)
        chosen = next((name for name in names if name in there), "")
        if asked.kind and not chosen and not asked.sha:
            raise UsageError(f"{self._shown} has no branch, tag or change '{visible(asked.text)}': check its name.")
        self._fetch(f"+HEAD:{HEAD}", *([f"+{chosen}:{ASKED}"] if chosen else []))
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
        there, _ = self._listing(names)
        chosen = next((name for name in names if name in there), "" if asked.kind else "HEAD")
        return there.get(chosen, "")

    def _any(self, sha: str, suffix: str, refs: dict[str, str], branch: str) -> tuple[Refs, str, bool]:
        """A commit id: on HEAD, or else on some branch or tag. A forge would serve a fork's commit by its bare id."""
        if not self._is_here(sha):
            self._fetch("+refs/heads/*:refs/scan/heads/*", "+refs/tags/*:refs/scan/tags/*", options=("--prune",))
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

    def _listing(self, names: list[str]) -> tuple[dict[str, str], str]:
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

    def _fetch(self, *refspecs: str, options: tuple[str, ...] = ()) -> None:
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
