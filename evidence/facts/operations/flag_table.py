"""Names of feature-flag packages, and how settings, functions and tables of flags are called."""

from __future__ import annotations

import re

from evidence.patterns import regex

# Packages whose purpose is flags: importing one and asking it is the practice.
PACKAGES = (
    "ldclient", "UnleashClient", "flagsmith", "openfeature", "growthbook", "statsig", "configcatclient", "splitio",
    "optimizely", "eppo_client", "flask_featureflags", "flask_feature_flags", "flask_unleash", "flipper", "flipt",
    "flipt_client", "devcycle_python_sdk", "amplitude_experiment", "harness_featureflags", "featureflags",
    "flask_waffle", "gargoyle", "gutter", "bucketeer", "reflag", "vwo", "posthog.feature_enabled",
    "posthog.Posthog.feature_enabled", "aws_lambda_powertools.utilities.feature_flags", "featuremanagement", "abtasty",
    "flagpole", "fflags",
)  # fmt: skip
ASKING = frozenset({
    "variation", "variation_detail", "is_enabled", "is_feature_enabled", "feature_enabled", "get_boolean_value",
    "get_string_value", "get_integer_value", "get_float_value", "get_object_value", "get_boolean_details",
    "get_treatment", "get_treatments", "check_gate", "is_on", "is_active", "is_off", "evaluate", "get_variant",
    "get_feature_value", "get_environment_flags", "get_identity_flags", "is_active_feature", "get_feature_flag",
    "flag_is_active", "bool_variation", "get_value", "decide", "get_assignment", "get_boolean_assignment",
})  # fmt: skip
TARGETED = regex(
    r"(?:ldclient\.(?:context\.)?Context(?:\.\w{1,20})?|openfeature(?:\.\w{1,40})*\.EvaluationContext"
    r"|splitio\.\w{1,40})"
)
PERCENT = regex(r"(?:rollout|percent|percentage)s?(?:_|$)|(?:^|_)(?:rollout|percent)", re.IGNORECASE)

# Words of a setting's name that make it a flag of a feature; the second set needs more than one such setting to be a
# mechanism.
FLAG_NAME = regex(
    r"(?!FLAGS?$)(?:^|.*_)(?:FEATURES?|FF|FLAGS?|TOGGLES?|ROLLOUT|EXPERIMENTS?|CANARY|KILL_?SWITCH|FEATUREFLAGS?)(?:_.+|$)"
)
SWITCH_NAME = regex(
    r"(?:ENABLED?|DISABLED?)_.+|.+_(?:ENABLED?|DISABLED?)|(?:\w{1,30}_)?(?:MAINTENANCE|READ_?ONLY)_MODE"
)
# ... and words that make it infrastructure instead: settings of libraries and of the running itself.
NOT_FEATURES = regex(
    r"(?:^|_)(?:DEBUG|CSRF|XSRF|SENTRY|CACHE|CACHING|CORS|MAIL|SMTP|RATE|RATELIMIT|THROTTL\w{1,5}|JWT|TOKENS?|LOG"
    r"|LOGS|LOGGING|METRICS?|TRACING|TRACE|OTEL|APM|NEW_RELIC|NEWRELIC"
    r"|DATADOG|DD|STATSD|PROMETHEUS|PROFIL\w{1,5}|SQLALCHEMY|SQL|TLS|SSL|HTTPS?|HSTS|SWAGGER|DOCS?|OPENAPI|TALISMAN"
    r"|CSP|PROXY|LDAP|SAML|OAUTH\d?|OIDC|SSO|AUTH|LOGIN"
    r"|PASSWORDS?|MFA|TESTING|TESTS?|CELERY|REDIS|DB|DATABASE|BABEL|COMPRESS\w{0,4}|SESSION|COOKIES?|TOOLBAR"
    r"|DEBUGTB|TEMPLATES?|ECHO|BACKUP|POOL|POLICY|ADMIN|WTF|SECURITY"
    r"|EAGER|GZIP|DEV|LOCAL|GUNICORN|WSGI|ASGI|DNS|IPV6|RECAPTCHA|CAPTCHA|TELEMETRY|ANALYTICS|HEALTH\w{0,6}|VERIFY"
    r"|VERIFICATION|MIGRAT\w{1,5}|SCHEDULER|WORKERS?|VENV|KERBEROS|CAS|AUDIT|EXCEPTIONS?|EXPLAIN|LOCK|LOCKS"
    r"|COLORS?)(?:_|$)"
)
MODEL_NAME = regex(
    r"(?:Feature|Flag|Toggle|FeatureFlag|FeatureToggle|FeatureSwitch)s?(?:Model|Override|Setting|State)?"
)
FUNCTION_NAME = regex(
    r"(?:is_|has_|check_|get_|require_|requires_)?(?:feature|flag|toggle)s?(?:_flag|_toggle|_is)?_?(?:enabled"
    r"|active|on|required|is_enabled|is_active|flag)"
    r"|(?:is|has)_(?:feature|toggle|feature_flag)|(?:check|require|requires|get)_(?:feature_)?(?:feature|flag|toggle)|feature_(?:required|flag|toggle"
    r"|switch)|(?:feature|flag)_(?:enabled|active)_for\w{0,10}"
)
# Classes that keep flags, and the methods by which they answer.
KEEPER_NAME = regex(
    r"(?:Features?|FeatureFlags?|FeatureToggles?|FeatureSwitch(?:es)?|Toggles?)"
    r"(?:Manager|Service|Store|Client|Provider|Registry|Repository)?"
)
ANSWERS = frozenset({"is_enabled", "enabled", "is_active", "is_on", "is_feature_enabled", "is_disabled"})
COLUMNS = ("Column", "mapped_column", "BooleanField", "BooleanAttribute", "relationship")
PLAIN_SWITCH = regex(r"[\w-]{1,40}(?:\.[\w-]{1,40}){0,3}\.enabled")
CONFIG_GET = regex(r"(?:^|[._])(?:config|settings|conf|cfg)\.get$")
FEATURES_OBJECT = regex(r"(?:^|\.)(?:features?|feature_flags|flags|toggles|featureflags)\.[A-Z][A-Z0-9_]{1,60}$")
# The same of settings that are read from a file and kept as an object or a dictionary.
GROUPED = regex(
    r"(?:config|conf|cfg|settings)\w{0,20}(?:\.|\[)(?:features?|feature_?flags|toggles)\]?(?:\.|\[)([a-z]\w{2,60})\]?$"
)
TRUE = frozenset({"True", "true", "1", "on", "yes"})
FALSE = frozenset({"False", "false", "0", "off", "no", ""})
