"""Who limits requests by counting, and which hooks are hung: told of the functions themselves."""

from __future__ import annotations

from evidence.testkit import Case, project_of

FACTORY = """
import redis
from flask import Flask, abort, request


def create_app():
    app = Flask(__name__)
    store = redis.Redis()

    @app.before_request
    def slow_down():
        if store.incr(request.remote_addr) > 100:
            abort(429)

    return app
"""
VIEWS = """
from flask import Flask, g
from flask_classful import FlaskView


class Page(FlaskView):
    def before_request(self, name):
        g.page = name


class Images(Page):
    def before_request(self, name):
        super().before_request(name)


app = Flask(__name__)
Images.register(app)
"""


def test_a_hook_inside_a_factory_is_told_itself() -> None:
    """The factory returns the application and no function of its own, so it wraps nothing."""
    files = {"shop.py": FACTORY, "wsgi.py": "from shop import create_app\n\napp = create_app()\n"}
    _, limits = project_of(Case("A shop", files, (), ())).own_limits
    assert [(limit.name, limit.wraps) for limit in limits] == [("create_app.slow_down", False)]


def test_a_call_of_the_parents_hook_hangs_nothing() -> None:
    """Two methods are hooks; the call in the second is none."""
    project = project_of(Case("Pictures", {"app.py": VIEWS}, (), ()))
    assert [hook.start for hook in project.web.callbacks("before_request")] == [7, 12]
