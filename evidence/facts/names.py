"""Joins names across files: which file a dotted module is, and where a name that passed through imports was defined."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from evidence.facts.placeholders import module_path
from evidence.facts.pyfile import PyFile, bare

# A re-export may pass through this many files; longer chains are cycles or mazes.
_MAX_HOPS = 8
# So many modules are looked into for a name that star imports may bring.
_MAX_STARS = 100
# So many files that import a package without the folder around it tell that the folder is worked in.
_SEVERAL = 3
# Folders that hold packages and are put on the import path, even where a stray ``__init__.py`` lies in them.
_SOURCE_FOLDERS = frozenset({"src", "lib", "source"})


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
        # by the paths that files have in the generated project, where the repository is a template of one
        self._plain = {p: module_path(p) for p in files}
        self._by_path = {self._plain[p]: p for p in sorted(files, reverse=True)}
        self._packages = {p.rpartition("/")[0] for p in self._by_path if p.endswith("__init__.py")}
        self._namespaces = {p.rpartition("/")[0] for p in self._packages} - self._packages
        self._by_suffix: dict[str, list[str]] = {}
        self._known: dict[str, dict[str, Ref]] = {path: {} for path in files}
        self._modules: dict[tuple[str, str], str] = {}
        self._starring: dict[str, list[str]] = {}
        self._worked_in: dict[tuple[str, str], bool] = {}
        self._below: dict[str, list[frozenset[str]]] = {}
        for path in sorted(self._by_path):
            for dotted in _suffixes(path):
                self._by_suffix.setdefault(dotted, []).append(path)

        # what no module's dotted name begins with is of the outside; a relative name begins with nothing
        self._heads = {"", *(dotted.partition(".")[0] for dotted in self._by_suffix)}

    def module(self, importer: str, dotted: str) -> str:
        """The path of the file that ``dotted`` names when imported from ``importer``; "" when it is not of the
        project."""
        if dotted not in self._by_suffix and not dotted.startswith("."):
            return ""
        key = (importer.rpartition("/")[0], dotted)
        if key not in self._modules:
            plain = self._plain.get(importer) or module_path(importer)
            found = self._relative(plain, dotted) if dotted.startswith(".") else self._absolute(plain, dotted)
            self._modules[key] = self._by_path.get(found, "")
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
        return package if package in self._by_path else f"{stem}.py"

    def _absolute(self, importer: str, dotted: str) -> str:
        best, closest = "", -2
        for path in self._by_suffix.get(dotted, ()):
            if path == importer and not path.endswith("/__init__.py"):
                continue  # no module imports itself: dockerflow.py takes ``dockerflow.flask`` from the library
            if path != self._file(path.removesuffix(".py")):
                continue  # a package hides a module of its name in the same folder: ``app/`` beside ``app.py``
            root = _root(path, dotted)
            if not self._is_source_root(root, importer, dotted):
                continue
            # a script's own folder, where it is a package too, is the last place to look
            near = _shared(root, importer) if root not in self._packages else -1
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
        stray = root.rpartition("/")[2] in _SOURCE_FOLDERS and top not in sys.stdlib_module_names
        holds_packages = stray and f"{root}/{top}" in self._packages
        if root in self._packages and not holds_packages:
            if not above or top in sys.stdlib_module_names:
                return False
            # scripts run from inside a package folder (python 2 style, or ``cd app && python main.py``)
            return ("." not in dotted and importer.rpartition("/")[0] == root) or self._is_worked_in(root, top)
        if above:
            return True
        named = f"{root}/{top}"
        # a source folder may hold a namespace package, which has no ``__init__.py`` of its own
        holds = named in self._packages or (stray and named in self._namespaces)
        return holds and top not in sys.stdlib_module_names

    def _is_worked_in(self, root: str, top: str) -> bool:
        """Whether commands run inside the package folder ``root``, so that its part ``top`` is imported without the
        folder's name: several files below import modules that are there, and none by way of the folder."""
        key = (root, top)
        if key not in self._worked_in:
            self._worked_in[key] = f"{root}/{top}" in self._packages and self._imports_from_inside(root, top)
        return self._worked_in[key]

    def _imports_from_inside(self, root: str, top: str) -> bool:
        through, own = f"{root.rpartition('/')[2]}.{top}", f"{top}."
        below = self._imported_below(root)
        all_of_them = frozenset[str]().union(*below)
        if any(m == through or m.startswith(f"{through}.") or m.endswith(f".{through}") for m in all_of_them):
            return False
        return sum(any(m.startswith(own) and self._holds(root, m) for m in modules) for modules in below) >= _SEVERAL

    def _imported_below(self, root: str) -> list[frozenset[str]]:
        """What each of the files below a folder imports."""
        if root not in self._below:
            inside = (path for path, plain in self._plain.items() if plain.startswith(f"{root}/"))
            self._below[root] = [self.files[path].imported_modules for path in inside]
        return self._below[root]

    def _holds(self, root: str, dotted: str) -> bool:
        return self._file(f"{root}/{dotted.replace('.', '/')}") in self._by_path

    def resolve(self, path: str, name: str) -> Ref:
        """Follow ``name``, as written in ``path``'s facts, to where it is defined."""
        known = self._known[path]
        found = known.get(name)
        if found is None:
            found = known[name] = self._follow(path, name, 0)
        return found

    def _follow(self, path: str, name: str, hops: int) -> Ref:
        if hops > _MAX_HOPS or not name:
            return Ref("", name)
        file = self.files[path]
        first = name.partition(".")[0]
        head = bare(first)
        # a name of this very file, unless it came in through an import of the same first segment
        if head and head in file.top_level and not file.imported(name):
            return Ref(path, name)
        dotted, attributes = name, ""
        if head and self._stars(path) and (source := self._starred(path, head)):
            return self._inside(source, name, hops + 1)
        if first not in self._heads:
            return Ref("", name)
        while dotted.strip("."):
            found = self.module(path, dotted)
            if found and not (attributes and self._needs_package(file, dotted, found)):
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

    def _needs_package(self, file: PyFile, dotted: str, found: str) -> bool:
        """Whether a file imports from below ``dotted`` what a lone module cannot hold: then the module found is only
        named like the library."""
        if found.endswith("__init__.py") or dotted.startswith("."):
            return False
        return dotted in file.imported_packages

    def _shadow(self, path: str, dotted: str, submodule: str) -> str:
        """The package ``__init__`` that binds the submodule's name to something else: ``from .users import users``."""
        if dotted in self.files[path].imported_modules:
            return ""
        parent, _, last = dotted.rpartition(".")
        package = self.module(path, parent) if parent.strip(".") else ""
        item = self.files[package].imports.get(last) if "__init__.py" in package and package != path else None
        if item is None or item.scope != 0:
            return ""
        return "" if self.module(package, item.target) == submodule else package

    def _inside(self, path: str, attribute: str, hops: int) -> Ref:
        """``attribute`` of the module at ``path``, through its own imports."""
        file = self.files[path]
        head, dot, rest = attribute.partition(".")
        name = bare(head)
        item = file.imports.get(name)
        if item is not None and item.scope == 0 and name not in file.defined:
            return self._follow(path, item.target + head[len(name) :] + dot + rest, hops + 1)
        if name not in file.top_level and hops < _MAX_HOPS:
            source = self._starred(path, name)
            if source:
                return self._inside(source, attribute, hops + 1)
        return Ref(path, attribute)

    def _starred(self, path: str, name: str) -> str:
        """The module from which a star import, directly or through further ones, brings a name; "" when none does."""
        seen, stack = {path}, list(self._stars(path))
        while stack and len(seen) < _MAX_STARS:
            source = stack.pop()
            if source in seen:
                continue
            seen.add(source)
            file = self.files[source]
            item = file.imports.get(name)
            if name in file.top_level or (item is not None and item.scope == 0):
                return source
            stack.extend(self._stars(source))
        return ""

    def _stars(self, path: str) -> Sequence[str]:
        """The modules that a file imports everything from, last one first."""
        known = self._starring.get(path)
        if known is None:
            modules = [i.module for i in self.files[path].module.imports if i.alias == "*" and i.scope == 0]
            known = self._starring[path] = [found for m in reversed(modules) if (found := self.module(path, m))]
        return known


def _suffixes(path: str) -> list[str]:
    """Every dotted name a file may have, from the whole path to the last part; a script of another ending has none."""
    if not path.endswith(".py"):
        return []
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


__all__ = ["Names", "PyFile", "Ref"]
