"""Code that loads modules without naming them: where it looks for them."""

from __future__ import annotations

from evidence.facts.names import Names
from evidence.facts.pyfile import PyFile

LOADERS = (
    "import_module", "import_string", "find_modules", "iter_modules", "walk_packages", "iter_entry_points",
    "__import__", "spec_from_file_location",
)  # fmt: skip
"""The ends of names of functions that load a module, or find modules to load, by a text."""


def loaded_from(names: Names, file: PyFile, scope: int) -> list[str]:
    """The beginnings of the paths that code in ``scope`` of ``file`` may load: its own folder, and the packages and
    modules that it names in a string. A folder ends in a slash; "" is the root."""
    values = [*(c.expr for c in file.calls_in(scope)), *(a.value for a in file.assigns_in(scope))]
    texts = {e.text for value in values for e in value.walk() if e.kind == "str" and e.text.isascii()}
    found = {f"{file.folder}/" if file.folder else ""}
    for text in texts:
        path = names.module(file.path, text) if text.replace(".", "").isidentifier() else ""
        if path:
            found.add(path.removesuffix("__init__.py"))
    return sorted(found)
