"""Where files hold literals that are secrets: kind, name and surroundings, never the text (which no fact holds)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.records import Node
from evidence.facts.roles import Role
from evidence.facts.secrets.masking import secret_kind
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_WHOLE = regex(r"(?:Bearer |Basic |Token )?\[masked:([a-z_]{1,40})\]")
_NAMED = regex(
    r"(?:export\s{1,4}|ENV\s{1,4}|ARG\s{1,4}|-e\s{1,4}"
    r"|set\s{1,4})?[\"']?([A-Za-z_][\w.\-]{1,80})[\"']?\s{0,3}[=: ]\s{0,3}[\"']?\[masked:([a-z_]{1,40})\][\"']?[,;]?"
)
_IN_IMAGE = regex(r"\b([A-Za-z_]\w{1,80})[= ][\"']?\[masked:([a-z_]{1,40})\]")
_FALLBACKS = frozenset({"or", "if"})
_READERS = regex(r"(?:^|\.)(?:get|getenv|environ|env|config|str|pop|setdefault|get_env|get_secret)$")
_EXAMPLES = frozenset({"example", "examples", "sample", "samples", "x-example", "enum", "properties"})
# Keys of tables that say what a function, module or action is: "get_secret_value", "oci.secrets", "a/load-secrets".
_LOOKED_UP = regex(r"[./]|^(?:get|fetch|read|load|find|list|describe|rotate|store|parse|is|has)[_\-]", re.IGNORECASE)
_SCHEMAS = ("$schema", "openapi", "swagger", "asyncapi")
_LOCAL = regex(r"localhost|127\.0\.0\.1|0\.0\.0\.0|::1|host\.docker\.internal")
_MAX_NODES = 50_000


class SecretPlace(Struct, frozen=True):
    """One literal. ``placeholder``: nobody could take it for a live one. ``way``: literal, fallback (a variable may
    take its place), argument (given to a call by keyword), item (in a list), data, image, command or text.
    ``name`` is what it is the value of, ``variable`` the environment variable that a fallback stands in for,
    ``above`` the keys or classes it stands under, outermost first. ``local`` means that its surroundings name the
    local machine, or for an argument that they name no other; ``words`` that a placeholder of a key is made of words
    which promise no other (``"the quick brown fox"``)."""

    path: str
    start: int
    end: int
    kind: str
    name: str
    placeholder: bool
    way: str
    variable: str = ""
    above: tuple[str, ...] = ()
    local: bool = False
    words: bool = False


def secret_places(project: Project) -> tuple[SecretPlace, ...]:
    """Every such literal outside tests and vendored files, in path and line order."""
    found = {
        *_in_python(project),
        *_in_data(project),
        *_in_images(project),
        *_in_commands(project),
        *_in_texts(project),
    }
    return tuple(sorted(found, key=lambda s: (s.path, s.start, s.end, s.kind, s.name, s.way)))


# ------------------------------------------------------------------------------------------------------- Python


def _in_python(project: Project) -> Iterator[SecretPlace]:
    covered: dict[str, set[tuple[int, int]]] = {}
    for file, item in {id(item): (file, item) for file, item, _ in project.expressions("secret")}.values():
        if file.path not in covered:
            # what decorators are given describes requests and answers (Swagger, schemas): examples, not values in use
            covered[file.path] = {(c.start, c.end) for c in file.module.calls if c.target == "decorator"}
        known = covered[file.path]
        if isinstance(item, Call):
            if not any(a <= item.start and item.end <= b for a, b in known):
                yield from _of_call(file, item)
        elif (item.start, item.end) not in known:
            for place in _of_assign(file, item):
                known.add((item.start, item.end))
                yield place


def _of_assign(file: PyFile, item: Assign) -> Iterator[SecretPlace]:
    """What is assigned, or stands in a dictionary that is; one place per line and kind."""
    name = item.target.rpartition("[")[2].rstrip("]").rpartition(".")[2]
    for key, expr, way, variable in _literals(item.value, name, "literal", ""):
        yield _place(file, item, expr, key, way, variable)


def _of_call(file: PyFile, call: Call) -> Iterator[SecretPlace]:
    """A call that is assigned gives its target's value; another one takes keywords."""
    name = (
        call.target.rpartition("[")[2].rstrip("]").rpartition(".")[2]
        if call.target not in ("with", "return", "decorator", "raise")
        else ""
    )
    host = call.expr.kwarg("host") or call.expr.kwarg("hostname") or call.expr.kwarg("server")
    local = host is None or (host.kind == "str" and ("." not in host.text or _LOCAL.search(host.text) is not None))
    for key, expr, way, variable in _literals(call.expr, name, "literal", ""):
        yield _place(file, call, expr, key, way, variable, local)


def _literals(value: Expr, name: str, way: str, variable: str, depth: int = 0) -> Iterator[tuple[str, Expr, str, str]]:
    """(name, expression, way, variable) of the secrets in a value. Expressions are at most six deep."""
    if value.kind == "secret":
        yield name, value, way, variable
    elif value.kind == "op" and value.text in _FALLBACKS and depth < 6:
        read = next(
            (e for e in value.walk() if e.kind in ("call", "index") and e.items and e.items[0].kind == "str"), None
        )
        for item in value.items:
            yield from _literals(
                item, name, "fallback" if read else way, read.items[0].text if read else variable, depth + 1
            )
    elif value.kind == "list":
        for item in value.items:
            yield from _literals(item, name, "item", variable, depth + 1)
    elif value.kind == "dict":
        for key, item in zip(value.keys, value.items, strict=False):
            if key.lower() not in _EXAMPLES and not _LOOKED_UP.search(key):
                yield from _literals(item, key, way, variable, depth + 1)
    elif value.kind == "call":
        yield from _given(value, name, way, depth)


