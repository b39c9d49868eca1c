"""The files of one commit as facts: each by its path, and the part it plays."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from evidence.facts.folders_of_tests import below, folders_of_tests
from evidence.facts.names import PyFile
from evidence.facts.python.records import Module
from evidence.facts.records import Commands, Data, Dockerfile, Document, Requirements, Template, Text
from evidence.facts.roles import Role, role_of
from evidence.facts.stages import stages
from evidence.model import Blob, Changes, History, LineCount
from evidence.patterns import regex

Record = TypeVar("Record")
_CHANGES = regex(r"(?:^|/)(?:change|history|release|news)[^/]*$", re.IGNORECASE)


class _NoHistory:
    """Stands in where a repository's history could not be read."""

    commits: tuple[()] = ()

    def dates(self, _paths: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        return {}

    def begin_counting(self, _shas: Iterable[str]) -> None:
        return

    def line_counts(self, _shas: Iterable[str]) -> Mapping[str, LineCount]:
        return {}


# What only a forge can tell, by the words of ``Signal.needs``.
_TOLD_BY_FORGES = ("changes", "reviews", "comments", "issues", "releases")
_NOT_ASKED = "no pull requests, reviews or issues were read: the forge was not asked"
_NOT_ASKED_ELSEWHERE = "changes in other repositories were not asked for: they are of one candidate's accounts"


def _untold(changes: Changes | None) -> dict[str, str]:
    """What the forge did not tell, with the reason."""
    if changes is None:
        return dict.fromkeys((*_TOLD_BY_FORGES, "elsewhere"), _NOT_ASKED)
    elsewhere = {} if changes.elsewhere is not None else {"elsewhere": _NOT_ASKED_ELSEWHERE}
    return {**elsewhere, **changes.missing}


class Files:
    """The facts of one commit, file by file.

    ``facts`` maps paths to records (see ``evidence.facts.records``); ``blobs`` are all paths, read or not; ``history``
    the commits before it; ``changes`` what the forge tells, None where it was not asked. ``missing`` names inputs that
    could not be had (see ``Signal.needs``), with the reason; what the forge could not tell is added to it.
    """

    def __init__(
        self,
        blobs: Iterable[Blob],
        facts: Mapping[str, Any],
        history: History | None = None,
        *,
        changes: Changes | None = None,
        missing: Mapping[str, str] | None = None,
    ) -> None:
        self.blobs = tuple(blobs)
        self.paths = frozenset(b.path for b in self.blobs)
        self._facts = facts
        self.history: History = history or _NoHistory()
        self.changes = changes
        self._missing: Mapping[str, str] = {**_untold(changes), **(missing or {})}

    def _of(self, kind: type[Record], roles: tuple[Role, ...] | None = None) -> dict[str, Record]:
        return {
            p: r
            for p, r in sorted(self._facts.items())
            if isinstance(r, kind) and (roles is None or role_of(p, getattr(r, "generated", False)) in roles)
        }

    @cached_property
    def python(self) -> dict[str, PyFile]:
        """Every Python file that was read, by path."""
        modules = self._of(Module)
        earlier = stages(modules)
        return {p: PyFile(p, m, Role.EXAMPLE if p.startswith(earlier) else self.role(p)) for p, m in modules.items()}

    @cached_property
    def _test_folders(self) -> frozenset[str]:
        return folders_of_tests(self._of(Module))

    @cached_property
    def app(self) -> tuple[PyFile, ...]:
        """Python files of the project's own application code (no tests, migrations, examples, vendored or
        generated)."""
        return self.python_of(Role.APP)

    @cached_property
    def tests(self) -> tuple[PyFile, ...]:
        """Python files of the project's tests."""
        return self.python_of(Role.TEST)

    def python_of(self, *roles: Role) -> tuple[PyFile, ...]:
        """Python files that play one of these parts, in path order."""
        return tuple(f for f in self.python.values() if f.role in roles)

    @cached_property
    def data(self) -> dict[str, Data]:
        """YAML, TOML, JSON and INI files."""
        return self._of(Data)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Markdown, reStructuredText and AsciiDoc that people wrote. Change logs may be gathered by a tool: what they
        tell was written in commits and requests."""
        return {p: d for p, d in self._of(Document).items() if not d.generated or _CHANGES.search(p)}

    @cached_property
    def commands(self) -> dict[str, Commands]:
        """Makefiles, Procfiles and shell scripts."""
        return self._of(Commands)

    @cached_property
    def dockerfiles(self) -> dict[str, Dockerfile]:
        """Dockerfiles and Containerfiles."""
        return self._of(Dockerfile)

    @cached_property
    def requirements(self) -> dict[str, Requirements]:
        """Requirement and lock files."""
        return self._of(Requirements)

    @cached_property
    def templates(self) -> dict[str, Template]:
        """Jinja templates."""
        return self._of(Template)

    @cached_property
    def texts(self) -> dict[str, Text]:
        """Files kept as plain text."""
        return self._of(Text)

    def role(self, path: str) -> Role:
        """The part a path plays."""
        role = role_of(path, getattr(self._facts.get(path), "generated", False))
        return Role.TEST if role is Role.APP and below(path, self._test_folders) else role
