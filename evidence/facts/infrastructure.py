"""Infrastructure as code: which files define run-time resources, and which limits, probes and scaling they set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from evidence.facts.records import Data, Node, Text
from evidence.facts.roles import Role, role_of

_KUBERNETES = frozenset(
    [
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Service",
        "Ingress",
        "CronJob",
        "Job",
        "ConfigMap",
        "HorizontalPodAutoscaler",
        "PersistentVolumeClaim",
        "NetworkPolicy",
        "Namespace",
        "ServiceAccount",
        "DeploymentConfig",
        "Route",
        "BuildConfig",
        "Template",
        "Rollout",
        "Kustomization",
        "PodDisruptionBudget",
        "ScaledObject",
        "HelmRelease",
    ]
)
_WORKLOADS = frozenset(
    ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "DeploymentConfig", "Template", "Rollout"]
)
_ENVIRONMENT = re.compile(
    r"(?:^|[/._-])(dev|development|test|testing|uat|qa|stage|staging|stg|preprod|pre-prod|preview|sandbox|demo|prod|production|live)(?=$|[/._-])"
)
_TERRAFORM_BLOCK = re.compile(r'^[ \t]{0,8}(resource|module)[ \t]{1,8}"([\w-]{1,100})"', re.M)
_TERRAFORM_LIMIT = re.compile(
    r"^[ \t]{0,40}(cpu|memory|memory_size|desired_count|min_capacity|max_capacity|min_size|max_size|instance_count|"
    r"min_instances|max_instances|instances|health_check_path|max_instance_count|min_instance_count)[ \t]{0,40}=",
    re.M,
)
_SALT = re.compile(r"^[ \t]{0,8}-?[ \t]{0,8}(boto_\w{2,60}|cloud)\.\w{2,60}:", re.M)
_SALT_LIMIT = re.compile(
    r"^[ \t]{0,40}-?[ \t]{0,8}(min_size|max_size|desired_capacity|instance_type|health_check)[ \t]{0,8}:", re.M
)
_SCALING = frozenset(
    [
        "minReplicas",
        "maxReplicas",
        "automatic_scaling",
        "autoscaling",
        "max_instances",
        "min_instances",
        "scaling",
        "min_machines_running",
    ]
)
_LIMITS = frozenset(
    [
        "resources",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "replicas",
        "instance_class",
        "automatic_scaling",
        "basic_scaling",
        "manual_scaling",
        "memory",
        "instances",
        "disk_quota",
        "health-check-type",
        "health-check-http-endpoint",
        "autoscaling",
        "numInstances",
        "scaling",
        "MemorySize",
        "DesiredCount",
        "Cpu",
        "min_machines_running",
        "mem_limit",
        "cpus",
        "containerConcurrency",
        "terminationGracePeriodSeconds",
        "vm",
        "concurrency",
        "MinCapacity",
        "MaxCapacity",
        "min_instances",
        "max_instances",
        "cpu_limit",
        "memory_limit",
    ]
)
_DEPLOY_PARAMETER = re.compile(
    r"(?:resources?[-_])?(?:cpu|memory)(?:[-_]limit)?|(?:max|min)[-_]?(?:scale|instances)|container-concurrency"
)


# Platforms' descriptors: the file's name, the keys it must have, and those of which it must have one.
_APP_ENGINE = frozenset({"entrypoint", "handlers", "instance_class", "automatic_scaling", "service", "env"})
_OVERLAY = frozenset({"resources", "bases", "patches", "patchesStrategicMerge"})
_NOTHING: frozenset[str] = frozenset()
_DESCRIPTORS = (
    ("helm", re.compile(r"chart\.yaml"), frozenset({"name", "version"}), _NOTHING),
    ("kustomize", re.compile(r"kustomization\.ya?ml"), _NOTHING, _OVERLAY),
    ("cloud foundry", re.compile(r"manifest.*\.ya?ml"), frozenset({"applications"}), _NOTHING),
    ("serverless", re.compile(r"serverless\.ya?ml"), frozenset({"service", "provider"}), _NOTHING),
    ("render", re.compile(r"render\.ya?ml"), frozenset({"services"}), _NOTHING),
    ("fly", re.compile(r"fly.*\.toml"), frozenset({"app"}), _NOTHING),
    ("app engine", re.compile(r".*\.ya?ml"), frozenset({"runtime"}), _APP_ENGINE),
    ("pulumi", re.compile(r"pulumi\.ya?ml"), frozenset({"runtime"}), _NOTHING),
    ("cdk", re.compile(r"cdk\.json"), frozenset({"app"}), _NOTHING),
    ("cloud deploy", re.compile(r"clouddeploy.*\.ya?ml"), frozenset({"serialPipeline"}), _NOTHING),
    ("zappa", re.compile(r"zappa_settings.*"), _NOTHING, _NOTHING),
)


class Definition(NamedTuple):
    """One place that defines run-time resources. ``tool`` names the kind, ``environment`` is told from the path (""
    when
    there is none)."""

    path: str
    start: int
    end: int
    tool: str
    environment: str


class Limit(NamedTuple):
    """One setting of size, number, probe or scaling. ``scaling`` marks what changes by itself."""

    path: str
    start: int
    end: int
    what: str
    scaling: bool
    environment: str


def environment_of(path: str) -> str:
    """The environment a path is for: ``prod``, ``staging``...; "" when it names none."""
    found = _ENVIRONMENT.search(path.lower())
    return found[1] if found else ""


def definitions(data: Mapping[str, Data], texts: Mapping[str, Text]) -> Iterator[Definition]:
    """Every definition of resources, file by file."""
    for path, text in sorted(texts.items()):
        if _counts(path):
            yield from _of_text(path, text.text)
    for path, item in sorted(data.items()):
        if not _counts(path):
            continue
        for root in item.roots:
            tool = _tool(path, root)
            if tool:
                yield Definition(path, root.start, min(root.end, root.start + 39), tool, environment_of(path))


def _counts(path: str) -> bool:
    return role_of(path) in (Role.APP, Role.TEMPLATE_SEED) and not path.startswith(".github/")


def _of_text(path: str, text: str) -> Iterator[Definition]:
    pattern, tool = (
        (_TERRAFORM_BLOCK, "terraform")
        if path.endswith(".tf")
        else (_SALT, "salt")
        if path.endswith(".sls")
        else (None, "")
    )
    for found in pattern.finditer(text) if pattern else ():
        line = text.count("\n", 0, found.start()) + 1
        kind = "terraform module" if tool == "terraform" and found[1] == "module" else tool
        yield Definition(path, line, line, kind, environment_of(path))


def _tool(path: str, root: Node) -> str:
    """Which tool reads this document as a definition of resources; "" for none."""
    name = path.rpartition("/")[2].lower()
    if root.kind == "list":
        plays = [n for n in root.items if n.get("hosts") is not None and (n.get("tasks") or n.get("roles"))]
        return "ansible" if plays else ""
    if root.kind != "map":
        return ""
    kind = root.get("kind")
    if root.get("apiVersion") is not None and kind is not None and kind.text in _KUBERNETES:
        return "openshift" if kind.text in ("DeploymentConfig", "Route", "Template", "BuildConfig") else "kubernetes"
    for key, tool in (("AWSTemplateFormatVersion", "cloudformation"), ("Transform", "sam")):
        if root.get(key) is not None and root.get("Resources") is not None:
            return tool
    return _by_name(name, root)


def _by_name(name: str, root: Node) -> str:
    keys = set(root.keys)
    for tool, pattern, needed, any_of in _DESCRIPTORS:
        if pattern.fullmatch(name) and needed <= keys and (not any_of or any_of & keys):
            return tool
    return ""


# ---------------------------------------------------------------------------------------------------- limits


def limits(data: Mapping[str, Data], texts: Mapping[str, Text], defined: frozenset[str]) -> Iterator[Limit]:
    """Every limit, probe, count or scaling rule in the files that define resources (``defined``), in values files
    beside a Helm chart, and on the services of compose files."""
    for path, text in sorted(texts.items()):
        if path in defined or (_counts(path) and path.endswith((".tf", ".tfvars"))):
            yield from _text_limits(path, text.text)
    charts = {p.rpartition("/")[0] for p in defined if p.lower().endswith("chart.yaml")}
    for path, item in sorted(data.items()):
        name = path.rpartition("/")[2].lower()
        values = name.startswith("values") and any(
            path.startswith(c + "/") or path.rpartition("/")[0] == c for c in charts
        )
        if path in defined or values:
            for root in item.roots:
                yield from _node_limits(path, root)
        elif "compose" in name and _counts(path):
            yield from _compose_limits(path, item.root)


def _text_limits(path: str, text: str) -> Iterator[Limit]:
    pattern = _SALT_LIMIT if path.endswith(".sls") else _TERRAFORM_LIMIT
    scaled = path.endswith(".tf") and "autoscaling" in text
    for found in list(pattern.finditer(text))[:40]:
        line = text.count("\n", 0, found.start()) + 1
        yield Limit(path, line, line, found[1], scaled and "capacity" in found[1], environment_of(path))


def _node_limits(path: str, root: Node) -> Iterator[Limit]:
    kind = root.get("kind")
    scaler = kind is not None and kind.text in ("HorizontalPodAutoscaler", "ScaledObject")
    environment = environment_of(path)
    for node in root.walk():
        for key, value in node.pairs():
            if key == "resources" and (value.kind != "map" or _sizes_a_volume(value)):
                continue
            if key in _LIMITS or (scaler and key in _SCALING) or key.startswith("autoscaling.knative.dev/"):
                yield Limit(
                    path, node.line_of(key), max(value.end, value.start), key, scaler or _scales(key), environment
                )
            elif "-" in key and _DEPLOY_PARAMETER.fullmatch(key):
                yield Limit(path, node.line_of(key), value.end, key, "scale" in key, environment)


def _sizes_a_volume(resources: Node) -> bool:
    """Whether ``resources`` ask for storage alone: the claim of a volume limits no process."""
    return {k for node in resources.walk() for k, _ in node.pairs()} - {"requests", "limits"} == {"storage"}


def _scales(key: str) -> bool:
    return key in _SCALING or "autoscaling" in key


def _compose_limits(path: str, root: Node) -> Iterator[Limit]:
    services = root.get("services")
    for _, service in services.pairs() if services is not None else ():
        for keys in (("deploy", "resources", "limits"), ("mem_limit",), ("cpus",)):
            node = service.get(*keys)
            if node is not None:
                yield Limit(path, node.start, node.end, keys[-1], False, "")
