"""The table of programs: test runners, linters, formatters, type checkers, deployment and supply-chain tools.

Sources: the tools' own documentation of their command lines. ``tools.classify`` reads it.
"""

from __future__ import annotations

from msgspec import Struct


class Use(Struct, frozen=True):
    """One use of a program: ``needs`` are word prefixes that must all occur, ``lacks`` words that must not."""

    kinds: tuple[str, ...]
    needs: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


def _simple(kinds: str, names: str) -> dict[str, tuple[Use, ...]]:
    return {name: (Use(tuple(kinds.split())),) for name in names.split()}


def _verbs(kind: str, *verbs: str) -> tuple[Use, ...]:
    """A use of this kind for each verb (words separated by spaces must all occur)."""
    return tuple(Use((kind,), tuple(verb.split())) for verb in verbs)


_CHECK = ("--check", "--diff", "--check-only", "-c", "--exit-code", "-d", "--error-on-difference")

#: test: a runner for Python (or for the service as a whole); test-other: for other languages' code.
_TESTS = {
    **_simple(
        "test",
        "pytest py.test unittest nose2 nosetests nose trial behave robot green ward stestr zope-testrunner testslide "
        "mamba slash tavern-ci lit",
    ),
    **_simple("test-other", "jest vitest mocha ava karma jasmine rspec phpunit bats minitest web-test-runner"),
    "newman": _verbs("test", "run"),
    "schemathesis": _verbs("test", "run"),
    "st": _verbs("test", "run"),
    "dredd": (Use(("test",)),),
    "cypress": _verbs("test-other", "run"),
    "playwright": _verbs("test-other", "test"),
    "ng": (*_verbs("test-other", "test", "e2e"), *_verbs("lint-other", "lint")),
    "react-scripts": _verbs("test-other", "test"),
    "vue-cli-service": (*_verbs("test-other", "test:"), *_verbs("lint-other", "lint")),
    "craco": _verbs("test-other", "test"),
    "grunt": (*_verbs("test-other", "test"), *_verbs("lint-other", "lint", "jshint")),
    "gulp": (*_verbs("test-other", "test"), *_verbs("lint-other", "lint")),
    "go": (*_verbs("test-other", "test"), *_verbs("lint-other", "vet")),
    "cargo": (*_verbs("test-other", "test"), *_verbs("lint-other", "clippy"), *_verbs("format-other", "fmt --check")),
    "mvn": _verbs("test-other", "test", "verify"),
    "gradle": _verbs("test-other", "test", "check"),
    "gradlew": _verbs("test-other", "test", "check"),
    "dotnet": _verbs("test-other", "test"),
    "swift": _verbs("test-other", "test"),
    "xcodebuild": _verbs("test-other", "test"),
    "flutter": (*_verbs("test-other", "test"), *_verbs("lint-other", "analyze")),
    "bun": _verbs("test-other", "test"),
    "deno": (*_verbs("test-other", "test"), *_verbs("lint-other", "lint")),
}

_GATES = {
    **_simple(
        "lint",
        "flake8 pylint pyflakes pycodestyle pydocstyle pep8 pep257 prospector pylama mccabe wemake-python-styleguide "
        "flakehell "
        "flakeheaven lint-imports import-linter deptry vulture interrogate codespell yamllint hadolint shellcheck "
        "actionlint "
        "zizmor curlylint doc8 rstcheck xenon pyroma check-manifest cfn-lint tflint kube-linter super-linter "
        "megalinter "
        "restyled fixit slotscheck refurb dlint pymarkdown pyupgrade darglint ansible-lint dotenv-linter typos "
        "validate-pyproject",
    ),
    **_simple("type", "mypy dmypy pyright basedpyright pytype pyrefly pyanalyze"),
    **_simple(
        "lint-other",
        "eslint tslint stylelint jshint jslint standard xo markdownlint markdownlint-cli2 golangci-lint "
        "golint rubocop htmlhint oxlint csslint remark swiftlint checkstyle",
    ),
    "ruff": (
        Use(("format",), ("format", "--check")),
        Use(("format",), ("format", "--diff")),
        Use(("format-write",), ("format",)),
        *_verbs("", "clean", "rule", "version", "server", "config", "linter"),
        Use(("lint",)),
    ),
    "ty": _verbs("type", "check"),
    "pyre": (Use(("type",)),),
    "sqlfluff": (*_verbs("lint", "lint"), *_verbs("format-write", "fix", "format")),
    "squawk": (Use(("lint",)),),
    "djlint": (Use(("format",), ("--check",)), Use(("lint",))),
    "spectral": _verbs("lint", "lint"),
    "redocly": _verbs("lint", "lint"),
    "vacuum": _verbs("lint", "lint"),
    "openapi-spec-validator": (Use(("lint",)),),
    "terraform": (*_verbs("format", "fmt -check"), *_verbs("lint", "validate"), *_verbs("deploy", "apply")),
    "black": (*(Use(("format",), (flag,)) for flag in _CHECK), Use(("format-write",))),
    "isort": (*(Use(("format",), (flag,)) for flag in _CHECK), Use(("format-write",))),
    "yapf": (*(Use(("format",), (flag,)) for flag in _CHECK), Use(("format-write",))),
    "autopep8": (Use(("format",), ("--exit-code",)), Use(("format-write",))),
    "blue": (*(Use(("format",), (flag,)) for flag in _CHECK), Use(("format-write",))),
    "docformatter": (*(Use(("format",), (flag,)) for flag in _CHECK), Use(("format-write",))),
    "autoflake": (*(Use(("lint",), (flag,)) for flag in _CHECK), Use(("format-write",))),
    "pyproject-fmt": (Use(("format",), ("--check",)), Use(("format-write",))),
    "usort": (Use(("format",), ("check",)), Use(("format-write",))),
    "prettier": (*(Use(("format-other",), (f,)) for f in ("--check", "-c", "--list-different", "-l")),),
    "biome": (Use(("lint-other",), ("check",)), Use(("lint-other",), ("ci",)), Use(("lint-other",), ("lint",))),
    "tsc": (Use(("type-other",)),),
    "vue-tsc": (Use(("type-other",)),),
    "gofmt": (Use(("format-other",)),),
}

