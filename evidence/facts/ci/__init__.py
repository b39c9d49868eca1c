"""CI, whatever the system: :func:`pipelines` reads the configurations, :func:`ci_runs` follows their commands to the
tools.

Offered: the records of ``records``, these two functions, :func:`put_to_work` and
:func:`built_for_tests`.
"""

from __future__ import annotations

from evidence.facts.ci import (
    azure,
    circleci,
    containers,
    github,
    gitlab,
    jenkins,
    precommit,
    scripted,
    taskcluster,
    tekton,
    travis,
    zuul,
)
from evidence.facts.ci.deploy_names import built_for_tests
from evidence.facts.ci.records import (
    Action,
    CiInputs,
    CiRun,
    Job,
    Permissions,
    Pipeline,
    Place,
    Resolved,
    Service,
    Step,
)
from evidence.facts.ci.restarts import put_to_work
from evidence.facts.ci.running import ci_runs

_SYSTEMS = (
    github, gitlab, circleci, travis, azure, containers, scripted, jenkins, precommit, taskcluster, tekton, zuul,
)  # fmt: skip


def pipelines(inputs: CiInputs) -> tuple[Pipeline, ...]:
    """Every pipeline that some CI system would run for this repository, by path."""
    found = [pipeline for system in _SYSTEMS for pipeline in system.pipelines(inputs)]
    return tuple(sorted(found, key=lambda p: (p.path, p.trigger_place)))


__all__ = [
    "Action",
    "CiInputs",
    "CiRun",
    "Job",
    "Permissions",
    "Pipeline",
    "Place",
    "Resolved",
    "Service",
    "Step",
    "built_for_tests",
    "ci_runs",
    "pipelines",
    "put_to_work",
]
