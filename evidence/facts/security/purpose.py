"""What a guard asks: who somebody is (authentication), or what they may do (authorization)."""

from __future__ import annotations

import re
from functools import lru_cache

from evidence.patterns import regex

WHO = "authentication"
MAY = "authorization"
OTHER = ""

_SEPARATE = regex(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
# Words of roles, rights and ownership, as names of functions and attributes use them (English, Spanish, Portuguese,
# French, German).
_MAY_WORDS = frozenset({
    "role", "roles", "rol", "papel", "papeis", "perfil", "rolle", "rollen", "permission", "permissions", "permiso",
    "permisos", "permissao", "permissoes", "perm", "perms", "privilege", "privileges", "scope", "scopes", "admin",
    "admins", "administrator", "administrador", "superuser", "superadmin", "staff", "owner", "owners", "owns",
    "ownership", "propietario", "dueno", "proprietario", "proprietaire", "besitzer", "author", "creator", "autor",
    "autora", "auteur", "acl", "acls", "rbac", "abac",
    "policy", "policies", "capability", "capabilities", "entitlement", "entitlements", "moderator", "editor",
    "droit", "droits", "recht", "rechte", "berechtigung", "can", "grant", "grants", "granted", "authorize",
    "authorized", "authorization", "authorisation", "authorise", "authorised", "allowed", "member", "membership",
})  # fmt: skip
_WHO_WORDS = frozenset({
    "auth", "authed", "authn", "authenticate", "authenticated", "authentication", "authenticator", "login",
    "logged", "signin", "jwt", "token", "bearer", "session", "apikey", "credential", "credentials", "identity",
    "user", "users", "usuario", "benutzer", "utilisateur", "oauth", "saml", "oidc", "sso", "anonymous", "sesion",
    "sessao", "autenticado", "autenticacion", "autenticacao", "logueado", "logado", "angemeldet",
})  # fmt: skip
_DEMANDS = frozenset({
    "require", "requires", "required", "requerido", "need", "needs", "needed", "only", "accepted", "allowed", "ensure",
    "enforce", "restrict", "restricted", "protect", "protected", "policy", "check", "checks", "verify", "validate",
    "requerida", "requiere", "necesita", "solo", "apenas", "somente", "exige", "obrigatorio", "requis", "erforderlich",
})  # fmt: skip
# What makes an account, an administrator's too, asks nobody for a right by its name.
_ENROLS = regex(r"(?:sign_?[uU]p|register|create|seed|invite)(?:_|[A-Z])")
# What checks the data of a request, or notes that there was one, and refuses on the way.
_ASIDE = regex(
    r"validate_\w{0,40}(?:creation|registration|update|change|profile|input|data|body|payload|json|form|schema|params)"
    r"|(?:log|track|record|count|measure)_(?:api_|all_)?(?:calls?|requests?|usage|access|activity|events?|time)"
)
# Words of HTTP's header for credentials, which say nothing of rights by themselves.
_HEADER = frozenset({"authorization", "authorisation", "authorize", "authorise", "authorized", "authorised"})
_ACCESS = regex(
    r"(?:has|have|requires?|check|can|user|deny|ensure|verify)_?(?:\w{1,12}_)?[aA]ccess(?!_?(?:token|key|auth))"
)
_API_KEY = regex(r"api_?keys?(?![a-z])")
# What refuses for other reasons: forged requests, too many of them, a closed service.
_OTHER_WORDS = frozenset({
    "csrf", "xsrf", "maintenance", "limit", "limiter", "throttle", "rate", "captcha", "recaptcha", "ip", "referer",
    "origin", "signature", "webhook",
})  # fmt: skip
_PERMISSION = regex(
    r"(?:permissions?|allows|acl|policy|enforcer|ability|role)\.(?:can|require|requires|enforce|is_allowed|allowed)$",
    re.IGNORECASE,
)
# The methods, by their last letters: hardly any call gets further.
_ASKING = ("can", "require", "requires", "enforce", "llowed")
# Decorators of Flask-HTTPAuth that register how to verify, and guard nothing themselves.
_CALLBACKS = frozenset({"verify_token", "verify_password", "get_password", "verify_jwt_in_request"})
_NOT_RIGHTS = regex(r"(?:^|[_.])access_?(?:token|key|log|cookie)|allowed_(?:file|ext|host|origin|method)")
_WHO_NAMED = regex(
    r"(?:login|auth|authn|authentication|jwt|token|session|api_?key|user|oauth|credentials?|signin|http_auth|auth_token|basic_auth|identity)_?(?:is_)?(?:required|needed)(?:_\w{1,20})?"
    r"|(?:requires?|need|check|verify|ensure|validate|must_have)_(?:be_)?(?:login|logged_in|auth|authn|authentication|authenticated|jwt|token|session|user|api_?key|oauth|valid_token|account)(?:_\w{1,20})?"
    r"|(?:token|oidc)_auth|accept_token|authenticated?|jwt_refresh_token_required|fresh_login_required|fresh_jwt_required|loginrequired|is_authenticated|login|auth_protect|protect|protected|secured"
)
_LOGIN_REQUIRED = regex(r"(?:login|session|jwt|api_?key|authentication)_(?:required|needed)$")
_MAY_NAMED = regex(
    r"(?:\w{1,30}_)?(?:roles?|permissions?|scopes?|privileges?|admin|superuser|staff|owner|groups?|access|acl|policy|capability|rights?)_(?:required|accepted|allowed|needed)(?:_\w{1,20})?"
    r"|(?:requires?|has|have|check|need|needs|ensure|enforce|verify)_(?:one_of_|any_|all_|some_|any_of_|all_of_)?(?:\w{1,20}_)?(?:roles?|permissions?|scopes?|access|admin|groups?|privileges?|acl|policy|owner|ownership|rights?|superuser|staff)(?:_\w{1,20})?"
    r"|permission_name|authorize|authorized|can_access|enforce|has_access_api|admin_only|owner_only"
)
# Keywords by which a decorator is told the right that it asks for.
_ASKED = frozenset({
    "role", "roles", "permission", "permissions", "scope", "scopes", "required_role", "required_roles", "allowed_roles",
    "required_permission", "required_permissions", "required_scopes", "privilege", "privileges", "acl",
})  # fmt: skip
_TELLS = frozenset({
    "route", "get", "post", "put", "patch", "delete", "doc", "docs", "response", "option", "argument", "command",
    "group", "task", "authorize", "field", "mutation", "query", "add_resource", "resource", "errorhandler", "dataclass",
})  # fmt: skip
_INSISTS = regex(r"(?:ensure|requires?|enforce|verify|assert|demand|abort_(?:if|unless))_")


PASSWORD = regex(r"passw|(?:^|[_.\"'\[])pwd|senha|contrase|kennwort|mot_?de_?passe|wachtwoord", re.IGNORECASE)
"""In names, of what people prove with who they are."""
LOGIN = regex(r"log_?in|sign_?in|authenticat", re.IGNORECASE)
"""In names, of what lets somebody in."""


@lru_cache(maxsize=50_000)
def words(name: str) -> frozenset[str]:
    """The words of a dotted name, in lower case: ``current_user.isAdmin`` has current, user, is, admin."""
    return frozenset(w.lower() for w in _SEPARATE.split(name[:200]) if w)


def speaks_of_rights(name: str) -> bool:
    """Whether a dotted name is about roles, permissions or ownership."""
    return bool(words(name) & _MAY_WORDS or _ACCESS.search(name[:200])) and not _NOT_RIGHTS.search(name.lower()[:200])


def speaks_of_identity(name: str) -> bool:
    """Whether a dotted name is about who somebody is."""
    return bool(words(name) & _WHO_WORDS) or _API_KEY.search(name.lower()[:200]) is not None


def speaks_of_else(name: str) -> bool:
    """Whether a name says that something other than identity or rights is checked."""
    return bool(words(name) & _OTHER_WORDS)


def asks_permission(name: str) -> bool:
    """Whether a call asks an object made for it: ``admin_permission.require(403)`` and ``permission.can()`` of
    Flask-Principal, ``allows.requires(...)`` of Flask-Allows, an enforcer of Casbin."""
    plain = name.replace("()", "")
    return plain.endswith(_ASKING) and _PERMISSION.search(plain[-120:]) is not None


def insists(name: str) -> bool:
    """Whether a function of another package refuses by itself those without a right, by its name:
    ``view_helpers.ensure_has_permission(...)``."""
    return _INSISTS.match(name.rpartition(".")[2]) is not None and named(name) == MAY


def demands_by_key(name: str, keys: tuple[str, ...]) -> bool:
    """Whether a decorator is told which right to ask for by a keyword: ``@load_models(Menu, permission="org_admin")``;
    what documents or routes is told other things."""
    return bool(_ASKED.intersection(keys)) and name.replace("()", "").rpartition(".")[2] not in _TELLS


def demands(name: str) -> bool:
    """Whether a decorator's name demands a login or a right: ``roles_accepted``, ``requires_bearer_auth``."""
    said = words(name)
    about = said & (_MAY_WORDS | _WHO_WORDS) and not said & _OTHER_WORDS
    return bool(about and said & _DEMANDS) and not _NOT_RIGHTS.search(name.lower()[:200])


def named(name: str) -> str:
    """The purpose of a decorator from outside the project, by the name it is used under."""
    if asks_permission(name):
        return MAY
    last = name.replace("()", "").rpartition(".")[2].lower()[:100]
    if last in _CALLBACKS:
        return OTHER
    if last == "required" and "auth" in name.lower():  # Flask-BasicAuth's ``@basic_auth.required``
        return WHO
    if _MAY_NAMED.fullmatch(last) or (last == "scoped" and "auth" in name.lower()):
        return MAY
    return WHO if _WHO_NAMED.fullmatch(last) else OTHER


def purpose(name: str, codes: frozenset[str], reads: frozenset[str]) -> str:
    """The purpose of a guard of the project: its own name decides, then what it reads and answers."""
    last = name.rpartition(".")[2]
    if speaks_of_else(name) or _ENROLS.match(last) or _ASIDE.fullmatch(last):
        return OTHER
    if _LOGIN_REQUIRED.search(last) and "403" not in codes:
        # whatever else the name speaks of, as a service that is about grants does
        return WHO
    if speaks_of_rights(last):
        return WHO if _reads_the_header(last, codes, reads) else MAY
    if speaks_of_identity(last):
        return WHO
    if "403" in codes and any(speaks_of_rights(r) for r in reads):
        return MAY
    return WHO if any(speaks_of_identity(r) for r in reads) else OTHER


def _reads_the_header(last: str, codes: frozenset[str], reads: frozenset[str]) -> bool:
    """Whether what is called an authorization checks the header of that name: ``jwt_authorization`` answers 401 and
    looks at no right."""
    named = words(last) & _MAY_WORDS <= _HEADER and (speaks_of_identity(last) or bool(codes))
    return named and "403" not in codes and not any(words(r) & (_MAY_WORDS - _HEADER) for r in reads)
