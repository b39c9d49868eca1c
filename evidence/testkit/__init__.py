"""Checks a detector against fixture cases: short Markdown files that are its examples and its tests at once.

A case is a title that says what must hold, fenced files (the info string's second word is the path), an optional
``history`` fence (``YYYY-MM-DD author path [path...]`` per line, a commit each; more in ``evidence.testkit.history``),
an optional ``forge`` fence (changes, reviews, issues and releases: ``evidence.testkit.forge``) and last an ``expect``
fence with lines ``<signal id> <absent|unavailable|not_applicable|trace|practised|sustained> [path:first-last ...]``:
places that must be among the sites. A plugin in another package tests itself with the same two functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.api import Detector, Project
from evidence.detect import run
from evidence.facts import registry
from evidence.facts.language import language_of
from evidence.model import Blob, Changes, Finding, Ledger, Outcome, Sites
from evidence.patterns import regex
from evidence.testkit.forge import read_forge
from evidence.testkit.history import MadeHistory, Recorded, read_history

_FENCE = regex(r"^(`{3,}|~{3,})(.*)$")
_PLACE = regex(r"(.+):(\d+)(?:-(\d+))?")


@dataclass(frozen=True)
class Expectation:
    """What a case demands of one signal: ``result`` is an outcome or a grade, ``places`` are (path, first, last)."""

    signal: str
    result: str
    places: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Case:
    """One fixture case. ``files`` map paths to contents; ``changes`` are its commits, oldest first; ``forge`` is what a
    forge tells, None where it was not asked."""

    title: str
    files: Mapping[str, str]
    changes: tuple[Recorded, ...]
    expectations: tuple[Expectation, ...]
    forge: Changes | None = None


def read_case(text: str) -> Case:
    """Read a case. Raises ValueError, with what is missing, when it has no title or expects nothing."""
    lines = text.splitlines()
    title = next((line[2:].strip() for line in lines if line.startswith("# ")), "")
    files: dict[str, str] = {}
    changes: list[Recorded] = []
    expectations: list[Expectation] = []
    forge: Changes | None = None
    for info, body in _fences(lines):
        word, _, path = info.partition(" ")
        if word == "expect":
            expectations.extend(_expectation(line) for line in body if line.strip())
        elif word == "history":
            changes.extend(read_history(body))
        elif word == "forge":
            forge = read_forge(body)
        elif path.strip():
            files[path.strip()] = "".join(line + "\n" for line in body)
    if not title or not expectations:
        raise ValueError("a case needs a title line (# ...) and an expect fence")
    return Case(title, files, tuple(changes), tuple(expectations), forge)


def _fences(lines: list[str]) -> Iterable[tuple[str, list[str]]]:
    mark, info, body = "", "", list[str]()
    for line in lines:
        opened = _FENCE.match(line)
        if not mark and opened:
            mark, info, body = opened[1], opened[2].strip(), []
        elif mark and line.strip() == mark:
            yield info, body
            mark = ""
        elif mark:
            body.append(line)
    if mark:
        raise ValueError(f"the fence {info!r} is not closed")


def _expectation(line: str) -> Expectation:
    signal, result, *places = line.split()
    matches = [_PLACE.fullmatch(p) for p in places]
    if not all(matches):
        raise ValueError(f"a place must be path:first-last: {line!r}")
    return Expectation(signal, result, tuple((m[1], int(m[2]), int(m[3] or m[2])) for m in matches if m))


def project_of(case: Case) -> Project:
    """The case's files as a project, read by the same extractors as a real scan."""
    blobs, facts = [], dict[str, Any]()
    for path, text in sorted(case.files.items()):
        content = text.encode()
        blobs.append(Blob(path, hashlib.sha1(content, usedforsecurity=False).hexdigest(), len(content)))
        language = language_of(path, content[:160])
        if language is not None:
            facts[path] = registry.decode(language, registry.extract(language, content))
    return Project(blobs, facts, MadeHistory(case.changes), changes=case.forge)


def check_case(case: Case, detectors: Iterable[Detector]) -> list[str]:
    """Everything in which these detectors differ from what the case expects; empty when all of it holds."""
    ledger = Ledger()
    return check_results(case, run(detectors, project_of(case), "fixture", ledger), ledger)


def check_results(case: Case, results: Mapping[str, tuple[Finding, Sites]], ledger: Ledger) -> list[str]:
    """The same of results that are there already, with the ledger of the run that gave them."""
    problems = [f"{e.subject}: {e.reason}" for e in ledger.entries() if e.code == "detector_failed"]
    for expected in case.expectations:
        if expected.signal not in results:
            problems.append(f"no detector answers {expected.signal}")
            continue
        finding, sites = results[expected.signal]
        got = _result(finding)
        if got != expected.result:
            problems.append(f"{expected.signal}: expected {expected.result}, got {got} ({finding.statement})")
        for path, first, last in expected.places:
            if not any(s.path == path and s.start <= last and s.end >= first for s in sites):
                seen = ", ".join(f"{s.path}:{s.start}-{s.end}" for s in sites) or "none"
                problems.append(f"{expected.signal}: no site at {path}:{first}-{last} among {seen}")
    return problems


def _result(finding: Finding) -> str:
    return finding.grade.value if finding.outcome is Outcome.FOUND and finding.grade else finding.outcome.value


def cases_in(folder: Path) -> dict[str, Case]:
    """Every case below a folder, by its path relative to it. Raises ValueError naming the file that cannot be read."""
    found = {}
    for path in sorted(folder.rglob("*.md")):
        name = path.relative_to(folder).as_posix()
        try:
            found[name] = read_case(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    return found
