"""One opened repository: what the later stages may ask of it, wherever it came from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct, field

from evidence.model import Ledger
from evidence.source.address import Address
from evidence.source.attach import Refs
from evidence.source.blame import GitBlame
from evidence.source.git import Git
from evidence.source.history import History, HistoryReading
from evidence.source.identity import Identity
from evidence.source.quoting import path_bytes
from evidence.source.refs import OID
from evidence.source.snapshot import Caps, TreeSnapshot

_OTHERS = "GIT_ALTERNATE_OBJECT_DIRECTORIES"


class OpenRepository(Struct, frozen=True, dict=True):
    """A repository at one commit, valid until the block of :func:`evidence.source.open_source` ends.

    ``committed`` is the commit's time, seconds since the epoch; ``warnings`` are sentences for the user that are no
    part of a digest; ``address`` is where it was fetched from, None for a local one.
    """

    identity: Identity
    commit: str
    committed: int
    default_branch: str
    warnings: tuple[str, ...]
    git: Git
    refs: Refs
    spool: Path
    ledger: Ledger
    caps: Caps = field(default_factory=Caps)
    address: Address | None = None

    @property
    def id(self) -> str:
        """Stable name of the repository; never a path of this machine."""
        return self.identity.id

    @property
    def url(self) -> str:
        """Its public page, or ""."""
        return self.identity.url

    @property
    def host(self) -> str:
        """Its public host, or ""."""
        return self.identity.host

    @property
    def name(self) -> str:
        """``owner/name`` on a forge, else the folder's own name."""
        return self.identity.name

    @cached_property
    def snapshot(self) -> TreeSnapshot:
        """The tree of the commit."""
        return TreeSnapshot(self.git, self.commit, self.ledger, self.spool, self.caps)

    @cached_property
    def _reading(self) -> HistoryReading:
        return HistoryReading(self.git, self.commit, self.spool, self.ledger)

    def start_history(self) -> None:
        """Let git begin with the history while others work; harmless when it has begun."""
        self._reading.start()

    def read_history_if_ready(self) -> None:
        """Read the history where git has done its part: for whoever has time to spare before it is asked for."""
        if self._reading.is_ready():
            self.history()

    @cached_property
    def _history(self) -> History:
        return self._reading.result()

    def history(self) -> History:
        """The history of the commit; waits for it. What could not be read of it is in the ledger."""
        return self._history

    @cached_property
    def blame(self) -> GitBlame:
        """Who wrote the lines of the commit; ``blame.start()`` lets git prepare for it while others work."""
        return GitBlame(self.git, self.commit, self.spool, self.refs.names)

    def see(self, objects: Path, heads: Mapping[int, str]) -> None:
        """Have git read these ``objects`` too, a folder of ours with own commits of changes; ``heads`` are the last
        ones, by number."""
        size = sum(pack.stat().st_size for pack in objects.glob("pack/*.pack"))
        # quoted, as git(1) has it, for a folder's name may hold what separates them
        quoted = '"' + str(objects).replace("\\", r"\\").replace('"', r"\"") + '"'
        self.git.env[_OTHERS] = ":".join(filter(None, (self.git.env.get(_OTHERS), quoted)))
        self.git.limits = self.git.bounded(memory=self.git.limits.memory + size)
        self.blame.know(heads)

    def contains(self, commit: str) -> bool:
        """Whether the references of this repository (of a remote one: those fetched) reach ``commit``, a full id.

        Exact also where commit dates lie: the whole history is listed, up to holes in it.
        """
        if commit in self.refs.names.values() or commit == self.refs.head:
            return True
        tips = dict.fromkeys([self.refs.head, *self.refs.names.values()])
        wanted = f"{commit}\n".encode()
        with tempfile.TemporaryFile(dir=self.spool) as asked:
            asked.write("".join(f"{tip}\n" for tip in tips if tip).encode())
            asked.seek(0)
            with self.git.running("rev-list", "--ignore-missing", "--stdin", stdin=asked) as child:
                return any(line == wanted for line in child.stdout)

    @property
    def change_number(self) -> int:
        """The number of the pull or merge request that the address names, 0 for none."""
        asked = self.address.asked if self.address is not None else None
        return int(asked.text) if asked is not None and asked.kind in ("pull", "merge_request") else 0

    @property
    def tip(self) -> str:
        """The commit under HEAD."""
        return self.refs.head

    def merge_base(self, one: str, other: str) -> str:
        """Where two commits parted, "" where they have nothing in common."""
        return self._one_id("merge-base", one, other)

    def parent(self, commit: str) -> str:
        """The first parent of a commit, "" where it has none or is not here."""
        return self._one_id("rev-parse", "--verify", "-q", f"{commit}^1^{{commit}}")

    def _one_id(self, *words: str) -> str:
        found = self.git.run(*words).out.decode("ascii", "replace").strip()
        return found if OID.fullmatch(found) else ""

    def snapshot_of(self, commit: str) -> TreeSnapshot:
        """The tree of another commit; what cannot be read of it is told to nobody."""
        return TreeSnapshot(self.git, commit, Ledger(), self.spool, self.caps)

    def permalink(self, path: str, start: int = 0, end: int = 0) -> str:
        """The page of these lines (1-based; 0 for the whole file) at the scanned commit; "" without a public page."""
        if not self.identity.kind:
            return ""
        gitlab = self.identity.kind == "gitlab"
        lines = f"#L{start}" if start else ""
        if start and end > start:
            lines += f"-{end}" if gitlab else f"-L{end}"
        place = quote(path_bytes(path), safe="/")
        return f"{self.url}{'/-' if gitlab else ''}/blob/{self.commit}/{place}{lines}"

    def commit_link(self, sha: str) -> str:
        """The page that shows a commit; "" without a public page."""
        if not self.identity.kind:
            return ""
        return f"{self.url}{'/-' if self.identity.kind == 'gitlab' else ''}/commit/{sha}"
