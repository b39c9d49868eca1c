"""Facts about application servers and background tasks."""

from __future__ import annotations

import pytest

from evidence.testkit import Case, project_of


@pytest.mark.parametrize(
    ("command", "settings", "worker", "derived"),
    [
        ("gunicorn app:app", (), "", False),
        ("gunicorn -w4 -k gevent app:app", ("worker class", "workers"), "gevent", False),
        ("gunicorn --workers=$WORKERS --timeout 30 app:app", ("timeout", "workers"), "", True),
        ("uwsgi --http :80 --harakiri 30 --lazy-apps", ("preload", "timeout"), "", False),
    ],
)
def test_options_are_told_by_what_they_set(command: str, settings: tuple[str, ...], worker: str, derived: bool) -> None:
    """A start command says which kinds of setting it gives, its worker class, and whether a value is derived."""
    (server,) = project_of(Case("x", {"Procfile": f"web: {command}\n"}, (), ())).servers
    assert (server.settings, server.worker, server.derived) == (settings, worker, derived)


def test_installing_a_server_starts_none() -> None:
    """A script that installs gunicorn does not start it."""
    assert project_of(Case("x", {"setup.sh": "pip install gunicorn\n"}, (), ())).servers == ()


def test_a_configuration_nobody_names_is_not_used() -> None:
    """A configuration file is used only where a command names it."""
    files = {"gunicorn_config.py": "workers = 2\n", "Procfile": "web: gunicorn app:app\n"}
    config = next(s for s in project_of(Case("x", files, (), ())).servers if s.part == "config")
    assert not config.used


def test_functions_handed_to_a_queue_are_tasks() -> None:
    """A function whose dotted name is enqueued as text is a task, though nothing decorates it."""
    app = "import rq\n\nqueue = rq.Queue('mail')\nqueue.enqueue('jobs.' + 'send', 1)\n"
    tasks = project_of(Case("x", {"app.py": app, "jobs.py": "def send(x):\n    return x\n"}, (), ())).tasks
    assert tasks.names == {"send"}
    assert [u.start for u in tasks.sent] == [4]


def test_tasks_of_other_tools_are_none() -> None:
    """Decorators called task of tools that run no queue define no background task."""
    files = {"tasks.py": "from invoke import task\n\n\n@task\ndef build(c):\n    c.run('x')\n"}
    assert project_of(Case("x", files, (), ())).tasks.functions == ()
