"""Jenkins: a careful scanner of declarative (and simple scripted) pipelines. Groovy is not parsed: stages, ``sh``
steps, ``parallel``, ``when``, ``input`` and agents are found by their braces."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evidence.facts.ci.records import CiInputs, Job, Pipeline, Place, Step
from evidence.facts.shell.lines import split
from evidence.patterns import regex

_NAME = regex(r"(?:^|/)(?:[Jj]enkinsfile(?:[.-][\w.-]{0,60})?|[\w.-]{1,80}\.[Jj]enkinsfile)$")
_TOKEN = regex(
    r"""(?P<skip>//[^\n]*|/\*)|(?P<triple>'{3}|"{3})|(?P<quote>['"])|(?P<open>\{)|(?P<close>\})|(?P<line>\n)"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]{0,80})"""
)
_MAX_TOKENS = 60_000
# Steps of plug-ins, by the plug-ins' own documents, as the commands they stand for.
_PLUGINS = {
    "kubernetesDeploy": "kubectl apply",
    "sshPublisher": "ssh host deploy",
    "ansiblePlaybook": "ansible-playbook site.yml",
    "azureWebAppPublish": "az webapp deploy",
    "pushToCloudFoundry": "cf push",
    "openshiftDeploy": "oc rollout latest",
    "openshiftBuild": "oc start-build app",
}
_CALLED = regex(r"\s?[({]|\s[a-z]")


class _Block(Struct, frozen=True):
    word: str
    label: str
    line: int


class _Shell(Struct, frozen=True):
    """One ``sh`` step: its script, first line, last line and the blocks around it, outermost first."""

    script: str
    start: int
    end: int
    blocks: tuple[_Block, ...]
    ignored: bool


def pipelines(inputs: CiInputs) -> Iterator[Pipeline]:
    """Every Jenkinsfile outside of vendored folders."""
    for path in sorted(inputs.texts):
        if not _NAME.search(path):
            continue
        source = inputs.texts[path].text
        found = list(_shells(source))
        jobs = tuple(_jobs(path, found))
        if jobs:
            lines = source.count("\n") + 1
            yield Pipeline(
                path=path, system="Jenkins", jobs=jobs, triggers=("push", "pull_request"),
                trigger_place=Place(path, 1, lines), stages=tuple(dict.fromkeys(job.stage for job in jobs)),
            )  # fmt: skip


def _jobs(path: str, found: list[_Shell]) -> Iterator[Job]:
    """One job per innermost stage."""
    stages: dict[tuple[str, int], list[_Shell]] = {}
    for shell in found:
        named = [b for b in shell.blocks if b.word == "stage"]
        key = (named[-1].label, named[-1].line) if named else ("pipeline", 1)
        stages.setdefault(key, []).append(shell)
    for (name, line), shells in stages.items():
        words = {b.word for shell in shells for b in shell.blocks}
        dead = next((f"when: {b.label}" for s in shells for b in s.blocks if b.word == "dead"), "")
        yield Job(
            name=name, path=path, start=line, end=max(s.end for s in shells), stage=name, dead=dead,
            steps=tuple(_step(path, s) for s in shells), conditions=("when",) if "when" in words else (),
            needs=() if "parallel" in words else ("the stage before",), manual="input" in words,
            matrix={"matrix": 2} if "matrix" in words else {}, instances=2 if "matrix" in words else 1,
            matrix_place=Place(path, line, line) if "matrix" in words else None,
        )  # fmt: skip


def _step(path: str, shell: _Shell) -> Step:
    commands = split(shell.script, first_line=shell.start)
    muted = {"catchError": "catchError", "warnError": "warnError"}
    ignored = next((muted[b.word] for b in shell.blocks if b.word in muted), "")
    ignored = ignored or ("post" if any(b.word == "post" for b in shell.blocks) else "")
    return Step(
        name="sh", path=path, start=shell.start, end=shell.end, commands=commands,
        cannot_fail=ignored or ("returnStatus: true" if shell.ignored else ""),
    )  # fmt: skip


