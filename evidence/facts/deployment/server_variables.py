"""Settings of application servers in variables that the servers read by themselves: ``WEB_CONCURRENCY``,
``GUNICORN_CMD_ARGS``, and every option of uWSGI."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.deployment.manifests import variables
from evidence.facts.deployment.server_settings import FROM_OUTSIDE, LONGEST, OPTION, Server, kinds_of
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SET = regex(r"\b\w{1,60}=")
# So many lines of comments among the variables say why.
_TOLD = 2
# uWSGI takes every option from a variable of its name too.
_UWSGI = regex(r"\bUWSGI_(\w{1,40})[= ]\s{0,2}(\S{1,100})")


def variables_read(project: Project, programs: set[str]) -> Iterator[Server]:
    """Such settings in manifests and images, where one of ``programs`` reads them."""
    if not programs & {"gunicorn", "uvicorn", "uwsgi"}:
        return
    for path, data in project.data.items():
        if role_of(path) is Role.APP:
            for root in data.roots:
                for name, value, line in variables(root):
                    yield from _variable(path, line, name, value)
    yield from _in_images(project)


def _in_images(project: Project) -> Iterator[Server]:
    for path, dockerfile in project.dockerfiles.items():
        for item in dockerfile.instructions:
            if item.word == "ENV":
                for name in ("WEB_CONCURRENCY", "GUNICORN_CMD_ARGS"):
                    if name in item.text:
                        value = item.text.partition(name)[2].strip("= ")
                        yield from _variable(path, item.start, name, value, item.end)
                options = _UWSGI.findall(item.text)
                if kinds := kinds_of(name for name, _ in options):
                    end = min(item.end, item.start + LONGEST - 1)
                    # lines of an instruction that set nothing are comments
                    silent = item.end - item.start + 1 - len(_SET.findall(item.text))
                    told = silent >= _TOLD or explained(project, path, item.start)
                    derived = told or any(FROM_OUTSIDE.search(value) for _, value in options)
                    yield Server(path, item.start, end, "uwsgi", "variable", kinds, derived)


def _variable(path: str, line: int, name: str, value: str, end: int = 0) -> Iterator[Server]:
    end = min(max(line, end), line + LONGEST - 1)
    if name == "WEB_CONCURRENCY" and value:
        yield Server(path, line, end, "gunicorn", "variable", ("workers",))
    elif name.startswith("UWSGI_") and (kinds := kinds_of(iter((name.removeprefix("UWSGI_"),)))):
        yield Server(path, line, end, "uwsgi", "variable", kinds, bool(FROM_OUTSIDE.search(value)))
    elif name == "GUNICORN_CMD_ARGS" and value:
        options = {m[1] for m in OPTION.finditer(f" {value}")}
        if kinds := kinds_of(iter(options)):
            yield Server(path, line, end, "gunicorn", "variable", kinds, bool(FROM_OUTSIDE.search(value)))


def explained(project: Project, path: str, start: int) -> bool:
    """Whether at least three lines of comments stand right above an instruction: nothing else is left out there."""
    dockerfile = project.dockerfiles.get(path)
    before = [i.end for i in dockerfile.instructions if i.end < start] if dockerfile is not None else []
    return bool(before) and start - max(before) > 3
