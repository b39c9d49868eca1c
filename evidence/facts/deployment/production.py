"""What production does about a default in the code: overrides it, refuses to start with it, or is given another
value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.deployment.environments import environment_of
from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call
from evidence.facts.records import Node
from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SAMPLE = regex(
    r"example|sample|template|\.dist\b|(?:^|/)(?:\.github|\.circleci|\.ci|\.vscode|\.devcontainer)/", re.IGNORECASE
)
_EXITS = ("sys.exit", "exit", "os._exit")
_APART = ("development", "testing")


class Production:
    """Answers for one project. Names are those of settings (``SECRET_KEY``) and of the variables behind them."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def safe(self, *names: str) -> bool:
        """Whether production overrides, refuses or is given a value for one of these names."""
        asked = {n for n in names if n}
        return bool(asked & self._overridden or asked & self._refused or asked & self._provided)

    @cached_property
    def _overridden(self) -> set[str]:
        """Settings that a class or module for production sets without a literal secret, and base does not decide."""
        found: set[str] = set()
        for item in self._project.settings.classes:
            if item.environment in ("production", "staging"):
                found.update(_set_from_outside(item.file, item.scope))
        for path in self._project.settings.modules:
            file = self._project.python.get(path)
            if file is not None and environment_of(path.rpartition("/")[2]) == "production":
                found.update(_set_from_outside(file, 0))
        return found

    @cached_property
    def _refused(self) -> set[str]:
        """Names that a function, class or settings module mentions where it raises or exits."""
        found: set[str] = set()
        homes = self._project.settings.modules | {c.file.path for c in self._project.settings.classes}
        homes |= {f.file.path for f in self._project.web.factories} | {a.file.path for a in self._project.web.apps}
        for path in homes:
            file = self._project.python.get(path)
            if file is not None:
                scopes = {r.scope for r in file.module.raises} | {
                    c.scope for c in file.module.calls if c.name in _EXITS
                }
                for scope in scopes:
                    found.update(_mentioned(file, scope))
        return found

    @cached_property
    def _provided(self) -> set[str]:
        """Variables that a deployment's manifest fills from elsewhere: a secret store, a generator, its own
        environment."""
        found: set[str] = set()
        for path, data in self._project.data.items():
            if _SAMPLE.search(path) or environment_of(path) in _APART or self._project.role(path) is not Role.APP:
                continue
            if "compose" in path or not path.endswith((".ini", ".cfg", ".toml")):
                for root in data.roots:
                    found.update(_filled(root))
        for path, text in self._project.texts.items():
            if path.endswith((".tf", ".hcl", ".bicep", ".nomad")) and environment_of(path) not in _APART:
                found.update(re.findall(r"\b[A-Z][A-Z0-9]{1,30}(?:_[A-Z0-9]{1,30}){0,6}\b", text.text))
        return found


def _set_from_outside(file: PyFile, scope: int) -> Iterator[str]:
    for item in file.module.assigns:
        if item.scope == scope and not any(e.kind == "secret" for e in item.value.walk()):
            yield item.target
    for call in file.module.calls:
        if call.scope == scope and call.target and not any(e.kind == "secret" for e in call.expr.walk()):
            yield call.target


def _mentioned(file: PyFile, scope: int) -> Iterator[str]:
    """Names of settings in what a scope refers to and in the strings of its calls. Module level mentions far too much:
    there a setting counts only where the check follows it, that is where the name is read again."""
    if not scope:
        for item in file.module.raises:
            if item.scope == 0:
                near = [
                    t for (scope_, t), found in file.assigned.items() if not scope_ and _just_before(item.line, found)
                ]
                yield from (n for n in near if n in file.module.refs[0])
        return
    for name in file.module.refs[scope]:
        yield from re.findall(r"[A-Z][A-Z0-9_]{2,60}", name)
    for call in file.module.calls:
        if call.scope == scope:
            yield from (e.text for e in call.expr.walk() if e.kind == "str" and e.text.isupper())
    for check in file.module.assigns:
        if check.scope == scope:
            yield from (e.text for e in check.value.walk() if e.kind == "str" and e.text.isupper())


def _just_before(line: int, found: list[Assign | Call]) -> bool:
    """Whether one of these ends within the six lines before ``line``: an ``if`` and its message fit in them."""
    return any(0 <= line - item.end <= 6 for item in found)


def _filled(root: Node) -> Iterator[str]:
    """``NAME: ${NAME}``, ``name: NAME`` with ``valueFrom``, ``key: NAME`` with ``generateValue``, ``NAME: {generator:
    secret}``."""
    for node in root.walk():
        label = node.get("name") or node.get("key") or node.get("Name")
        if label is not None and any(
            node.get(k) is not None
            for k in ("valueFrom", "generateValue", "sync", "fromDatabase", "fromService", "ValueFrom", "secret")
        ):
            yield label.text
        for key, item in node.pairs():
            if key.isupper() and (
                _elsewhere(item.text)
                or item.get("generator") is not None
                or item.get("required") is not None
                or item.tag
            ):
                yield key
        if node.kind == "str" and "=" in node.text[:80] and _elsewhere(node.text.partition("=")[2]):
            yield node.text.partition("=")[0]


def _elsewhere(text: str) -> bool:
    """A reference without a default of its own: ``${NAME}``, ``${NAME:?}``, ``{{ vault }}``, ``sm://...``."""
    return (
        text.startswith(("${", "$(", "{{", "sm://", "vault:", "arn:", "projects/")) or text.startswith("$")
    ) and ":-" not in text
