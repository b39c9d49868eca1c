"""Secrets management: secrets live in a store made for them, and scanners keep them out of the code.

**What it sees.** Clients of Vault, KMS, Secrets Manager, Parameter Store, Secret Manager and Key Vault in code that
runs; stores, sealed and external secrets and SOPS in infrastructure code; steps that fetch secrets from a store; secret
scanners as hooks or in CI; and rotation or leases.

**Why it matters.** A secret in an environment file is copied with every laptop, and nobody knows who has it.

**What it cannot tell.** Stores that a platform fills behind the scenes, and who may read them.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Call, Observations, Project, PyFile, Signal, Site, Sites, kept_secrets, quoted, regex

_USED = ("store", "client", "infra", "fetched", "scanner")
_ROTATES = ("rotation", "scanner_ci")
# Packages that are nothing but a client of a store.
_CLIENTS = {
    "hvac": "Vault",
    "google.cloud.secretmanager": "Google Secret Manager",
    "google.cloud.secretmanager_v1": "Google Secret Manager",
    "google.cloud.kms": "Google KMS",
    "azure.keyvault": "Azure Key Vault",
    "aws_secretsmanager_caching": "AWS Secrets Manager",
    "aws_lambda_powertools.utilities.parameters": "AWS Parameter Store",
    "aws_encryption_sdk": "AWS KMS",
    "ssm_parameter_store": "AWS Parameter Store",
    "credstash": "credstash",
    "conjur": "Conjur",
    "infisical": "Infisical",
    "infisical_sdk": "Infisical",
    "dopplersdk": "Doppler",
    "onepasswordconnectsdk": "1Password",
    "onepassword": "1Password",
    "oci.secrets": "OCI Vault",
    "confidant_client": "Confidant",
}
# Methods of AWS clients and secret stores that no other library in use has.
_METHODS = {
    "get_secret_value": "AWS Secrets Manager",
    "access_secret_version": "Google Secret Manager",
    "get_parameters_by_path": "AWS Parameter Store",
    "generate_data_key": "AWS KMS",
    "read_secret_version": "Vault",
    "read_secret": "Vault",
}
# Keywords of the operations of KMS.
_KMS_KEYS = frozenset({"CiphertextBlob", "EncryptionContext", "KeyId"})
_AWS = {"secretsmanager": "AWS Secrets Manager", "ssm": "AWS Parameter Store", "kms": "AWS KMS"}
_FETCHING = {
    "hashicorp/vault-action": "Vault",
    "aws-actions/aws-secretsmanager-get-secrets": "AWS Secrets Manager",
    "google-github-actions/get-secretmanager-secrets": "Google Secret Manager",
    "azure/get-keyvault-secrets": "Azure Key Vault",
    "azurekeyvault": "Azure Key Vault",
    "1password/load-secrets-action": "1Password",
    "dopplerhq/secrets-fetch-action": "Doppler",
    "infisical/secrets-action": "Infisical",
    "mozilla/sops": "SOPS",
    "akeyless-community/akeyless-github-action": "Akeyless",
}
_COMMAND = regex(
    r"\bvault (?:kv|read|login)\b"
    r"|\baws (?:\S{1,40} ){0,2}(?:secretsmanager get-secret-value|ssm get-parameters?|kms decrypt)"
    r"|\bsops (?:-d|--decrypt|exec-env|decrypt|-i)|\bgcloud (?:beta )?secrets versions access|\baz keyvault secret show"
    r"|\bdoppler run|\bop (?:run|read|inject)\b|\binfisical run|\bchamber exec|\bberglas (?:exec|access)|\bsummon \S"
    r"|\bansible-vault (?:decrypt|view)|\bgit-crypt unlock|\bteller run"
    r"|\bcredstash get|\benvconsul\b|\bconsul-template\b"
)
# Who changes their own password rotates no secret of the application.
_ROTATION = regex(
    r"(?:rotate|rotar|roll|renew)_\w{0,30}(?:secret|credential|password|api_?key|(?:data|encryption|master)_?key|token|lease)"
    r"\w{0,20}"
    r"|change_\w{0,30}(?:secret|credential|api_?key|data_?key|encryption_?key)\w{0,20}"
    r"|(?:secret|credential|key|password)s?_(?:rotation|rotate)\w{0,20}|(?:next|last)_rotation\w{0,20}"
    r"|renew_(?:lease|self|token)"
)
# A store lends a secret for a time: Vault's leases, by https://developer.hashicorp.com/vault/docs/concepts/lease
_LEASED = regex(r"sys/leases/\w{2,20}")
_LEASES = frozenset({"renew_lease", "revoke_lease"})
_ROTATED = regex(
    r"rotation_rules|enable_key_rotation\s{0,40}=\s{0,4}true|aws_secretsmanager_secret_rotation|rotation_period"
    r"|RotationSchedule|EnableKeyRotation"
)


def _statement(sites: Sites) -> str:
    stores = sorted({s.subject for s in sites.of(*_USED)})
    if not stores:
        return "Secrets are encrypted or scanned for by means that stay short of a store or a scanner that runs."
    names = ", ".join(quoted(s, 40) for s in stores[:5])
    more = " Rotation or leases are in place." if sites.of("rotation") else ""
    ci = " A secret scanner runs in CI." if sites.of("scanner_ci") else ""
    return f"Secrets are kept or guarded with {names}.{more}{ci}"


SECRETS_MANAGEMENT = Signal(
    id="security.secrets_management",
    title="Secrets management",
    competency="secrets",
    seeds=("S6.2", "C5.3"),
    counts="Vault, KMS, Secrets Manager, Parameter Store, SOPS or sealed secrets are used, or a scanner of secrets.",
    strong="Secrets are rotated or leased, or the scanner runs in CI.",
    not_credited="A .env.example; reading environment variables; secrets of a CI or platform; settings nothing runs.",
    how_to_show="Fetch secrets from a store at start, and add gitleaks or detect-secrets to pre-commit and CI.",
    clauses=("store", "rotation", "infra", "scanner_ci", "scanner", "fetched", "encrypted", "unused", "client"),
    defining=(*_USED, *_ROTATES),
    uncited=("client",),
    practised=lambda sites: sites.kinds(*_USED, "scanner_ci") >= 1,
    sustained=lambda sites: sites.kinds(*_ROTATES) >= 1,
    measures=lambda sites: {"stores": len(sites.subjects(*_USED)), "kinds": sites.kinds(*_USED, *_ROTATES)},
    statement=_statement,
)
SIGNALS = (SECRETS_MANAGEMENT,)


def detect(project: Project) -> Observations:
    """Stores in code and infrastructure, scanners, and rotation where there is a store to rotate in."""
    found = [*_in_code(project), *_in_infrastructure(project), *_fetched(project), *_scanners(project)]
    held = any(s.clause in _USED for s in found)
    found.extend(_rotation(project) if held else _encrypted(project))
    yield from ((SECRETS_MANAGEMENT, site) for site in found)


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + 39), clause=clause, subject=subject)


def _around(file: PyFile, call: Call) -> tuple[int, int]:
    definition = file.function_of(call.scope)
    if definition is not None and definition.end - definition.start < 45:
        return definition.start, definition.end
    return call.start, call.end


def _in_code(project: Project) -> Iterator[Site]:
    """Clients of stores in code that runs. Where secrets are fetched, AWS clients made elsewhere only count."""
    for file, call, name in project.calls(project.app, *_CLIENTS):
        if project.reach.live(file.path, call.scope):
            store = next(v for k, v in sorted(_CLIENTS.items(), reverse=True) if name.startswith(k))
            yield _site(file, *_around(file, call), "store", store)
    fetched: list[tuple[PyFile, Call, str]] = []
    made: list[tuple[PyFile, Call, str]] = []
    for file in project.app:
        for call in file.module.calls:
            last = call.last
            kept = fetched if (store := _fetch(call, last)) else made
            store = store or _client(call, last)
            if store and project.reach.live(file.path, call.scope):
                kept.append((file, call, store))
    yield from (_site(f, *_around(f, c), "store", store) for f, c, store in fetched)
    yield from (_site(f, *_around(f, c), "client" if fetched else "store", store) for f, c, store in made)


def _encrypted(project: Project) -> Iterator[Site]:
    """The project's own encryption of what it keeps: a lead."""
    for file, call, _name in project.calls(
        project.app,
        "cryptography.fernet",
        "sqlalchemy_utils.types.encrypted",
        "sqlalchemy_utils.EncryptedType",
        "sqlalchemy_utils.StringEncryptedType",
    ):
        if project.reach.live(file.path, call.scope):
            yield _site(file, call.start, call.end, "encrypted", "own encryption")
    for file in project.app:
        for definition in file.module.definitions:
            if any(
                "Encrypted" in b.text and "sqlalchemy_utils" in project.class_of(file, b.text) for b in definition.bases
            ):
                yield _site(file, definition.start, definition.end, "encrypted", "own encryption")


