"""What tells a reader of settings: what made it, what its scope opens, and what its class is handed."""

from __future__ import annotations

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Definition

# Readers of settings packages: environs, python-decouple, django-environ, environ-config, Starlette, everett.
_PACKAGES = (
    "environs.", "decouple.", "environ.", "starlette.config.", "everett.", "prettyconf.", "envparse.", "configloader.",
    "environmental.",
)  # fmt: skip
_SELF_AND_ONE = 2
# What settings are made for, or of: the application, the environment, a file.
_FOR_SETTINGS = frozenset({
    "app", "env", "environ", "environment", "path", "file", "filename", "config_file", "root", "config", "settings",
    "name", "mode",
})  # fmt: skip


def is_handed(file: PyFile, definition: Definition) -> bool:
    """Whether a class is made of one thing it is handed, which it may check: settings find theirs themselves."""
    scope = file.scopes.get(f"{definition.qualname}.__init__", 0)
    made = file.definition(scope) if scope else None
    return made is not None and len(made.params) == _SELF_AND_ONE and made.params[1] not in _FOR_SETTINGS


def uses_package(file: PyFile) -> bool:
    """Whether a file calls a settings package at all."""
    return any(c.name.startswith(_PACKAGES) for c in file.module.calls)


def from_package(file: PyFile, call: Call) -> bool:
    """Whether a call is of a settings package, or of what one made."""
    if call.name.startswith(_PACKAGES):
        return True
    head = call.name.partition(".")[0].partition("(")[0]
    made = [i.expr.text for i in file.assigned.get((0, head), ()) if isinstance(i, Call)]
    if head == "self":
        made += _kept_makers(file, call)
    return any(m.startswith(_PACKAGES) for m in made)


def _kept_makers(file: PyFile, call: Call) -> list[str]:
    """What the object's attribute that is called, or whose method is, was made by, in any class of the file: settings
    classes keep their reader in the one that the others build on."""
    attribute = ".".join(call.name.replace("()", "").split(".")[:2])
    return [c.expr.text for c in file.module.calls if c.target == attribute]


def opens_a_file(file: PyFile, call: Call) -> bool:
    """Whether the scope of a reader opens a file: YAML and JSON may come from anywhere."""
    return any(c.last in ("open", "read_text", "read_bytes", "read") for c in file.calls_in(call.scope))
