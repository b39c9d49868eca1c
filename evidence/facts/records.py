"""What files say, as compact records: one per format, each a function of content and language alone.

They travel from the parsing workers to the cache and back as msgpack, so every one is a ``msgspec.Struct``.
Line numbers are 1-based and inclusive. Text that looks like a secret never reaches a record: see ``masking``.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Lost(Struct, frozen=True, array_like=True, gc=False):
    """A part of a file that could not be read: from ``start`` to ``end``, for ``reason`` (one of the ledger's
    codes)."""

    start: int
    end: int
    reason: str


class Node(Struct, frozen=True, array_like=True):
    """A value of YAML, TOML, JSON or INI with the lines it spans.

    A mapping has ``keys`` (as text) aligned with ``items``; a sequence has ``items`` only; a scalar has ``text``.
    ``kind`` is map, list, str, int, float, bool, null or alias (an alias that could not be followed within the caps).
    Booleans and null have the text ``true``, ``false``, ``null`` whatever the file's spelling.
    ``tag`` is an application tag such as ``!reference`` or ``!Ref``.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    keys: tuple[str, ...] = ()
    items: tuple[Node, ...] = ()
    tag: str = ""
    key_lines: tuple[int, ...] = ()

    def get(self, *path: str) -> Node | None:
        """The node below these keys, one key per step; None where the way ends. The last of equal keys wins."""
        node: Node | None = self
        for key in path:
            if node is None or node.kind != "map" or key not in node.keys:
                return None
            node = [item for k, item in zip(node.keys, node.items, strict=True) if k == key][-1]
        return node

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """Key and node of a mapping, in file order; nothing for other kinds."""
        return zip(self.keys, self.items, strict=True) if self.kind == "map" else iter(())

    def line_of(self, key: str) -> int:
        """The line of a key of this mapping; this node's first line when it is not there."""
        lines = [line for k, line in zip(self.keys, self.key_lines, strict=False) if k == key]
        return lines[-1] if lines else self.start

    def each(self) -> tuple[Node, ...]:
        """Items of a sequence; a scalar or mapping stands for a sequence of itself (CI files allow both)."""
        if self.kind == "list":
            return self.items
        return () if self.kind == "null" else (self,)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, depth first."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.items:
                stack.extend(reversed(node.items))

    def texts(self) -> list[str]:
        """The texts of :meth:`each`'s scalars."""
        return [n.text for n in self.each() if n.kind not in ("map", "list")]


class Data(Struct, frozen=True):
    """A structured file: one root per document (YAML may hold several)."""

    roots: tuple[Node, ...]
    lost: tuple[Lost, ...] = ()
    generated: bool = False

    @property
    def root(self) -> Node:
        """The first document; an empty mapping when there is none."""
        return self.roots[0] if self.roots else Node("map", 1, 1)


class Instruction(Struct, frozen=True):
    """One Dockerfile instruction: ``word`` upper case, ``text`` with continuation lines joined, ``heredocs`` bodies,
    ``words`` the JSON form's items when it has one; ``stage`` counts FROM lines from 0 (-1 before the first)."""

    word: str
    text: str
    start: int
    end: int
    stage: int
    words: tuple[str, ...] = ()
    heredocs: tuple[str, ...] = ()


class Dockerfile(Struct, frozen=True):
    """A Dockerfile or Containerfile."""

    instructions: tuple[Instruction, ...]
    lost: tuple[Lost, ...] = ()


class Requirement(Struct, frozen=True):
    """One dependency line. ``name`` is normalised (PEP 503); ``specifier`` as written; ``pinned`` means == or === or
    a hash."""

    name: str
    specifier: str
    line: int
    pinned: bool = False
    hashed: bool = False
    group: str = ""


class Requirements(Struct, frozen=True):
    """A requirements file, or the dependencies of a pyproject, setup.cfg, Pipfile or lock file.

    ``includes`` are other files it pulls in (-r, -c); ``compiled`` tells that a tool wrote it (pip-compile, uv...);
    ``lock`` that it is a lock file."""

    items: tuple[Requirement, ...]
    includes: tuple[str, ...] = ()
    compiled: bool = False
    lock: bool = False
    lost: tuple[Lost, ...] = ()


class CommandLine(Struct, frozen=True):
    """One shell command line of a script, Makefile recipe, Procfile, tox environment or npm script.

    ``section`` is the Makefile target, Procfile process, shell function, tox environment or npm script ("" at top
    level). Continuation lines are joined. Simple substitution of Makefile variables is done.
    """

    section: str
    text: str
    start: int
    end: int


class Commands(Struct, frozen=True):
    """A file of command lines. ``kind`` is makefile, procfile, shell, tox, npm or justfile.

    ``needs`` maps a section to the sections it runs first (Makefile prerequisites, tox depends).
    ``variables`` are plain assignments (shell exports, Makefile variables) with their line."""

    kind: str
    lines: tuple[CommandLine, ...]
    needs: dict[str, tuple[str, ...]] = {}
    variables: dict[str, tuple[str, int]] = {}
    lost: tuple[Lost, ...] = ()


class Section(Struct, frozen=True):
    """One section of a document: its heading, the heading's level (0 for text before the first) and the words under it.

    ``words`` counts words of prose only: no code blocks, tables' rules, link targets, HTML comments or template hints.
    ``text`` is the prose, masked, cut to 4,000 characters."""

    title: str
    level: int
    start: int
    end: int
    words: int
    text: str


class Document(Struct, frozen=True):
    """Markdown, reStructuredText or AsciiDoc. ``front`` is the front matter (or None), ``fences`` the (language, first
    line, last line) of code blocks, ``links`` the (target, line) of links and images. ``comments`` is what HTML
    comments say, cut to 4,000 characters: templates put their instructions there. ``generated`` means that the comment
    at its top names a tool that wrote it."""

    format: str
    sections: tuple[Section, ...]
    fences: tuple[tuple[str, int, int], ...] = ()
    links: tuple[tuple[str, int], ...] = ()
    front: Node | None = None
    lost: tuple[Lost, ...] = ()
    comments: str = ""
    generated: bool = False


class Tag(Struct, frozen=True):
    """One Jinja tag or output: ``word`` is the tag (extends, block, include, import, from, macro, call, filter,
    autoescape, trans...), or ``output`` for ``{{ }}``; ``names`` the names in it, ``strings`` its string literals,
    ``filters`` the filters applied."""

    word: str
    line: int
    names: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()


class Template(Struct, frozen=True):
    """A Jinja template."""

    tags: tuple[Tag, ...]
    lost: tuple[Lost, ...] = ()


class Text(Struct, frozen=True):
    """A file kept as plain facts: its number of lines, the masked text (cut to 64 KiB), whether a tool wrote it."""

    lines: int
    text: str
    generated: bool = False
    lost: tuple[Lost, ...] = ()
