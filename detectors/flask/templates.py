"""Jinja templates with inheritance: pages that share a layout, and escape what they are given.

**What it sees.** Templates that extend others and fill blocks; macros, includes and imports; custom filters and context
processors; how often escaping is switched off; tests that request a rendered page, or a template linter that CI runs.

**Why it matters.** Shared layouts keep pages alike; automatic escaping keeps visitors' text from becoming code.

**What it cannot tell.** Whether a value marked safe really is.
"""

from __future__ import annotations

from evidence.api import Call, Observations, Project, Role, Signal, Site, Sites, Template, plural, regex

_SHARING = frozenset({"macro", "include", "import", "from", "call"})
_REGISTERED = (
    "template_filter", "app_template_filter", "add_template_filter", "context_processor", "app_context_processor",
    "template_global", "app_template_global", "template_test", "add_template_global",
)  # fmt: skip
_RENDERING = ("render_template", "render_template_string", "get_template")
_SAMPLES = regex(r"(?:^|[/_.-])(?:samples?|examples?)/")
# Filters, tests and globals of an application's Jinja environment, or of one that a project makes itself.
_ENVIRONMENT = regex(r"(?:jinja2?_env|jinja_environment|(?:^|\.)env)\.(filters|globals|tests)(?:\[|\.update$)")
# What a test refers to that looks into the page it receives, by the last part of the name.
_LOOKING = frozenset({
    "data", "get_data", "text", "html", "unicode_body", "mustcontain", "assertIn", "assert_in", "assertContains",
    "assert_template_used", "assertTemplateUsed", "get_context_variable", "BeautifulSoup", "soup", "find", "select",
})  # fmt: skip
_LINTERS = ("djlint", "curlylint", "j2lint", "jinjalint", "djhtml")


def _escapes(sites: Sites) -> bool:
    """Escaping is the norm: fewer than half of the templates switch it off somewhere."""
    return 2 * len({s.path for s in sites.of("unsafe")}) < max(1, len(sites.subjects("template")))


def _statement(sites: Sites) -> str:
    extending = len({s.path for s in sites.of("extends")})
    total = len(sites.subjects("template"))
    shares = [
        w
        for w, c in (("macros", "macro"), ("includes", "include"), ("filters or processors", "registered"))
        if sites.of(c)
    ]
    tail = f"; they share {', '.join(shares)}" if shares else ""
    tested = "; tests request rendered pages" if sites.of("tested") else ""
    extend = "extends" if extending == 1 else "extend"
    return f"{extending} of {plural(total, 'template')} {extend} another{tail}{tested}."


TEMPLATES = Signal(
    id="flask.template_structure",
    title="Jinja templates with inheritance and safe escaping",
    competency="templating",
    seeds=("C1.3",),
    counts="Templates extend a layout, and share macros, includes, custom filters or context processors.",
    strong="Tests request rendered pages, or CI lints the templates.",
    not_credited="Templates that switch escaping off as the norm; templates for generating projects or e-mail alone.",
    how_to_show=(
        "Keep one base layout, move repeated markup into macros or includes, and assert a piece of a rendered "
        "page in a test."
    ),
    clauses=("extends", "include", "macro", "registered", "tested", "linted", "unsafe", "template"),
    defining=("extends", "macro", "include", "registered"),
    uncited=("unsafe", "template"),
    applies="flask",
    trace=lambda sites: bool(sites.of("extends")),
    practised=lambda sites: (
        bool(sites.of("extends")) and bool(sites.of("macro", "include", "registered")) and _escapes(sites)
    ),
    sustained=lambda sites: bool(sites.of("tested", "linted")),
    measures=lambda sites: {
        "templates": len(sites.subjects("template")),
        "extending": len({s.path for s in sites.of("extends")}),
        "macros": sites.count("macro"),
        "includes": sites.count("include"),
    },
    statement=_statement,
)
SIGNALS = (TEMPLATES,)


