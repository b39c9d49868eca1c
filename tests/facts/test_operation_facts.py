"""What a repository keeps for its operation: monitors, probes, rollouts and runbooks."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.testkit import Case, project_of


def _project(files: dict[str, str]) -> Project:
    return project_of(Case("Operation", files, (), ()))


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


_RULES = "groups:\n  - name: web\n    rules:\n      - alert: Down\n        expr: up == 0\n"
_DASHBOARD = '{"title": "Web", "schemaVersion": 38,\n "panels": []}\n'


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("rules.yml", _RULES, [("alert", "Down", 4)]),
        ("rules.yml", _RULES.replace("alert:", "record:"), []),
        (
            "k8s/rule.yaml",
            f"kind: PrometheusRule\nmetadata:\n  name: web\nspec:\n{_indented(_RULES)}",
            [("alert", "Down", 8)],
        ),
        ("chart/values.yaml", f"rules:\n  files:\n{_indented(_RULES)}", [("alert", "Down", 6)]),
        ("k8s/map.yaml", f"kind: ConfigMap\ndata:\n  web.yml: |\n{_indented(_RULES)}", [("alert", "web.yml", 3)]),
        ("web.json", _DASHBOARD, [("dashboard", "Web", 1)]),
        ("web.json", '{"panels": 3}', []),
        ("tests/web.json", _DASHBOARD, []),
        ("monitor.json", '{"type": "query alert", "query": "avg(x) > 1", "name": "Slow"}', [("alert", "Slow", 1)]),
        ("slo.yml", "kind: SLO\nspec: {}\nmetadata: {name: fast}\n", [("slo", "fast", 1)]),
        ("stack.yml", "Resources:\n  A:\n    Type: AWS::CloudWatch::Alarm\n", [("alert", "A", 3)]),
        ("stack.yml", "Resources:\n  A:\n    Type: AWS::S3::Bucket\n", []),
        ("m.tf", 'resource "datadog_monitor" "slow" {\n  name = 1\n}\n', [("alert", "slow", 1)]),
        ("m.tf", 'resource "google_monitoring_slo" "fast" {\n}\n', [("slo", "fast", 1)]),
        ("m.tf", 'resource "aws_s3_bucket" "x" {\n}\n', []),
        ("m.tf", '# resource "datadog_monitor" "slow" {\n', []),
        ("a.bicep", "resource slow 'Microsoft.Insights/metricAlerts@2018-03-01' = {\n}\n", [("alert", "slow", 1)]),
        ("a.sh", "aws cloudwatch put-metric-alarm --alarm-name x\n", [("alert", "a.sh", 1)]),
        ("docs/slo.md", "# Levels\nThe SLO is 99.9% of requests.\n", [("slo", "Levels", 1)]),
        ("docs/slo.md", "# Levels\nWe like every SLO.\n", []),
        ("CHANGELOG.md", "# 1.0\nThe SLO is 99.9% of requests.\n", []),
    ],
)
def test_monitors_are_told_by_their_shape(path: str, text: str, found: list[tuple[str, str, int]]) -> None:
    """Rules, dashboards and objectives are known by what they hold; other files and other people's are not."""
    assert [(m.kind, m.name, m.start) for m in _project({path: text}).monitors] == found


def test_an_alarm_made_by_code_is_a_monitor() -> None:
    """Infrastructure written in Python counts by the construct that is called."""
    code = "from aws_cdk import aws_cloudwatch as cw\nslow = cw.Alarm(None, 'Slow', description='see the runbook')\n"
    assert [(m.kind, m.name, m.runbook) for m in _project({"app.py": code}).monitors] == [("alert", "slow", True)]


def test_a_long_rule_is_cited_where_it_names_its_runbook() -> None:
    """Of a rule longer than a screen, the part with the runbook is the one worth opening."""
    filler = "".join(f"          k{n}: v\n" for n in range(60))
    text = _RULES + "        labels:\n" + filler + "        annotations:\n          runbook_url: https://x/y\n"
    (monitor,) = _project({"rules.yml": text}).monitors
    assert monitor.runbook
    assert monitor.start <= 68 <= monitor.end
    assert monitor.end - monitor.start < 40


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("Dockerfile", "FROM x\nHEALTHCHECK CMD curl http://localhost:5000/health\n", [2]),
        ("Dockerfile", "FROM x\nHEALTHCHECK CMD curl http://localhost:5000/healthy\n", []),
        ("Dockerfile", "FROM x\nRUN curl http://localhost:5000/health\n", []),
        ("compose.yml", "services:\n  web:\n    healthcheck:\n      test: [CMD, curl, 'localhost:80/health']\n", [4]),
        ("compose.yml", "services:\n  es:\n    healthcheck:\n      test: curl localhost:9200/_cluster/health\n", []),
        ("render.yaml", "services:\n- healthCheckPath: /health\n", [2]),
        ("render.yaml", "services:\n- healthCheckPath: /healthcheck\n", []),
        ("app.yaml", "title: /health\n", []),
        ("lb.tf", 'health_check {\n  path = "/health"\n}\n', [2]),
        ("lb.tf", 'output {\n  path = "/health"\n}\n', []),
        ("elb.sls", "web:\n  health_check:\n    target: 'HTTP:80/health'\n", [3]),
        ("healthcheck.sh", "curl -f http://localhost/health || exit 1\n", [1]),
        ("tests/compose.yml", "healthcheck:\n  test: curl localhost/health\n", []),
    ],
)
def test_a_probe_requests_the_very_path(path: str, text: str, lines: list[int]) -> None:
    """A place counts when it tells of a check and names this path from its beginning to its end."""
    assert [(p.path, p.start) for p in _project({path: text}).probes_of({"/health"})] == [(path, n) for n in lines]


