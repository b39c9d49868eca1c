"""Alert rules, dashboards and service level objectives that are kept as files, of any monitoring system.

Each is told by its shape, never by its folder: the kinds of resource come from the vendors' own documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.operations.objectives import states_objective
from evidence.facts.records import Node
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_ALERT, _DASHBOARD, _SLO, _METRIC = "alert", "dashboard", "slo", "log_metric"
# Terraform and Pulumi resource types, by what their names end with or contain.
_RESOURCES = (
    (regex(r"(?:_slo|service_level|_slo_correction)(?:_objective)?s?$"), _SLO),
    (regex(r"dashboard(?:_json|_list)?$|^newrelic_one_dashboard"), _DASHBOARD),
    (regex(r"log_metric_filter$|logging_metric$"), _METRIC),
    (
        regex(
            r"^aws_cloudwatch_(?:metric|composite)_alarm$|^datadog_(?:monitor|synthetics_test)"
            r"|^newrelic_\w{0,40}alert|^newrelic_synthetics"
            r"|^google_monitoring_(?:alert_policy|uptime_check_config)$|^azurerm_monitor_\w{0,60}alert"
            r"|^grafana_(?:rule_group|alert)"
            r"|^sentry_(?:issue|metric)_alert$|^honeycombio_(?:trigger|burn_alert)$|^opsgenie_\w{0,30}policy"
            r"|^statuscake_|^pingdom_check"
            r"|^uptimerobot_monitor|^betteruptime_monitor|^checkly_check|^prometheus_rule|^signalfx_detector"
            r"|^logzio_alert|^elasticstack_\w{0,40}alert"
        ),
        _ALERT,
    ),
)
# Types of CloudFormation and kinds of Kubernetes resources.
_TYPES = {
    "AWS::CloudWatch::Alarm": _ALERT, "AWS::CloudWatch::CompositeAlarm": _ALERT,
    "AWS::CloudWatch::AnomalyDetector": _ALERT, "Datadog::Monitors::Monitor": _ALERT,
    "AWS::CloudWatch::Dashboard": _DASHBOARD, "AWS::Logs::MetricFilter": _METRIC,
    "AWS::ApplicationSignals::ServiceLevelObjective": _SLO, "Datadog::SLOs::SLO": _SLO,
}  # fmt: skip
_KINDS = {
    "PrometheusRule": _ALERT, "VMRule": _ALERT, "AlertPolicy": _ALERT, "DatadogMonitor": _ALERT,
    "GrafanaAlertRuleGroup": _ALERT, "GrafanaDashboard": _DASHBOARD, "DatadogDashboard": _DASHBOARD,
    "PrometheusServiceLevel": _SLO, "ServiceLevelObjective": _SLO, "SLO": _SLO, "DatadogSLO": _SLO,
}  # fmt: skip
_DATADOG = frozenset(
    {"metric alert", "query alert", "service check", "log alert", "event alert", "slo alert", "trace-analytics alert"}
)
_CONSTRUCTS = {
    "aws_cdk.aws_cloudwatch.Alarm": _ALERT, "aws_cdk.aws_cloudwatch.CompositeAlarm": _ALERT,
    "aws_cdk.aws_cloudwatch.Dashboard": _DASHBOARD, "pulumi_aws.cloudwatch.MetricAlarm": _ALERT,
    "pulumi_aws.cloudwatch.Dashboard": _DASHBOARD, "pulumi_datadog.Monitor": _ALERT,
    "pulumi_gcp.monitoring.AlertPolicy": _ALERT, "grafanalib.core.Dashboard": _DASHBOARD,
    "pulumi_datadog.ServiceLevelObjective": _SLO,
}  # fmt: skip
_BLOCK = regex(r"^[ \t]{0,20}resource[ \t]{1,8}\"([a-z0-9_]{3,80})\"[ \t]{1,8}\"([^\"\n]{1,120})\"", re.MULTILINE)
_BICEP = regex(
    r"^[ \t]{0,20}resource[ \t]{1,8}(\w{1,80})[ \t]{1,8}'Microsoft\.Insights/(?:metricAlerts|scheduledQueryRules)@",
    re.MULTILINE,
)
_EMBEDDED = regex(r"^[ \t-]{0,20}alert:[ \t]{1,8}\S", re.MULTILINE)
_MADE = regex(
    r"\blogging metrics (?:create|update)\b|\blogs put-metric-filter\b|logging\.googleapis\.com/v2/[^\s]{1,120}/metrics"
)
_ALARMED = regex(r"\bcloudwatch put-metric-alarm\b|\bmonitoring policies create\b|\bmonitor metrics alert create\b")
_RUNBOOK = regex(r"run[-_ ]?book|play[-_ ]?book", re.IGNORECASE)
_BUDGET = regex(r"error[-_ ]?budget|burn[-_ ]?rate|errorbudget|burnrate", re.IGNORECASE)
_NOT_OWN = (Role.TEST, Role.VENDORED, Role.GENERATED)
_CHANGES = regex(r"(?:^|/)(?:changelog|changes|history|news|releases?)\b", re.IGNORECASE)
# Maps are searched this deep for rules (a Helm chart's values hold them at the fourth level), and this many of them.
_DEPTH, _MAPS = 6, 400
_BLOCK_LINES = 40


class Monitor(Struct, frozen=True):
    """One alert rule, dashboard, objective or metric made from logs (``kind``: alert, dashboard, slo, log_metric).

    ``runbook`` and ``budget`` say that it names a runbook, an error budget or a burn rate; ``prose`` that it is an
    objective written in a document."""

    path: str
    start: int
    end: int
    kind: str
    name: str
    runbook: bool = False
    budget: bool = False
    prose: bool = False


def monitors(project: Project) -> tuple[Monitor, ...]:
    """Every one that the repository holds, in path and line order."""
    found = {
        *_in_data(project),
        *_in_texts(project),
        *_in_scripts(project),
        *_in_code(project),
        *_in_documents(project),
    }
    return tuple(sorted(found, key=lambda m: (m.path, m.start, m.end, m.kind, m.name)))


def _in_data(project: Project) -> Iterator[Monitor]:
    for path, data in project.data.items():
        if (
            path.lower().endswith((".yml", ".yaml", ".json", ".jinja", ".j2"))
            and role_of(path, data.generated) not in _NOT_OWN
        ):
            for root in data.roots:
                objects = root.get("objects") or root.get("items")
                for node in objects.items if objects is not None and objects.kind == "list" else (root,):
                    yield from _of_document(path, node)


def _of_document(path: str, root: Node) -> Iterator[Monitor]:
    if _is_dashboard(root):
        title = root.get("title") or root.get("dashboard", "title")
        yield Monitor(
            path, root.start, min(root.end, root.start + _BLOCK_LINES - 1), _DASHBOARD, title.text if title else path
        )
        return
    kind = root.get("kind")
    if kind is not None and kind.text in _KINDS and root.get("spec") is not None:
        yield from _custom(path, root, _KINDS[kind.text])
    elif (named := _sloth(root)) is not None:
        yield _monitor(path, root, _SLO, named)
    elif _is_alert(root):
        yield _monitor(path, root, _ALERT, (root.get("name") or root.get("displayName") or root).text)
    else:
        yield from _nested(path, root)


def _is_dashboard(root: Node) -> bool:
    """Grafana's model of a dashboard, Kibana's or Datadog's export of one."""
    for model in (root, root.get("dashboard")):
        if model is not None and model.kind == "map":
            keys = set(model.keys)
            grafana = {"panels", "rows"} & keys and {"schemaVersion", "templating", "timepicker"} & keys
            if grafana or {"layout_type", "widgets"} <= keys:
                return True
    return False