#: deploy: ships to an environment, registry or cloud; publish: a package; release: files on a release; docs: a web
#: site.
_SHIPPING = {
    "cf": _verbs("deploy", "push", "deploy", "blue-green-deploy", "zero-downtime-push", "v3-zdt-push", "bgd"),
    "cf7": _verbs("deploy", "push"),
    "kubectl": (
        *_verbs("rollback", "rollout undo"),
        *_verbs("probe", "rollout status", "wait"),
        *_verbs("deploy", "apply", "set image", "rollout restart", "patch", "replace", "create -f"),
    ),
    "oc": (
        *_verbs("rollback", "rollout undo"),
        *_verbs("probe", "rollout status", "wait"),
        *_verbs("deploy", "apply", "rollout", "start-build", "tag", "process", "set image", "replace"),
    ),
    "helm": (*_verbs("rollback", "rollback"), *_verbs("probe", "test"), *_verbs("deploy", "upgrade", "install")),
    "helmfile": _verbs("deploy", "apply", "sync"),
    "kustomize": _verbs("", "build", "edit"),
    "eb": _verbs("deploy", "deploy", "use"),
    "gcloud": _verbs(
        "deploy",
        "app deploy",
        "run deploy",
        "functions deploy",
        "builds submit",
        "run services update",
        "run jobs",
        "beta run",
        "deploy releases",
        "compute instances update-container",
    ),
    "az": _verbs(
        "deploy",
        "webapp deploy",
        "webapp deployment",
        "webapp config container",
        "webapp up",
        "functionapp deployment",
        "containerapp update",
        "containerapp up",
        "container create",
        "acr build",
        "deployment group create",
    ),
    "aws": _verbs(
        "deploy",
        "ecs update-service",
        "ecs register-task-definition",
        "ecs run-task",
        "lambda update-function-code",
        "elasticbeanstalk update-environment",
        "elasticbeanstalk create-application-version",
        "deploy create-deployment",
        "deploy push",
        "s3 sync",
        "cloudformation deploy",
        "cloudformation update-stack",
        "apprunner start-deployment",
        "ssm send-command",
        "apprunner update-service",
    ),
    "sam": _verbs("deploy", "deploy", "sync"),
    "cdk": _verbs("deploy", "deploy"),
    "cdktf": _verbs("deploy", "deploy"),
    "terragrunt": _verbs("deploy", "apply", "run-all apply"),
    "tofu": _verbs("deploy", "apply"),
    "pulumi": _verbs("deploy", "up"),
    "serverless": _verbs("deploy", "deploy"),
    "sls": _verbs("deploy", "deploy"),
    "zappa": _verbs("deploy", "deploy", "update"),
    "chalice": _verbs("deploy", "deploy"),
    "heroku": (
        *_verbs("rollback", "rollback", "releases:rollback"),
        *_verbs("deploy", "container:push", "container:release", "pipelines:promote", "builds:create"),
    ),
    "docker": (
        *_verbs(
            "deploy", "push", "buildx --push", "build --push", "imagetools create", "stack deploy", "service update"
        ),
        *_verbs("deploy", "buildx push=true"),
        *_verbs("sign", "trust sign"),
        *_verbs("sbom", "sbom"),
    ),
    "docker-compose": _verbs("deploy", "push"),
    "podman": _verbs("deploy", "push"),
    "buildah": _verbs("deploy", "push"),
    "skopeo": _verbs("deploy", "copy"),
    "crane": _verbs("deploy", "push", "copy"),
    "executor": _verbs("deploy", "--destination"),
    "bazel": _verbs("test-other", "test"),
    "ansible-playbook": (Use(("deploy",), (), ("--syntax-check", "--check")),),
    "fab": (Use(("deploy",), ("deploy",)),),
    "cap": _verbs("deploy", "deploy"),
    "kamal": (*_verbs("rollback", "rollback"), *_verbs("deploy", "deploy")),
    "flyctl": _verbs("deploy", "deploy"),
    "fly": (*_verbs("deploy", "deploy"), *_verbs("deploy", "set-pipeline")),
    "railway": _verbs("deploy", "up"),
    "vercel": (Use(("deploy",), (), ("pull", "env")),),
    "netlify": _verbs("deploy", "deploy"),
    "doctl": _verbs("deploy", "apps create-deployment", "apps update"),
    "nomad": _verbs("deploy", "job run", "run"),
    "argocd": (*_verbs("probe", "app wait"), *_verbs("deploy", "app sync", "app set")),
    "copilot": _verbs("deploy", "deploy"),
    "caprover": _verbs("deploy", "deploy"),
    "dpl": (Use(("deploy",)),),
    "ecs-deploy": (Use(("deploy",)),),
    "ecs": _verbs("deploy", "deploy"),
    "az-deploy": (Use(("deploy",)),),
    "deploy": (Use(("deploy",)),),
    **dict.fromkeys(("buildctl", "buildctl-daemonless.sh"), _verbs("deploy", "push=true")),
    "func": _verbs("deploy", "functionapp publish"),
    "juju": _verbs("deploy", "refresh", "upgrade-charm", "deploy"),
    "skaffold": _verbs("deploy", "run", "deploy", "apply"),
    "werf": _verbs("deploy", "converge"),
    "tsuru": _verbs("deploy", "app-deploy", "app deploy"),
    "ibmcloud": _verbs("deploy", "cf push", "ce application update", "ce app update", "ce application create"),
    **dict.fromkeys(("okteto", "clever", "scalingo", "convox", "nixops"), _verbs("deploy", "deploy")),
    "platform": _verbs("deploy", "push"),
    "twine": _verbs("publish", "upload"),
    "poetry": _verbs("publish", "publish"),
    "flit": _verbs("publish", "publish"),
    "hatch": _verbs("publish", "publish"),
    "pdm": _verbs("publish", "publish"),
    "uv": _verbs("publish", "publish"),
    "maturin": _verbs("publish", "publish"),
    "npm": _verbs("publish-other", "publish"),
    "gh": _verbs("release", "release create", "release upload"),
    "goreleaser": (Use(("release",)),),
    "semantic-release": (Use(("release",)),),
    "mkdocs": _verbs("docs", "gh-deploy"),
    "mike": _verbs("docs", "deploy"),
    "ghp-import": (Use(("docs",)),),
}