def detect(project: Project) -> Observations:
    """What templates share, what code registers for them, and tests that see them rendered."""
    folders = _folders(project)
    templates = [
        (p, t)
        for p, t in project.templates.items()
        if project.role(p) is Role.APP and any(_holds(folder, folders) for folder in p.lower().split("/")[:-1])
    ]
    # what is laid out as a sample for those who install it is shown by nobody who has pages of his own
    templates = [(p, t) for p, t in templates if not _SAMPLES.search(p)] or templates
    if not templates or not any(_renders(c) for f in project.app for c in f.module.calls):
        return
    for path, template in templates:
        yield from _template(path, template)
    if not any(t.word == "extends" for _, template in templates for t in template.tags):
        return
    for callback in project.web.callbacks(*_REGISTERED):
        path, start, end = callback.file.path, callback.start, callback.end
        if project.reach.live(path, callback.scope):
            yield TEMPLATES, Site(path=path, start=start, end=end, clause="registered", subject=callback.method)
    yield from _put_into_the_environment(project)
    yield from _tested(project)
    for run in project.ci_runs:
        if run.tool in _LINTERS and run.effective:
            yield (
                TEMPLATES,
                Site(path=run.place.path, start=run.place.start, end=run.place.end, clause="linted", subject=run.tool),
            )


def _put_into_the_environment(project: Project) -> Observations:
    """``app.jinja_env.filters["money"] = money``, and updates of several at once."""
    for file in project.app:
        puts = [(a.target, a.start, a.end, a.scope) for a in file.module.assigns]
        puts += [(c.target or c.name, c.start, c.end, c.scope) for c in file.module.calls]
        for name, start, end, scope in puts:
            match = _ENVIRONMENT.search(name)
            if match and project.reach.live(file.path, scope):
                yield TEMPLATES, Site(path=file.path, start=start, end=end, clause="registered", subject=match[1])


def _holds(folder: str, named: set[str]) -> bool:
    """Whether a folder holds templates: by its name, or, where code works out the name, by how it ends."""
    return folder in named or ("" in named and folder.endswith("_templates"))


def _folders(project: Project) -> set[str]:
    """Names of the folders that hold templates: Flask's own, and those that applications and blueprints name;
    "" for one whose name is worked out."""
    makers = [*(a.call for a in project.web.apps), *(b.call for b in project.web.blueprints)]
    named = (c.expr.kwarg("template_folder") for c in makers)
    given = [n for n in named if n is not None]
    known = {n.text.lower().strip("./").rpartition("/")[2] for n in given if n.kind == "str" and n.text}
    return {"templates", "template"} | known | ({""} if len(known) < len(given) else set())


def _renders(call: Call) -> bool:
    """Whether a call renders a template: Flask's functions, or a view's own method given a page."""
    if call.name.endswith(_RENDERING):
        return True
    args = call.expr.args if call.name.endswith(".render") else ()
    return bool(args) and args[0].text.endswith((".html", ".jinja2", ".j2"))


def _template(path: str, template: Template) -> Observations:
    yield TEMPLATES, Site(path=path, clause="template", subject=path)
    for tag in template.tags:
        if tag.word == "extends":
            yield TEMPLATES, Site(path=path, start=tag.line, end=tag.line, clause="extends", subject=path)
        elif tag.word in _SHARING:
            clause = "include" if tag.word == "include" else "macro"
            yield TEMPLATES, Site(path=path, start=tag.line, end=tag.line, clause=clause, subject=path)
        if "safe" in tag.filters or (tag.word == "autoescape" and "false" in tag.names):
            yield TEMPLATES, Site(path=path, start=tag.line, end=tag.line, clause="unsafe", subject=path)


def _tested(project: Project) -> Observations:
    """Requests of tests that are answered by a view which renders a template: of tests that look into what they
    receive, where there are any, else of those that only check that a page comes."""
    found: dict[bool, list[Site]] = {True: [], False: []}
    for request, route in project.web.exercised:
        if route.handler is None:
            continue
        handler = route.handler_file
        scope = handler.scopes.get(route.handler.qualname, 0)
        file, call = request.file, request.call
        test = file.function_of(call.scope)
        if test is not None and test.asserts and any(_renders(c) for c in handler.calls_in(scope)):
            looks = any(r.rpartition(".")[2].partition("(")[0] in _LOOKING for r in file.module.refs[call.scope])
            site = Site(path=file.path, start=call.start, end=call.end, clause="tested", subject=file.path)
            found[looks].append(site)
    yield from ((TEMPLATES, site) for site in found[True] or found[False])
