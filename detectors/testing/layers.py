"""Layers of tests: unit, integration, end-to-end and the like, told apart so that each can be run on its own.

**What it sees.** Tests that check something in folders named after a layer, or marked with one; jobs and steps of CI
that run one layer; browser tests that a pipeline or a script runs. Tests outside any named folder are a layer of their
own beside a named one.

**Why it matters.** Fast tests are run at every save and slow ones before a release only if somebody can start them
apart.

**What it cannot tell.** Whether a test in a folder named after a layer is what the name says.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import CiRun, CollectedTest, Observations, Project, PyFile, Signal, Site, Sites, regex, written

_LAYERS = {
    "unit": "unit units unittest unittests unitarios unitarias unitarias unitaires unitaire",
    "integration": "integration int integ integracion integração integracao intégration",
    "functional": "functional func funcionales funcionais fonctionnels funktional",
    "acceptance": "acceptance bdd uat",
    "end-to-end": "e2e endtoend end_to_end end2end browser selenium playwright cypress ui system smoke",
    "contract": "contract contracts pact pacts",
    "component": "component",
}
_NAMES = {name: layer for layer, names in _LAYERS.items() for name in names.split()}
# Layers that test the service as a whole, whatever language they are written in.
_WHOLE = frozenset({"end-to-end", "acceptance", "contract"})
_TEST_WORDS = regex(r"^(?:tests?|testsuite)_|_(?:tests?|testsuite|suite)$")
# In a step's name these mean something else: a part of the system, or the runner.
_TOOLS_TOO = frozenset({"system", "ui", "int", "component", "func", "unittest"})
_SPLIT = regex(r"[^a-z0-9]+")
_BROWSER = regex(r"(?:^|/)(?:cypress|playwright)(?:\.[cm]?[jt]s)?$")
# Packages that drive a browser: a mark of the project's own keeps tests with them apart (``needs_server``).
_DRIVERS = frozenset({"selenium", "playwright", "splinter", "pyppeteer", "helium"})
_BUILT_IN = frozenset({"parametrize", "skip", "skipif", "xfail", "usefixtures", "filterwarnings"})
_CYPRESS_ACTION = "cypress-io/github-action"
_SPEC = regex(r"(?:\.(?:spec|cy|test|e2e)\.[cm]?[jt]sx?|\.feature)$")
_CLASS = regex(r"(Unit|Integration|Functional|Acceptance|EndToEnd|E2E)Tests?$")
_OUTSIDE = ("--ignore", "--deselect", "--ignore-glob")
_REST = "other"


def _layers(sites: Sites) -> set[str]:
    return sites.subjects("step", "folder", "marker", "rest")


def _separate(sites: Sites) -> bool:
    """Whether two layers run as separate steps of CI."""
    steps = sites.of("step")
    return any(a.subject != b.subject and (a.path, a.start) != (b.path, b.start) for a in steps for b in steps)


def _statement(sites: Sites) -> str:
    named = sorted(_layers(sites) - {_REST})
    if len(_layers(sites)) < 2:
        only = sorted({s.subject for s in sites} - {_REST})
        return (
            f"Of test layers only {' and '.join(only)} can be told, by name."
            if only
            else "No test layers can be told apart."
        )
    text = f"Tests in layers: {', '.join(named)}" + (" and the rest" if _REST in _layers(sites) else "")
    return text + ("; CI runs them as separate steps." if _separate(sites) else ".")


LAYERS = Signal(
    id="test.layers",
    title="Unit, integration and end-to-end layers",
    competency="testing",
    seeds=("S8.1", "C7.3"),
    counts="At least two layers of tests told apart by folder, marker or job.",
    strong="CI runs them as separate steps.",
    not_credited=(
        "One flat folder; folders that mirror the application; a folder without a test that checks; browser tests "
        "nothing runs."
    ),
    how_to_show="Keep tests/unit and tests/integration apart and give each its own step in CI.",
    clauses=("step", "folder", "marker", "config", "rest", "named"),
    defining=("folder", "marker", "rest", "named"),
    uncited=("rest",),
    practised=lambda sites: len(_layers(sites)) >= 2,
    sustained=_separate,
    trace=lambda sites: bool(sites.of("step", "folder", "marker", "named")) and sites.subjects() != {_REST},
    measures=lambda sites: {"layers": len(_layers(sites))},
    statement=_statement,
)
SIGNALS = (LAYERS,)


def detect(project: Project) -> Observations:
    """Layers by folder and marker, by step of CI, and those that only have a name."""
    folders = _Folders(project)
    tests = [t for t in project.suite.functions if t.effective and project.in_flask_part(t.file.path)]
    found = [_of_test(t, folders) for t in tests]
    steps = list(_steps(project))
    apart = {s.subject for s in steps}
    # a single job may be called "integration" and run everything; unit tests beside tests of no name are one layer
    separate = len(apart) > 1 and apart != {_REST, "unit"}
    named = ({s.subject for s in found} | (apart if separate else apart & _WHOLE)) - {_REST}
    specs = list(_specs(project))
    named |= {s.subject for s in specs if s.clause == "folder"}
    # beside unit tests alone, folders without a name say nothing
    yield from ((LAYERS, s) for s in found if s.subject != _REST or named - {"unit"})
    yield from ((LAYERS, s) for s in steps if separate or s.subject in named)
    if named:
        yield from ((LAYERS, s) for s in _configured(project))
    yield from ((LAYERS, s) for s in (*_classes(project), *specs))


def _layer(word: str) -> str:
    plain = word.lower().replace("-", "_")
    return _NAMES.get(_TEST_WORDS.sub("", plain), "")


class _Folders:
    """Which folder of tests is a layer, and which only mirrors a folder of the application."""

    def __init__(self, project: Project) -> None:
        self._app = {part for f in project.app for part in f.path.lower().split("/")[:-1]}
        self._by_tail: dict[str, list[str]] = {}
        for folder in sorted({f.folder for f in project.python.values()}):
            parts = folder.split("/")
            for at in range(len(parts) - 1):
                self._by_tail.setdefault("/".join(parts[at:]), []).append(folder)
        self._known: dict[str, str] = {}

    def layer(self, folder: str) -> str:
        """The layer that the outermost telling part of a folder names; "" for none."""
        if folder not in self._known:
            parts = folder.split("/")
            told = (n for i, p in enumerate(parts) if (n := _layer(p)) and not self._mirrors(parts[: i + 1]))
            self._known[folder] = next(told, "")
        return self._known[folder]

    def _mirrors(self, parts: list[str]) -> bool:
        """Whether the application has a folder of that name, or another place has the same path below its root."""
        if parts[-1].lower() in self._app:
            return True
        here = "/".join(parts)
        tails = ("/".join(parts[at:]) for at in range(1, len(parts) - 1))
        return any(not folder.startswith(here) for tail in tails for folder in self._by_tail.get(tail, ()))


def _of_test(test: CollectedTest, folders: _Folders) -> Site:
    """The layer of one test, by its folder or its marks; ``other`` where neither tells."""
    path, definition = test.file.path, test.definition
    end = min(definition.end, definition.start + 39)
    if layer := folders.layer(test.file.folder):
        return Site(path=path, start=definition.start, end=end, clause="folder", subject=layer)
    for mark, first, last in test.marks:
        if layer := _layer(mark) or ("end-to-end" if mark not in _BUILT_IN and _drives_a_browser(test.file) else ""):
            return Site(path=path, start=first, end=last, clause="marker", subject=layer)
    return Site(path=path, start=definition.start, end=end, clause="rest", subject=_REST)


def _drives_a_browser(file: PyFile) -> bool:
    return any(i.module.partition(".")[0] in _DRIVERS for i in file.module.imports)


def _steps(project: Project) -> Iterator[Site]:
    """Steps of CI that run tests, each with its layer."""
    for run in project.ci_runs:
        if not run.effective or not run.pipeline.on_change or run.job.checks_out_other:
            continue
        layer = _of_run(run)
        if layer:
            yield Site(path=run.place.path, start=run.place.start, end=run.place.end, clause="step", subject=layer)


def _of_run(run: CiRun) -> str:
    if (
        _in_browser(run.words)
        or _in_browser(written(run))
        or (run.step.action is not None and run.step.action.name == _CYPRESS_ACTION)
    ):
        return "end-to-end"
    if not {"test", "test-other"} & set(run.kinds):
        return ""
    layer = _of_words(run.words) or _of_name(run.step.name) or _of_name(run.job.name)
    if "test" in run.kinds:
        return layer or _REST
    return layer if layer in _WHOLE else ""


def _in_browser(words: tuple[str, ...]) -> bool:
    """Whether a command line starts browser tests: ``cypress run``, ``playwright test``, ``pnpm run cypress
    run-ci``."""
    at = next((i for i, w in enumerate(words) if _BROWSER.search(w)), len(words))
    return any(w.startswith(("run", "test")) for w in words[at + 1 : at + 3])


def _of_words(words: tuple[str, ...]) -> str:
    """The layer that the paths or the marker of a command line name."""
    before = ""
    for word in words[1:]:
        marker = before in ("-m", "--markers", "-k") and not word.startswith("not ")
        if before not in _OUTSIDE and not word.startswith("-"):
            # a word alone may be anything; one that speaks of tests is a folder
            path = "/" in word or _TEST_WORDS.search(word.lower().replace("-", "_")) is not None
            parts = [word] if marker else word.split("/") if path else []
            layer = next((n for p in parts if (n := _layer(p.partition("::")[0].removesuffix(".py")))), "")
            if layer:
                return layer
        before = word
    return ""


def _of_name(name: str) -> str:
    words = _SPLIT.split(name.lower())
    pairs = [*("_".join(words[i : i + 3]) for i in range(len(words))), *words]
    return next((n for w in pairs if w not in _TOOLS_TOO and (n := _NAMES.get(w))), "")


def _configured(project: Project) -> Iterator[Site]:
    """Settings of pytest that name a layer: test paths and markers."""
    for config in project.tool_configs:
        if config.tool != "pytest":
            continue
        for node in config.values("testpaths", "markers"):
            for word in (
                _SPLIT.split(node.text.lower())
                if node.kind == "str"
                else [w for t in node.texts() for w in _SPLIT.split(t.lower())[:4]]
            ):
                if layer := _NAMES.get(word):
                    yield Site(path=config.path, start=node.start, end=node.end, clause="config", subject=layer)
                    break


def _classes(project: Project) -> Iterator[Site]:
    """Test classes named after a layer, side by side in one file: a lead."""
    for file in project.tests:
        for definition in file.module.definitions:
            match = _CLASS.search(definition.name) if definition.kind == "class" else None
            if match and definition.parent == 0:
                yield Site(
                    path=file.path,
                    start=definition.start,
                    end=definition.line,
                    clause="named",
                    subject=match[1].lower(),
                )


def _specs(project: Project) -> Iterator[Site]:
    """Browser tests in the tree; without a run they are a lead."""
    wired = any(
        u.tool in ("cypress", "playwright") or any(_BROWSER.search(w) for w in u.words[:3]) for u in project.tool_uses
    )
    for path in sorted(project.paths):
        parts = path.lower().split("/")[:-1]
        if _SPEC.search(path) and {"cypress", "e2e", "playwright"} & set(parts) and "node_modules" not in parts:
            yield Site(path=path, start=1, end=1, clause="folder" if wired else "named", subject="end-to-end")