def test_without_paths_nothing_is_probed() -> None:
    """A project without endpoints has no probes of them."""
    assert _project({"render.yaml": "healthCheckPath: /health\n"}).probes_of(()) == ()


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("rollout.yml", "kind: Rollout\nspec:\n  strategy: {}\n", [1]),
        ("fly.toml", '[deploy]\nstrategy = "canary"\n', [2]),
        ("fly.toml", '[deploy]\nstrategy = "rolling"\n', []),
        ("stack.yml", "deploy:\n  update_config:\n    failure_action: rollback\n", [3]),
        ("ingress.yml", "annotations:\n  nginx.ingress.kubernetes.io/canary: 'true'\n", [2]),
        ("sam.yml", "DeploymentPreference:\n  Type: Canary10Percent5Minutes\n", [2]),
        ("sam.yml", "DeploymentPreference:\n  Type: AllAtOnce\n", []),
        ("ecs.tf", "  deployment_circuit_breaker {\n    rollback = true\n  }\n", [1]),
        ("ecs.tf", "  deployment_circuit_breaker {\n    rollback = false\n  }\n", []),
        ("deploy.sh", "helm upgrade --install web chart --atomic\n", [1]),
        ("deploy.sh", "helm upgrade --install web chart\n", []),
        ("examples/deploy.sh", "kubectl rollout undo deployment/web\n", []),
    ],
)
def test_gradual_rollouts_are_settings_and_commands(path: str, text: str, lines: list[int]) -> None:
    """Canaries, blue-green switches and rollbacks count; replacing everything at once does not."""
    assert [s.start for s in _project({path: text}).rollouts] == lines


_STEPS = "word " * 70 + "\n\n```sh\nmake it so\n```\n"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("docs/runbooks/db.md", f"# Database\n{_STEPS}", ["runbook"]),
        ("docs/runbooks/db.md", "# Database\n", ["stub"]),
        ("docs/runbooks/db.md", "# Database\n## Steps\nTODO\n", ["stub"]),
        ("ops/2024-03-01-postmortem.md", f"# What happened\n{_STEPS}", ["runbook"]),
        ("docs/server.md", f"# Server\nRunbook for the server.\n{_STEPS}", ["runbook"]),
        ("docs/operations.md", f"# Operating\n{_STEPS}\n## Restoring a backup\n{_STEPS}", ["runbook"]),
        ("docs/operations.md", f"# Operating\n{_STEPS}", []),
        ("docs/notes.md", f"# Notes\n## Rollback\n{_STEPS}", ["runbook"]),
        ("docs/notes.md", "# Notes\n## Rollback\nGo back.\n", []),
        ("README.md", f"# Shop\n## Incident response\n{_STEPS}", ["runbook"]),
        ("README.md", f"# Shop\n## Rollback\n{_STEPS}", []),
        ("README.md", f"# Shop\n## Rolling back production\n{_STEPS}", ["runbook"]),
        ("docs/adr/0001-rollback.md", f"# Rollback\n{_STEPS}", []),
        ("docs/plans/runbook.md", f"# Runbook\n{_STEPS}", []),
        ("vendor/x/runbook.md", f"# Runbook\n{_STEPS}", []),
        (".claude/agents/incident.md", f"# Incident\n{_STEPS}", []),
        ("docs/account.md", f"# Account\n## Password recovery\n{_STEPS}", []),
    ],
)
def test_runbooks_are_filled_in_documents(path: str, text: str, found: list[str]) -> None:
    """A name, a title or a section makes a runbook when it is filled in; plans, decisions and others' files do not."""
    assert [r.kind for r in _project({path: text}).runbooks if r.kind != "section"] == found


def test_a_link_to_a_runbook_is_a_lead() -> None:
    """Code that sends its reader to a runbook elsewhere is known as a link, and a name alone is not."""
    code = 'MESSAGE = "see https://x.example/runbook#db"\nrunbook = "none"\n'
    assert [(r.kind, r.start) for r in _project({"app.py": code}).runbooks] == [("linked", 1)]
