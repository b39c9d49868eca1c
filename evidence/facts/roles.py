"""What part a path plays: the project's own code, its tests, or something that must not be credited."""

from __future__ import annotations

from enum import StrEnum

from evidence.patterns import regex


class Role(StrEnum):
    """The part a file plays, told from its path (and, for generated files, from its first lines)."""

    APP = "app"
    TEST = "test"
    MIGRATION = "migration"
    EXAMPLE = "example"
    VENDORED = "vendored"
    GENERATED = "generated"
    TEMPLATE_SEED = "template_seed"


# The vendored folders of github-linguist's vendor.yml that occur in Python projects, and virtual environments.
_VENDORED = frozenset({
    "vendor", "vendors", "vendored", "_vendor", "third_party", "thirdparty", "third-party", "3rdparty",
    "node_modules", "bower_components", "extern", "externals", "site-packages", "dist-packages", "venv",
    ".venv", "virtualenv", "__pypackages__", ".tox", ".eggs",
})  # fmt: skip
_KINDS = ("unit", "integration", "functional", "acceptance", "e2e", "system", "smoke", "contract", "regression")
_TESTS = frozenset({
    "tests", "test", "testing", "spec", "specs", "e2e", "testsuite", "test_suite", "unittests", "testutils",
    "testutil", "test_utils", "test_helpers", "mocks", "__mocks__",
    *(f"{kind}{mark}{word}" for kind in _KINDS for mark in "_-" for word in ("test", "tests")),
    *(f"{word}{mark}{kind}" for kind in _KINDS for mark in "_-" for word in ("test", "tests")),
})  # fmt: skip
# In a folder of this name a document describes an interface; only code there is a test.
_SPECIFICATIONS = frozenset({"spec", "specs"})
_DOCUMENTS = (".yml", ".yaml", ".json")
_EXAMPLES = frozenset({
    "example", "examples", "sample", "samples", "demo", "demos", "tutorial", "tutorials", "docs", "doc",
    "documentation", "docs_src", "stub", "stubs",
})  # fmt: skip
# Editors' and assistants' own folders: what runs there serves whoever writes the code.
_TOOLS = frozenset({".vscode", ".idea", ".claude", ".cursor", ".codex", ".gemini", ".zed", ".fleet"})
_TEST_FILE = regex(r"(?:test_.*|.*_tests?|tests?|conftest|.*_spec)\.py")
_MIGRATION = regex(
    r"(?:^|/)(?:migrations?|alembic|db_migrations|migrate)/(?:.*/)?(?:versions?|.*_versions)/[^/]+\.py$"
    r"|(?:^|/)[\w-]{0,80}(?:migrations?|alembic)[\w-]{0,80}/(?:versions?/)?(?:[0-9]{4,14}_){0,3}[0-9a-f]{10,12}_[^/]{0,200}\.py$"
)
"""Folders of revisions, and names that begin with a revision's id (Alembic's are 12, once 10 or 11, hex digits)."""
# Pages among the files that a browser is given belong to the scripts and styles that were copied there.
_ASSETS = frozenset({"static", "assets", "public", "wwwroot"})
_PAGES = (".md", ".rst", ".markdown")
# Folders that generators write into by custom, and the names OpenAPI's generators give a client.
_GENERATED = frozenset(
    {"gen", "generated", "__generated__", "_generated", "autogen", "openapi_client", "swagger_client"}
)
_GENERATED_FILE = regex(r".*(?:_pb2|_pb2_grpc|\.pb|\.min|_generated)\.\w+")


def is_test_file(path: str) -> bool:
    """Whether a module's own name says that it holds tests."""
    return _TEST_FILE.fullmatch(path.rpartition("/")[2].lower()) is not None


def role_of(path: str, generated: bool = False) -> Role:
    """The role of a path; ``generated`` is what the file says of itself."""
    path = path.lower()
    *folders, name = path.split("/")
    parts = set(folders)
    copied = name.endswith(_PAGES) and parts & _ASSETS and len(folders) > 1 and folders[0] not in _EXAMPLES
    if parts & _VENDORED or copied:
        return Role.VENDORED
    python = name.endswith(".py")
    migration = python and ("migrat" in path or "alembic" in path) and _MIGRATION.search(path)
    # Alembic begins a revision, says so and asks to adjust it: who commits and runs it stands behind it.
    if (generated and not migration) or parts & _GENERATED or _GENERATED_FILE.fullmatch(name):
        return Role.GENERATED
    tests = _TESTS - _SPECIFICATIONS if name.endswith(_DOCUMENTS) else _TESTS
    if parts & tests or (python and _TEST_FILE.fullmatch(name)):
        return Role.TEST
    if migration:
        return Role.MIGRATION
    if parts & _EXAMPLES or (parts & _TOOLS and not name.endswith((*_PAGES, ".mdc"))):
        return Role.EXAMPLE
    return Role.APP