class _Scanner:
    """Walks the source once, keeping the open blocks and the last words of the current statement."""

    def __init__(self, source: str) -> None:
        self.source, self.at, self.line = source, 0, 1
        self.blocks: list[_Block] = []
        self.words: list[str] = []
        self.label = ""
        self.seen: list[_Block] = []

    def string(self, mark: str) -> tuple[str, int]:
        """The string that starts here and the line it starts on."""
        line, start = self.line, self.at + len(mark)
        stop = start
        while stop < len(self.source) and not self.source.startswith(mark, stop):
            stop += 2 if self.source[stop] == "\\" else 1
        value = self.source[start:stop]
        self.line += value.count("\n")
        self.at = stop + len(mark)
        return value, line

    def skip(self, opened: str) -> None:
        """Step over a comment."""
        end = self.source.find("*/", self.at) if opened == "/*" else self.source.find("\n", self.at)
        stop = len(self.source) if end < 0 else end + (2 if opened == "/*" else 0)
        self.line += self.source.count("\n", self.at, stop)
        self.at = stop


def _shells(source: str) -> Iterator[_Shell]:
    scanner = _Scanner(source)
    for _count in range(_MAX_TOKENS):
        match = _TOKEN.search(source, scanner.at)
        if match is None:
            return
        scanner.at = match.start()
        kind, value = match.lastgroup or "", match[0]
        if kind == "skip":
            scanner.skip(value[:2])
        elif kind in ("triple", "quote"):
            body, line = scanner.string(value)
            shell = _shell(scanner, body, line)
            if shell is not None:
                yield shell
        else:
            scanner.at = match.end()
            if kind == "word" and (command := _plugin(scanner, match.start(), value)):
                yield _Shell(command, scanner.line, scanner.line, tuple(scanner.blocks), False)
            _punctuation(scanner, kind, value)


def _plugin(scanner: _Scanner, start: int, word: str) -> str:
    """The command that a plug-in's step stands for: ``image.push()`` of the Docker plug-in, and what the table
    names."""
    source, end = scanner.source, scanner.at
    if word == "push" and source[end : end + 1] == "(" and source[start - 1 : start] == ".":
        return "docker push image" if "docker." in source else ""
    return _PLUGINS.get(word, "") if _CALLED.match(source, end) else ""


def _shell(scanner: _Scanner, body: str, line: int) -> _Shell | None:
    """A string is a script when the statement it stands in starts with sh, bat or powershell."""
    scanner.label = body
    word = next((w for w in ("sh", "bat", "powershell") if w in scanner.words[-6:]), "")
    if not word or {"label", "returnStdout"} & set(scanner.words[-1:]):
        return None
    tail = scanner.source[scanner.at : scanner.at + 40]
    ignored = "returnStatus" in scanner.words or tail.lstrip().startswith(", returnStatus: true")
    stops = [
        b
        for b in scanner.seen[-50:]
        if b.word in ("when", "input", "matrix", "dead") and b.line >= _stage_line(scanner)
    ]
    scanner.words.clear()
    return _Shell(body, line, scanner.line, (*scanner.blocks, *stops), ignored)


def _stage_line(scanner: _Scanner) -> int:
    return next((b.line for b in reversed(scanner.blocks) if b.word == "stage"), 1)


def _punctuation(scanner: _Scanner, kind: str, value: str) -> None:
    if kind == "word":
        scanner.words.append(value)
        if value == "false" and any(b.word in ("expression", "when") for b in scanner.blocks[-2:]):
            scanner.seen.append(_Block("dead", "false", scanner.line))
        if value == "input":
            scanner.seen.append(_Block("input", "", scanner.line))
    elif kind == "open":
        word = next((w for w in reversed(scanner.words) if w in _BLOCKS), scanner.words[-1] if scanner.words else "")
        block = _Block(word, scanner.label if word == "stage" else "", scanner.line)
        scanner.blocks.append(block)
        if word in ("when", "matrix"):
            scanner.seen.append(block)
        scanner.words.clear()
    elif kind == "close":
        if scanner.blocks:
            scanner.blocks.pop()
        scanner.words.clear()
    else:
        scanner.line += 1
        if scanner.words and scanner.words[-1] not in _BLOCKS:
            scanner.words.clear()


_BLOCKS = frozenset(
    {"stage", "when", "parallel", "post", "catchError", "warnError", "matrix", "expression", "steps", "sh"}
)
