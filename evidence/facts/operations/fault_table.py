"""Names by which timeouts, retries, circuit breakers and failures are told, from the documents of the libraries."""

from __future__ import annotations

import re

from evidence.patterns import regex

# Keywords whose meaning is clear whatever is called, by the documents of Redis, boto, SQLAlchemy's drivers, PynamoDB...
CLEAR = regex(
    r"(?:\w{1,30}_)?(?:connect|connection|read|write|request|socket|socket_connect|pool|statement|command|http"
    r"|query|tcp_user|server_selection"
    r"|sock_read|sock_connect|net_read|login|rpc|idle_in_transaction_session|api)_?timeout(?:_(?:ms|seconds|sec"
    r"|millis|s))?|(?:connect|socket)TimeoutMS",
    re.IGNORECASE,
)
PLAIN = frozenset({"timeout", "timeout_seconds", "timeout_ms"})
# What takes a plain ``timeout`` and leaves the process.
LEAVING = frozenset({
    "get", "post", "put", "patch", "delete", "head", "options", "request", "urlopen", "fetch", "Client", "AsyncClient",
    "Session", "ClientSession", "Redis", "StrictRedis", "from_url", "create_engine", "connect", "MongoClient",
    "Elasticsearch", "OpenSearch", "SMTP", "SMTP_SSL", "Timeout", "ClientTimeout", "PoolManager", "HTTPConnection",
    "HTTPSConnection", "create_connection", "Connection", "Minio", "WebClient", "OpenAI", "AsyncOpenAI", "Anthropic",
    "stream", "urlretrieve", "FTP", "send_request", "api_request", "HTTPTransport", "Limits", "Solr", "Server",
    "KazooClient", "Consul", "initialize", "open_url", "Mistral", "create_client", "build",
})  # fmt: skip
VERBS = frozenset(
    {
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "request",
        "urlopen",
        "fetch",
        "stream",
        "urlretrieve",
        "open_url",
    }
)
INSIDE = regex(
    r"cache|queue|future|result|memo|lock|event|thread|process|selenium|driver|page\.|browser", re.IGNORECASE
)
INSIDE_CALLS = frozenset(
    {
        "cached",
        "memoize",
        "enqueue",
        "enqueue_call",
        "enqueue_in",
        "job",
        "Lock",
        "lock",
        "acquire",
        "wait",
        "join",
        "result",
        "run",
    }
)
# What a client's own method hands on: a timeout put there holds for every call that names none.
HANDED_ON = regex(r"(?:\w{1,20}_)?(?:kwargs|options|kw|params)")
SENDING = frozenset(
    {"send", "request", "_request", "make_request", "get", "post", "_send", "api_request", "fetch", "call"}
)
IN_TEXT = regex(
    r"\b(?:statement_timeout|lock_timeout|connect_timeout|idle_in_transaction_session_timeout)\b\s{0,3}(?:=|TO\b)",
    re.IGNORECASE,
)
RETRIERS = (
    "tenacity.retry", "tenacity.Retrying", "tenacity.AsyncRetrying", "backoff.on_exception", "backoff.on_predicate",
    "retrying.retry", "retrying.Retrying", "retry.retry", "retry.api.retry", "retry.api.retry_call",
    "retry.retry_call", "retry_decorator", "stamina.retry", "stamina.retry_context", "opnieuw.retry",
    "urllib3.util.retry.Retry", "urllib3.util.Retry", "urllib3.Retry", "urllib3.retry.Retry",
    "requests.packages.urllib3.util.retry.Retry", "requests.packages.urllib3.util.Retry",
    "requests.packages.urllib3.Retry", "google.api_core.retry.Retry", "redis.retry.Retry", "aiohttp_retry",
    "retry2.retry", "retry_requests.retry", "httpx_retries", "polling2.poll", "requests_retry_session", "retryhttp",
    "celery.utils.functional.retry_over_time", "func_retry", "azure.core.pipeline.policies.RetryPolicy",
)  # fmt: skip
RETRY_KEYS = frozenset(
    {
        "max_retries",
        "retries",
        "max_retry_attempts",
        "num_retries",
        "retry_on_timeout",
        "retry_on_error",
        "total_retries",
        "retry_policy",
    }
)
TASKS = regex(
    r"(?:^|\.)(?:task|shared_task|retry|apply_async|send_task|delay|periodic_task|signature|actor|enqueue\w{0,10}"
    r"|update|Queue)$"
)
BREAKERS = (
    "pybreaker.CircuitBreaker",
    "circuitbreaker",
    "aiobreaker.CircuitBreaker",
    "purgatory",
    "pycircuitbreaker",
    "fluxcapacitor",
    "lasier",
)
ATTEMPTS = regex(r"retr(?:y|ies)|attempt|(?:^|_)tries|backoff|intento|tentativ|versuch|essai", re.IGNORECASE)
AGAIN = regex(
    r"(?:^|_)(?:retry|retries|retrying|retrier|reintent\w{1,4})(?:_|$)|^(?:with)?Retr(?:y|ier)", re.IGNORECASE
)
BREAKER_CLASS = regex(r"circuit_?breaker", re.IGNORECASE)
# Errors of a cache or broker: going on without it is a fallback. Errors of other services usually only become messages.
OPTIONAL = regex(
    r"(?:redis|pymemcache|pylibmc|memcache|pybreaker|circuitbreaker)\..{0,60}(?:RedisError|ConnectionError"
    r"|TimeoutError|BreakerError|MemcacheError|\.Error)"
)
# A job that cannot be fetched is an answer, not a fallback.
QUEUES = ("rq", "celery", "huey", "dramatiq")
FAULT = regex(
    r"(?:^|[._(])(?:\w{0,30}Timeout(?:Error|Exception|Expired)?|Connection(?:Refused|Reset|Aborted)?Error"
    r"|ConnectError|EndpointConnectionError|RedisError"
    r"|ServiceUnavailable\w{0,10}|OperationalError|RetryError|MaxRetryError|CircuitBreakerError|HTTPError"
    r"|ClientError|RequestException|TransportError|ReadError"
    r"|URLError|NetworkError|BrokenPipeError|socket\.error|BotoCoreError|DatabaseError|DisconnectionError"
    r"|NewConnectionError|UnreachableError)(?:\(|$)"
)
FAULT_TEXT = regex(r"connect|time(?:d )?out|unavailable|\bdown\b|refused|unreachable|network", re.IGNORECASE)
INJECTED = frozenset({"side_effect", "exc", "body", "exception", "raises"})
STATUS_KEYS = frozenset({"status", "status_code"})
