"""Debug mode left on (counter-evidence): the default or production path runs the application with its debugger.

**What it sees.** ``app.run(debug=True)``, ``DEBUG = True``, ``FLASK_DEBUG=1`` and development configurations that are
chosen where nothing else is; the commands, images and manifests that start the application, and whether they reach
it.

**Why it matters.** Flask's debugger runs any code that a visitor types, and its error pages show settings and source.

**What it cannot tell.** What the environment of a server sets when the start command lives outside the repository.
"""

from __future__ import annotations

from evidence.api import Observations, Polarity, Project, Signal, Site, Sites, never, plural


def _statement(sites: Sites) -> str:
    count = sites.count("on")
    if not count:
        return "Debug mode is switched on in a file that only the development server reads."
    return f"The default or production path runs in debug mode, switched on in {plural(count, 'place')}."


DEBUG_ENABLED = Signal(
    id="flask.debug_enabled",
    title="Debug mode left on",
    competency="configuration",
    seeds=("C4.2",),
    counts="app.run(debug=True), DEBUG = True or FLASK_DEBUG=1 that the default or production path reaches.",
    strong="Counter-evidence has no stronger form.",
    not_credited="Debug only in a development configuration or a compose override.",
    how_to_show="Let debug come from the environment, off when nothing is set, and start production with a WSGI "
    "server.",
    clauses=("on", "aside"),
    defining=("on", "aside"),
    applies="flask",
    polarity=Polarity.AGAINST,
    practised=lambda sites: sites.has("on"),
    sustained=never,
    measures=lambda sites: {"places": sites.count("on")},
    statement=_statement,
)
SIGNALS = (DEBUG_ENABLED,)


def detect(project: Project) -> Observations:
    """Every switch, with whether the default or production path reaches it."""
    for switch in project.debug_switches:
        if project.in_flask_part(switch.path):
            clause = "on" if switch.reached else "aside"
            yield (
                DEBUG_ENABLED,
                Site(path=switch.path, start=switch.start, end=switch.end, clause=clause, subject=switch.how),
            )