_CHAIN_OF_SUPPLY = {
    "syft": (Use(("sbom",)),),
    "cyclonedx-py": (Use(("sbom",)),),
    "cyclonedx-bom": (Use(("sbom",)),),
    "cdxgen": (Use(("sbom",)),),
    "sbom4python": (Use(("sbom",)),),
    "bom": _verbs("sbom", "generate"),
    "trivy": (*(Use(("sbom",), (f,)) for f in ("cyclonedx", "spdx", "spdx-json")), Use(("scan",))),
    "cosign": _verbs("sign", "sign", "attest", "sign-blob"),
    "notation": _verbs("sign", "sign"),
    "sigstore": _verbs("sign", "sign"),
    "slsa-generator": (Use(("sign",)),),
    **_simple(
        "scan", "bandit safety pip-audit semgrep grype snyk gitleaks detect-secrets trufflehog dockle osv-scanner"
    ),
    **_simple("probe", "curl wget http https"),
    "coverage": _verbs("coverage", "report", "xml", "html", "combine"),
    "locust": (Use(("load",)),),
    "k6": _verbs("load", "run"),
}

PROGRAMS: dict[str, tuple[Use, ...]] = {**_TESTS, **_GATES, **_SHIPPING, **_CHAIN_OF_SUPPLY}
