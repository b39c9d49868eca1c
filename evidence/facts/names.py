"""Joins names across files: which file a dotted module is, and where a name that passed through imports was defined."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from evidence.facts.python.records import Assign, Call, Definition, Import, Module
from evidence.facts.roles import Role

# A re-export may pass through this many files; longer chains are cycles or mazes.
_MAX_HOPS = 8


class PyFile:
    """A Python file in its place: path, role, and its facts with look-ups by scope."""

    def __init__(self, path: str, module: Module, role: Role) -> None:
        self.path = path
        self.module = module
        self.role = role

    def __repr__(self) -> str:
        return f"PyFile({self.path!r})"

    @property
    def folder(self) -> str:
        """The path of its folder, "" at the root."""
        return self.path.rpartition("/")[0]

    def definition(self, scope: int) -> Definition | None:
        """The definition a scope number stands for; None for the module itself."""
        return self.module.definitions[scope - 1] if scope else None

    def function_of(self, scope: int) -> Definition | None:
        """The innermost function around a scope."""
        found = self.definition(scope)
        while found is not None and found.kind != "function":
            found = self.definition(found.parent)
        return found

    def outermost(self, scope: int) -> Definition | None:
        """The top-level definition around a scope."""
        found = self.definition(scope)
        while found is not None and found.parent:
            found = self.definition(found.parent)
        return found

    @cached_property
    def scopes(self) -> dict[str, int]:
        """Scope number by qualified name (the first of equals)."""
        numbers: dict[str, int] = {}
        for index, definition in enumerate(self.module.definitions):
            numbers.setdefault(definition.qualname, index + 1)
        return numbers

    @cached_property
    def imports(self) -> dict[str, Import]:
        """Imports by local name; those at module level win."""
        found: dict[str, Import] = {}
        for item in sorted(self.module.imports, key=lambda i: i.scope):
            found.setdefault(item.alias, item)
        return found

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset(i.target for i in self.module.imports)

    def imported(self, name: str) -> bool:
        """Whether a dotted name begins with the target of one of this file's imports."""
        prefix = ""
        for segment in name.split("."):
            prefix = f"{prefix}.{_bare(segment)}" if prefix else _bare(segment)
            if prefix in self._targets:
                return True
        return False

    @cached_property
    def top_level(self) -> frozenset[str]:
        """Names bound at module level by definitions, assignments and calls."""
        names = {d.name for d in self.module.definitions if d.parent == 0}
        names.update(a.target for a in self.module.assigns if a.scope == 0)
        names.update(c.target for c in self.module.calls if c.scope == 0 and c.target)
        return frozenset(names)

    def inside(self, scope: int, outer: int) -> bool:
        """Whether ``scope`` is ``outer`` or nested in it."""
        while scope and scope != outer:
            scope = self.module.definitions[scope - 1].parent
        return scope == outer

    def calls_in(self, scope: int) -> list[Call]:
        """Calls in a scope and the scopes nested in it."""
        return [c for c in self.module.calls if self.inside(c.scope, scope)]

    @cached_property
    def assigned(self) -> dict[tuple[int, str], list[Assign | Call]]:
        """What each name of each scope is assigned, in file order."""
        found: dict[tuple[int, str], list[Assign | Call]] = {}
        both: list[Assign | Call] = [*self.module.assigns, *(c for c in self.module.calls if c.target)]
        for item in sorted(both, key=lambda i: (i.start, i.end)):
            found.setdefault((item.scope, item.target), []).append(item)
        return found


class Ref(NamedTuple):
    """Where a name leads: a file of the project and the name in it ("" for the module itself), or, with an empty path,
    the dotted name of something outside the project (or not resolved at all)."""

    path: str
    name: str

    @property
    def external(self) -> bool:
        """Whether it leads out of the project."""
        return not self.path


