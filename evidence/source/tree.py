"""The paths of one commit: listed by git where the tree is whole, walked tree by tree where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct, field

from evidence.facts.secrets.masking import mask
from evidence.model import EvidenceError, Ledger
from evidence.source.git import MIB, Git
from evidence.source.objects import Lookup, looking
from evidence.source.quoting import path_text

MOST_PATHS = 200_000
MOST_PATH_BYTES = 64 * MIB
LONGEST_PATH = 4096
DEEPEST = 256
NAMED = 20


class Entry(Struct, frozen=True):
    """One leaf of the tree; ``mode`` is git's octal mode as an integer, ``path`` raw bytes."""

    path: bytes
    mode: int
    oid: str


def note_paths(ledger: Ledger, code: str, paths: list[str], reason: str) -> None:
    """Put paths in the ledger: the first 20 by name, masked, the others as a number."""
    for path in paths[:NAMED]:
        ledger.note(code, mask(path), reason)
    if len(paths) > NAMED:
        ledger.note(code, "other paths", reason, len(paths) - NAMED)


def entries(git: Git, commit: str, ledger: Ledger) -> list[Entry]:
    """All leaves of the commit's tree, sorted by the bytes of their paths; bounded, see the ``MOST_`` constants.

    Raises EvidenceError when the tree itself is missing.
    """
    found = _listed(git, commit)
    if found is None:
        with looking(git) as lookup:
            found = _Walk(lookup, ledger).run(commit)
    return _unambiguous(found, ledger)


def _listed(git: Git, commit: str) -> list[Entry] | None:
    """What ``git ls-tree -r`` says; None where it fails (a missing or too deep tree) or says too much (a bomb)."""
    ran = git.run("ls-tree", "-r", "-z", "--full-tree", commit, limits=git.bounded(output=MOST_PATH_BYTES))
    if ran.code != 0 or ran.cut or ran.out.count(b"\0") > MOST_PATHS:
        return None
    return [_parsed(line) for line in ran.out.split(b"\0")[:-1]]


def _parsed(line: bytes) -> Entry:
    what, _, path = line.partition(b"\t")
    mode, _kind, oid = what.split(b" ")
    return Entry(path, int(mode, 8), oid.decode("ascii"))


class _Walk(Struct):
    """Tree by tree with a stack of its own. Each distinct tree is opened once where a bomb repeats them without end."""

    lookup: Lookup
    ledger: Ledger
    found: list[Entry] = field(default_factory=list)
    size: int = 0
    known: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    deep: list[str] = field(default_factory=list)

    def run(self, commit: str) -> list[Entry]:
        """Walk in full; once more with repeated folders left out when that is too much."""
        root = self._root(commit)
        if not self._visit(root, once=False):
            self.found, self.size, self.missing, self.deep = [], 0, [], []
            whole = self._visit(root, once=True)
            reason = f"the tree has more than {MOST_PATHS} paths: folders that repeat are read once"
            self.ledger.note("too_many_files", "tree", reason if whole else reason + ", and the rest is left out")
        note_paths(self.ledger, "object_missing", self.missing, "the folder's tree object is missing or damaged")
        note_paths(self.ledger, "tree_too_deep", self.deep, f"folders nested deeper than {DEEPEST} are not read")
        return self.found

    def _root(self, commit: str) -> str:
        found = self.lookup.get(commit)
        head = found.content[:45] if found else b""
        tree = head[5:45].decode("ascii", "replace")
        if not head.startswith(b"tree ") or self._open(tree) is None:
            raise EvidenceError(
                f"The tree of commit {commit[:12]} is missing from the repository: fetch it completely and try again."
            )
        return tree

    def _visit(self, root: str, once: bool) -> bool:
        """Fill ``found``; False when a bound was reached first."""
        stack: list[tuple[bytes, str, int]] = [(b"", root, 0)]
        seen: set[str] = set()
        while stack:
            prefix, oid, depth = stack.pop()
            if once and oid in seen:
                continue
            seen.add(oid)
            children = self._open(oid)
            if children is None or depth >= DEEPEST:
                (self.missing if children is None else self.deep).append(path_text(prefix))
                continue
            folders = []
            for child in children:
                path = prefix + child.path
                self.size += len(path)
                if self.size > MOST_PATH_BYTES:
                    return False
                if child.mode == 0o40000:
                    folders.append((path + b"/", child.oid, depth + 1))
                else:
                    self.found.append(Entry(path, child.mode, child.oid))
            stack.extend(reversed(folders))
            if len(self.found) + len(stack) > MOST_PATHS:
                return False
        return True

    def _open(self, oid: str) -> tuple[Entry, ...] | None:
        if oid not in self.known:
            found = self.lookup.get(oid)
            if found is None or found.kind != "tree":
                return None
            self.known[oid] = tuple(islice(_children(found.content), MOST_PATHS + 1))
        return self.known[oid]


def _children(content: bytes) -> Iterator[Entry]:
    """The entries of one raw tree object; stops at the first that is malformed."""
    at = 0
    while (end := content.find(b"\0", at)) >= 0 and end + 21 <= len(content):
        mode, _, name = content[at:end].partition(b" ")
        if not mode.isdigit() or len(mode) > 6 or set(mode) & set(b"89"):
            return
        yield Entry(name, int(mode, 8), content[end + 1 : end + 21].hex())
        at = end + 21


def _unambiguous(found: list[Entry], ledger: Ledger) -> list[Entry]:
    """Sorted, without paths that a browser or reader would take for another (empty, ``.`` and ``..`` parts, doubles),
    and without those that hold a secret: neither could be cited."""
    kept: dict[bytes, Entry] = {}
    unsafe: list[str] = []
    secret: list[str] = []
    for entry in sorted(found, key=lambda e: e.path):
        long = len(entry.path) > LONGEST_PATH
        if long or entry.path in kept or any(part in (b"", b".", b"..") for part in entry.path.split(b"/")):
            unsafe.append(path_text(entry.path)[:LONGEST_PATH])
        elif (text := path_text(entry.path)) != mask(text):
            secret.append(text)
        else:
            kept[entry.path] = entry
    note_paths(ledger, "unsafe_path", unsafe, "the path is doubled, too long, or has an empty, '.' or '..' part")
    note_paths(ledger, "unsafe_path", secret, "the path holds what looks like a secret")
    return list(kept.values())
