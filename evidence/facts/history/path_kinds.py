"""What kind of thing a path is, for counting what commits touch: told by the path alone, as old files are not read."""

from __future__ import annotations

from evidence.facts.roles import Role, role_of
from evidence.patterns import regex


class PathKind:
    """Kinds of paths. The kinds that a commit touches are a union of these; plain numbers, because there are a hundred
    thousand of them and flags of an enumeration cost a microsecond each."""

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

_CI = regex(
    r"(?:^|/)(?:\.github/(?:workflows|actions)/|\.circleci/|\.gitlab/ci/|\.buildkite/|\.concourse/|\.woodpecker/"
    r"|(?:\.gitlab-ci|\.travis|\.drone|appveyor|azure-pipelines|bitbucket-pipelines|cloudbuild|\.cirrus|buildspec)"
    r"[^/]*\.ya?ml$|jenkinsfile[^/]*$|\.ci/)"
)
_LOCKS = regex(
    r"(?:^|/)(?:[^/]*\.lock|pipfile\.lock|package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|go\.sum"
    r"|[^/]*\.min\.(?:js|css)|[^/]*\.(?:map|svg|po|pot|mo|snap))$"
)
_LOCK_ENDINGS = (".lock", ".json", ".yaml", ".sum", ".js", ".css", ".map", ".svg", ".po", ".pot", ".mo", ".snap")
_OTHER_TESTS = regex(r"(?:\.(?:test|spec|cy)\.[jt]sx?$|(?:^|/)(?:__tests__|__mocks__|cypress)/)")
_WRITTEN_MIGRATIONS = regex(r"(?:^|/)(?:migrations?|alembic)/[^/]*\.sql$")
_BUILD_PYTHON = frozenset({"setup.py", "conf.py", "noxfile.py", "tasks.py", "fabfile.py", "gunicorn.conf.py"})
_SCRIPTS = (".js", ".jsx", ".ts", ".tsx")
_PLAINLY_OTHER = (
    ".js", ".jsx", ".ts", ".tsx", ".html", ".css", ".scss", ".less", ".vue", ".png", ".jpg", ".gif", ".ico", ".woff",
    ".woff2", ".ttf", ".eot", ".pdf", ".csv",
)  # fmt: skip
_DOCUMENTS = (".md", ".rst", ".adoc", ".markdown", ".mdx", ".asciidoc", ".txt")
_DOCUMENT_NAMES = frozenset(
    {"readme", "changelog", "changes", "license", "licence", "authors", "contributing", "copying"}
)
_CONFIGS = (
    ".yml", ".yaml", ".toml", ".ini", ".cfg", ".json", ".env", ".conf", ".tf", ".tfvars", ".hcl", ".properties",
    ".dockerfile", ".mk", ".sh", ".service", ".in", ".j2", ".example",
)  # fmt: skip
_CONFIG_NAMES = regex(r"(?:dockerfile|containerfile|makefile|procfile|vagrantfile|pipfile|tiltfile|justfile)\b.*|\..*")
_REQUIREMENTS = regex(r"(?:^|/)[^/]*(?:requirements|constraints)[^/]*(?:\.txt|\.pip|/[^/]*\.txt)$")


def kind_of(path: str) -> int:
    """The kind of a path (one flag). Python files under a folder of examples count as other, not as the application."""
    return _kind(path.lower(), role_of(path))


def _kind(low: str, role: Role) -> int:
    name = low.rpartition("/")[2]
    if role in (Role.VENDORED, Role.GENERATED) or (name.endswith(_LOCK_ENDINGS) and _LOCKS.search(low)):
        return PathKind.FOREIGN
    if role is Role.MIGRATION:
        return PathKind.MIGRATION
    if name.endswith(".py"):
        return _python(name, role)
    if role is Role.TEST or (name.endswith(_SCRIPTS) and _OTHER_TESTS.search(low)):
        return PathKind.TEST
    return PathKind.OTHER if name.endswith(_PLAINLY_OTHER) else _not_python(low, name)


class Kinds(dict[str, int]):
    """The kind of each path, looked at once; what folders and names say is looked at once for each of these."""

    def __init__(self) -> None:
        super().__init__()
        self._folders: dict[tuple[str, bool], Role] = {}
        self._names: dict[str, Role] = {}

    def __missing__(self, path: str) -> int:
        found = self[path] = _kind(path.lower(), self._role(path))
        return found

    def _role(self, path: str) -> Role:
        """What :func:`role_of` says of the path, from what it says of its folder and of its name alone."""
        folder, _, name = path.rpartition("/")
        python = path.endswith((".py", ".PY"))
        by_folder = self._folders.get((folder, python))
        if by_folder is None:
            by_folder = role_of(f"{folder}/x{'.py' if python else ''}") if folder else Role.APP
            self._folders[folder, python] = by_folder
        by_name = self._names.get(name)
        if by_name is None:
            by_name = self._names[name] = role_of(name)
        if by_folder is Role.VENDORED or by_name is Role.APP:
            return by_folder
        return by_name


def _python(name: str, role: Role) -> int:
    if role is Role.TEST:
        return PathKind.TEST
    if name in _BUILD_PYTHON:
        return PathKind.CONFIG
    return PathKind.OTHER if role is Role.EXAMPLE else PathKind.APP


def _not_python(low: str, name: str) -> int:
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
