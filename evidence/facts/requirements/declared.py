"""Requirements that structured files declare: pyproject.toml, Pipfile, setup.cfg, conda's environment files."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.records import Node, Requirement, Requirements
from evidence.facts.requirements.files import MAX_ITEMS, normalised, requirement
from evidence.patterns import regex

_EXACT_VERSION = regex(r"={0,3}\s{0,5}v?[0-9][A-Za-z0-9.+!\-]{0,60}")
_CONDA = regex(r"(?:[\w.\-]{1,60}::)?([A-Za-z0-9_][\w.\-]{0,100})\s{0,5}([=<>!~][^#\s]{0,100})?")


def requirements_of(path: str, root: Node) -> Requirements | None:
    """What the structured file at ``path`` declares; None when files of its name declare none."""
    name = path.rpartition("/")[2].lower()
    for suffix in (".jinja", ".jinja2", ".j2"):
        name = name.removesuffix(suffix)
    if name == "pyproject.toml":
        return requirements_of_pyproject(root)
    if name == "pipfile":
        return requirements_of_pipfile(root)
    if name == "setup.cfg":
        return requirements_of_setup_cfg(root)
    if name.startswith(("environment", "conda")) and name.endswith((".yml", ".yaml")) and root.get("dependencies"):
        return requirements_of_conda(root)
    return None


def requirements_of_pyproject(root: Node) -> Requirements:
    """PEP 621 and PEP 735, and the tables of poetry, pdm, uv and hatch.

    ``group`` is "" for what the project needs to run, else the extra's or group's name (``build-system`` for PEP 518;
    ``dev`` for the tools' unnamed development tables). ``includes`` are the files of setuptools' dynamic dependencies.
    """
    items = [
        *_listed(root.get("project", "dependencies"), ""),
        *_groups(root.get("project", "optional-dependencies")),
        *_groups(root.get("dependency-groups")),
        *_listed(root.get("build-system", "requires"), "build-system"),
        *_poetry(root.get("tool", "poetry")),
        *_groups(root.get("tool", "pdm", "dev-dependencies")),
        *_listed(root.get("tool", "uv", "dev-dependencies"), "dev"),
        *_hatch(root.get("tool", "hatch", "envs")),
    ]
    dynamic = root.get("tool", "setuptools", "dynamic", "dependencies", "file")
    return _requirements(items, tuple(dynamic.texts()) if dynamic is not None else ())


def requirements_of_pipfile(root: Node) -> Requirements:
    """The packages of a Pipfile; ``dev-packages`` have the group ``dev``."""
    return _requirements([*_table(root.get("packages"), ""), *_table(root.get("dev-packages"), "dev")])


def requirements_of_setup_cfg(root: Node) -> Requirements:
    """setuptools' declarative metadata; extras, ``setup_requires`` and ``tests_require`` are groups."""
    items: list[Requirement] = []
    for key, group in (("install_requires", ""), ("setup_requires", "setup"), ("tests_require", "tests")):
        items += _text_lines(root.get("options", key), group)
    extras = root.get("options.extras_require")
    for name, node in extras.pairs() if extras is not None else ():
        items += _text_lines(node, name)
    return _requirements(items)


def requirements_of_conda(root: Node) -> Requirements:
    """A conda environment, with the requirements its ``pip`` part lists; ``-r`` lines there are includes."""
    items: list[Requirement] = []
    includes: list[str] = []
    dependencies = root.get("dependencies")
    for node in dependencies.each() if dependencies is not None else ():
        pip = node.get("pip")
        if pip is not None:
            includes += [t.partition(" ")[2].strip() for t in pip.texts() if t.startswith(("-r ", "-c "))]
            items += _listed(pip, "")
            continue
        match = _CONDA.match(node.text)
        if node.kind == "str" and match is not None:
            specifier = match.group(2) or ""
            pinned = specifier.startswith("=") and "*" not in specifier
            items.append(Requirement(normalised(match.group(1)), specifier, node.start, pinned))
    return _requirements(items, tuple(includes))


def _requirements(items: list[Requirement], includes: tuple[str, ...] = ()) -> Requirements:
    return Requirements(tuple(items[:MAX_ITEMS]), includes)


def _listed(node: Node | None, group: str) -> Iterator[Requirement]:
    for item in node.each() if node is not None else ():
        found = requirement(item.text, item.start, group) if item.kind == "str" else None
        if found is not None:
            yield found


def _groups(node: Node | None) -> Iterator[Requirement]:
    for group, items in node.pairs() if node is not None else ():
        yield from _listed(items, group)


def _text_lines(node: Node | None, group: str) -> list[Requirement]:
    if node is None or node.kind != "str":
        return []
    rows = ((node.start + i, row.partition(" #")[0]) for i, row in enumerate(node.text.split("\n")))
    return [found for line, row in rows if row and (found := requirement(row, line, group)) is not None]


def _poetry(node: Node | None) -> Iterator[Requirement]:
    if node is None:
        return
    yield from _table(node.get("dependencies"), "")
    yield from _table(node.get("dev-dependencies"), "dev")
    groups = node.get("group")
    for group, table in groups.pairs() if groups is not None else ():
        yield from _table(table.get("dependencies"), group)


def _table(node: Node | None, group: str) -> Iterator[Requirement]:
    """Requirements written as ``name = "version"`` or ``name = {version = ...}``; the interpreter is none."""
    for name, value in node.pairs() if node is not None else ():
        if name.lower() == "python" or node is None:
            continue
        version = value.get("version") if value.kind == "map" else value
        specifier = version.text if version is not None and version.kind not in ("map", "list") else ""
        pinned = _EXACT_VERSION.fullmatch(specifier) is not None
        yield Requirement(normalised(name), specifier[:300], node.line_of(name), pinned, group=group)


def _hatch(envs: Node | None) -> Iterator[Requirement]:
    for name, env in envs.pairs() if envs is not None else ():
        yield from _listed(env.get("dependencies"), name)
        yield from _listed(env.get("extra-dependencies"), name)


__all__ = [
    "requirements_of",
    "requirements_of_conda",
    "requirements_of_pipfile",
    "requirements_of_pyproject",
    "requirements_of_setup_cfg",
]
