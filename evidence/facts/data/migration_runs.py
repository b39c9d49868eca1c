"""Who runs the migrations: CI, the tests, the start of a deployment; and who checks them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_RUNNERS = ("alembic", "flask-migrate", "yoyo", "flyway", "dbmate", "liquibase", "pw_migrate", "aerich")
_TASK = regex(
    r"(?:run[-_:]?)?(?:db|database|schema|alembic)[-_:]?(?:migrate|migrations?|upgrade)(?:[-_:]up)?"
    r"|migrate[-_:]db|run[-_]migrations?"
)
_CHECKERS = frozenset({"squawk", "alembic-autogen-check", "check-migrations", "check_migrations", "migration-linter"})
_APIS = {
    "alembic.command.upgrade": "upgrade",
    "alembic.command.downgrade": "downgrade",
    "alembic.command.check": "check",
    "flask_migrate.upgrade": "upgrade",
    "flask_migrate.downgrade": "downgrade",
    "flask_migrate.check": "check",
    "alembic.autogenerate.compare_metadata": "check",
}
_HEADS = ("get_current_head", "get_heads", "get_revisions", "get_base", "walk_revisions")
_DEPLOYS = regex(r"deploy|release|(?:^|[/ _-])cd[-_.]", re.IGNORECASE)
_VERSIONS = regex(r"(?:^|/)(?:migrations?|alembic|versions)(?:/|$)")


class MigrationRun(Struct, frozen=True):
    """One place that runs or checks migrations. ``by`` is ci, test or start; ``does`` upgrade, downgrade or check."""

    path: str
    start: int
    end: int
    by: str
    does: str


def migration_runs(project: Project) -> tuple[MigrationRun, ...]:
    """Every such place, each once, in path order."""
    found = {*_by_ci(project), *_by_tests(project), *_at_start(project)}
    return tuple(sorted(found, key=lambda r: (r.path, r.start, r.end, r.by, r.does)))


def command_does(words: tuple[str, ...]) -> str:
    """What a command does to the schema: upgrade, downgrade, check, or "" for nothing."""
    plain = [w.rpartition("/")[2] for w in words[:40]]
    if _CHECKERS & {w.removesuffix(".sh").removesuffix(".py") for w in plain[:3]} or any(
        "lint" in w and "migration" in w for w in plain[:2]
    ):
        return "check"
    runner = any(w.startswith(_RUNNERS) for w in plain) or "db" in plain
    if runner:
        for word, does in (
            ("upgrade", "upgrade"),
            ("downgrade", "downgrade"),
            ("check", "check"),
            ("heads", "check"),
            ("migrate", ""),
        ):
            if word in plain:
                return "upgrade" if word == "migrate" and "flyway" in plain else does
    return "upgrade" if any(_TASK.fullmatch(w) for w in plain[:6]) else ""


def _by_ci(project: Project) -> Iterator[MigrationRun]:
    """Runs of CI. One that belongs to a deployment upgrades what is in use and checks nothing: it is a start."""
    for run in project.ci_runs:
        does = command_does(run.words) if run.effective else ""
        if does:
            deploys = bool(run.job.environment) or _DEPLOYS.search(f"{run.pipeline.path} {run.job.name}") is not None
            yield MigrationRun(run.place.path, run.place.start, run.place.end, "start" if deploys else "ci", does)


def _by_tests(project: Project) -> Iterator[MigrationRun]:
    apis = {id(c): _APIS[name] for _, c, name in project.calls(project.tests, *_APIS) if name in _APIS}
    for file in project.tests:
        for call in file.module.calls:
            does = apis.get(id(call), "") or _told(call) or _inspects(file, call)
            if does and _takes_part(project, file, call):
                yield MigrationRun(file.path, *_lines(file, call), "test", does)
        for item in file.module.imports:
            if item.target.startswith("pytest_alembic"):
                yield MigrationRun(file.path, item.line, item.line, "test", "check")


def _takes_part(project: Project, file: PyFile, call: Call) -> bool:
    """Whether a collected test or a fixture holds the call, or a function that tests refer to."""
    outer = file.outermost(call.scope)
    if outer is None or outer.kind == "class" or outer.name.startswith("test") or outer.decorators:
        return True
    return outer.name in project.tested_names()


def _told(call: Call) -> str:
    """A command given as words: ``subprocess.run(["flask", "db", "upgrade"])``, ``invoke(args=["db", "upgrade"])``."""
    named = call.expr.kwarg("args")
    for value in (*call.expr.args, *((named,) if named is not None else ())):
        if value.kind not in ("list", "str"):
            continue
        words = tuple(e.text for e in value.items if e.kind == "str") if value.kind == "list" else _words(value.text)
        if len(words) > 1 and (does := command_does(words)):
            return does
    return ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split()) if len(text) < 120 else ()


def _inspects(file: PyFile, call: Call) -> str:
    """A look at the chain itself: its heads, or the files of its folder."""
    last = call.last
    if last in _HEADS and any(i.target.startswith("alembic") for i in file.module.imports):
        return "check"
    if last in ("glob", "rglob", "listdir", "iglob") and any(
        e.kind == "str" and _VERSIONS.search(e.text) and ("versions" in e.text or "migration" in e.text)
        for e in call.expr.walk()
    ):
        return "check"
    return ""


def _lines(file: PyFile, call: Call) -> tuple[int, int]:
    """The test around a call, when it is short enough to be read at once; else the call."""
    function = file.outermost(call.scope)
    if function is not None and function.kind == "function" and function.end - function.line < 40:
        return function.line, function.end
    return call.start, call.end


def _at_start(project: Project) -> Iterator[MigrationRun]:
    for path, commands in project.commands.items():
        for line in commands.lines if commands.kind in ("procfile", "shell") else ():
            if command_does(tuple(line.text.split())[:40]) == "upgrade":
                yield MigrationRun(path, line.start, line.end, "start", "upgrade")
    for path, dockerfile in project.dockerfiles.items():
        for item in dockerfile.instructions:
            if item.word in ("CMD", "ENTRYPOINT") and command_does(item.words or tuple(item.text.split())) == "upgrade":
                yield MigrationRun(path, item.start, item.end, "start", "upgrade")
