"""What libraries check data with: their classes, calls and decorators, by the names in their own documents."""

from __future__ import annotations

# Base classes of schemas and forms, by the package that an outside class comes from.
KINDS = {
    "marshmallow": "marshmallow", "flask_marshmallow": "marshmallow", "apiflask": "marshmallow",
    "webargs": "marshmallow", "marshmallow_sqlalchemy": "marshmallow", "marshmallow_jsonapi": "marshmallow",
    "marshmallow_jsonschema": "marshmallow", "flask_rebar": "marshmallow", "toastedmarshmallow": "marshmallow",
    "pydantic": "pydantic", "sqlmodel": "pydantic", "pydantic_settings": "", "msgspec": "pydantic",
    "wtforms": "form", "flask_wtf": "form", "wtforms_alchemy": "form", "wtforms_json": "form",
    "flask_inputs": "form", "wtforms_sqlalchemy": "form", "flask_security": "form", "flask_user": "form",
}  # fmt: skip
SCHEMA_NAMES = ("Schema", "Model", "Form", "Inputs", "Struct")
# Packages whose calls check what they are given.
CALLS = (
    "jsonschema", "fastjsonschema", "jsonschema_rs", "jsonschema_specifications", "cerberus.Validator",
    "openapi_core", "voluptuous", "trafaret", "flask_json_schema", "flask_jsonschema", "pykwalify", "valideer",
    "good",
)  # fmt: skip
CHECKING = frozenset({
    "validate", "is_valid", "iter_errors", "validate_request", "unmarshal_request", "unmarshal_response",
    "validate_response", "assert_valid", "check",
})  # fmt: skip
MAKERS = ("Validator", "validator", "compile", "Schema", "validate", "RequestValidator")
LOADS = frozenset({"load", "loads", "validate", "from_json", "validate_partial", "validate_or_abort"})
MODEL_LOADS = frozenset(
    {"parse_obj", "parse_raw", "model_validate", "model_validate_json", "validate_python", "validate_json"}
)
NOT_SCHEMAS = (
    "json", "yaml", "pickle", "toml", "tomllib", "orjson", "ujson", "simplejson", "torch", "joblib", "numpy",
    "rapidjson", "marshal", "dill", "ruamel",
)  # fmt: skip
# Decorators that check a request before the view runs: last segment, and the packages whose objects carry them
# (none: the name says enough).
DECORATORS: dict[str, tuple[str, ...]] = {
    "use_kwargs": (), "use_args": (), "expects_json": (), "validate_request": (), "validate_querystring": (),
    "arguments": ("flask_smorest", "flask_rest_api", "apifairy"), "body": ("apifairy",), "input": ("apiflask",),
    "validate": ("flask_pydantic", "spectree", "flask_pydantic_spec", "flask_json_schema", "flask_jsonschema"),
    "ValidateParameters": (),
    "schema": ("flask_json_schema",), "handles": ("flask_rebar",), "request_schema": ("flask_accepts",),
    "accepts": ("flask_accepts",),
}  # fmt: skip
