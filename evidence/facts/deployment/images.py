"""Container images: what a Dockerfile does for its image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from evidence.facts.records import Dockerfile, Instruction, Text
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

_PYTHON = regex(r"python|\bpip3?\b|\buv\b|poetry|pipenv|gunicorn|uwsgi|flask|uvicorn|waitress", re.ASCII)
_OTHER_PURPOSE = regex(
    r"(?:^|[./_-])(?:devcontainer|tests?|e2e|cypress|playwright|lint|docs?|mock\w*)(?:[./_-]|$)|(?:^|/)static/"
)
# An image for developers' machines, where another one ships.
_DEVELOPMENT = regex(r"(?:^|[._-])(?:dev|development|local|debug)(?:[._-]|$)")
# An earlier version that was kept beside the one in use.
_FORMER = regex(r"[._-](?:old|bak|orig|backup|deprecated|copy)\d?$")
_SLIM = regex(r"slim|alpine|distroless|chainguard|wolfi|ubi\d*-(?:minimal|micro)|busybox|scratch")
_ARGUMENT = regex(r"\$\{?(\w{1,64})(?::?-([^}]{0,120}))?\}?")
_INSTALL = regex(
    r"pip3? install|uv (?:sync|pip)|poetry install|pipenv (?:install|sync)|pdm (?:install|sync)|requirements|"
    r"conda (?:env|install)"
)
_NO_CACHE = ("--no-cache", "--mount=type=cache", "no_cache_dir", "poetry_no_cache", "uv_no_cache")
_CODE = regex(r"(?:\./)?(?:src|app|application)/?")
_MANIFESTS = regex(
    r"requirements|pyproject|poetry\.lock|pipfile|uv\.lock|pdm\.lock|setup\.(?:py|cfg)|package(?:-lock)?\.json|constraints"
)


class Hygiene(Struct, frozen=True):
    """One thing that a Dockerfile does for its image: ``what`` is one of the detector's clauses; after a colon the file
    that the lines are of, where that is another."""

    path: str
    start: int
    end: int
    what: str


def hygiene(
    dockerfiles: Mapping[str, Dockerfile], texts: Mapping[str, Text], aside: Callable[[str], bool] = lambda path: False
) -> Iterator[Hygiene]:
    """What each application image does, Dockerfile by Dockerfile; images for tests, examples and editors are left out,
    and those that stand ``aside`` of the application where others do not. ``texts`` hold the .dockerignore files."""
    own = {
        path: item
        for path, item in sorted(dockerfiles.items())
        if role_of(path) is Role.APP and not _OTHER_PURPOSE.search(path.lower()) and _is_python(item)
    }
    # images that take nothing of the project in (of CI, of tools) say nothing of one that does
    own = {path: item for path, item in own.items() if not aside(path) and not _FORMER.search(path.lower())} or own
    own = {path: item for path, item in own.items() if _holds_the_project(item)} or own
    shipped = {path: item for path, item in own.items() if not _DEVELOPMENT.search(path.rpartition("/")[2].lower())}
    for path, item in (shipped or own).items():
        yield Hygiene(path, 1, max((i.end for i in item.instructions), default=1), "begun")
        yield from _of(path, item)
        yield from _ignored(path, texts)


def _ignored(path: str, texts: Mapping[str, Text]) -> Iterator[Hygiene]:
    """The .dockerignore that holds for a Dockerfile, from its first pattern on; one without a pattern keeps nothing
    out."""
    beside = posixpath.join(posixpath.dirname(path), ".dockerignore")
    ignoring = next((p for p in (f"{path}.dockerignore", beside, ".dockerignore") if p in texts), "")
    lines = texts[ignoring].text.splitlines() if ignoring else []
    patterns = [n for n, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if patterns:
        yield Hygiene(path, patterns[0], patterns[-1], f"ignored:{ignoring}")


def _is_python(item: Dockerfile) -> bool:
    return any(
        _PYTHON.search(i.text.lower()) for i in item.instructions if i.word in ("FROM", "RUN", "CMD", "ENTRYPOINT")
    )


def _holds_the_project(item: Dockerfile) -> bool:
    """Whether an image takes in code or manifests of the repository, and not only single scripts and settings."""
    for step in item.instructions:
        text = step.text.lower()
        if step.word in ("COPY", "ADD") and "--from=" not in text:
            sources = [w.strip("[]\"',") for w in text.split() if not w.startswith("--")][:-1]
            if any(_MANIFESTS.search(s) or "." not in s.rpartition("/")[2].strip(".") for s in sources):
                return True
        elif step.word == "RUN" and ("--mount=type=bind" in text or "git clone" in text):
            return True
    return False


def _of(path: str, item: Dockerfile) -> Iterator[Hygiene]:
    final = _final_stages(item)
    arguments = {k: v for i in item.instructions if i.word == "ARG" for k, _, v in [i.text.partition("=")]}
    steps = [i for i in item.instructions if i.stage in final]
    for step in steps:
        if step.word == "FROM":
            yield from _base(path, step, arguments, item)
        elif step.word == "HEALTHCHECK" and not step.text.upper().startswith("NONE"):
            yield Hygiene(path, step.start, step.end, "healthcheck")
    users = [s for s in steps if s.word == "USER"]
    # a user that only the build names is somebody, and nobody passes in root
    if users and _resolved(users[-1].text, arguments).strip().split(":")[0] not in ("root", "0"):
        yield Hygiene(path, users[-1].start, users[-1].end, "non_root")
    yield from _layers(path, item)


def _final_stages(item: Dockerfile) -> set[int]:
    """The last stage and those it is built from by name (FROM alias)."""
    names: dict[str, int] = {}
    bases: dict[int, str] = {}
    for step in item.instructions:
        if step.word == "FROM":
            words = step.text.split()
            images = [w for w in words if not w.startswith("--")]
            bases[step.stage] = images[0].lower() if images else ""
            if len(images) >= 3 and images[1].lower() == "as":
                names[images[2].lower()] = step.stage
    if not bases:
        return set()
    stage: int | None = max(bases)
    found: set[int] = set()
    while stage is not None and stage not in found:
        found.add(stage)
        stage = names.get(bases[stage])
    return found


def _base(path: str, step: Instruction, arguments: Mapping[str, str], item: Dockerfile) -> Iterator[Hygiene]:
    images = [w for w in step.text.split() if not w.startswith("--")]
    aliases = {
        w[2].lower()
        for i in item.instructions
        if i.word == "FROM"
        for w in [i.text.split()]
        if len(w) >= 3 and w[-2].lower() == "as"
    } | {i.text.split()[-1].lower() for i in item.instructions if i.word == "FROM" and " as " in i.text.lower()}
    stages = sum(i.word == "FROM" for i in item.instructions)
    if stages > 1 and (
        (images and images[0].lower() in aliases)
        or any("--from=" in i.text for i in item.instructions if i.word == "COPY")
    ):
        yield Hygiene(path, step.start, step.end, "multi_stage")
    image = _resolved(images[0], arguments).lower() if images else ""
    if image in aliases:
        return
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if digest or _is_exact(tag):
        yield Hygiene(path, step.start, step.end, "pinned_base")
    if _SLIM.search(image):
        yield Hygiene(path, step.start, step.end, "small_base")


def _is_exact(tag: str) -> bool:
    """A tag more exact than ``latest`` or a major version: a minor version, or a distribution's code name."""
    if re.search(r"\d+\.\d+", tag):
        return True
    words = [
        w
        for w in re.split(r"[-_.]", tag)
        if w.isalpha() and w not in ("latest", "slim", "alpine", "stable", "main", "lts", "edge")
    ]
    return (
        bool(words) and not re.match(r"\d+(?:-|$)", tag) and tag not in ("dev", "prod", "master", "develop", "current")
    )


