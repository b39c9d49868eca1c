"""What code does about failures, how it logs them, and what switches its features."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.testkit import Case, project_of


def _project(files: dict[str, str]) -> Project:
    return project_of(Case("Failures", files, (), ()))


def _kinds(code: str) -> list[str]:
    return [u.kind for u in _project({"app.py": code}).faults.uses]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import requests\nrequests.get('x', timeout=3)\n", ["call_timeout"]),
        ("import requests\nrequests.get('x', timeout=None)\n", []),
        ("import httpx\nhttpx.Client(timeout=3)\n", ["timeout"]),
        (
            "from sqlalchemy import create_engine\ncreate_engine('x', connect_args={'connect_timeout': 3})\n",
            ["timeout"],
        ),
        ("OPTIONS = {'pool_timeout': 3}\n", ["options"]),
        ("class Meta:\n    read_timeout_seconds = 3\nMeta()\n", ["options"]),
        ("class Meta:\n    session_lifetime = 3\nMeta()\n", []),
        ("db.execute('SET statement_timeout = 3000')\n", ["timeout"]),
        ("cache.get('x', timeout=3)\n", []),
        ("thread.join(timeout=3)\n", []),
        ("queue.enqueue(print, timeout=3)\n", []),
        ("from tenacity import retry\n@retry\ndef f():\n    pass\n", []),
        ("from tenacity import retry\n@retry()\ndef f():\n    pass\n", ["retry"]),
        ("import boto3\nboto3.client('s3', config=Config(retries={'max_attempts': 3}))\n", ["retry"]),
        ("@celery.task(max_retries=3)\ndef f():\n    self.retry(max_retries=2)\n", []),
        ("from circuitbreaker import circuit\n@circuit(failure_threshold=3)\ndef f():\n    pass\n", ["breaker"]),
        ("class CircuitBreakerOpen(Exception):\n    pass\nraise CircuitBreakerOpen()\n", []),
    ],
)
def test_bounds_of_calls_are_told_apart(code: str, found: list[str]) -> None:
    """Timeouts and retries of calls that leave the process count; those of caches, threads and queues do not."""
    assert _kinds(code) == found


_CALL = (
    "import time\nimport requests\n\n\ndef fetch():\n    {loop}:\n        try:\n            return requests.get('x')\n"
)


@pytest.mark.parametrize(
    ("loop", "handler", "found"),
    [
        ("for attempt in range(3)", "time.sleep(1)", ["retry"]),
        ("for n in range(3)", "time.sleep(1)", ["retry"]),
        ("for n in range(3)", "pass", []),
        ("for intento in range(3)", "pass", ["retry"]),
        ("for url in ['a', 'b']", "time.sleep(1)", []),
    ],
)
def test_a_loop_that_tries_again_is_a_retry(loop: str, handler: str, found: list[str]) -> None:
    """Attempts that are counted, with a wait or a name that says so; looping over things is something else."""
    code = _CALL.format(loop=loop) + f"        except OSError:\n            {handler}\n\n\nfetch()\n"
    assert _kinds(code) == found


def test_a_job_that_is_gone_is_no_fallback() -> None:
    """Going on without a cache is a fallback; asking a queue for a job that expired is not."""
    code = "{0}from redis.exceptions import RedisError\ntry:\n    x()\nexcept RedisError:\n    y = 1\n"
    assert _kinds(code.format("")) == ["fallback"]
    assert _kinds(code.format("import rq\n")) == []


_LOGS = "import logging\n{0}\nlogging.getLogger().addFilter(F())\n"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from pythonjsonlogger import jsonlogger\njsonlogger.JsonFormatter()\n", ["structured"]),
        ("import pythonjsonlogger\n", []),
        ("FORMATTERS = {'()': 'pythonjsonlogger.json.JsonFormatter'}\n", ["structured"]),
        ("from loguru import logger\nlogger.add('x', serialize=True)\n", ["structured"]),
        ("from loguru import logger\nlogger.add('x', serialize=False)\n", []),
        (
            _LOGS.format("class F(logging.Filter):\n    def filter(self, record):\n        record.who = 1\n"),
            ["context"],
        ),
        (_LOGS.format("class F(logging.Filter):\n    def filter(self, record):\n        record.msg = 1\n"), []),
        ("import structlog\nstructlog.contextvars.bind_contextvars(a=1)\n", ["context"]),
        ("import logging.config\nlogging.config.dictConfig({})\n", ["configured"]),
        ("import logging\nlogging.basicConfig()\n", []),
        ("import requests\nrequests.get('x', headers={'X-Request-ID': '1'})\n", ["passed_on"]),
        ("response.headers['X-Request-ID'] = '1'\n", []),
        ("log.info('x', extra={'a': 1})\n", ["fields"]),
    ],
)
def test_log_lines_are_told_by_what_shapes_them(code: str, found: list[str]) -> None:
    """A form for machines, fields on records and ids handed on are known; imports and answers to the client are not."""
    assert [u.kind for u in _project({"app.py": code}).log_setup.uses] == found


_READ = "def f():\n    if config.{0}:\n        return 1\n\n\nf()\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("FEATURE_NEW", ["declared"]),
        ("NEW_PAGE_FLAG", ["declared"]),
        ("ENABLE_GIFTS", ["switch"]),
        ("GIFTS_ENABLED", ["switch"]),
        ("WTF_CSRF_ENABLED", []),
        ("NEW_RELIC_ENABLED", []),
        ("FEATURE_POLICY", []),
        ("DEBUG", []),
        ("PAGE_SIZE", []),
    ],
)
def test_settings_are_flags_by_their_words(name: str, found: list[str]) -> None:
    """A setting is a flag when its name says feature or on and off, and is not a library's."""
    files = {"config.py": f"{name} = True\n", "app.py": "import config\n\n\n" + _READ.format(name)}
    assert [u.kind for u in _project(files).feature_flags.uses if u.kind != "read"] == found


def test_a_flag_that_nothing_reads_is_none() -> None:
    """Declaring a flag switches nothing."""
    files = {"config.py": "FEATURE_NEW = True\n", "app.py": "import config\n"}
    assert _project(files).feature_flags.uses == ()


@pytest.mark.parametrize(
    ("test", "both"),
    [
        ("@pytest.mark.parametrize('on', [True, False])\n"
         "def test(on):\n    put('FEATURE_NEW', on)\n    assert f()\n", True),
        ("def test_on():\n    put('FEATURE_NEW', True)\n    assert f()\n", False),
        ("def test_on():\n    put(FEATURE_NEW=True)\n    assert f()\n\n\n"
         "def test_off():\n    put(FEATURE_NEW=False)\n    assert f()\n", True),
        ("def test_on():\n    put(FEATURE_NEW=True)\n\n\ndef test_off():\n    put(FEATURE_NEW=False)\n", False),
    ],
)  # fmt: skip
def test_both_ways_needs_checks_on_and_off(test: str, both: bool) -> None:
    """A flag is tried both ways when tests that check something set it on and off, in one test or two."""
    files = {
        "config.py": "FEATURE_NEW = True\n",
        "app.py": "import config\n\n\n" + _READ.format("FEATURE_NEW"),
        "tests/test_app.py": "import pytest\nfrom app import f\n\n\n" + test,
    }
    assert ("both_ways" in {u.kind for u in _project(files).feature_flags.uses}) is both