def _fetch(call: Call, last: str) -> str:
    """The store that a call takes a secret from, by a method that only its client has."""
    if last == "get_parameter" and call.expr.kwarg("WithDecryption") is not None:
        return "AWS Parameter Store"
    if last in ("decrypt", "encrypt", "generate_data_key") and not _KMS_KEYS.isdisjoint(call.expr.keys):
        return "AWS KMS"
    # pydantic's secrets have a method of the same name that takes nothing: it shows what is held already.
    return _METHODS.get(last, "") if "." in call.name and call.expr.items else ""


def _client(call: Call, last: str) -> str:
    """The store of AWS that a call makes a client for, by the service's name."""
    if last not in ("client", "resource", "get_boto_client", "create_client"):
        return ""
    args = call.expr.args
    return _AWS.get(args[0].text, "") if args and args[0].kind == "str" else ""


def _in_infrastructure(project: Project) -> Iterator[Site]:
    for kept in kept_secrets(project):
        yield Site(path=kept.path, start=kept.start, end=kept.end, clause="infra", subject=kept.store)


def _fetched(project: Project) -> Iterator[Site]:
    """Steps of pipelines and start commands that take secrets from a store."""
    for pipeline in project.ci:
        for job in pipeline.jobs:
            for step in job.steps:
                name = step.action.name.lower() if step.action is not None else ""
                store = next((v for k, v in _FETCHING.items() if name.startswith(k)), "")
                if store and not (pipeline.dead or job.dead or step.dead):
                    yield Site(path=step.path, start=step.start, end=step.end, clause="fetched", subject=store)
    for run in project.ci_runs:
        match = _COMMAND.search(" ".join(run.words[:30])[:600]) if not run.dead else None
        if match:
            yield Site(
                path=run.place.path, start=run.place.start, end=run.place.end, clause="fetched", subject=match[0]
            )
    for start in project.starts:
        match = _COMMAND.search(start.text[:600])
        if match:
            yield Site(path=start.path, start=start.start, end=start.end, clause="fetched", subject=match[0])


