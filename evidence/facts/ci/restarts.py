"""What a pipeline starts anew on the machine it runs on: a deployment without a tool for deployments."""

from __future__ import annotations

import re

from evidence.facts.ci.records import CiRun, Place

_PURPOSE = re.compile(r"(?<![a-z])(?:re)?deploy(?:s|ment|ing)?(?![a-z])|(?<![a-z])cd(?![a-z])", re.IGNORECASE)
_OTHER_PURPOSE = re.compile(r"test|preview|check|docs|pages", re.IGNORECASE)
#: Commands that put a new version to work on the machine they run on, by their first words and one that must follow.
_AT_WORK = (
    (("docker", "compose"), frozenset({"-d", "--detach"})),
    (("docker-compose",), frozenset({"-d", "--detach"})),
    (("docker", "run"), frozenset({"-d", "--detach"})),
    (("systemctl",), frozenset({"restart", "reload", "reload-or-restart"})),
    (("service",), frozenset({"restart", "reload"})),
    (("supervisorctl",), frozenset({"restart", "reload", "update"})),
    (("pm2",), frozenset({"restart", "reload", "startOrReload", "startOrRestart"})),
)


# "Deploy to ECS": what such a step runs of the repository's own scripts is how this team deploys.
_STEP = re.compile(r"\W{0,6}(?:re)?deploy(?:ing)?\b", re.IGNORECASE)
_SCRIPT = re.compile(r"(?:[\w.${}-]{1,80}/){0,8}([\w.-]{1,80})\.(?:py|sh)")
_ASIDE = re.compile(r"test|check|verif|notif|slack|smoke|wait|setup|install|version|log", re.IGNORECASE)


def _own_script(run: CiRun) -> tuple[str, Place] | None:
    """The script that a step called after the deployment runs, in a job that names its environment."""
    if not (_STEP.match(run.step.name) and run.job.environment):
        return None
    for command in run.step.commands:
        for word in command.words[:6]:
            if (named := _SCRIPT.fullmatch(word)) is not None and not _ASIDE.search(named[1]):
                return named[1], Place(run.step.path, command.start, command.end)
    return None


def put_to_work(run: CiRun) -> tuple[str, Place] | None:
    """What a step made for deployments starts anew on the machine it runs on, and where; None for nothing."""
    named = " ".join((run.job.name, run.job.stage, run.step.name, run.pipeline.path.rpartition("/")[2]))
    if run.dead or run.muted or not _PURPOSE.search(named) or _OTHER_PURPOSE.search(named):
        return None
    for command in run.step.commands:
        words = command.words[command.words[:1] == ("sudo",) :]
        for first, needed in _AT_WORK:
            if words[: len(first)] == first and not needed.isdisjoint(words):
                return " ".join(first), Place(run.step.path, command.start, command.end)
    return _own_script(run)
