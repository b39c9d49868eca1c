"""Where transactions begin and end, who ends them for others, and what is locked meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence, at, between
from evidence.facts.python.records import Call, Definition, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# A helper that commits and rolls back is the one place where as many functions use it.
_USERS = 3
_SHARED_USERS = 5
# What a database, a session or a connection is called, in the languages met so far.
_DATABASE = regex(
    r"(?i)(?:sess(?:ion|ao|ão|ion_factory)?|db|database|conn(?:ection)?|conexi?on|conexao|cnx|con|engine|trans(?:action)?"
    r"|tx|txn|uow|cursor)\d?(?:\(\))?$"
)
_LOCKING = regex(
    r"\bFOR (?:NO KEY )?UPDATE\b|\bpg_(?:try_)?advisory_(?:xact_)?lock|\bLOCK TABLE\b|\bSKIP LOCKED\b|\bFOR SHARE\b"
)
_ISOLATION = regex(r"(?i)serializable|repeatable[ _]read|read[ _](?:un)?committed|snapshot")
_SAVEPOINTS = ("begin_nested", "savepoint")
_UNITS = frozenset(
    {"atomic", "start_transaction", "with_transaction", "db_session", "transaction", "begin", "session_scope"}
)
_UNIT_MODULES = (
    "peewee", "playhouse", "pony", "pymongo", "flask_mongoengine", "transaction", "psycopg", "asyncpg",
    "sqlalchemy", "zope", "tortoise", "pynamodb",
)  # fmt: skip
_ENGINES = (
    "create_engine", "execution_options", "SQLAlchemy", "connection", "sessionmaker", "create_async_engine",
)  # fmt: skip
_ADVISORY = ("pg_advisory_lock", "pg_advisory_xact_lock", "pg_try_advisory_lock", "pg_try_advisory_xact_lock")
_CONFLICTS = ("StaleDataError", "ConcurrentModificationError", "OptimisticLockException")
_DECORATORS = frozenset({"pony.orm.db_session", "transaction.atomic"})
_EXITS = ("__exit__", "__aexit__")
_ENDINGS = ("teardown_request", "teardown_appcontext", "after_request", "teardown_app_request", "after_app_request")


def transactions(project: Project) -> tuple[Occurrence, ...]:
    """Everything about transactions that can run.

    Kinds: ``boundary`` (a decorator, context manager or end of a request that commits or rolls back for others),
    ``helper`` (a function that does so, with the number of its users as value), ``shared`` (one that only ever
    commits), ``commit`` and ``rollback`` (of single functions), ``begin``, ``savepoint``, ``lock``, ``isolation``,
    ``optimistic`` (a version column or its conflicts, where they are answered), ``versioned`` (where they are not).
    """
    return (*_ends(project), *_begins(project), *_locks(project), *_levels(project), *_versions(project))


class _Owner(Struct):
    """A function that ends transactions, and where in it."""

    file: PyFile
    definition: Definition
    commits: list[Call] = field(default_factory=list)
    rollbacks: list[Call] = field(default_factory=list)


def _ends(project: Project) -> Iterator[Occurrence]:
    """Commits and rollbacks of a database, by the function they stand in."""
    owners: dict[tuple[str, str], _Owner] = {}
    for kind in ("commit", "rollback"):
        for file, call in _calls(project, kind):
            definition = file.outermost_function(call.scope)
            if definition is None:
                yield at(file, call, kind, file.path)
                continue
            owner = owners.setdefault((file.path, definition.qualname), _Owner(file, definition))
            (owner.commits if kind == "commit" else owner.rollbacks).append(call)
    ending = {
        (h.handler_file.path, h.handler.qualname)
        for h in project.web.callbacks(*_ENDINGS)
        if h.handler is not None and h.handler_file is not None
    }
    views = {(f.path, d.qualname) for f, d in project.web.views}
    for key, owner in sorted(owners.items()):
        yield from _owned(project, owner, key in ending, key in views)


def _owned(project: Project, owner: _Owner, ending: bool, view: bool) -> Iterator[Occurrence]:
    """One occurrence for what ends transactions on behalf of others, else one for each of its commits and rollbacks."""
    file, definition = owner.file, owner.definition
    users = 0 if view or _makes_rows(project, owner) else _users(project, owner)
    subject = f"{file.path}:{definition.qualname}"
    if not view and (_is_boundary(owner, ending) or _undoes_for_others(project, owner)):
        yield at(file, definition, "boundary", subject)
    elif owner.commits and owner.rollbacks and users >= _USERS:
        yield at(file, definition, "helper", subject, users)
    elif owner.commits and not view and (ending or users >= _SHARED_USERS):
        yield at(file, definition, "shared", subject)
    else:
        yield from (at(file, c, "commit", file.path) for c in owner.commits)
        yield from (at(file, c, "rollback", file.path) for c in owner.rollbacks)


def _is_boundary(owner: _Owner, ending: bool) -> bool:
    """Whether a function undoes what others began: at the end of a request, around a call, or around a block."""
    if owner.definition.name in _EXITS or _ends_a_block(owner.file, owner.definition):
        return True
    wraps = _wraps(owner.file, owner.definition) and (bool(owner.commits) or _yields(owner.file, owner.definition))
    return bool(owner.rollbacks) and (ending or wraps)


def _ends_a_block(file: PyFile, method: Definition) -> bool:
    """Whether the end of a ``with`` block calls this method of the same object."""
    exits = [
        file.scopes[d.qualname] for d in file.module.definitions if d.name in _EXITS and d.parent == method.parent != 0
    ]
    return any(f"self.{method.name}" in file.module.refs[scope] for scope in exits)


def _undoes_for_others(project: Project, owner: _Owner) -> bool:
    """Whether a decorator rolls back what the functions below it began, and stands before several: they commit
    themselves, and none of them leaves half of its work."""
    if not owner.rollbacks or not _wraps(owner.file, owner.definition) or owner.definition.yields:
        return False
    decorated = (
        (file, d.expr.text)
        for file in project.app
        for f in file.module.definitions
        for d in f.decorators
        if d.expr.text.replace("()", "").rpartition(".")[2] == owner.definition.name
    )
    key = owner.file.path, owner.definition.qualname
    found = (project.resolve(file, name) for file, name in decorated)
    return sum((ref.path, ref.name) == key for ref in found) >= _USERS


def _makes_rows(project: Project, owner: _Owner) -> bool:
    """Whether a function makes objects of a model of its own: then it ends its own work, not that of others."""
    inside = owner.file.calls_in(owner.file.scopes.get(owner.definition.qualname, 0))
    return any(project.models.find(owner.file, c.name) is not None for c in inside)


def _calls(project: Project, name: str) -> Iterator[tuple[PyFile, Call]]:
    """Live calls that end a transaction: nothing is handed to them, and a database or a session is their receiver."""
    for file, call in project.live_calls(name):
        if not call.expr.args and _DATABASE.search(call.name.rpartition(".")[0]) and not _is_environment(file):
            yield file, call


def _is_environment(file: PyFile) -> bool:
    """Alembic's own script runs every project's migrations the same way."""
    return file.path.endswith("/env.py") and any(i.target.startswith("alembic") for i in file.module.imports)


def _wraps(file: PyFile, function: Definition) -> bool:
    """Whether a function runs what others give it: a decorator, or a context manager."""
    if any(d.expr.text.rpartition(".")[2] in ("contextmanager", "asynccontextmanager") for d in function.decorators):
        return True
    number = file.scopes.get(function.qualname, 0)
    inner = {d.name for d in file.module.definitions if d.kind == "function" and d.parent == number}
    return any(r.kind == "name" and r.text in inner for r in function.returns)


def _yields(file: PyFile, function: Definition) -> bool:
    prefix = function.qualname + "."
    return function.yields or any(d.yields for d in file.module.definitions if d.qualname.startswith(prefix))


def _users(project: Project, owner: _Owner) -> int:
    """How many functions call a function, by its name: an instance's class is seldom known."""
    own = (owner.file.path, owner.file.scopes.get(owner.definition.qualname))
    return len({(f.path, c.scope) for f, c in project.called.get(owner.definition.name, ())} - {own})


