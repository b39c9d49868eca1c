"""Documents that people of a project wrote about it: titles, lengths, and how much of the project they name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Document, Section
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_WORD = regex(r"[A-Za-z][\w\-]{2,40}")
# Words that every project's folders and prose share tell nothing.
_COMMON = frozenset({
    "app", "apps", "test", "tests", "docs", "doc", "src", "lib", "utils", "config", "main", "common", "data", "core",
    "base", "static", "templates", "template", "models", "model", "views", "view", "api", "run", "setup", "scripts",
    "script", "tools", "build", "server", "client", "index", "project", "code", "files", "file", "images", "image",
    "services", "service", "commands", "init", "types", "user", "users", "admin", "helpers", "constants", "settings",
    "version", "errors", "example", "examples", "page", "pages", "new", "get", "set", "add", "update", "delete", "list",
    "create", "edit", "search", "status", "email", "emails", "events", "event", "jobs", "and", "the", "design",
    "architecture", "overview", "github", "issue", "issues", "release", "resources", "assets", "public",
})  # fmt: skip
_FOREIGN = frozenset(
    {"node_modules", "email_templates", "templates", "locale", "translations", "fixtures", "testdata", "__tests__"}
)


class Writing(Struct, frozen=True, eq=False):
    """One document. ``stem`` is its file name without ending, in lower case; ``title`` its first heading; ``words`` its
    words of prose; ``names`` how many different names of the project (folders, modules, dependencies) it mentions."""

    path: str
    document: Document
    stem: str
    title: str
    words: int
    names: int

    @property
    def folders(self) -> list[str]:
        """Its folders, in lower case, outermost first."""
        return self.path.lower().split("/")[:-1]

    def below(self, position: int) -> Iterator[Section]:
        """The section at ``position`` and those under it."""
        sections = self.document.sections
        yield sections[position]
        for section in sections[position + 1 :]:
            if section.level <= sections[position].level:
                break
            yield section


class Writings:
    """The documents of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def all(self) -> tuple[Writing, ...]:
        """Every document of the project's own, in path order: no vendored ones, no mail templates, no test data."""
        found = (self._writing(p, d) for p, d in self._project.documents.items() if _own(p))
        return tuple(w for w in found if w is not None)

    def _writing(self, path: str, document: Document) -> Writing | None:
        name = path.rpartition("/")[2].lower()
        for suffix in (".jinja", ".jinja2", ".j2"):
            name = name.removesuffix(suffix)
        sections = document.sections
        title = next((s.title for s in sections if s.title), "")
        return Writing(
            path, document, name.rpartition(".")[0] or name, title, sum(s.words for s in sections), self.names(sections)
        )

    def names(self, sections: tuple[Section, ...] | list[Section]) -> int:
        """How many different names of the project these sections mention."""
        said: set[str] = set()
        for section in sections:
            said.update(w.lower().replace("_", "-") for w in _WORD.findall(section.text))
        return len(said & self._vocabulary)

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        project = self._project
        names = {i.name for r in project.dependencies.values() for i in r.items}
        for file in project.app:
            names.update(part.removesuffix(".py") for part in file.path.lower().split("/"))
        return frozenset(n.replace("_", "-") for n in names if len(n) > 2 and n not in _COMMON)


def _own(path: str) -> bool:
    if role_of(path) not in (Role.APP, Role.EXAMPLE, Role.MIGRATION):
        return False
    return _FOREIGN.isdisjoint(path.lower().split("/")[:-1])