def _is_model(text: str) -> bool:
    """Whether a text holds Grafana's model of a dashboard, of which a long one shows the beginning alone."""
    return ('"annotations"' in text and '"-- Grafana --"' in text) or ('"panels"' in text and '"schemaVersion"' in text)


def _is_alert(root: Node) -> bool:
    """A monitor of Datadog, or a policy that Google Cloud's command creates from a file."""
    datadog = getattr(root.get("type"), "text", "") in _DATADOG and root.get("query") is not None
    return datadog or {"combiner", "conditions"} <= set(root.keys)


def _sloth(root: Node) -> str | None:
    version, slos = root.get("version"), root.get("slos")
    return (
        (root.get("service") or root).text if version is not None and slos is not None and slos.kind == "list" else None
    )


def _custom(path: str, root: Node, kind: str) -> Iterator[Monitor]:
    rules = list(_rules(path, root.get("spec") or root)) if kind == _ALERT else []
    name = root.get("metadata", "name")
    yield from rules or [_monitor(path, root, kind, name.text if name else path)]


def _nested(path: str, root: Node) -> Iterator[Monitor]:
    """Rules under ``groups``, CloudFormation resources, and rules inside the text of a ConfigMap, wherever they are
    nested."""
    stack, seen = [(root, 0)], 0
    while stack and seen < _MAPS:
        node, depth = stack.pop()
        seen += 1
        if node.get("groups") is not None:
            yield from _rules(path, node)
        for key, item in reversed(list(node.pairs())):
            if item.kind == "map" and depth < _DEPTH:
                kind = item.get("Type")
                if kind is not None and kind.text in _TYPES:
                    yield _monitor(path, item, _TYPES[kind.text], key)
                else:
                    stack.append((item, depth + 1))
            elif item.kind == "str" and _EMBEDDED.search(item.text) and "expr:" in item.text:
                yield _monitor(path, item, _ALERT, key)
            elif item.kind == "str" and _is_model(item.text):
                yield _monitor(path, item, _DASHBOARD, key)


