"""SLOs, alerts and dashboards as code: what is watched, at which threshold, kept beside what it watches.

**What it sees.** Alert rules of Prometheus, Grafana, CloudWatch, Datadog, New Relic, Google Cloud, Azure and their like
in YAML, JSON, Terraform, CloudFormation, Bicep, CDK and Pulumi; dashboards of Grafana, Datadog and Kibana; objectives
in OpenSLO, Sloth, Pyrra or Terraform, and objectives with a number in documents.

**Why it matters.** A threshold in a file can be reviewed and moves with the code; one clicked together in a console is
known to whoever clicked it.

**What it cannot tell.** Whether the rules are loaded anywhere, who is woken by them, and what is watched from
elsewhere.
"""

from __future__ import annotations

from evidence.api import Monitor, Observations, Project, Signal, Site, Sites, plural

_LINKED = ("linked_alert", "budgeted")
_ALERTS = ("alert", "linked_alert")
_CLAUSES = {"alert": "alert", "dashboard": "dashboard", "slo": "objective", "log_metric": "log_metric"}


def _statement(sites: Sites) -> str:
    if not sites.count(*_LINKED, "alert", "dashboard", "objective"):
        return "Metrics are made from logs, but the repository holds no alert rule, dashboard or objective."
    parts = [
        plural(count, noun)
        for count, noun in (
            (sites.count(*_ALERTS), "alert rule"),
            (sites.count("dashboard"), "dashboard"),
            (sites.count("objective", "budgeted"), "service level objective"),
        )
        if count
    ]
    linked = sites.count("linked_alert")
    return f"{', '.join(parts)} kept as files{f'; {linked} name a runbook' if linked else ''}."


SLO_ALERTS = Signal(
    id="resilience.slo_alerts",
    title="SLOs, alerts and dashboards as code",
    competency="resilience",
    seeds=("S6.3", "S5.3", "S1.3"),
    counts=(
        "Service level objectives with a target, alert rules of a monitoring system, or dashboards kept in the "
        "repository."
    ),
    strong="Alerts that name a runbook, or objectives with an error budget or burn rate.",
    not_credited=(
        "The word SLO without a target; metrics without a rule; alerts and dashboards that are features of the product."
    ),
    how_to_show=(
        "Commit the alert rules and dashboards you rely on, each rule with its runbook_url, next to the service "
        "they watch."
    ),
    clauses=("linked_alert", "budgeted", "alert", "objective", "dashboard", "log_metric"),
    defining=("linked_alert", "budgeted", "alert", "objective", "dashboard", "log_metric"),
    practised=lambda sites: sites.count(*_LINKED, "alert", "dashboard", "objective") > 0,
    sustained=lambda sites: sites.count(*_LINKED) > 0,
    measures=lambda sites: {
        "alerts": sites.count(*_ALERTS),
        "dashboards": sites.count("dashboard"),
        "objectives": sites.count("objective", "budgeted"),
    },
    statement=_statement,
)
SIGNALS = (SLO_ALERTS,)


def detect(project: Project) -> Observations:
    """Every alert rule, dashboard, objective, and metric made from logs."""
    for item in project.monitors:
        yield SLO_ALERTS, Site(path=item.path, start=item.start, end=item.end, clause=_clause(item), subject=item.name)


def _clause(item: Monitor) -> str:
    if item.kind == "alert" and item.runbook:
        return "linked_alert"
    return "budgeted" if item.budget else _CLAUSES[item.kind]
