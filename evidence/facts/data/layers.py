"""Which functions of the application may form a layer apart from its views: those of modules that work with data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile, Ref
from evidence.facts.python.records import Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Classes whose methods are part of something else: forms check what is typed, schemas what is sent, models are the
# data.
_OTHER_BASES = regex(
    r"(?:Form|Schema|Serializer|Exception|Error|Enum|Test|TestCase|Model|View|Resource|Field|Validator|Factory|Command|Config)$"
)


def layer(project: Project, touches: Callable[[PyFile, int], bool]) -> dict[Ref, Definition]:
    """Functions and methods outside views, models, forms, schemas, tasks and commands, in modules where something
    touches data (``touches`` tells it of a scope), or calls, keeps or inherits what does."""
    return _Modules(project, touches).functions()


class _Modules:
    """The modules that are neither views nor models, and what leads from one to another."""

    def __init__(self, project: Project, touches: Callable[[PyFile, int], bool]) -> None:
        self._project, self._touches = project, touches
        self._model_bases = _bases_of_models(project)
        homes = {f.path for f in project.app if project.reach.live(f.path)} - _occupied(project)
        self._candidates = {p: tuple(self._own(project.python[p])) for p in sorted(homes)}

    def functions(self) -> dict[Ref, Definition]:
        """The functions of all modules that work with data, by path and place."""
        files = self._project.python
        holding = {p for p, found in self._candidates.items() if any(self._touches(files[p], s) for s, _ in found)}
        grown = True
        while grown:
            more = {p for p in self._candidates.keys() - holding if self._leads(p, holding)}
            more |= self._inherited(holding)
            holding |= more
            grown = bool(more)
        return {Ref(p, d.qualname): d for p in sorted(holding) for _, d in self._candidates[p]}

    def _leads(self, path: str, holding: set[str]) -> bool:
        """Whether a function of a module calls what works with data, or a class keeps, inherits or is handed such a
        class."""
        file = self._project.python[path]
        scopes = [scope for scope, _ in self._candidates[path]]
        named = [name for scope in scopes for name in file.module.refs[scope]]
        for scope, owner in self._classes(file):
            named += (*file.module.refs[scope], *(base.text for base in owner.bases))
        for name in named:
            ref = self._project.resolve(file, name)
            if not ref.external and ref.path in holding and ref.name.partition(".")[0] in self._scopes(ref.path):
                return True
        return False

    def _inherited(self, holding: set[str]) -> set[str]:
        """Further modules with the bases of classes that work with data: their methods are called on those."""
        found: set[str] = set()
        for path in holding:
            file = self._project.python[path]
            for _, owner in self._classes(file):
                found.update(ref.path for b in owner.bases if not (ref := self._project.resolve(file, b.text)).external)
        return (found & self._candidates.keys()) - holding

    def _scopes(self, path: str) -> dict[str, int]:
        return self._project.python[path].scopes

    def _classes(self, file: PyFile) -> Iterator[tuple[int, Definition]]:
        """Classes of a module that are nothing else, with their scopes."""
        for index, definition in enumerate(file.module.definitions):
            if definition.kind == "class" and self._is_plain(file, definition):
                yield index + 1, definition

    def _is_plain(self, file: PyFile, owner: Definition) -> bool:
        other = any(_OTHER_BASES.search(base.text) for base in owner.bases)
        return not other and Ref(file.path, owner.qualname) not in self._model_bases

    def _own(self, file: PyFile) -> Iterator[tuple[int, Definition]]:
        """Functions of a module, and methods of its classes, with their scopes."""
        for index, definition in enumerate(file.module.definitions):
            if definition.kind != "function" or definition.name.startswith("__"):
                continue
            around = file.definition(definition.parent)
            if around is None or (around.kind == "class" and self._is_plain(file, around)):
                yield index + 1, definition


def _occupied(project: Project) -> set[str]:
    """Modules that are something else: they hold views or models."""
    found = {r.handler_file.path for r in project.web.routes} | {f.path for f, _ in project.web.views}
    return found | {m.file.path for m in project.models.all}


def _bases_of_models(project: Project) -> frozenset[Ref]:
    """Classes that models inherit from: how they save themselves is part of the models."""
    found: set[Ref] = set()
    pending = [(m.file, b.text) for m in project.models.all for b in m.definition.bases]
    while pending:
        file, name = pending.pop()
        known = project.defined(file, name)
        if known is not None and Ref(known[0].path, known[1].qualname) not in found:
            found.add(Ref(known[0].path, known[1].qualname))
            pending.extend((known[0], b.text) for b in known[1].bases)
    return frozenset(found)
