"""Small questions that every CI format asks of its YAML nodes."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from evidence.facts.ci.records import Place
from evidence.facts.records import Node
from evidence.facts.shell.lines import Simple, split
from evidence.patterns import regex

_EXPRESSION = regex(r"\$\{\{\s*([A-Za-z][\w.-]{0,100})\s*\}\}")
_FALSE = frozenset({"false", "0", "''", '""', "null", "!true", "1==2", "1==0", "0==1", "1!=1", "'a'=='b'"})
_SUFFIXES = ("", ".jinja", ".j2", ".jinja2", ".tmpl")
MAX_ITEMS = 2_000


class Budget:
    """How much more may be read: workflows that call workflows, and templates in templates, multiply."""

    def __init__(self, left: int = 30_000) -> None:
        self.left = left

    def take(self) -> bool:
        """Whether one more is allowed."""
        self.left -= 1
        return self.left >= 0


def text(node: Node | None) -> str:
    """The text of a scalar; "" of anything else."""
    return node.text if node is not None and node.kind not in ("map", "list", "null") else ""


def truth(node: Node | None) -> bool:
    """Whether a scalar says yes, as it stands or as an expression (``${{ true }}``)."""
    said = text(node).strip()
    said = said[3:-2].strip() if said.startswith("${{") and said.endswith("}}") else said
    return said.lower() in ("true", "yes", "on", "1")


def strings(node: Node | None) -> tuple[str, ...]:
    """The scalars of a list, or a lone scalar as a list of one."""
    return tuple(node.texts()) if node is not None and node.kind != "map" else ()


def mapping(node: Node | None) -> dict[str, str]:
    """The scalar entries of a mapping."""
    return {k: text(v) for k, v in node.pairs() if text(v)} if node is not None else {}


def place(path: str, node: Node, key: str = "") -> Place:
    """Where ``node`` stands; with ``key``, the entry of that name, from its key's line."""
    if not key:
        return Place(path, node.start, max(node.start, node.end))
    value = node.get(key)
    start = node.line_of(key)
    return Place(path, start, max(start, value.end if value is not None else start))


def entries(path: str, node: Node | None) -> Iterable[tuple[str, Node, Place]]:
    """Key, value and place (from the key's line) of a mapping's entries; at most 2,000."""
    if node is None or node.kind != "map":
        return
    for at, (key, value) in enumerate(zip(node.keys[:MAX_ITEMS], node.items[:MAX_ITEMS], strict=True)):
        start = node.key_lines[at] if at < len(node.key_lines) else value.start
        yield key, value, Place(path, start, max(start, value.end))


def script(
    node: Node | None, *, pipefail: bool = False, errexit: bool = True, fill: Callable[[str], str] | None = None
) -> tuple[Simple, ...]:
    """The commands of a scalar (or of a list of scalars: each its own script), with the lines they stand on.

    ``fill`` replaces the expressions of the system before the text is read as shell."""
    if node is None:
        return ()
    found: list[Simple] = []
    for item in _scripts(node):
        body = fill(item.text) if fill is not None else item.text
        count = item.text.rstrip("\n").count("\n") + 1
        spanned = item.end - item.start if body.count("\n") == item.text.count("\n") else -1
        block = item.text.endswith("\n") or count > 1
        if block and spanned >= count:  # a literal block: its text starts on the line after the key
            found.extend(split(body, first_line=item.start + 1, pipefail=pipefail, errexit=errexit))
        elif count > 1 and spanned == count - 1:
            found.extend(split(body, first_line=item.start, pipefail=pipefail, errexit=errexit))
        else:
            commands = split(body, first_line=item.start, pipefail=pipefail, errexit=errexit)
            found.extend(replace(c, start=item.start, end=max(item.start, item.end)) for c in commands)
    return tuple(found)


def _scripts(node: Node) -> list[Node]:
    """The scalars of nested lists (GitLab allows lists in lists), in order."""
    out: list[Node] = []
    stack = list(reversed(node.each()))
    while stack and len(out) < MAX_ITEMS:
        item = stack.pop()
        if item.kind == "list":
            stack.extend(reversed(item.items))
        elif item.kind not in ("map", "null"):
            out.append(item)
    return out


def substitute(value: str, known: Mapping[str, str]) -> str:
    """``value`` with the expressions ``${{ name }}`` that are known replaced."""
    if "${{" not in value or not known:
        return value
    return _EXPRESSION.sub(lambda m: known.get(m[1], m[0]), value)


def never(condition: str) -> bool:
    """Whether an ``if`` can be seen to be false whatever happens."""
    bare = condition.strip()
    if bare.startswith("${{") and bare.endswith("}}"):
        bare = bare[3:-2]
    bare = "".join(bare.lower().split())
    if bare in _FALSE:
        return True
    return "||" not in bare and any(part.strip("()") in _FALSE for part in bare.split("&&"))


def join(directory: str, relative: str) -> str:
    """``relative`` seen from ``directory``, both relative to the repository; never leaves it."""
    joined = posixpath.normpath(posixpath.join(directory, relative.strip().lstrip("/") or "."))
    return "" if joined in (".", "..") or joined.startswith("../") else joined


def template_folders(paths: Iterable[str]) -> dict[str, str]:
    """Folders with a template expression in their name, by how that name reads once expressions are blanked with ``x``
    (as the reader of templated YAML does)."""
    found: dict[str, str] = {}
    for path in paths:
        folder = path.rpartition("/")[0]
        while "{{" in folder:
            found[blanked(folder)] = folder
            folder = folder.rpartition("/")[0]
    return found


def blanked(name: str) -> str:
    """``name`` with every ``{{ ... }}`` replaced by as many ``x``."""
    parts, at = [], 0
    while (start := name.find("{{", at)) >= 0 and (end := name.find("}}", start)) >= 0:
        parts += [name[at:start], "x" * (end + 2 - start)]
        at = end + 2
    return "".join([*parts, name[at:]])


def find(paths: Iterable[str] | Mapping[str, object], name: str) -> str:
    """``name`` as it exists among ``paths``, possibly with a template's suffix; "" when it does not."""
    for suffix in _SUFFIXES:
        if name + suffix in paths:
            return name + suffix
    return ""


def bare(path: str) -> str:
    """``path`` without a template's suffix."""
    for suffix in _SUFFIXES[1:]:
        if path.endswith(suffix):
            return path[: -len(suffix)]
    return path
