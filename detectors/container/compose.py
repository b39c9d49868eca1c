"""Local stack with real services: one command starts the application with its database, cache or broker.

**What it sees.** Compose files that build or mount the application and start a backing service with it, health checks,
start conditions and profiles in them, dev containers that use them, Skaffold and Tilt files with the manifests and
charts that they start, and CI steps that run any of these.

**Why it matters.** A newcomer who can start everything with one command changes code on the first day, and tests meet
the real database instead of a stand-in.

**What it cannot tell.** Whether the stack still starts.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, plural

# Ways to start something locally of which no more can be said here.
_LEADS = ("devcontainer.json", "Tiltfile", "skaffold.yaml", "Vagrantfile")


def _whole(sites: Sites) -> set[str]:
    return sites.subjects("app") & sites.subjects("backing")


def _statement(sites: Sites) -> str:
    whole = _whole(sites)
    if not whole:
        return "A container starts the application, or services beside it, but not both together."
    services = sum(s.subject in whole for s in sites.of("backing"))
    care = "; health checks, start conditions or profiles tend them" if sites.of("care").about(whole) else ""
    used = "; CI uses the stack" if sites.of("used_by_ci") else ""
    return f"One command starts the application with {plural(services, 'backing service')}{care}{used}."


COMPOSE = Signal(
    id="container.compose",
    title="Local stack with real services",
    competency="containers",
    seeds=("C6.1", "S8.3"),
    counts="A compose file, a dev container that uses one, Skaffold or Tilt starts the application with its database, "
    "cache or broker.",
    strong="Health checks, start conditions or profiles tend the services, or CI uses the stack.",
    not_credited="The application alone in a container; a stack kept in another repository.",
    how_to_show="Add a compose.yaml that builds the application and starts its database with a health check to wait "
    "for.",
    clauses=("app", "backing", "care", "used_by_ci", "lead"),
    leads=("lead",),
    defining=("app", "backing"),
    practised=lambda sites: bool(_whole(sites)),
    sustained=lambda sites: bool(sites.of("used_by_ci")) or bool(sites.of("care").about(_whole(sites))),
    measures=lambda sites: {"services": sum(s.subject in _whole(sites) for s in sites.of("backing"))},
    statement=_statement,
)
SIGNALS = (COMPOSE,)


def detect(project: Project) -> Observations:
    """Stacks by the folder they stand in (files of one folder are used together), leads, and CI steps that start
    one."""
    found = False
    for stack in project.stacks:
        found = True
        folder = stack.group or stack.path.rpartition("/")[0]
        for clause, lines in (("app", stack.app), ("backing", stack.backing), ("care", stack.care)):
            for line in lines:
                yield COMPOSE, Site(path=stack.path, start=line, end=line, clause=clause, subject=folder)
        yield (
            COMPOSE,
            Site(
                path=stack.path, start=stack.start, end=min(stack.end, stack.start + 39), clause="lead", subject=folder
            ),
        )
    for path in sorted(p for p in project.paths if p.endswith(_LEADS)):
        yield COMPOSE, Site(path=path, clause="lead", subject=path.rpartition("/")[0])
    if found:
        for path, start, end in project.ci_compose:
            yield COMPOSE, Site(path=path, start=start, end=end, clause="used_by_ci", subject="ci")
