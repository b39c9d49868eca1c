"""Names by which definitions of infrastructure are told: kinds, blocks, files of platforms, and settings of size."""

from __future__ import annotations

import re

from evidence.patterns import regex

KUBERNETES = frozenset(
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
ENVIRONMENT = regex(
    r"(?:^|[/._-])(dev|development|test|testing|uat|qa|stage|staging|stg|preprod|pre-prod|preview|sandbox|demo|prod|production|live)(?=$|[/._-])"
)
TERRAFORM_BLOCK = regex(r'^[ \t]{0,8}(resource|module)[ \t]{1,8}"([\w-]{1,100})"', re.M)
TERRAFORM_LIMIT = regex(
    r"^[ \t]{0,40}(cpu|memory|memory_size|desired_count|min_capacity|max_capacity|min_size|max_size|instance_count|"
    r"min_instances|max_instances|instances|health_check_path|max_instance_count|min_instance_count)[ \t]{0,40}=",
    re.M,
)
# Azure's Bicep: resources and modules, and settings of their size and health.
BICEP_BLOCK = regex(r"^(resource|module)[ \t]{1,8}\w{1,100}[ \t]{1,8}'", re.M)
BICEP_LIMIT = regex(
    r"^[ \t]{0,60}(healthCheckPath|numberOfWorkers|minReplicas|maxReplicas|minimumElasticInstanceCount|cpu|memory"
    r"|capacity)[ \t]{0,8}:",
    re.M,
)
SALT = regex(r"^[ \t]{0,8}-?[ \t]{0,8}(boto_\w{2,60}|cloud)\.\w{2,60}:", re.M)
SALT_LIMIT = regex(
    r"^[ \t]{0,40}-?[ \t]{0,8}(min_size|max_size|desired_capacity|instance_type|health_check)[ \t]{0,8}:", re.M
)
SCALING = frozenset(
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
LIMITS = frozenset(
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
DEPLOY_PARAMETER = regex(
    r"(?:resources?[-_])?(?:cpu|memory)(?:[-_]limit)?|(?:max|min)[-_]?(?:scale|instances)|container-concurrency"
)


# Platforms' descriptors: the file's name, the keys it must have, and those of which it must have one.
_APP_ENGINE = frozenset({"entrypoint", "handlers", "instance_class", "automatic_scaling", "service", "env"})
_OVERLAY = frozenset({"resources", "bases", "patches", "patchesStrategicMerge"})
_COPILOT = frozenset({"image", "http", "network", "cpu", "count", "schedule", "cdn", "observability"})
_NOTHING: frozenset[str] = frozenset()
CLOUD_FOUNDRY = frozenset(
    {"buildpack", "buildpacks", "memory", "instances", "disk_quota", "services", "routes", "health-check-type"}
)
"""What only applications of Cloud Foundry's manifests have."""
DESCRIPTORS = (
    ("helm", regex(r"chart\.yaml"), frozenset({"name", "version"}), _NOTHING),
    ("kustomize", regex(r"kustomization\.ya?ml"), _NOTHING, _OVERLAY),
    ("cloud foundry", regex(r"manifest.*\.ya?ml"), frozenset({"applications"}), _NOTHING),
    ("serverless", regex(r"serverless\.ya?ml"), frozenset({"service", "provider"}), _NOTHING),
    ("copilot", regex(r"manifest\.ya?ml"), frozenset({"name", "type"}), _COPILOT),
    ("ecs", regex(r".*\.json"), frozenset({"containerDefinitions"}), _NOTHING),
    ("konf", regex(r".*\.ya?ml"), frozenset({"domain", "image"}), _NOTHING),
    ("app platform", regex(r"app\.ya?ml"), frozenset({"name", "region", "services"}), _NOTHING),
    ("render", regex(r"render\.ya?ml"), frozenset({"services"}), _NOTHING),
    ("fly", regex(r"fly.*\.toml"), frozenset({"app"}), _NOTHING),
    ("app engine", regex(r".*\.ya?ml"), frozenset({"runtime"}), _APP_ENGINE),
    ("pulumi", regex(r"pulumi\.ya?ml"), frozenset({"runtime"}), _NOTHING),
    ("cdk", regex(r"cdk\.json"), frozenset({"app"}), _NOTHING),
    ("cloud deploy", regex(r"clouddeploy.*\.ya?ml"), frozenset({"serialPipeline"}), _NOTHING),
    ("zappa", regex(r"zappa_settings.*"), _NOTHING, _NOTHING),
)
