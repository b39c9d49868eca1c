"""The table of scanners: programs, actions, hooks, services and templates, and what each one looks at.

Sources: the tools' own documentation. Kinds are ``code`` (the source), ``infra`` (workflows, images' recipes and
infrastructure code), ``dependencies`` (known vulnerabilities in packages and images) and ``secrets``.
"""

from __future__ import annotations

import re

from evidence.facts.ci.programs import program
from evidence.patterns import regex

#: Program -> (kind, sub-commands of which one must occur; none asked for where the tuple is empty).
PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "bandit": ("code", ()),
    "semgrep": ("code", ()),
    "opengrep": ("code", ()),
    "pysa": ("code", ()),
    "njsscan": ("code", ()),
    "horusec": ("code", ()),
    "bearer": ("code", ("scan",)),
    "codeql": ("code", ("analyze",)),
    "sonar-scanner": ("code", ()),
    "pysonar": ("code", ()),
    "pysonar-scanner": ("code", ()),
    "zizmor": ("infra", ()),
    "checkov": ("infra", ()),
    "tfsec": ("infra", ()),
    "terrascan": ("infra", ()),
    "kics": ("infra", ()),
    "pip-audit": ("dependencies", ()),
    "safety": ("dependencies", ("check", "scan")),
    "snyk": ("dependencies", ("test", "monitor", "container")),
    "osv-scanner": ("dependencies", ()),
    "grype": ("dependencies", ()),
    "trivy": ("dependencies", ("fs", "filesystem", "repo", "repository", "image", "i", "rootfs", "sbom")),
    "jake": ("dependencies", ()),
    "dependency-check": ("dependencies", ()),
    "docker-scout": ("dependencies", ()),
    "clair-scanner": ("dependencies", ()),
    "anchore-cli": ("dependencies", ()),
    "grype-scan": ("dependencies", ()),
    "twistcli": ("dependencies", ()),
    "renovate": ("dependencies", ()),
    "gitleaks": ("secrets", ()),
    "detect-secrets": ("secrets", ()),
    "detect-secrets-hook": ("secrets", ()),
    "trufflehog": ("secrets", ()),
    "trufflehog3": ("secrets", ()),
    "ggshield": ("secrets", ()),
    "git-secrets": ("secrets", ()),
    "secretlint": ("secrets", ()),
    "noseyparker": ("secrets", ()),
}

#: (program, sub-command) pairs of tools that do other things too.
SUBCOMMANDS = {
    ("pipenv", "check"): "dependencies",
    ("poetry", "audit"): "dependencies",
    ("uv", "audit"): "dependencies",
    ("docker", "scout"): "dependencies",
    ("snyk", "code"): "code",
    ("trivy", "config"): "infra",
    ("npm", "audit"): "dependencies-other",
    ("yarn", "audit"): "dependencies-other",
    ("pnpm", "audit"): "dependencies-other",
}

#: What a ready-made step, a hook or an orb is called, and what it looks at; the first that fits decides.
NAMES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (regex(pattern), kind)
    for pattern, kind in (
        (r"codeql-action/analyze$|(?:^|/)codeql$", "code"),
        (r"codeql-action/|upload-sarif", ""),
        (r"bandit|semgrep|njsscan|horusec|devskim|checkmarx|veracode|fortify|pysa-action|xanitizer", "code"),
        (r"sonarcloud|sonarqube|sonarsource|sonar-scan", "code"),
        (r"snyk.{0,40}code", "code"),
        (r"zizmor|checkov|tfsec|terrascan|kics|kubesec", "infra"),
        (r"dependency-review|pip-audit|pipaudit|osv-scanner|dependency-check|dependency_check", "dependencies"),
        (r"safety-action|python-safety|pyupio/|(?:^|/)safety(?:-check)?$", "dependencies"),
        (
            r"snyk|trivy|grype|anchore/scan|scout-action|container-scan|clair|renovatebot/|whitesource|mend-",
            "dependencies",
        ),
        (
            r"gitleaks|detect-secrets|trufflehog|ggshield|gitguardian|git-secrets|secretlint|secret-scan|ripsecrets|devsecops-hooks",
            "secrets",
        ),
    )
)

#: GitLab's own templates, by a part of their name.
GITLAB_TEMPLATES = {
    "sast": "code",
    "dependency-scanning": "dependencies",
    "container-scanning": "dependencies",
    "secret-detection": "secrets",
}

#: Settings that no service here is known to read: leads (last segment of the path -> kind).
LEFT_LYING = {
    ".bandit": "code",
    ".semgrep.yml": "code",
    ".semgrep.yaml": "code",
    "sonar-project.properties": "code",
    ".sonarcloud.properties": "code",
    ".lgtm.yml": "code",
    "lgtm.yml": "code",
    ".snyk": "dependencies",
    ".trivyignore": "dependencies",
    "trivy.yaml": "dependencies",
    ".dockleconfig": "dependencies",
    ".safety-policy.yml": "dependencies",
    ".gitleaks.toml": "secrets",
    ".secrets.baseline": "secrets",
    ".gitguardian.yaml": "secrets",
    ".gitguardian.yml": "secrets",
}

#: Packages whose mere presence in a list of requirements is a lead.
PACKAGES = {
    "bandit": "code",
    "semgrep": "code",
    "flake8-bandit": "code",
    "pip-audit": "dependencies",
    "safety": "dependencies",
    "detect-secrets": "secrets",
}
#: Tools whose run ends well whatever they find: the verdict falls elsewhere.
NEVER_FAILS = regex(r"codeql|sonar(?!.*(?:quality-?gate|qualitygate))|renovate|snyk monitor|docker-scout")


def kind_of_name(name: str) -> str:
    """What the scanner behind an action's, hook's or orb's name looks at; "" when it is none."""
    lower = name.lower()[:200]
    return next((kind for pattern, kind in NAMES if pattern.search(lower)), "")


def kind_of_command(words: tuple[str, ...]) -> str:
    """What a command scans; "" when it scans nothing."""
    if not words:
        return ""
    tool = program(words[0])
    rest = words[1:]
    for word in rest[:4]:
        if (tool, word) in SUBCOMMANDS:
            return SUBCOMMANDS[tool, word]
    kind, wanted = PROGRAMS.get(tool, ("", ()))
    return kind if kind and (not wanted or set(wanted) & set(rest)) else ""