class Names:
    """The module index of one repository."""

    def __init__(self, files: Mapping[str, PyFile], paths: Iterable[str] = ()) -> None:
        self.files = files
        self._packages = {f.folder for f in files.values() if f.path.endswith("__init__.py")}
        self._by_suffix: dict[str, list[str]] = {}
        self._cache: dict[tuple[str, str], Ref] = {}
        self._modules: dict[tuple[str, str], str] = {}
        for path in sorted(files):
            for dotted in _suffixes(path):
                self._by_suffix.setdefault(dotted, []).append(path)

    def module(self, importer: str, dotted: str) -> str:
        """The path of the file that ``dotted`` names when imported from ``importer``; "" when it is not of the
        project."""
        key = (importer.rpartition("/")[0], dotted)
        if key not in self._modules:
            self._modules[key] = (
                self._relative(importer, dotted) if dotted.startswith(".") else self._absolute(importer, dotted)
            )
        return self._modules[key]

    def _relative(self, importer: str, dotted: str) -> str:
        rest = dotted.lstrip(".")
        parts = importer.split("/")[:-1]
        up = len(dotted) - len(rest) - 1
        if up > len(parts):
            return ""
        base = parts[: len(parts) - up] + (rest.split(".") if rest else [])
        return self._file("/".join(base))

    def _file(self, stem: str) -> str:
        package = f"{stem}/__init__.py" if stem else "__init__.py"
        if package in self.files:
            return package
        return f"{stem}.py" if f"{stem}.py" in self.files else ""

    def _absolute(self, importer: str, dotted: str) -> str:
        best, closest = "", -1
        for path in self._by_suffix.get(dotted, ()):
            root = _root(path, dotted)
            if not self._is_source_root(root, importer, dotted):
                continue
            # a script's own folder, where it is a package too, is the last place to look
            near = _shared(root, importer) if root not in self._packages else 0
            if near > closest:
                best, closest = path, near
        return best

    def _is_source_root(self, root: str, importer: str, dotted: str) -> bool:
        """Whether ``root`` may be on the import path: not inside a package, and either above the importer or plainly a
        folder of packages. A lone module elsewhere must not be taken for a library of the same name."""
        if not root:
            return True
        top = dotted.partition(".")[0]
        above = importer.startswith(root + "/")
        if root in self._packages:
            # scripts run from inside a package folder (python 2 style, or ``cd app && python main.py``)
            return (
                above
                and "." not in dotted
                and importer.rpartition("/")[0] == root
                and top not in sys.stdlib_module_names
            )
        if above:
            return True
        return f"{root}/{top}" in self._packages and top not in sys.stdlib_module_names

    def resolve(self, path: str, name: str) -> Ref:
        """Follow ``name``, as written in ``path``'s facts, to where it is defined."""
        key = (path, name)
        if key not in self._cache:
            self._cache[key] = self._follow(path, name, 0)
        return self._cache[key]

    def _follow(self, path: str, name: str, hops: int) -> Ref:
        if hops > _MAX_HOPS or not name:
            return Ref("", name)
        file = self.files[path]
        head = _bare(name.partition(".")[0])
        # a name of this very file, unless it came in through an import of the same first segment
        if head and head in file.top_level and not file.imported(name):
            return Ref(path, name)
        dotted, attributes = name, ""
        while dotted.strip("."):
            found = self.module(path, dotted)
            if found:
                shadow = self._shadow(path, dotted, found)
                if shadow:
                    last = dotted.rpartition(".")[2]
                    return self._inside(shadow, f"{last}.{attributes}" if attributes else last, hops)
                return self._inside(found, attributes, hops) if attributes else Ref(found, "")
            dotted, _, last = dotted.rpartition(".")
            if not dotted.strip(".") and name.startswith("."):
                found = self.module(path, dotted + ".")
                attributes = f"{last}.{attributes}" if attributes else last
                return self._inside(found, attributes, hops) if found else Ref("", name)
            attributes = f"{last}.{attributes}" if attributes else last
        return Ref("", name)

    def inside(self, path: str, attribute: str) -> Ref:
        """Where ``attribute`` of the module at ``path`` is defined."""
        return self._inside(path, attribute, 0)

    def _shadow(self, path: str, dotted: str, submodule: str) -> str:
        """The package ``__init__`` that binds the submodule's name to something else: ``from .users import users``."""
        parent, _, last = dotted.rpartition(".")
        package = self.module(path, parent) if parent.strip(".") else ""
        item = self.files[package].imports.get(last) if package.endswith("__init__.py") and package != path else None
        if item is None or item.scope != 0:
            return ""
        return "" if self.module(package, item.target) == submodule else package

    def _inside(self, path: str, attribute: str, hops: int) -> Ref:
        """``attribute`` of the module at ``path``, through its own imports."""
        file = self.files[path]
        head, dot, rest = attribute.partition(".")
        bare = _bare(head)
        item = file.imports.get(bare)
        if (
            item is not None
            and item.scope == 0
            and bare not in {d.name for d in file.module.definitions if d.parent == 0}
        ):
            return self._follow(path, item.target + head[len(bare) :] + dot + rest, hops + 1)
        if bare in file.top_level:
            return Ref(path, attribute)
        for star in file.module.imports:
            if star.alias == "*":
                target = self.module(path, star.module)
                if target and target != path and hops < _MAX_HOPS:
                    inner = self._inside(target, attribute, hops + 1)
                    if inner.path:
                        return inner
        return Ref(path, attribute)


def _bare(segment: str) -> str:
    """A segment of a dotted name without its call or index mark."""
    return segment.partition("(")[0].partition("[")[0]


def _suffixes(path: str) -> list[str]:
    """Every dotted name a file may have, from the whole path to the last part."""
    stem = path[: -len("/__init__.py")] if path.endswith("/__init__.py") else path.removesuffix(".py")
    if stem == "__init__.py" or not stem:
        return []
    parts = stem.split("/")
    return [".".join(parts[i:]) for i in range(len(parts))]


def _root(path: str, dotted: str) -> str:
    stem = path[: -len("/__init__.py")] if path.endswith("/__init__.py") else path.removesuffix(".py")
    return "/".join(stem.split("/")[: -len(dotted.split("."))])


def _shared(root: str, importer: str) -> int:
    """How many leading folders of ``root`` are the importer's."""
    count = 0
    for a, b in zip(root.split("/"), importer.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count
