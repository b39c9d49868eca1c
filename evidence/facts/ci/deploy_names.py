"""Deployments told by names: scripts, targets and actions that a team called after what they deploy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from evidence.facts.ci.programs import program
from evidence.facts.ci.records import CiRun, Place
from evidence.patterns import regex

# A script or target called deploy deploys, unless the name says that it tests, prepares or tidies up a deployment.
_DEPLOYS = regex(r"(?:^|[_.:/-])(?:re|auto)?deploy(?:$|ment$|[_.:/-])", re.IGNORECASE)
_ROUND_IT = regex(
    r"(?:test|check|lint|verif|validat|notif|install|prepar|requirement|config|clean|messag)\w{0,20}|docs?|pages|storybook"
    r"|plan|preview|status|dry|deps|setup|keys?|wait|before|after|post|pre|logs?|destroy|delete|undeploy|tags?|version"
    r"|secrets?|smoke|env|diff|event|name|slack|github|pypi|npm",
    re.IGNORECASE,
)
_PARTS = regex(r"[^_.:/-]{1,80}")
_INTERPRETERS = frozenset({"bash", "sh", "zsh", "python", "ruby", "node", "source", "."})
_RUNNERS = frozenset(
    {"make", "gmake", "npm", "yarn", "pnpm", "just", "task", "invoke", "inv", "rake", "ant", "gradle", "composer"}
)
# "Deploy to ECS": what such a step runs of the repository's own scripts is how this team deploys.
_STEP = regex(r"\W{0,6}(?:re)?deploy(?:ing)?\b", re.IGNORECASE)
_OF_TESTS = regex(r"(?:^|/)tests?(?:/|$)|(?:^|[/._-])tests?[._-]?dockerfile|dockerfile[._-]tests?$", re.IGNORECASE)
_SCRIPT = regex(r"(?:[\w.${}-]{1,80}/){0,8}([\w.-]{1,80})\.(?:py|sh)")


def deploys_by_name(words: tuple[str, ...]) -> bool:
    """Whether a command starts a script, or a target of make or npm, that is called after a deployment."""
    tool = program(words[0])
    named = [w for w in words[1:] if not w.startswith("-") and "=" not in w]
    if tool in _RUNNERS:
        candidates = [w for w in named if w != "run"][:3]
    elif tool in _INTERPRETERS:
        candidates = [
            program(w) for w in named[:1] if w.endswith((".sh", ".py", ".rb", ".js")) or "deploy" in program(w)
        ]
    else:
        candidates = [tool] if "/" in words[0] or tool.endswith((".sh", ".py")) else []
    return any(_DEPLOYS.search(c) and not _is_round_it(c) for c in candidates)


def _is_round_it(name: str) -> bool:
    return any(_ROUND_IT.fullmatch(part) for part in _PARTS.findall(name))


def names_deployment(name: str) -> bool:
    """Whether an action that no table knows is called after what it deploys: ``acme/deploy-to-nomad``."""
    last = name.rpartition("/")[2]
    return bool(_DEPLOYS.search(last)) and not _is_round_it(last)


def own_script(run: CiRun) -> tuple[str, Place] | None:
    """The script that a step called after the deployment runs, in a job that names its environment."""
    if not (_STEP.match(run.step.name) and run.job.environment):
        return None
    for command in run.step.commands:
        for word in command.words[:6]:
            if (named := _SCRIPT.fullmatch(word)) is not None and not _is_round_it(named[1]):
                return named[1], Place(run.step.path, command.start, command.end)
    return None


def built_for_tests(runs: Iterable[CiRun], run: CiRun) -> bool:
    """Whether an image is pushed for later runs of the tests: its job built it of their folder, or by a file that is
    named for them."""
    image = run.words[-1]
    built = (r.words for r in runs if r.job == run.job and r.words[1:2] == ("build",) and image in r.words)
    return any(_OF_TESTS.search(source) for words in built for source in _sources(words))


def _sources(words: tuple[str, ...]) -> list[str]:
    """What an image is built of: its folder, and the file that a build is told."""
    return [words[-1], *(b for a, b in pairwise(words) if a in ("-f", "--file"))]
