"""What keeps a trail of changes: tables named after one, classes that version models, and functions that record."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.names import Ref
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SPLIT = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
# Words that tables of a trail are named after; the fields decide whether one is meant.
_NAMED = frozenset({
    "audit", "audits", "auditlog", "auditoria", "auditing", "audittrail", "bitacora", "bitacoras", "history",
    "historial", "historico", "historique", "historie", "verlauf", "protokoll", "changelog", "trail", "eventlog",
    "accesslog", "activitylog", "journal", "registroactividad", "versioned", "versioning", "event", "change",
    "changes", "activity", "log", "logs", "logentry", "revision", "version", "archive", "action", "entrada",
    "salida", "acceso",
})  # fmt: skip
_WHO = regex(
    r"(?:user|usuario|utilisateur|benutzer|actor|author|autor|operator|account|member|admin|staff|performer|principal"
    r"|who|requester|changer|editor)(?:_?(?:id|name|email|uuid))?|changed_?by|by_user|(?:user|usuario)_\w{2,12}"
    r"|(?:created|changed?|modified|updated|performed|deleted|edited|done|triggered|logged|made|revised|submitted)_by"
    r"(?:_?(?:id|user|user_id|name))?"
)
_WHAT = regex(
    r"(?:action|event)(?:_\w{2,12})?|verb|operation|(?:object|target|item)_(?:type|id)|entity(?:_type|_id)?|changes?"
    r"|diff|previous|before|after|(?:old|new)_\w{1,20}|payload|details?|descripcion|description|message|msg|accion|evento"
    r"|tipo|revision|version|object_version|field(?:_name)?|activity_?\w{0,12}|additional_properties"
)
# Whoever changed something, and what it became: enough where no field says what was done.
_CHANGED_BY = regex(r"(?:changed?|modified|updated|edited|revised)_?by(?:_?(?:id|user|user_id|name))?")
_BECAME = frozenset({"status", "reason", "state", "value", "comment"})
_COLUMN = regex(r"(?:\w{1,20}Attribute|\w{1,20}Field|Column|mapped_column|relationship|[CF]\w{0,10}Column)")
_RECORDS = regex(
    r"_{0,2}(?:create|record|write|save|add|log|track|insert|store|emit|registrar|guardar|publish)_(?:\w{1,20}_)?"
    r"(?:history|histories|audits?|audit_(?:log|event|entry|trail)|changes?|event|activity|activity_log|version|revision"
    r"|bitacora|log_entry|actividad|mutation|mutations|write|admin_action|user_action)(?:_\w{1,20})?|audit_?log|audit|log_action|auditar|version_class|audit_\w{2,20}"
)
_AUDIT_NAME = regex(r"audit|bitacora", re.IGNORECASE)
_AUDIT_WORD = regex(r"\W{0,3}audit\b", re.IGNORECASE)
_VERSIONS = regex(r"(?:create|record|write)_(?:history|version|changes)|version_class")
_VERSIONING = frozenset({"versioned", "versionable", "auditable", "audited", "historical", "versioning"})
_KEEPS = regex(
    r"(?:session|db)\.(?:add|merge|execute|add_all|bulk_save_objects)$|(?:^|\.)(?:create_history|record_changes)$"
    r"|\.(?:save|put|put_item|insert_one|insert|create|delay|apply_async|send|publish)$"
)
_ABSTRACT = frozenset({
    "Enum", "StrEnum", "IntEnum", "Schema", "Resource", "Exception", "TypedDict", "NamedTuple", "FlaskForm",
    "ModelView",
})  # fmt: skip


def _words(name: str) -> frozenset[str]:
    return frozenset(w.lower() for w in _SPLIT.split(name[:120]) if w)


def trail_tables(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Models named after a trail that carry who did it and, where the name could mean other things, what was done."""
    for file in project.app:
        for number, definition in enumerate(file.module.definitions, 1):
            if definition.kind != "class" or not (_words(definition.name) & _NAMED):
                continue
            fields = _fields(file, number)
            if not fields or any(_is_abstract(b.text.rpartition(".")[2]) for b in definition.bases):
                continue
            who = any(_WHO.fullmatch(f) for f in fields)
            became = any(map(_CHANGED_BY.fullmatch, fields)) and not _BECAME.isdisjoint(fields)
            what = became or any(_WHAT.fullmatch(f) for f in fields)
            if who and what and project.reach.live(file.path):
                yield file, definition


def _is_abstract(base: str) -> bool:
    """Whether what builds on this holds no rows: a form for people edits an entry of another class."""
    return base in _ABSTRACT or base.endswith("Form")


def _fields(file: PyFile, scope: int) -> list[str]:
    """Columns of a model, in lower case."""
    return [c.target.lower() for c in file.module.calls if c.scope == scope and c.target and _COLUMN.fullmatch(c.last)]


def trail_mixins(project: Project) -> Iterator[tuple[PyFile, Definition]]:
    """Classes named for versioning that models of the project build on."""
    bases = {b.text.rpartition(".")[2] for f in project.app for d in f.module.definitions for b in d.bases}
    for file in project.app:
        for definition in file.module.definitions:
            words = _words(definition.name)
            named = (
                definition.kind == "class"
                and definition.name in bases
                and (words & _VERSIONING or {"change", "tracking"} <= words)
            )
            if named and project.reach.live(file.path):
                yield file, definition


def trail_recorders(project: Project, versioning: bool) -> Iterator[tuple[Ref, tuple[PyFile, Definition]]]:
    """Functions named for recording that keep what they are given, and that other code calls."""
    called = {name.replace("()", "") for name in project.called}
    called |= {d.expr.text.rpartition(".")[2] for f in project.app for x in f.module.definitions for d in x.decorators}
    for file in project.app:
        for number, definition in enumerate(file.module.definitions, 1):
            if (
                definition.kind != "function"
                or definition.name not in called
                or not _RECORDS.fullmatch(definition.name)
            ):
                continue
            if _keeps(file, number, definition, versioning) and project.reach.live(file.path, number):
                yield Ref(file.path, definition.qualname), (file, definition)


def _keeps(file: PyFile, scope: int, definition: Definition, versioning: bool) -> bool:
    """Whether a recorder stores who did it: in the database or, where its name says audit, in a log. Where models are
    versioned, their own columns say who."""
    calls = file.calls_in(scope)
    stores = any(_KEEPS.search(c.name) for c in calls)
    logs = any(c.name.endswith((".info", ".log", ".warning", ".debug")) for c in calls)
    if logs and ("audit" in definition.name or _says_audit(file, scope)):
        return True
    refs = file.module.refs[scope] if scope < len(file.module.refs) else ()
    keys = (k for c in calls for e in c.expr.walk() for k in e.keys)
    names = (*definition.params, *(r.rpartition(".")[2] for r in refs), *keys)
    who = any(_WHO.fullmatch(n.lower()) for n in names) or bool(_AUDIT_NAME.search(definition.qualname))
    return stores and (who or (versioning and bool(_VERSIONS.fullmatch(definition.name))))


def _says_audit(file: PyFile, scope: int) -> bool:
    """Whether what a function logs calls itself an audit: ``"Audit %s %s user=%s"``."""
    values = [c.expr for c in file.calls_in(scope)] + [a.value for a in file.module.assigns if a.scope == scope]
    return any(e.kind in ("str", "fstring") and _AUDIT_WORD.match(e.text) for v in values for e in v.walk())
