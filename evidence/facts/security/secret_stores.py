"""Where infrastructure code keeps secrets: Terraform, CloudFormation, Kubernetes, SOPS and encrypted files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Node
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_INFRA = regex(
    r'resource\s{1,4}"(aws_secretsmanager_secret|aws_ssm_parameter|aws_kms_key|google_secret_manager_secret|azurerm_key_vault|google_kms_crypto_key'
    r'|vault_\w{2,40}|akeyless_\w{2,40})"|data\s{1,4}"(aws_secretsmanager_secret_version|aws_ssm_parameter|google_secret_manager_secret_version'
    r'|azurerm_key_vault_secret|vault_\w{2,40})"|(?:valueFrom|value_from|secrets_manager)\b.{0,80}(?:arn:aws:(?:ssm|secretsmanager)|ssm_parameter|secretsmanager)'
)
_REFERENCE = regex(
    r"\{\{resolve:(?:secretsmanager|ssm-secure):|arn:aws:(?:secretsmanager|ssm):|vault\.hashicorp\.com/agent-inject|azurekeyvault\.|@Microsoft\.KeyVault"
)
_KINDS = {
    "SealedSecret": "sealed secrets", "ExternalSecret": "external secrets", "SecretStore": "external secrets",
    "ClusterSecretStore": "external secrets", "SecretProviderClass": "CSI secret store", "VaultStaticSecret": "Vault",
    "VaultDynamicSecret": "Vault", "VaultAuth": "Vault",
}  # fmt: skip
_TYPES = {
    "AWS::SecretsManager::Secret": "AWS Secrets Manager", "AWS::KMS::Key": "AWS KMS",
    "AWS::SSM::Parameter": "AWS Parameter Store", "AWS::SecretsManager::RotationSchedule": "AWS Secrets Manager",
}  # fmt: skip


class KeptSecret(Struct, frozen=True):
    """One place of infrastructure code that makes, or refers to, a store of secrets."""

    path: str
    start: int
    end: int
    store: str


def kept_secrets(project: Project) -> Iterator[KeptSecret]:
    """Every such place of the repository."""
    yield from _in_data(project)
    yield from _in_texts(project)


def _in_data(project: Project) -> Iterator[KeptSecret]:
    """Kubernetes and CloudFormation resources of stores, references into one, and SOPS."""
    for path, data in project.data.items():
        name = path.rpartition("/")[2]
        if name in (".sops.yaml", ".sops.yml") and data.root.get("creation_rules") is not None:
            yield KeptSecret(path, 1, min(data.root.end, 40), "SOPS")
        if not path.endswith((".yml", ".yaml", ".json", ".jinja")) or name.startswith("package"):
            continue
        for root in data.roots:
            if (node := root.get("sops")) is not None and node.get("mac") is not None:
                yield KeptSecret(path, root.line_of("sops"), node.end, "SOPS")
            for item in root.walk():
                yield from _resource(path, item)


def _resource(path: str, item: Node) -> Iterator[KeptSecret]:
    if item.kind == "map":
        for key, table in (("kind", _KINDS), ("Type", _TYPES)):
            node = item.get(key)
            if node is not None and node.text in table:
                yield KeptSecret(path, item.start, min(item.end, item.start + 39), table[node.text])
    elif item.kind == "str" and len(item.text) > 12 and _REFERENCE.search(item.text[:400]):
        yield KeptSecret(path, item.start, item.end, "secret store")


def _in_texts(project: Project) -> Iterator[KeptSecret]:
    """Terraform resources of stores, and files that git encrypts."""
    for path, text in project.texts.items():
        if path.endswith(".tf"):
            for match in list(_INFRA.finditer(text.text))[:20]:
                line = text.text.count("\n", 0, match.start()) + 1
                yield KeptSecret(path, line, line, _named(match[0]))
        elif path.rpartition("/")[2] == ".gitattributes" and "filter=git-crypt" in text.text:
            yield KeptSecret(path, 1, 1, "git-crypt")


def _named(resource: str) -> str:
    for part, name in (
        ("secretsmanager", "AWS Secrets Manager"),
        ("ssm", "AWS Parameter Store"),
        ("kms", "KMS"),
        ("key_vault", "Azure Key Vault"),
        ("google", "Google Secret Manager"),
    ):
        if part in resource:
            return name
    return "Vault"
