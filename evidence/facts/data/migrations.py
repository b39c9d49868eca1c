"""Schema migrations: revisions by their content, the chains they form, and who runs them.

A revision is a Python file with ``revision`` and ``upgrade()`` (Alembic), a numbered one with
``upgrade(migrate_engine)`` or ``migrate(migrator)`` (sqlalchemy-migrate, peewee-migrate) or yoyo steps, or an SQL file
of a migration folder that is numbered (Flyway and its like) or stands in a folder of its version. Alembic's own
template says "auto generated" in each of them, so the role ``generated`` is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from evidence.facts.data.migration_steps import Operation, operations, statements
from evidence.facts.names import PyFile
from evidence.facts.python.records import Expr
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    import networkx

    from evidence.facts.project import Project

_NUMBERED = regex(r"(?:\d{3,17}[_-].{1,200}|[Vv]\d{1,14}(?:[._]\d{1,9}){0,3}__.{1,200})")
# ``patches/0042.sql``, and ``releases/1.4.0/schema.sql``.
_NUMBER_ALONE = regex(r"\d{3,17}")
_OF_A_VERSION = regex(r"(?:.*/)?v?\d{1,6}(?:\.\d{1,6}){1,3}")
_SQL_BACK = regex(r"(?:(?:.*[._-])?(?:down|undo|rollback)|[Uu]\d.*)")
_SQL_FOLDER = regex(
    r"(?:^|/)(?:[\w.-]{0,40}migrations?|flyway|changesets?|evolutions|migrate"
    r"|(?:db|databases?|sql|schemas?)/(?:changes|patches|releases|updates|upgrades|deltas))(?:/|$)"
)
_INERT = regex(
    r"(?:print|globals|super|range|len|str|(?:\w{1,40}\.){0,4}(?:get_bind|get_context|get_x_argument|inspect"
    r"|debug|info|f))(?:\(\))?"
)
_CHAIN = 3


class Revision(Struct, frozen=True):
    """One step of a schema. ``start``..``end`` spans its identifier and the forward step; ``back`` the backward step's
    first and last line (0, 0 without one). ``reversible`` means that the backward step does something that can work."""

    path: str
    id: str
    parents: tuple[str, ...]
    start: int
    end: int
    back: tuple[int, int]
    empty: bool
    reversible: bool
    created: str
    tool: str

    @property
    def folder(self) -> str:
        """What its chain is kept in: the part of the path before ``versions``, else its folder."""
        head, mark, _ = self.path.rpartition("/versions/")
        folder = head if mark else self.path.rpartition("/")[0]
        return folder.rpartition("/")[0] if self.tool == "sql" and _OF_A_VERSION.fullmatch(folder) else folder


class Migrations:
    """The migrations of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _python(self) -> tuple[tuple[PyFile, Revision], ...]:
        files = (f for f in self._project.python.values() if _counts(f.path))
        return tuple((f, r) for f in files if (r := _revision(f)) is not None)

    @cached_property
    def revisions(self) -> tuple[Revision, ...]:
        """Every revision, in path order."""
        found = [r for _, r in self._python]
        found.extend(self._sql())
        return tuple(sorted(_numbered(found), key=lambda r: r.path))

    def _sql(self) -> Iterator[Revision]:
        for path, text in self._project.texts.items():
            folder, _, name = path.rpartition("/")
            stem = name.removesuffix(".sql")
            if stem == name or not _counts(path) or _SQL_BACK.fullmatch(stem):
                continue
            number = _number_of(folder, stem)
            if number:
                back = stem.removesuffix(".up") + ".down.sql"
                reversible = f"{folder}/{back}" in self._project.paths
                empty = not text.text.strip()
                yield Revision(path, number, (), 1, max(1, text.lines), (0, 0), empty, reversible, "", "sql")

    @cached_property
    def chained(self) -> frozenset[str]:
        """Paths of the non-empty revisions that stand in a chain of at least three of them."""
        folders: dict[str, list[Revision]] = {}
        for revision in self.revisions:
            folders.setdefault(revision.folder, []).append(revision)
        return frozenset(r.path for group in folders.values() for r in _in_chain(group) if not r.empty)

    @cached_property
    def heads(self) -> int:
        """How many chained revisions no other one follows; one in a healthy chain."""
        parents = {(r.folder, p) for r in self.revisions for p in r.parents}
        return sum(r.path in self.chained and (r.folder, r.id) not in parents for r in self.revisions)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Online-safe operations and changes of data in forward steps and in the environment that runs them."""
        found: list[Operation] = []
        for file, _ in self._python:
            scopes = _reached(file, _named(file, "upgrade", "migrate"))
            found.extend(operations(file, (c for c in file.module.calls if c.scope in scopes)))
        for revision in self.revisions:
            if revision.tool == "sql":
                found.extend(statements(revision.path, self._project.texts[revision.path].text))
        folders = {r.folder for r in self.revisions}
        for file in self._project.python.values():
            if file.folder in folders and file.path.endswith("env.py"):
                found.extend(o for o in operations(file, file.module.calls) if o.kind == "online")
        return tuple(dict.fromkeys(found))


def _number_of(folder: str, stem: str) -> str:
    """The number, or the version and the name, that an SQL file has among others; "" for one that is no step."""
    kept = _SQL_FOLDER.search(folder) is not None
    if kept and _OF_A_VERSION.fullmatch(folder):
        return f"{folder.rpartition('/')[2]}/{stem}"
    numbered = _NUMBERED.fullmatch(stem) is not None
    return stem if (numbered and (kept or stem[:1] in "Vv")) or (kept and _NUMBER_ALONE.fullmatch(stem)) else ""


def _counts(path: str) -> bool:
    return role_of(path.rpartition("/")[0] + "/x") not in (Role.TEST, Role.EXAMPLE, Role.VENDORED)


def _revision(file: PyFile) -> Revision | None:
    forward = _named(file, "upgrade", "migrate")
    values = {a.target: a for a in file.module.assigns if a.scope == 0 and a.target in ("revision", "down_revision")}
    name = file.path.rpartition("/")[2].removesuffix(".py")
    steps = [c for c in file.module.calls if c.scope == 0 and c.name.endswith("yoyo.step")]
    if "revision" in values and forward and values["revision"].value.kind == "str":
        start, tool = values["revision"].start, "alembic"
        identifier, parents = (
            values["revision"].value.text,
            _parents(values["down_revision"].value if "down_revision" in values else None),
        )
    elif _NUMBERED.fullmatch(name) and (steps or _takes_engine(file, forward)):
        start, tool, identifier, parents = 1, "numbered", name, ()
    else:
        return None
    back = _named(file, "downgrade", "rollback")
    first = [file.module.definitions[s - 1] for s in forward]
    last = [file.module.definitions[s - 1] for s in back]
    return Revision(
        path=file.path,
        id=identifier,
        parents=parents,
        start=start,
        end=max([d.end for d in first] or [file.module.lines]),
        back=(min(d.line for d in last), max(d.end for d in last)) if last else (0, 0),
        empty=not steps and not _acts(file, forward),
        reversible=_works_back(file, back),
        created=file.module.created,
        tool=tool,
    )


def _takes_engine(file: PyFile, scopes: list[int]) -> bool:
    return any(p in ("migrate_engine", "migrator") for s in scopes for p in file.module.definitions[s - 1].params)


def _parents(value: Expr | None) -> tuple[str, ...]:
    return tuple(e.text for e in value.walk() if e.kind == "str") if value is not None else ()


def _named(file: PyFile, *prefixes: str) -> list[int]:
    """Scopes of top-level functions called so; Flask-Migrate's multiple databases have ``upgrade_users`` and the
    like."""
    definitions = enumerate(file.module.definitions, 1)
    names = tuple(p + "_" for p in prefixes)
    return [
        i
        for i, d in definitions
        if d.parent == 0 and d.kind == "function" and (d.name in prefixes or d.name.startswith(names))
    ]


def _reached(file: PyFile, scopes: Iterable[int]) -> set[int]:
    """These scopes, those nested in them, and the functions of the same file that they refer to."""
    seen: set[int] = set()
    queue = list(scopes)
    while queue:
        scope = queue.pop()
        if scope in seen:
            continue
        seen.add(scope)
        queue.extend(s for name in file.module.refs[scope] if (s := file.scopes.get(name.partition("(")[0], 0)))
        queue.extend(i for i, d in enumerate(file.module.definitions, 1) if d.parent == scope)
    return seen


def _acts(file: PyFile, scopes: list[int]) -> bool:
    reached = _reached(file, scopes)
    return any(c.scope in reached and not _INERT.fullmatch(c.name) for c in file.module.calls if c.target != "raise")


def _works_back(file: PyFile, scopes: list[int]) -> bool:
    """Whether the backward step acts, and is not one that must fail: a raise alone, or dropping a constraint by no
    name."""
    reached = _reached(file, scopes)
    calls = [c for c in file.module.calls if c.scope in reached]
    if any(c.name.endswith("drop_constraint") and c.expr.args and c.expr.args[0].text == "None" for c in calls):
        return False
    return bool(scopes) and _acts(file, scopes)


def _numbered(revisions: list[Revision]) -> list[Revision]:
    """Numbered files follow each other in the order of their names."""
    found = [r for r in revisions if r.tool == "alembic"]
    before: dict[str, Revision] = {}
    for item in sorted((r for r in revisions if r.tool != "alembic"), key=lambda r: (r.folder, _numbers(r.id), r.id)):
        parents = (before[item.folder].id,) if item.folder in before else ()
        before[item.folder] = replace(item, parents=parents)
        found.append(before[item.folder])
    return found


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d{1,17}", name)[:4]]


def _in_chain(group: list[Revision]) -> Iterator[Revision]:
    """Revisions of the connected parts whose longest way holds at least three non-empty revisions."""
    import networkx

    by_id = {r.id: r for r in group}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(sorted(by_id))
    graph.add_edges_from((p, r.id) for r in group for p in r.parents if p in by_id and p != r.id)
    for part in networkx.weakly_connected_components(graph):
        inner = graph.subgraph(part)
        if networkx.is_directed_acyclic_graph(inner) and _longest(inner, by_id) >= _CHAIN:
            yield from (by_id[i] for i in sorted(part))


def _longest(graph: networkx.DiGraph[str], by_id: dict[str, Revision]) -> int:
    import networkx

    length: dict[str, int] = {}
    for node in networkx.topological_sort(graph):
        before = max((length[p] for p in graph.predecessors(node)), default=0)
        length[node] = before + (not by_id[node].empty)
    return max(length.values(), default=0)
