"""What kind of thing a path is, for counting what commits touch: told by the path alone, as old files are not read."""

from __future__ import annotations

import re
from enum import IntFlag

from evidence.facts.roles import Role, role_of


class PathKind(IntFlag):
    """Kinds of paths; the kinds that a commit touches are a union of these."""

    APP = 1
    TEST = 2
    DOCUMENT = 4
    CONFIG = 8
    MIGRATION = 16
    CI = 32
    OTHER = 64
    FOREIGN = 128


NAMES = {
    PathKind.APP: "app",
    PathKind.TEST: "test",
    PathKind.DOCUMENT: "doc",
    PathKind.CONFIG: "config",
    PathKind.MIGRATION: "migration",
    PathKind.CI: "ci",
    PathKind.OTHER: "other",
    PathKind.FOREIGN: "foreign",
}
"""How each kind is called in an export. Foreign are vendored, generated and lock files: nobody wrote them by hand."""

_CI = re.compile(
    r"(?:^|/)(?:\.github/(?:workflows|actions)/|\.circleci/|\.gitlab/ci/|\.buildkite/|\.concourse/|\.woodpecker/"
    r"|(?:\.gitlab-ci|\.travis|\.drone|appveyor|azure-pipelines|bitbucket-pipelines|cloudbuild|\.cirrus|buildspec)"
    r"[^/]*\.ya?ml$|jenkinsfile[^/]*$|\.ci/)"
)
_LOCKS = re.compile(
    r"(?:^|/)(?:[^/]*\.lock|pipfile\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum"
    r"|[^/]*\.min\.(?:js|css)|[^/]*\.(?:map|svg|po|pot|mo|snap))$"
)
_OTHER_TESTS = re.compile(r"(?:\.(?:test|spec|cy)\.[jt]sx?$|(?:^|/)(?:__tests__|__mocks__|cypress)/)")
_WRITTEN_MIGRATIONS = re.compile(r"(?:^|/)(?:migrations?|alembic)/[^/]*\.sql$")
_BUILD_PYTHON = frozenset({"setup.py", "conf.py", "noxfile.py", "tasks.py", "fabfile.py", "gunicorn.conf.py"})
_DOCUMENTS = (".md", ".rst", ".adoc", ".markdown", ".mdx", ".asciidoc", ".txt")
_DOCUMENT_NAMES = frozenset(
    {"readme", "changelog", "changes", "license", "licence", "authors", "contributing", "copying"}
)
_CONFIGS = (
    ".yml", ".yaml", ".toml", ".ini", ".cfg", ".json", ".env", ".conf", ".tf", ".tfvars", ".hcl", ".properties",
    ".dockerfile", ".mk", ".sh", ".service", ".in", ".j2", ".example",
)  # fmt: skip
_CONFIG_NAMES = re.compile(
    r"(?:dockerfile|containerfile|makefile|procfile|vagrantfile|pipfile|tiltfile|justfile)\b.*|\..*"
)
_REQUIREMENTS = re.compile(r"(?:^|/)[^/]*(?:requirements|constraints)[^/]*(?:\.txt|\.pip|/[^/]*\.txt)$")


def kind_of(path: str) -> PathKind:
    """The kind of a path (one flag). Python files under a folder of examples count as other, not as the application."""
    low = path.lower()
    name = low.rpartition("/")[2]
    role = role_of(path)
    if role in (Role.VENDORED, Role.GENERATED) or _LOCKS.search(low):
        return PathKind.FOREIGN
    if role is Role.MIGRATION:
        return PathKind.MIGRATION
    if name.endswith(".py"):
        return _python(name, role)
    if role is Role.TEST or _OTHER_TESTS.search(low):
        return PathKind.TEST
    return _not_python(low, name)


def _python(name: str, role: Role) -> PathKind:
    if role is Role.TEST:
        return PathKind.TEST
    if name in _BUILD_PYTHON:
        return PathKind.CONFIG
    return PathKind.OTHER if role is Role.EXAMPLE else PathKind.APP


def _not_python(low: str, name: str) -> PathKind:
    if _CI.search(low):
        return PathKind.CI
    if _WRITTEN_MIGRATIONS.search(low):
        return PathKind.MIGRATION
    if _REQUIREMENTS.search(low):
        return PathKind.CONFIG
    if name.endswith(_DOCUMENTS) or name in _DOCUMENT_NAMES:
        return PathKind.DOCUMENT
    if name.endswith(_CONFIGS) or _CONFIG_NAMES.fullmatch(name):
        return PathKind.CONFIG
    return PathKind.OTHER