def _resolved(text: str, arguments: Mapping[str, str]) -> str:
    """A text with build arguments replaced by their defaults."""
    return _ARGUMENT.sub(lambda m: arguments.get(m[1], "").strip("\"'") or m[2] or "", text)


def _layers(path: str, item: Dockerfile) -> Iterator[Hygiene]:
    """Dependencies installed, without keeping their cache, from their manifest alone, before the code is copied."""
    settings = " ".join(i.text.lower() for i in item.instructions if i.word in ("ENV", "ARG"))
    manifest = code = False
    for step in item.instructions:
        text = step.text.lower()
        if step.word == "FROM":
            code = False
        elif step.word in ("COPY", "ADD") and "--from=" not in text:
            sources = [w for w in text.split() if not w.startswith("--")][:-1] or [text]
            if all(_MANIFESTS.search(s) for s in sources):
                manifest = True
            # a folder or a pattern of modules (``src/``, ``*.py``) is the code as much as the whole context is
            elif any(s in (".", "./", "*") or s.endswith(("/.", "*.py")) or _CODE.fullmatch(s) for s in sources):
                code = True
        elif step.word == "RUN" and _INSTALL.search(text):
            bound = "--mount=type=bind" in text and _MANIFESTS.search(text) is not None
            uncached = any(mark in text or mark in settings for mark in _NO_CACHE)
            if (manifest or bound) and not code and uncached:
                yield Hygiene(path, step.start, step.end, "layered")
                return
