"""Places that are left out beside better ones: a second-best citation misleads the reader that it is meant for."""

from __future__ import annotations

from types import ModuleType

from detectors.obs import structured_logging
from detectors.scale import idempotency, task_reliability
from evidence.testkit import Case, project_of

_TASKS = """from celery import Celery

celery = Celery("shop", broker="redis://redis")


@celery.task({options})
def report(order):
    return order
"""
_VIEWS = """from flask import Flask
from shop.tasks import report

app = Flask(__name__)


@app.post("/reports")
def reports():
    report.apply_async((1,), queue="slow")
    return "", 202
"""
_LOGGING = """from flask import Flask
import json_logging
from audit import configure_audit_log

app = Flask(__name__)
json_logging.init_flask(enable_json={json})
json_logging.init_request_instrument(app)
configure_audit_log(app)
"""
_AUDIT = """import logging


def configure_audit_log(app):
    handler = logging.FileHandler("audit.log")
    handler.setFormatter(logging.Formatter("%(asctime)s: %(message)s"))
    app.logger.addHandler(handler)
"""


def _places(detector: ModuleType, clause: str, files: dict[str, str]) -> set[str]:
    project = project_of(Case("A shop", files, (), ()))
    return {site.path for _, site in detector.detect(project) if site.clause == clause}


def test_a_queue_named_again_where_a_task_is_sent_is_left_out() -> None:
    """The call that names a queue is a place of its own only where no task names one itself."""
    named = {"shop/tasks.py": _TASKS.format(options='queue="slow"'), "shop/views.py": _VIEWS}
    unnamed = {"shop/tasks.py": _TASKS.format(options=""), "shop/views.py": _VIEWS}
    assert _places(task_reliability, "routing", named) == {"shop/tasks.py"}
    assert _places(task_reliability, "routing", unnamed) == {"shop/views.py"}


def test_a_plain_format_of_another_log_is_left_out() -> None:
    """A file that formats a log plainly is shown where no other file gives logs a structure."""
    structured = {"app.py": _LOGGING.format(json=True), "audit.py": _AUDIT}
    plain = {"app.py": "from audit import configure_audit_log\nconfigure_audit_log(None)\n", "audit.py": _AUDIT}
    assert _places(structured_logging, "configured", structured) == set()
    assert _places(structured_logging, "configured", plain) == {"audit.py"}


def test_of_tests_that_say_the_word_those_named_for_the_guard_are_kept() -> None:
    """A test of something else that is idempotent too is left out beside the tests of the guard."""
    guard = (
        "from flask import Flask, request\nfrom shop.stores import redis_client\n\napp = Flask(__name__)\n\n\n"
        "@app.before_request\ndef check_idempotency():\n"
        '    return redis_client.get(request.headers.get("Idempotency-Key"))\n'
    )
    test = "from shop.guard import app\n\n\ndef test_idempotency():\n    assert app.name == 'shop'\n"
    files = {"shop/guard.py": guard, "tests/test_cleanup.py": test}
    assert _places(idempotency, "repeated", files) == {"tests/test_cleanup.py"}
    assert _places(idempotency, "repeated", {**files, "tests/test_guard.py": test}) == {"tests/test_guard.py"}
