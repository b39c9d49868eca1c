"""What ends the start of an application over a setting: raises, exits and asserts, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.patterns import regex

_EXITS = ("sys.exit", "exit", "quit", "os._exit")
_NOT_CHECKS = frozenset({"NotImplementedError", "AttributeError", "StopIteration", "ImportError", "TypeError"})
# What is caught where a connection fails: the service is down, and no setting is bad.
_CONNECTIONS = regex(r"Operational|Connect|SQLAlchemy|Database|Timeout|socket|RequestException", re.IGNORECASE)
# Texts that name a setting: in capitals with an underscore, or by what it is.
_SETTING = regex(r"\b[A-Z][A-Z0-9]{1,30}_[A-Z0-9_]{2,40}\b|\b(?:config\w{0,12}|settings?|environment)\b")
_OF_SETTINGS = regex(r"(?:Config|Setting|Environment)\w{0,20}(?:Error|Exception)$")
ABOUT_SETTINGS = regex(r"config|settings?|env(?:iron|_|$)|secret", re.IGNORECASE)
"""Names of functions that are about settings."""
_LACKS = regex(
    r"missing|required|must (?:provide|set|give|define|specify|be (?:set|defined|given))"
    r"|not (?:set|defined|configured|found)",
    re.IGNORECASE,
)

_HANDED = frozenset({"config", "conf", "cfg", "settings", "configuration", "config_info", "config_data", "env"})


def stops_for_a_setting(call: Call, about: bool) -> bool:
    """Whether a call ends the start and says which setting it is, or, in a function that is ``about`` settings, that
    one is missing."""
    texts = [e.text[:300] for v in call.expr.items for e in v.walk() if e.kind in ("str", "fstring")]
    said = _OF_SETTINGS.search(call.last) or any(_SETTING.search(t) or (about and _LACKS.search(t)) for t in texts)
    stops = call.name in _EXITS or (call.target == "raise" and call.last not in _NOT_CHECKS)
    return bool(said) and stops


def reads_a_setting(value: Expr) -> bool:
    """Whether an expression reads the environment or a configuration."""
    return any("environ" in e.text or "getenv" in e.text or ".config" in e.text for e in value.walk())


def refusals_at(file: PyFile) -> Iterator[tuple[int, int]]:
    """(line, scope) of every raise, exit and assert of a file, save where a connection has failed."""
    failing = [h for h in file.module.handlers if h.names and all(_CONNECTIONS.search(n) for n in h.names)]
    for line, scope in _stops(file):
        if not any(h.start <= line <= h.end for h in failing):
            yield line, scope


def _stops(file: PyFile) -> Iterator[tuple[int, int]]:
    for item in file.module.raises:
        if item.name and item.name.rpartition(".")[2] not in _NOT_CHECKS:
            yield item.line, item.scope
    for call in file.module.calls:
        if call.name in _EXITS:
            yield call.start, call.scope
    for check in file.module.checks:
        yield check.line, check.scope


def looks_at_settings(file: PyFile, scope: int) -> bool:
    """Whether a function (or a module: scope 0) reads the environment or a configuration, one that it is handed too."""
    refs = file.module.refs[scope]
    if any("environ" in r or ".config" in r or "getenv" in r for r in refs):
        return True
    definition = file.definition(scope)
    handed = _HANDED.intersection(definition.params) if definition is not None else frozenset()
    return any(r.startswith((f"{name}[", f"{name}.get")) or r == f"{name}.keys" for r in refs for name in handed)


def asked_by_properties(files: Iterable[PyFile], name: str) -> bool:
    """Whether settings that are properties ask this method for their values: they are read when an application takes
    its settings from the object."""
    method = f"self.{name.rpartition('.')[2]}"
    asking = ((file, file.definition(c.scope)) for file in files for c in file.module.calls if c.name == method)
    return any(d is not None and d.parent > 0 and d.name.isupper() for _, d in asking)