def _begins(project: Project) -> Iterator[Occurrence]:
    for file, call in project.live_calls(*_SAVEPOINTS):
        if not _is_environment(file):
            yield at(file, call, "savepoint", file.path)
    for file, call in project.live_calls(*sorted(_UNITS)):
        if call.target in ("with", "decorator") and _is_unit(project, file, call) and not _is_environment(file):
            yield at(file, call, "begin", file.path)
    for file in project.app:
        for definition in file.module.definitions:
            for decorator in definition.decorators:
                known = decorator.expr.text.rpartition(".")[2] in _UNITS
                if (
                    known
                    and project.external(file, decorator.expr.text) in _DECORATORS
                    and project.reach.live(file.path)
                ):
                    yield between(file.path, decorator.line, definition.line, "begin", file.path)


def _is_unit(project: Project, file: PyFile, call: Call) -> bool:
    """Whether a block is a transaction's: of a database by its name, or of a library that has such blocks."""
    receiver = call.name.rpartition(".")[0]
    if _DATABASE.search(receiver):
        return True
    outside = project.variable_class(file, call.scope, receiver) if receiver else project.external(file, call.name)
    if call.last == "session_scope" and "." in outside:
        return True  # of a package of the same organisation: its name says what it is
    return outside.partition(".")[0] in _UNIT_MODULES


