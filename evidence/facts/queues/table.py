"""The table of queue libraries: their packages, what defines, sends and schedules a task, and what starts a worker.

Names come from the documents of Celery, RQ, Dramatiq, Huey, Taskiq, Procrastinate and the cloud queues.
"""

from __future__ import annotations

from evidence.patterns import regex

PACKAGES = (
    "celery", "rq", "dramatiq", "huey", "flask_rq2", "flask_rq", "rq_scheduler", "taskiq", "procrastinate", "arq",
    "spinach",
    "flask_dramatiq", "flask_celeryext", "flask_celery", "flask_celery_helper", "django_rq", "kombu",
    "flask_redis_queue", "saq", "remoulade",
)  # fmt: skip
TASK_CLASSES = frozenset({"celery.Task", "celery.task.Task", "celery.app.task.Task", "celery.task.base.Task"})
DEFINES = frozenset(
    {"task", "shared_task", "actor", "job", "periodic_task", "db_task", "lock_task", "on_queue", "scheduled_job"}
)
SENDS = frozenset({
    "delay", "apply_async", "enqueue", "enqueue_call", "enqueue_at", "enqueue_in", "enqueue_many", "send_task",
    "send_with_options",
    "enqueue_job", "kiq", "defer", "defer_async", "schedule", "queue", "s", "si", "signature", "enqueue_task", "apply",
})  # fmt: skip
OBJECTS = regex(
    r"(?:^|\.)(?:Celery|FlaskCeleryExt|RQ|Queue|Huey|RedisHuey|SqliteHuey|RedisExpireHuey|PriorityRedisHuey|RedisBroker|RabbitmqBroker|Dramatiq|Broker|SQSBroker)$"
)
WORKERS = regex(
    r"\bcelery\b.{0,400}(?<![.:])(?:worker|multi)\b(?!\.(?!sh\b)\w|:\w)|\brq(?:\s|\b.{0,80}\s)worker|\brqworker\b|\bdramatiq(?:-gevent)?\s|\bhuey_consumer|\barq\s"
    r"|\bflask\s+(?:rq|celery)\s+worker|\btaskiq\s+worker|\bprocrastinate\b.{0,80}\bworker"
)
BEATS = regex(r"\bcelery\b.{0,300}\b(?:beat|-B)\b|\brqscheduler\b|\bcelerybeat\b|\brq\b.{0,40}\bscheduler\b")
# What orders services about that are defined elsewhere: their names may be those of workers.
_ORDERS = regex(
    r"\b(?:docker[- ]compose|podman[- ]compose|supervisorctl|systemctl)\b"
    r"(?:\s{1,4}-[^\s|;&]{1,80}(?:\s[^-\s|;&]\S{0,80})?){0,6}"
    r"\s{1,4}(?:stop|start|restart|up|down|rm|logs|kill|pull|push|build|ps|status|scale)\b[^|;&]{0,400}"
)
# What a script says of itself: printed, or a quoted text that spans words.
_SAID = regex(
    r"(?:^|[;&|]\s{0,4})(?:echo|printf)\s[^;&|]{0,400}|^\s{0,8}(?:\"[^\"$]{0,80}\s[^\"]{0,400}|'[^'$]{0,80}\s[^']{0,400})"
)
SCHEDULES = regex(r"(?i)(?:^|[\[._])(?:celery_?)?beat_schedule\]?$")
SCHEDULERS = (
    "celery.schedules.crontab",
    "rq_scheduler.Scheduler",
    "huey.crontab",
    "periodiq.cron",
    "rq.cron",
    "flask_apscheduler",
)


def run_by(text: str) -> str:
    """What a line runs itself: without what it orders others about, and without what it says."""
    return _ORDERS.sub(" ", _SAID.sub(" ", text))
