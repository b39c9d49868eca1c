"""Infrastructure as code: which files define run-time resources, and which limits, probes and scaling they set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from evidence.facts.deployment import infrastructure_table as table
from evidence.facts.records import Data, Node, Text
from evidence.facts.roles import Role, role_of

_BLOCKS = {
    ".tf": (table.TERRAFORM_BLOCK, "terraform"),
    ".bicep": (table.BICEP_BLOCK, "bicep"),
    ".sls": (table.SALT, "salt"),
}
# Where ``cpu`` and ``count`` are settings of the service itself.
_COUNTED = ("copilot", "ecs")
_TOP_KEYS = 2
_SECTIONED = ("copilot", "konf")
_SETTINGS = {".sls": table.SALT_LIMIT, ".bicep": table.BICEP_LIMIT}


class Definition(Struct, frozen=True):
    """One place that defines run-time resources. ``tool`` names the kind, ``environment`` is told from the path (""
    when
    there is none)."""

    path: str
    start: int
    end: int
    tool: str
    environment: str


class Limit(Struct, frozen=True):
    """One setting of size, number, probe or scaling. ``scaling`` marks what changes by itself."""

    path: str
    start: int
    end: int
    what: str
    scaling: bool
    environment: str


def environment_of(path: str) -> str:
    """The environment a path is for: ``prod``, ``staging``...; "" when it names none."""
    found = table.ENVIRONMENT.search(path.lower())
    return found[1] if found else ""


def definitions(data: Mapping[str, Data], texts: Mapping[str, Text]) -> Iterator[Definition]:
    """Every definition of resources, file by file."""
    for path, text in sorted(texts.items()):
        if _counts(path):
            yield from _of_text(path, text.text)
    values = _values(data)
    for path, item in sorted(data.items()):
        if not _counts(path):
            continue
        for root in item.roots:
            tool = _tool(path, root) or ("helm" if path in values else "")
            if tool:
                yield Definition(path, root.start, min(root.end, root.start + 39), tool, environment_of(path))
                yield from _sections(path, root, tool)


def _sections(path: str, root: Node, tool: str) -> Iterator[Definition]:
    """What one descriptor says for each environment: below ``environments``, or in sections named for them."""
    if tool in _SECTIONED:
        held = root.get("environments") or root
        for key, value in held.pairs():
            environment = environment_of(key)
            if environment and value.kind == "map":
                yield Definition(path, held.line_of(key), max(value.end, value.start), tool, environment)


def _values(data: Mapping[str, Data]) -> frozenset[str]:
    """Files with a chart's values for one environment: ``values-production.yaml`` beside a chart, or below it;
    ``prod-env.yaml`` right beside it, where a chart has no other files of data."""
    charts = {p.rpartition("/")[0] for p in data if p.rpartition("/")[2].lower() == "chart.yaml"}
    named = (p for p in data if p.lower().endswith((".yaml", ".yml")) and environment_of(p.rpartition("/")[2]))
    return frozenset(
        p
        for p in named
        if p.rpartition("/")[0] in charts - {""}
        or (p.rpartition("/")[2].lower().startswith("values") and any(not c or p.startswith(c + "/") for c in charts))
    )


def _counts(path: str) -> bool:
    return role_of(path) in (Role.APP, Role.TEMPLATE_SEED) and not path.startswith(".github/")


def _of_text(path: str, text: str) -> Iterator[Definition]:
    pattern, tool = _BLOCKS.get(path[path.rfind(".") :], (None, ""))
    for found in pattern.finditer(text) if pattern else ():
        line = text.count("\n", 0, found.start()) + 1
        kind = f"{tool} module" if found[1] == "module" else tool
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
    if root.get("apiVersion") is not None and kind is not None and kind.text in table.KUBERNETES:
        return "openshift" if kind.text in ("DeploymentConfig", "Route", "Template", "BuildConfig") else "kubernetes"
    schema = root.get("$schema")
    if schema is not None and "/deploymentTemplate.json" in schema.text and root.get("resources") is not None:
        return "arm"
    for key, tool in (("AWSTemplateFormatVersion", "cloudformation"), ("Transform", "sam")):
        if root.get(key) is not None and root.get("Resources") is not None:
            return tool
    return _by_name(name, root) or ("cloud foundry" if _pushes(root) else "")


def _pushes(root: Node) -> bool:
    """Whether a document lists applications as ``cf push -f`` reads them, whatever its name."""
    listed = root.get("applications")
    if listed is None or listed.kind != "list" or not listed.items:
        return False
    return all(item.get("name") is not None and table.CLOUD_FOUNDRY & set(item.keys) for item in listed.items)


def _by_name(name: str, root: Node) -> str:
    keys = set(root.keys)
    for tool, pattern, needed, any_of in table.DESCRIPTORS:
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
    pattern = _SETTINGS.get(path[path.rfind(".") :], table.TERRAFORM_LIMIT)
    scaled = path.endswith(".tf") and "autoscaling" in text
    for found in list(pattern.finditer(text))[:40]:
        line = text.count("\n", 0, found.start()) + 1
        yield Limit(path, line, line, found[1], scaled and "capacity" in found[1], environment_of(path))


def _node_limits(path: str, root: Node) -> Iterator[Limit]:
    kind = root.get("kind")
    scaler = kind is not None and kind.text in ("HorizontalPodAutoscaler", "ScaledObject")
    counted = _tool(path, root) in _COUNTED
    for part, environment in _by_environment(root, environment_of(path)):
        for key, value in part.pairs():
            if key == "resources" and (value.kind != "map" or _sizes_a_volume(value)):
                continue
            span = (part.line_of(key), max(value.end, value.start))
            if counted and key in ("cpu", "count"):
                yield Limit(path, *span, key, value.get("range") is not None, environment)
            elif key in table.LIMITS or (scaler and key in table.SCALING) or key.startswith("autoscaling.knative.dev/"):
                yield Limit(path, *span, key, scaler or _scales(key), environment)
            elif "-" in key and table.DEPLOY_PARAMETER.fullmatch(key):
                yield Limit(path, *span, key, "scale" in key, environment)


def _by_environment(root: Node, named: str) -> Iterator[tuple[Node, str]]:
    """Every node with the environment it is for: the file's, or one that a key near the top names (``production:``,
    ``environments: {prod: ...}``)."""
    stack = [(root, named, 0)]
    while stack:
        node, environment, depth = stack.pop()
        yield node, environment
        below = [(k, v) for k, v in node.pairs()] or [("", i) for i in (node.items if node.kind == "list" else ())]
        for key, value in reversed(below):
            told = environment_of(key) if depth < _TOP_KEYS and value.kind == "map" and key else ""
            stack.append((value, told or environment, depth + 1))


def _sizes_a_volume(resources: Node) -> bool:
    """Whether ``resources`` ask for storage alone: the claim of a volume limits no process."""
    return {k for node in resources.walk() for k, _ in node.pairs()} - {"requests", "limits"} == {"storage"}


def _scales(key: str) -> bool:
    return key in table.SCALING or "autoscaling" in key


def _compose_limits(path: str, root: Node) -> Iterator[Limit]:
    services = root.get("services")
    for _, service in services.pairs() if services is not None else ():
        for keys in (("deploy", "resources", "limits"), ("mem_limit",), ("cpus",)):
            node = service.get(*keys)
            if node is not None:
                yield Limit(path, node.start, node.end, keys[-1], False, "")