def _locks(project: Project) -> Iterator[Occurrence]:
    for file, call in project.live_calls("with_for_update", *_ADVISORY):
        yield at(file, call, "lock", file.path)
    for file, call in project.live_calls("text", "execute", "query", "raw"):
        if any(e.kind in ("str", "fstring") and _LOCKING.search(e.text) for e in call.expr.args):
            yield at(file, call, "lock", file.path)


def _levels(project: Project) -> Iterator[Occurrence]:
    for file, call in project.live_calls(*_ENGINES):
        if any(_isolates(k, v) for k, v in _pairs(call.expr)):
            yield at(file, call, "isolation", file.path)
    for file in project.app:
        for item in file.module.assigns:
            if item.target.endswith(("ENGINE_OPTIONS", "ENGINE_OPTIONS]")) and any(
                _isolates(k, v) for k, v in _pairs(item.value)
            ):
                yield between(file.path, item.start, item.end, "isolation", file.path)


def _pairs(value: Expr) -> Iterator[tuple[str, Expr]]:
    """Keywords and keys at any depth, with their values."""
    for part in value.walk():
        offset = len(part.items) - len(part.keys)
        yield from ((k, part.items[offset + i]) for i, k in enumerate(part.keys))


def _isolates(key: str, value: Expr) -> bool:
    return key.endswith(("isolation_level", "transaction_isolation")) and bool(_ISOLATION.search(value.text))


def _versions(project: Project) -> Iterator[Occurrence]:
    """A version column, and the conflicts that it finds being answered: without an answer it only fails."""
    caught = [
        (f, h)
        for f in project.app
        for h in f.module.handlers
        if any(n.endswith(_CONFLICTS) for n in h.names) and project.reach.live(f.path, h.scope)
    ]
    for file, handler in caught:
        yield between(file.path, handler.start, handler.end, "optimistic", file.path)
    for model in project.models.all:
        for item in model.file.assigned.get((model.scope, "__mapper_args__"), ()):
            if "version_id_col" in (item.expr if isinstance(item, Call) else item.value).keys:
                kind = "optimistic" if caught else "versioned"
                yield between(model.file.path, item.start, item.end, kind, model.name)
