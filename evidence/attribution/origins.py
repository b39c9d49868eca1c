"""What is in a repository and is nobody's here: vendored and generated files, templates and skeletons, a baseline."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from msgspec import Struct, convert

from evidence.attribution.baseline import Seed
from evidence.attribution.skeletons import Skeletons
from evidence.facts.people import People
from evidence.facts.project import Project
from evidence.facts.roles import Role
from evidence.model import Commit, Origin, Upstream
from evidence.patterns import regex

# What ``git subtree --squash`` writes: one commit, by whoever fetched it, with what others did in another repository.
# https://github.com/git/git/blob/master/contrib/subtree/git-subtree.txt
_SUBTREE = regex(r"^git-subtree-dir: ([^\n]{1,500}?)/?\ngit-subtree-(?:mainline|split): [0-9a-f]{40}", re.M)
_ROLES = {Role.VENDORED: "vendored", Role.GENERATED: "generated"}


class Starts(Struct, frozen=True):
    """What marks a first commit as a template's, from ``templates.toml``."""

    messages: tuple[str, ...]
    files: tuple[str, ...]
    accounts: tuple[str, ...]
    button_subject: str
    button_files: int


@lru_cache(maxsize=1)
def starts() -> Starts:
    """The marks as they are shipped."""
    text = Path(__file__).with_name("templates.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Starts)


def template_start(commit: Commit, people: People) -> str:
    """What shows that a commit without parents is a template's first state; "" where nothing does."""
    if commit.parents:
        return ""
    marks = starts()
    text = f"{commit.subject}\n{commit.body}".lower()
    for pattern in marks.messages:
        if re.search(pattern, text):
            return "its message names a template or generator"
    for change in commit.changes:
        if change.path.rpartition("/")[2] in marks.files:
            return f"it brings {change.path.rpartition('/')[2]}, which a generator leaves"
    author = people.author(commit)
    if author.tool and any(account in commit.author.name.lower() for account in marks.accounts):
        return "a classroom or template service made it"
    web = people.committer(commit).tool == "github-web"
    if web and commit.subject.strip().lower() == marks.button_subject and len(commit.changes) > marks.button_files:
        return "it is the forge's own first commit, with more files than that makes for an empty repository"
    return ""


def _squashed_subtree(commit: Commit) -> re.Match[str] | None:
    """The folder of a commit that brings another repository's files, without their history."""
    return _SUBTREE.search(commit.body) if commit.subject.startswith("Squashed '") else None


class Origins:
    """Says of paths, and of lines that the candidate's commits brought, whether they are somebody else's work.

    ``seed`` knows which lines a baseline had already, ``skeletons`` which ones a known generator wrote; ``upstream`` is
    what a fork has from its parent.
    """

    def __init__(
        self,
        project: Project,
        seed: Seed | None = None,
        skeletons: Skeletons | None = None,
        upstream: Upstream | None = None,
    ) -> None:
        self._project = project
        self.upstream = upstream or Upstream("")
        self._of_others: dict[str, str] = {}
        self._seed, self._skeletons = seed, skeletons
        self.baseline = seed.name if seed is not None else ""
        roots = (c for c in project.history.commits if not c.parents)
        self.templates = {c.sha: why for c in roots if (why := template_start(c, project.people))}
        self._subtrees = {c.sha: found[1] for c in project.history.commits if (found := _squashed_subtree(c))}
        self._started = {
            change.path for c in project.history.commits if c.sha in self.templates for change in c.changes
        }

    def of_others(self, path: str) -> str:
        """``vendored`` or ``generated`` where the whole file is; "" elsewhere."""
        if path not in self._of_others:
            self._of_others[path] = _ROLES.get(self._project.role(path), "")
        return self._of_others[path]

    def concerns(self, path: str) -> bool:
        """Whether single lines of this file may be left out, so that only blame can tell whose it is."""
        if any(path.startswith(f"{folder}/") for folder in self._subtrees.values()):
            return True
        return path in self._started or bool(self._of_seed(path)) or bool(self._of_skeleton(path))

    def why_not_theirs(self, path: str, number: int, origin: Origin) -> str:
        """``upstream``, ``vendored``, ``template`` or ``baseline`` for a line that is not the work, in this repository,
        of whoever committed it; "" elsewhere."""
        if origin.commit in self.upstream.commits:
            return "upstream"
        if origin.commit in self._subtrees:
            return "vendored"
        skeleton = self._skeletons is not None and self._skeletons.wrote(path, number, origin.commit)
        if origin.commit in self.templates or skeleton:
            return "template"
        return "baseline" if number in self._of_seed(path) else ""

    def _of_seed(self, path: str) -> frozenset[int]:
        return self._seed.lines(path) if self._seed is not None else frozenset()

    def _of_skeleton(self, path: str) -> frozenset[int]:
        return self._skeletons.lines(path) if self._skeletons is not None else frozenset()
