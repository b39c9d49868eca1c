"""Documentation as code: what builds or lints a project's documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from evidence.facts.ci import CiRun, Place
from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_BUILDERS = (
    "sphinx-build", "mkdocs", "docusaurus", "antora", "mdbook", "vitepress", "gitbook", "jekyll", "hugo",
    "asciidoctor",
)  # fmt: skip
_LINTERS = frozenset({
    "markdownlint", "markdownlint-cli2", "vale", "doc8", "rstcheck", "lychee", "pymarkdown", "markdown-link-check",
    "proselint",
})  # fmt: skip
_MAKE_TARGETS = frozenset({"html", "docs", "dirhtml", "doc", "documentation"})
_SITES = regex(
    r"(?:^|/)(?:mkdocs\.ya?ml|docusaurus\.config\.[jt]s|antora\.yml|book\.toml|\.?readthedocs\.ya?ml"
    r"|(?:docs?|documentation)(?:/source)?/conf\.py)$"
)


def documentation_build(project: Project, pages: Iterable[str]) -> Place | None:
    """Where the documents at ``pages`` are built (a site's configuration that CI or Read the Docs uses) or linted (a
    step of CI); None when nothing does."""
    paths = sorted(pages)
    if not paths:
        return None
    return next(chain(_sites(project, paths), _lint_steps(project)), None)


def _sites(project: Project, pages: list[str]) -> Iterator[Place]:
    """Configurations of documentation sites that hold one of the pages."""
    for path in sorted(p for p in project.paths if _SITES.search(p)):
        folder, _, name = path.rpartition("/")
        roots = _roots(project, path, folder, name)
        held = any(page.startswith(root + "/") for page in pages for root in roots)
        if held and project.role(path) is not Role.VENDORED and ("readthedocs" in name or _ci_builds(project, folder)):
            yield Place(path, 1, 1)


def _roots(project: Project, path: str, folder: str, name: str) -> set[str]:
    """The folders that a site is built from: its own; or, for those that stand beside it, ``docs`` and the one that
    Read the Docs is told."""
    if name == "conf.py":
        return {folder.removesuffix("/source")}
    roots = {f"{folder}/docs".lstrip("/")}
    told = project.data[path].root.get("sphinx", "configuration") if path in project.data else None
    if told is not None and "/" in told.text:
        roots.add(told.text.rpartition("/")[0].removesuffix("/source"))
    return roots


def _ci_builds(project: Project, folder: str) -> bool:
    return any(_builds(run, folder) for run in project.ci_runs if not run.dead)


def _builds(run: CiRun, folder: str) -> bool:
    """Whether a step builds documentation: by a tool, a make target, or a build script of the documents' folder."""
    text = " ".join(run.words[:12])
    if "docs" in run.kinds or any(b in text for b in _BUILDERS):
        return True
    if run.words[:1] == ("make",) and not _MAKE_TARGETS.isdisjoint(run.words):
        return True
    return bool(folder) and "build" in text and any(w.lstrip("./").startswith(folder + "/") for w in run.words[:3])


def _lint_steps(project: Project) -> Iterator[Place]:
    return (run.place for run in project.ci_runs if run.effective and run.tool in _LINTERS)