def _given(value: Expr, name: str, way: str, depth: int) -> Iterator[tuple[str, Expr, str, str]]:
    reads = _READERS.search(value.text) is not None and bool(value.args) and value.args[0].kind == "str"
    settings = value.text.endswith((".config.update", ".config.from_mapping", "from_mapping"))
    for number, item in enumerate(value.args):
        inner = "fallback" if reads and number else way
        yield from _literals(item, name, inner, value.args[0].text if reads else "", depth + 1)
    for key in value.keys:
        given = value.kwarg(key)
        if given is not None and not key.endswith(("example", "examples")):
            inner = (
                "fallback"
                if reads and key == "default"
                else "literal"
                if settings or value.text == "dict"
                else "argument"
            )
            yield from _literals(given, name if reads else key, inner, value.args[0].text if reads else "", depth + 1)


def _place(
    file: PyFile, item: Assign | Call, expr: Expr, name: str, way: str, variable: str, local: bool = False
) -> SecretPlace:
    kind = expr.text.removeprefix("placeholder:").removesuffix(":words")
    classes: list[str] = []
    definition = file.definition(item.scope)
    while definition is not None:
        classes.insert(0, definition.name)
        if definition.kind == "class" and any("Enum" in b.text for b in definition.bases):
            way = "item"
        definition = file.definition(definition.parent)
    words = expr.text.endswith(":words")
    return SecretPlace(
        file.path, item.start, item.end, kind, name, kind != expr.text, way, variable, tuple(classes), local, words
    )


# ------------------------------------------------------------------------------------------------ other formats


def _own(project: Project, path: str) -> bool:
    return project.role(path) not in (Role.TEST, Role.VENDORED, Role.GENERATED)


def _in_data(project: Project) -> Iterator[SecretPlace]:
    for path, data in project.data.items():
        if _own(project, path) and not any(data.root.get(k) is not None for k in _SCHEMAS):
            for root in data.roots:
                for name, node, above in _values(root):
                    place = _of_value(path, name, node, above)
                    if place is not None:
                        yield place


def _values(root: Node) -> Iterator[tuple[str, Node, tuple[str, ...]]]:
    """(key, scalar, keys above) of a structure; what stands under ``examples`` is left out."""
    stack: list[tuple[str, Node, tuple[str, ...]]] = [("", root, ())]
    for _ in range(_MAX_NODES):
        if not stack:
            return
        name, node, above = stack.pop()
        if node.kind not in ("map", "list"):
            yield name, node, above
            continue
        inner = (*above, name)[-8:] if name else above
        if node.kind == "list":
            stack.extend((name, item, above) for item in node.items)
        else:
            stack.extend((key, item, inner) for key, item in node.pairs() if key.lower() not in _EXAMPLES)


def _of_value(path: str, name: str, node: Node, above: tuple[str, ...]) -> SecretPlace | None:
    text = node.text
    if "[masked:" not in text or len(text) > 2000:
        return None
    whole = _WHOLE.fullmatch(text.strip())
    # a scope such as ``secrets:get:project`` has no space after its colons, which a mapping must have
    scoped = ":[masked:" in text and "=" not in text
    named = _NAMED.fullmatch(text.strip()) if whole is None and not scoped else None
    if whole is not None:
        kind = whole[1]
    elif named is not None:
        name, kind = named[1], named[2]
    else:
        found = secret_kind(name, text) if "://" in text and "\n" not in text else None
        if found is None or found.startswith("placeholder:"):
            return None
        name, kind = text.partition("=")[0] if "=" in text.partition("://")[0] else name, found
    return SecretPlace(
        path,
        node.start,
        max(node.start, node.end),
        kind,
        name,
        False,
        "data",
        "",
        above,
        _LOCAL.search(text) is not None,
    )


def _in_images(project: Project) -> Iterator[SecretPlace]:
    for path, dockerfile in project.dockerfiles.items():
        for item in dockerfile.instructions if _own(project, path) else ():
            for match in _IN_IMAGE.finditer(item.text) if item.word in ("ENV", "ARG") else ():
                yield SecretPlace(path, item.start, item.end, match[2], match[1], False, "image")


def _in_commands(project: Project) -> Iterator[SecretPlace]:
    for path, commands in project.commands.items():
        if not _own(project, path):
            continue
        for line in commands.lines:
            match = _NAMED.fullmatch(line.text.strip())
            if match is not None:
                yield SecretPlace(path, line.start, line.end, match[2], match[1], False, "command")
        for name, (value, number) in commands.variables.items():
            whole = _WHOLE.fullmatch(value.strip(" \"'"))
            if whole is not None:
                yield SecretPlace(path, number, number, whole[1], name, False, "command")


def _in_texts(project: Project) -> Iterator[SecretPlace]:
    """Assignments in Terraform and other plain configuration, and private keys."""
    for path, text in project.texts.items():
        if not _own(project, path) or "[masked:" not in text.text:
            continue
        keyed = False
        for number, line in enumerate(text.text.split("\n"), 1):
            if "[masked:private_key]" in line:
                if not keyed:
                    yield SecretPlace(path, number, number, "private_key", path.rpartition("/")[2], False, "text")
                keyed = True
            elif "[masked:" in line and (match := _NAMED.fullmatch(line.strip()[:400])):
                yield SecretPlace(
                    path, number, number, match[2], match[1], False, "text", "", (), _LOCAL.search(line) is not None
                )
