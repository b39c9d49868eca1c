"""What a pipeline starts anew on the machine it runs on: a deployment without a tool for deployments."""

from __future__ import annotations

import re

from evidence.facts.ci.deploy_names import own_script
from evidence.facts.ci.records import CiRun, Place
from evidence.patterns import regex

_PURPOSE = regex(r"(?<![a-z])(?:re)?deploy(?:s|ment|ing)?(?![a-z])|(?<![a-z])cd(?![a-z])", re.IGNORECASE)
_OTHER_PURPOSE = regex(r"test|preview|check|docs|pages", re.IGNORECASE)
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


def put_to_work(run: CiRun) -> tuple[str, Place] | None:
    """What a step made for deployments starts anew on its machine, or which script of the team's own it runs,
    and where; None for nothing."""
    named = " ".join((run.job.name, run.job.stage, run.step.name, run.pipeline.path.rpartition("/")[2]))
    if run.dead or run.muted or not _PURPOSE.search(named) or _OTHER_PURPOSE.search(named):
        return None
    for command in run.step.commands:
        words = command.words[command.words[:1] == ("sudo",) :]
        for first, needed in _AT_WORK:
            if words[: len(first)] == first and not needed.isdisjoint(words):
                return " ".join(first), Place(run.step.path, command.start, command.end)
    return own_script(run)
