"""Diagrams of a project: in the text of documents, as sources, and as images that are named for what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project
    from evidence.facts.writings import Writing

_FENCES = regex(
    r"\{?(?:mermaid|plantuml|puml|uml|graphviz|dot|d2|c4plantuml|structurizr|ditaa|blockdiag|seqdiag|nomnoml|erd|dbml)\}?"
)
_SOURCES = (
    ".puml", ".plantuml", ".drawio", ".mmd", ".mermaid", ".d2", ".dbml", ".excalidraw", ".drawio.svg", ".drawio.png",
    ".c4", ".gliffy", ".archimate",
)  # fmt: skip
_IMAGE = regex(r"\.(?:png|svg|jpe?g|gif|webp|pdf)$", re.IGNORECASE)
_SHOWS = regex(
    "|".join((
        r"diagram", r"archit", r"arquite", r"component", r"sequence", r"topolog", r"(?<![a-z])erd?(?![a-z])", r"schema",
        r"(?:data|work|request|process|system|control|auth)[-_ ]?flow", r"flow[-_ ]?chart", r"(?<![a-z])infra",
        r"overview", r"(?<![a-z])c4(?![a-z])", r"layers?(?![a-z])", r"(?:data|class)[-_ ]?model",
        r"(?<![a-z])(?:database|states?|state[-_ ]machine)(?![a-z])",
        r"(?<![a-z])uml(?![a-z])", r"system[-_ ]design", r"deployment[-_ ]view",
    )),
    re.IGNORECASE,
)  # fmt: skip
# What a text calls a picture that its file's name tells nothing of.
_CALLED = regex(r"\b(?:diagrams?|flow[- ]?charts?|diagramme|diagramma|schaubild)\b", re.IGNORECASE)
_HIDES = regex(r"logo|icon|screen[-_ ]?shot|badge|banner|favicon|avatar|button|interface-", re.IGNORECASE)
_DOCUMENT_FOLDERS = frozenset({"docs", "doc", "documentation", "wiki", "diagrams", "architecture"})
# What lies in a folder of this name is one, whatever it is called.
_OF_DIAGRAMS = frozenset({"diagrams", "architecture", "seq_diagrams"})
_SERVED = frozenset({"node_modules", "static", "public"})
# What a drawio file holds besides its frame: cells in the open, or packed into one long text.
_DRAWS = regex(r"<mxCell[^>]{0,400}\b(?:vertex|edge)=|<diagram[^>]{0,400}>[^<\s]{20}")
_FRAME = regex(r"^[ \t]{0,20}(?:@(?:start|end)\w{1,20}.{0,200}|'.{0,400}|%%.{0,400}|//.{0,400})$", re.MULTILINE)
# Fewer lines are an example of the notation.
_LINES = 3


class Diagram(Struct, frozen=True):
    """One diagram. ``path`` and lines are where it is shown: the fence or link in a document, or the file itself;
    ``file`` is the image behind a link."""

    path: str
    start: int
    end: int
    file: str = ""


def diagrams(project: Project) -> tuple[Diagram, ...]:
    """Every diagram of the project's own documents and folders, each image once, in path order."""
    shown = [d for w in project.writings.all for d in _shown(project, w)]
    linked = {d.file for d in shown}
    files = (Diagram(p, 1, 1) for p in _files(project) if p not in linked)
    return tuple(sorted({*shown, *files}, key=lambda d: (d.path, d.start, d.file)))


def _shown(project: Project, writing: Writing) -> Iterator[Diagram]:
    for language, start, end in writing.document.fences:
        if _FENCES.fullmatch(language.lower()) and end - start >= _LINES:
            yield Diagram(writing.path, start, min(end, start + 39))
    folder = writing.path.rpartition("/")[0]
    for target, line in writing.document.links:
        plain = target.partition("#")[0].partition("?")[0][:300]
        if _IMAGE.search(plain) and not _HIDES.search(plain) and _is_diagram(writing, plain, line):
            path = _joined(folder, plain)
            if path in project.paths:
                yield Diagram(writing.path, line, line, path)


def _is_diagram(writing: Writing, target: str, line: int) -> bool:
    """Whether an image is one by its name, or by what the section around it says of it."""
    if _SHOWS.search(target.rpartition("/")[2]) or not _OF_DIAGRAMS.isdisjoint(target.lower().split("/")[:-1]):
        return True
    around = next((s for s in reversed(writing.document.sections) if s.start <= line <= s.end), None)
    return around is not None and bool(_CALLED.search(f"{around.title}\n{around.text}"))


def _joined(folder: str, target: str) -> str:
    parts = folder.split("/") if folder and not target.startswith("/") else []
    for part in target.split("/")[:40]:
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _files(project: Project) -> Iterator[str]:
    """Diagram sources anywhere, and images named for what they show in folders of documents."""
    for path in project.paths:
        name = path.rpartition("/")[2].lower()
        source = name.endswith(_SOURCES)
        folders = set(path.lower().split("/")[:-1])
        if not source and not (_IMAGE.search(name) and (_SHOWS.search(name) or folders & _OF_DIAGRAMS)):
            continue
        if folders & _SERVED or project.role(path) not in (Role.APP, Role.EXAMPLE):
            continue
        if source and _is_empty(project, path):
            continue
        if source or (folders & _DOCUMENT_FOLDERS and not _HIDES.search(path)):
            yield path


def _is_empty(project: Project, path: str) -> bool:
    """Whether a diagram's source draws nothing: the frame of its notation alone."""
    text = project.texts.get(path)
    if text is None or text.lost:  # a picture, or more than is read
        return False
    return not _DRAWS.search(text.text) if path.endswith(".drawio") else not _FRAME.sub("", text.text).strip()
