"""Infrastructure as code: the resources that run the application are defined in the repository.

**What it sees.** Terraform, Kubernetes and OpenShift manifests, Helm charts, Kustomize overlays, CloudFormation, SAM
and CDK, Copilot and ECS, Bicep and ARM, Pulumi, Ansible and Salt, Cloud Foundry, Fly, Render and App Engine
descriptors; environments and modules among them; plans and policy checks that CI runs.

**Why it matters.** What is written down can be reviewed, repeated and rolled back; what was clicked together cannot.

**What it cannot tell.** Whether what runs is what is written.
"""

from __future__ import annotations

from evidence.api import CiRun, Observations, Project, Signal, Site, Sites, plural, regex

# Programs that check definitions, and the words one of which says so; () where every run is a check.
_CHECKS: dict[str, tuple[str, ...]] = {
    "terraform": ("plan", "validate", "test", "-check"),
    "tofu": ("plan", "validate", "test", "-check"),
    "terragrunt": ("plan", "validate", "validate-inputs"),
    "pulumi": ("preview", "policy"),
    "cdk": ("diff", "synth"),
    "helm": ("lint", "template", "diff", "test"),
    "kubectl": ("diff",),
    "ct": ("lint",),
    "conftest": ("test", "verify"),
    "opa": ("test", "check"),
    "infracost": ("diff",),
    "trivy": ("config",),
    "snyk": ("iac",),
    "ansible-playbook": ("--check", "--syntax-check"),
    **dict.fromkeys(("tflint", "tfsec", "checkov", "cfn-lint", "ansible-lint"), ()),
    **dict.fromkeys(("kubeconform", "kubeval", "kube-linter", "kube-score", "datree"), ()),
}
_MARKS = regex(r"[-_.]")
# Machines that developers work on: what is defined there runs nothing for anybody else.
_AT_HOME = regex(r"(?:^|/)(?:dev|devel|development|vagrant|local)/")
_ONLY_TELLS = frozenset({"--version", "version", "--help", "help", "-h", "-v"})


def _environments(sites: Sites) -> int:
    """How many environments files are named for; one beside it that is the same but for that name is for another."""
    named = {(s.path, str(s.value)) for s in sites.of("defined") if s.value}
    plain = {_letters(s.path) for s in sites.of("defined") if not s.value}
    beside = any(_letters(path.replace(value, "", 1)) in plain for path, value in named)
    return len({value for _path, value in named}) + beside


def _letters(path: str) -> str:
    return _MARKS.sub("", path)


def _statement(sites: Sites) -> str:
    tools = sorted({s.subject.removesuffix(" module") for s in sites.of("defined")})
    if not tools:
        return "Files for running the application elsewhere are there, but none defines resources."
    environments = _environments(sites)
    tail = f", for {plural(environments, 'environment')}" if environments > 1 else ""
    checked = "; CI plans or checks them" if sites.of("checked") else ""
    files = plural(len({s.path for s in sites.of("defined")}), "file")
    return f"Run-time resources are defined with {', '.join(tools)} in {files}{tail}{checked}."


INFRASTRUCTURE = Signal(
    id="iac.infrastructure",
    title="Infrastructure as code",
    competency="iac-cloud",
    seeds=("S8.3", "C6.3"),
    counts="Terraform, Kubernetes, Helm, CloudFormation, Ansible, Cloud Foundry, a platform descriptor or the like "
    "defines run-time resources.",
    strong="Modules or overlays serve several environments, or CI plans or checks them.",
    not_credited="Compose files and Procfiles; infrastructure that a README places in another repository.",
    how_to_show="Keep the manifests that run the application beside it, one overlay per environment, and let CI "
    "plan them.",
    clauses=("defined", "checked", "lead"),
    leads=("lead",),
    defining=("defined",),
    practised=lambda sites: bool(sites.of("defined")),
    sustained=lambda sites: (
        bool(sites.of("checked")) or _environments(sites) >= 2 or "terraform module" in sites.subjects("defined")
    ),
    measures=lambda sites: {"tools": len(sites.subjects("defined")), "environments": _environments(sites)},
    statement=_statement,
)
SIGNALS = (INFRASTRUCTURE,)
ALONE = True
_LEADS = ("netlify.toml", "vercel.json", "supervisord.conf")


def detect(project: Project) -> Observations:
    """Definitions with their environment, checks in CI, and descriptors that define nothing."""
    found = False
    for item in project.infrastructure:
        found = True
        yield (
            INFRASTRUCTURE,
            Site(
                path=item.path,
                start=item.start,
                end=item.end,
                clause="lead" if item.tool == "ansible" and _AT_HOME.search(item.path) else "defined",
                subject=item.tool,
                value=item.environment or None,
            ),
        )
    for run in project.ci_runs if found else ():
        if checker := _checker(run):
            yield (
                INFRASTRUCTURE,
                Site(path=run.place.path, start=run.place.start, end=run.place.end, clause="checked", subject=checker),
            )
    for path in sorted(p for p in project.paths if p.rpartition("/")[2] in _LEADS and project.role(p).value == "app"):
        yield INFRASTRUCTURE, Site(path=path, clause="lead", subject="lead")


def _checker(run: CiRun) -> str:
    """The program by which a run checks definitions ("" when it does not); one that applies them is no check."""
    program = run.words[0].rpartition("/")[2] if run.words else ""
    given = set(run.words[1:])
    if program not in _CHECKS or not run.effective or "deploy" in run.kinds or _ONLY_TELLS & given:
        return ""
    verbs = _CHECKS[program]
    return program if not verbs or given.intersection(verbs) else ""