def _rules(path: str, node: Node) -> Iterator[Monitor]:
    """Alert rules of Prometheus (``alert`` and ``expr``) and of Grafana's provisioning (``title`` and
    ``condition``)."""
    groups = node.get("groups")
    for group in groups.each() if groups is not None else ():
        rules = group.get("rules")
        for rule in rules.each() if rules is not None else ():
            named = (
                rule.get("alert")
                if rule.get("expr") is not None
                else rule.get("title")
                if rule.get("condition") is not None
                else None
            )
            if named is not None:
                yield _monitor(path, rule, _ALERT, named.text)


def _monitor(path: str, node: Node, kind: str, name: str) -> Monitor:
    """The place of a node; a long one is cut to where it names a runbook, which is what a reader wants to see."""
    words = [(t, n.start) for n in node.walk() for t in (*n.keys, n.text) if t]
    runbook = next((line for text, line in words if _RUNBOOK.search(text)), 0)
    start = (
        node.start
        if node.end - node.start < _BLOCK_LINES or not runbook
        else max(node.start, runbook - _BLOCK_LINES // 2)
    )
    end = min(node.end, start + _BLOCK_LINES - 1)
    return Monitor(path, start, end, kind, name, bool(runbook), any(_BUDGET.search(t) for t, _ in words))


def _in_texts(project: Project) -> Iterator[Monitor]:
    """Resources of Terraform (and OpenTofu) and Bicep, and dashboards that a charm or chart fills in."""
    for path, text in project.texts.items():
        filled = path.endswith((".json.tmpl", ".json.tpl"))
        if not (filled or path.endswith((".tf", ".bicep"))) or role_of(path, text.generated) in _NOT_OWN:
            continue
        if filled and _is_model(text.text):
            yield Monitor(path, 1, min(text.text.count("\n") + 1, _BLOCK_LINES), _DASHBOARD, path)
        lines = text.text.split("\n")
        found = [(match, _resource(match[1])) for match in _BLOCK.finditer(text.text)]
        for match, kind in (*found, *((match, _ALERT) for match in _BICEP.finditer(text.text))):
            if kind:
                start = text.text.count("\n", 0, match.start()) + 1
                stop = min(start + _BLOCK_LINES, len(lines))
                end = next((n for n in range(start, stop) if lines[n].startswith("}")), start) + 1
                block = "\n".join(lines[start - 1 : end])
                yield Monitor(
                    path,
                    start,
                    min(end, len(lines)),
                    kind,
                    match[match.re.groups],
                    bool(_RUNBOOK.search(block)),
                    bool(_BUDGET.search(block)),
                )


def _resource(name: str) -> str:
    return next((kind for pattern, kind in _RESOURCES if pattern.search(name)), "")


def _in_scripts(project: Project) -> Iterator[Monitor]:
    for path, commands in project.commands.items():
        lines = [(line.text, line.start, line.end) for line in commands.lines]
        lines += [(text, line, line) for text, line in commands.variables.values()]
        for text, start, end in lines if role_of(path) not in _NOT_OWN else ():
            kind = _ALERT if _ALARMED.search(text) else _METRIC if _MADE.search(text) else ""
            if kind:
                yield Monitor(path, start, end, kind, path, bool(_RUNBOOK.search(text)))


def _in_code(project: Project) -> Iterator[Monitor]:
    for file, call, name in project.calls(
        project.app, "aws_cdk.aws_cloudwatch", "pulumi_aws", "pulumi_datadog", "pulumi_gcp", "grafanalib.core"
    ):
        if name in _CONSTRUCTS:
            words = [e.text for e in call.expr.walk() if e.kind in ("str", "fstring")]
            yield Monitor(
                file.path,
                call.start,
                call.end,
                _CONSTRUCTS[name],
                call.target or name,
                any(_RUNBOOK.search(w) for w in words),
            )


def _in_documents(project: Project) -> Iterator[Monitor]:
    """Sections that state an objective with its target."""
    for path, document in project.documents.items():
        if role_of(path) in _NOT_OWN or _CHANGES.search(path):
            continue
        for section in document.sections:
            about = f"{section.title}\n{section.text}"
            if states_objective(section.title, section.text):
                end = min(section.end, section.start + _BLOCK_LINES - 1)
                yield Monitor(
                    path, section.start, end, _SLO, section.title, budget=bool(_BUDGET.search(about)), prose=True
                )
