"""Names by which structured logging is told, from the documents of the libraries."""

from __future__ import annotations

import re

from evidence.patterns import regex

# Formatters, handlers and set-up functions whose output is JSON, key=value or GELF.
STRUCTURED = regex(
    r"(?:pythonjsonlogger|python_json_logger)(?:\.\w{1,30}){0,2}\.\w{0,20}Formatter\w{0,10}|structlog\.(?:configure"
    r"|configure_once)"
    r"|structlog\.stdlib\.ProcessorFormatter|json_logging\.\w{1,40}|ecs_logging\.\w{1,40}"
    r"|logstash_formatter\.\w{1,40}|logstash_async\.formatter\.\w{1,40}"
    r"|logstash\.(?:\w{1,40}\.)?\w{0,20}(?:Handler|Formatter)\w{0,20}|google\.cloud\.logging(?:_v2)?\.(?:Client"
    r"|handlers\.\w{1,40}(?:\.\w{1,40})?)"
    r"|logmatic\.JsonFormatter|jsonformatter\.JsonFormatter|json_log_formatter\.\w{1,40}"
    r"|aws_lambda_powertools\.(?:logging\.)?Logger|structured_logging(?:\.\w{1,40}){1,3}"
    r"|graypy\.\w{1,40}|pygelf\.\w{1,40}|logging_json\.\w{1,40}|daiquiri\.formatter\.\w{0,20}J(?:SON|son)\w{1,20}"
    r"|seqlog\.\w{1,40}|logfmter\.\w{1,40}"
    r"|dockerflow\.logging\.(?:Mozlog|JsonLog)Formatter|canonicalwebteam\.\w{1,40}\.\w{0,20}J(?:SON|son)\w{1,20}"
    r"|splunk_handler\.\w{1,40}|opencensus\.ext\.azure\.log_exporter\.\w{1,40}|loguru_json\.\w{1,40}"
    r"|eliot\.\w{1,40}|flask_json_logging\.\w{1,40}"
    r"|(?:\w{1,40}\.){1,5}\w{0,30}J(?:SON|son)(?:Log)?Formatter"
)
# Calls that put ids or fields of the moment on every record.
CONTEXT = regex(
    r"structlog\.(?:contextvars|threadlocal)\.\w{1,40}|flask_log_request_id\.\w{1,40}|asgi_correlation_id\.\w{1,40}"
    r"|flask_request_id(?:_header)?\.\w{1,60}"
    r"|loguru\.logger\.(?:bind|contextualize|patch)|opentelemetry\.instrumentation\.logging\.LoggingInstrumentor"
    r"|logging\.setLogRecordFactory|flask_correlation_id\.\w{1,60}"
)
CONFIGURING = frozenset({"logging.config.dictConfig", "logging.config.fileConfig", "logging.config.dictConfigClass"})
LOG_METHODS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log"})
SERIALISERS = regex(r"(?:^|\.)(?:dumps|dump_json|to_json|jsonify|encode)$")
# Attributes that records have anyway; setting those adds nothing.
STANDARD = frozenset(
    {
        "msg",
        "message",
        "args",
        "levelname",
        "levelno",
        "name",
        "exc_info",
        "exc_text",
        "asctime",
        "stack_info",
        "pathname",
    }
)
FIELD = regex(r"(?:record|rec|log_record|logrecord|r|evt|event)\.(?:__dict__\[)?(\w{1,60})\]?$")
ID = r"(?:request|req|correlation|trace|transaction|txn)_?id"
ID_SET = regex(rf"(?:^|\.)(?:g|request|_request_ctx_stack\.top|request_ctx)\.(?:\w{{1,20}}_)?{ID}$", re.IGNORECASE)
ID_USED = regex(rf"(?:^|[._%({{\[\"' ])(?:\w{{1,20}}_)?{ID}\b", re.IGNORECASE)
ID_HEADER = regex(
    r"x[-_](?:\w{1,20}[-_])?(?:request|correlation|trace|transaction|b3)[-_]?(?:id|traceid|spanid)?|traceparent"
    r"|request-id|correlation-id",
    re.IGNORECASE,
)
ANSWERS = regex(r"(?:^|[._])(?:response|resp|res|rv|r|reply|answer)\.headers", re.IGNORECASE)
ONWARDS = frozenset({"get_onwards_request_headers"})
SENDERS = frozenset(
    {
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "request",
        "send",
        "apply_async",
        "send_task",
        "publish",
        "Request",
        "head",
        "send_message",
    }
)
WRAPPER = regex(r"(?:^|\.)(?:\w{1,40}_)?(?:log|logs|logging|logger|logging_utils|structlog|structured_logging)(?:\.|$)")
SETS_UP = regex(r"\.(?:init_app|init|setup|set_up|configure|setup_logging|configure_logging|init_logging|get_logger)$")
IN_FILES = regex(
    r"^[ \t-]{0,20}[\"']?(?:class|\(\)|format_?class|formatter)[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?([\w.]{5,120})",
    re.MULTILINE,
)
# What a captured record has without any set-up: checking one of these tests the message, not the logging.
PLAIN_FIELDS = frozenset({
    "message", "levelname", "levelno", "msg", "name", "exc_info", "getMessage()", "getMessage", "text", "args",
    "records", "messages",
})  # fmt: skip