def _scanners(project: Project) -> Iterator[Site]:
    for scan in project.scans:
        if scan.kind == "secrets":
            unused = scan.where == "lead" or scan.off
            clause = "unused" if unused else "scanner_ci" if scan.where == "ci" else "scanner"
            yield Site(path=scan.path, start=scan.start, end=scan.end, clause=clause, subject=scan.tool, value=scan.off)


def _rotation(project: Project) -> Iterator[Site]:
    """Functions that rotate or renew, leases that end, and rotation that infrastructure code asks for."""
    for file in project.app:
        for call in file.module.calls:
            leased = call.last in _LEASES or any(e.kind == "str" and _LEASED.match(e.text) for e in call.expr.args)
            if leased and project.reach.live(file.path, call.scope):
                yield _site(file, *_around(file, call), "rotation", call.name)
        for number, definition in enumerate(file.module.definitions, 1):
            if (
                definition.kind == "function"
                and definition.statements
                and _ROTATION.fullmatch(definition.name)
                and project.reach.live(file.path, number)
            ):
                yield _site(file, definition.start, definition.end, "rotation", definition.qualname)
    for path, text in project.texts.items():
        match = _ROTATED.search(text.text) if path.endswith(".tf") else None
        if match:
            line = text.text.count("\n", 0, match.start()) + 1
            yield Site(path=path, start=line, end=line, clause="rotation", subject=match[0][:40])
