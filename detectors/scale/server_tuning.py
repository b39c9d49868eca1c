"""Application servers that are started with deliberate settings.

**What it sees.** gunicorn, uWSGI, uvicorn, waitress, hypercorn and granian in Procfiles, images, compose files,
manifests,
scripts, unit files and Python; their options, the configuration files that those commands load, variables that the
servers
read, and ``ProxyFix``; hooks, and values that come from the machine or the environment.

**Why it matters.** The defaults of a server fit nobody: one worker, thirty seconds, no recycling.

**What it cannot tell.** Whether the values are right for the load, and what a platform sets from outside.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, plural

_TUNED = ("derived", "configured", "started")
_ENOUGH = 2


def _best(sites: Sites) -> set[str]:
    """The kinds of setting of the server that has most, with those that hold for every server."""
    common = _kinds(sites.of("common"))
    groups = sites.subjects(*_TUNED)
    return max((_kinds(sites.of(*_TUNED).about({g})) | common for g in sorted(groups)), key=len, default=set())


def _kinds(sites: Sites) -> set[str]:
    return {k for s in sites for k in str(s.value or "").split(",") if k}


def _statement(sites: Sites) -> str:
    best = sorted(_best(sites))
    if len(best) >= _ENOUGH:
        why = " Values come from the environment or are explained." if sites.has("derived") else ""
        hooks = f" {plural(sites.count('hook'), 'server hook')} in use." if sites.has("hook") else ""
        return (
            f"The application server is started with"
            f" {plural(len(best), 'deliberate setting')} ({', '.join(best)}).{why}{hooks}"
        )
    if not sites.count(*_TUNED, "unloaded"):
        return "Proxy headers are taken or a variable is set, and no start of a server has settings."
    if best:
        return f"The application server is started with one deliberate setting ({best[0]})."
    return "Server settings are written down, but no command in the repository loads them."


SERVER_TUNING = Signal(
    id="scale.server_tuning",
    title="Application server configured",
    competency="server-tuning",
    seeds=("S4.2", "C6.3"),
    counts="A server is started with two or more deliberate settings: workers, threads, worker class, timeouts,"
    " keep-alive,"
    " preloading, recycling, graceful shutdown, proxy headers.",
    strong="Values come from the machine or the environment, comments explain them, or server hooks are used.",
    not_credited="A bare start of the server; Flask's own server; a configuration file that no command loads.",
    how_to_show="Commit the server's configuration with the command that loads it, and say in it why each value is"
    " what it is.",
    clauses=("derived", "configured", "started", "hook", "common", "unloaded"),
    leads=("unloaded", "common"),
    defining=("derived", "configured", "started", "hook", "unloaded"),
    practised=lambda sites: len(_best(sites)) >= _ENOUGH,
    sustained=lambda sites: sites.count("derived", "hook") > 0,
    trace=lambda sites: sites.count(*_TUNED, "unloaded", "common") > 0,
    measures=lambda sites: {"settings": len(_best(sites))},
    statement=_statement,
)
SIGNALS = (SERVER_TUNING,)


def detect(project: Project) -> Observations:
    """Commands and configuration files that set something, hooks, and settings that hold for every server."""
    written = any(i.settings and i.used and i.part in ("start", "config") for i in project.servers)
    for item in project.servers:
        clause = {"start": "started", "config": "configured", "hook": "hook"}.get(item.part, "common")
        if not item.settings and clause != "hook":
            continue
        group = item.group
        if item.part == "variable" and not written:
            # a bare start that takes every setting from variables which the repository sets
            clause, group = "started", "variables"
        if item.derived and clause != "common":
            clause = "derived"
        if not item.used:
            clause = "unloaded"
        value = ",".join(item.settings)
        yield (
            SERVER_TUNING,
            Site(path=item.path, start=item.start, end=item.end, clause=clause, subject=group, value=value),
        )
