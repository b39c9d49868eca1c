"""Whether the value of a name that promises a secret is one: live, a placeholder, or no literal secret at all."""

from __future__ import annotations

import re

from evidence.patterns import regex

MASKED = regex(r"\[masked:([a-z_]{1,40})\]")
"""What masking leaves behind."""

_FILLERS = """
a an the my your our this that is it in of to for and or not be do on me i secret secrets key keys password passwords
passwd pass pwd passphrase token tokens salt api apikey app application flask django jwt session super very top change
changeme changed changethis replace replaceme please set insert put enter fill here value some any real random string
something anything never none null undefined empty todo fixme tbd dev develop development developer local localhost test
tests testing tester example examples sample samples demo dummy fake mock placeholder default defaults foo bar baz qux
foobar abc abcd abcde abcdef asdf qwerty qwer xyz x xx xxx y z user username users admin administrator root guest name
email auth access refresh client server db database postgres postgresql mysql mariadb redis rabbitmq mongo mongodb minio
minioadmin sa oauth id private public signing encryption encrypt hash use with only production prod staging env
environment config configuration new old current wrong bad invalid valid good incorrect correct another other second
first one two three pw longer long short needs need must at least unsafe insecure unused ci build docker compose fixture
updated hidden redacted removed filtered masked stripped sanitized obfuscated scrubbed omitted censored sensitive
some stripe sendgrid twilio google github facebook mailgun slack aws sentry
proper used purpose purposes enough much checked into git crazy strong muy clave secreta segura contrasena aqui tu debes
cambiar que hexadecimal
you will guess remember hard easy precious really word kept shh disabled stub
temp temporary tmp wtf csrf security secure
"""
_PLACEHOLDER_WORDS = frozenset(_FILLERS.split())
_PLACEHOLDER_PARTS = regex(
    r"change[ _\-]?(?:me|this|it|in|before)|replace[ _\-]?(?:me|this|with|in)|placeholder|your[ _\-]|^your"
    r"|\bexample|example\b|dummy|\bfake|insert[ _\-]|fixme|\btodo\b|redacted|not[ _\-]?(?:a[ _\-])?"
    r"(?:so[ _\-])?(?:entirely[ _\-]?)?(?:real|secret|set\b|complete|configured|defined|specified|available)"
    r"|x{4}|\*{3}|\.{3}|^<[^>]*>$"
    r"|(?:^|[ _\-])(?:dev|test|testing|local|development|demo|sample|mock|ci)(?:[ _\-]|$)|localdev|1234"
    r"|localhost|a[ _\-]?changer|mot[ _\-]?de[ _\-]?passe|cambia(?:r|me)|alterar|trocar",
    re.IGNORECASE,
)
# Whoever chose such a value says so in it, however random the rest looks; AWS's documents end their keys like this.
_ADMITTED = regex(r"change[ _\-]?me|insecure|not[ _\-]?a?[ _\-]?secret|0123456789|EXAMPLE$", re.IGNORECASE)
# Words and names: of resources, products and purposes. What a machine draws has other letters, what people keep to
# themselves other signs.
_PLAIN = regex(r"[a-z]{2,12}[0-9]{0,2}(?:[_\-. ][a-z]{1,12}[0-9]{0,2}){0,8}")
_CONSONANTS = regex(r"[bcdfghjklmnpqrstvwxz]{5}")
_SAYS_SO = regex(r"[A-Za-z][A-Za-z_\-. ]{0,80}(?:secret|password|passwd|pwd|token|key|salt)s?[!.]?", re.IGNORECASE)
_PHRASE = regex(r"[A-Za-z][\w']{0,30}(?: [\w'?!.,]{1,30}){2,20}")
_HASH = regex(r"\$(?:2[abxy]|argon2\w{0,4}|[156])\$|pbkdf2:|scrypt:|\{SHA")
_RUN = regex(r"[A-Za-z0-9+/]{12,}+")
_TEMPLATE = regex(
    r"\{\{|\$\{|\$\(|\{%|<%|%\([a-zA-Z_]|\{[a-zA-Z_][\w.\[\]()]{0,80}\}|^%[sdr]$|^\$[A-Za-z_]|^@[A-Za-z_]|\$\[\["
    r"|^%[A-Za-z_]{1,80}%$|^ENC[\[(]|^!|^projects/|^#\{"
    r"|^(?:vault|op|ssm|arn|secretsmanager|sops|ref|secretref|kms|env|file|projects):"
)
_DOTTED = regex(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,12}(?::[A-Za-z_]\w{0,60})?")
_CALL = regex(r"[A-Za-z_][\w.]{0,120}[(\[].{0,400}", re.DOTALL)
_PATH = regex(
    r"(?:~|\.{1,2})?/?(?:[\w.\-]{1,60}/){1,20}[\w.\-]{0,60}"
    r"|~?[\w\-./]{1,100}\.(?:pem|key|crt|json|txt|ya?ml|py|env|html|pub|p12|jks|conf)"
)
_CONSTANT = regex(r"[A-Z][A-Z0-9]{0,30}(?:_[A-Z0-9]{1,30}){1,10}")
_CONSTANTS = regex(r"[A-Z][A-Z0-9_]{2,60}(?:\s{0,2}[,;|]\s{0,2}[A-Z][A-Z0-9_]{2,60}){1,40}")
_SNAKE = regex(r"[a-z]{1,30}(?:[_\-. ][a-z]{1,30}){0,8}")
_IDENTIFIER = regex(r"[a-z][a-z0-9]{0,30}(?:[_\-][a-z0-9]{1,30}){1,8}")
_SENTENCE = regex(r"[A-Z][a-z]{0,20}(?: [\w'-]{1,30}){3,40}[.!]")
# A regular expression says what passwords look like and is none: groups that look ahead, or anchors around a class.
_EXPRESSION = regex(r"\(\?(?:[=!:]|<[=!])|^\^.{0,400}\[[^\]\s]{1,60}\].{0,400}\$$")
_NOT_VALUES = frozenset(
    {"true", "false", "none", "null", "nil", "undefined", "yes", "no", "on", "off", "str", "string", "int", "bool"}
    | {"bytes", "any", "optional", "required", "object", "self", "basic", "bearer", "digest", "inherit", "passwords"}
    | {"token"}
)
_WORDS = regex(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_MIN_TOKEN = 8
_MAX_VALUE = 8_192

URL = regex(r"://(?P<user>[^\s/:@'\"`<>]{0,200}):(?P<rest>[^\s'\"`<>]{1,600})")
_LOCAL = regex(
    r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal|[a-z0-9_\-]{1,60}|[\w.\-]{1,80}\.local(?:host)?"
)
"""Hosts of one machine or one compose network: a name without a dot is another container's."""


def value_kind(kind: str, value: str) -> str | None:
    """``kind``, ``placeholder:<kind>`` (with ``:words`` for a key of words that promise no other) or None for a value
    whose name promises ``kind``."""
    value = value.strip()
    if kind == "database_url":
        return url_kind(value)
    if not value or len(value) > _MAX_VALUE or _is_reference(value) or _is_label(kind, value):
        return None
    if kind in ("token", "api_key", "credentials") and _is_token_word(value):
        return None
    if is_placeholder(value) or _HASH.match(value) or _SAYS_SO.fullmatch(value):
        return f"placeholder:{kind}"
    if is_plain(value):
        # words of no placeholder sign sessions as well as random letters do, and anyone can read them
        return f"placeholder:{kind}:words" if kind == "secret_key" else f"placeholder:{kind}"
    return kind


def is_plain(value: str) -> bool:
    """Whether a value is words or a name, or the hash of what is secret: nobody takes it for a live key, though it may
    be somebody's poor password, and is not shown."""
    if _HASH.match(value) or _SAYS_SO.fullmatch(value) or _PHRASE.fullmatch(value):
        return True
    return _PLAIN.fullmatch(value) is not None and _CONSONANTS.search(value) is None


def names_itself(name: str, value: str) -> bool:
    """Whether a value is but a name like its own (``AUTH_PW = "dremio_auth_pw"``), as constants keep those of settings:
    the last two words are the same."""
    told = name.lower().replace("-", "_").split("_")
    return _IDENTIFIER.fullmatch(value) is not None and value.replace("-", "_").split("_")[-2:] == told[-2:]


def names_a_purpose(name: str, value: str) -> bool:
    """Whether a salt is the name of what it is for (``SESSION_SALT = "js_session"``), as signers of several kinds of
    tokens take it, and nothing that anyone must not know."""
    return name.lower().rstrip("s").endswith("salt") and _SNAKE.fullmatch(value) is not None


def restates(name: str, value: str) -> bool:
    """Whether words say no more than the name does (``"SealedSecret": "sealed secrets"``): a label. One word is enough
    for the name of a kind or class (``"VaultSecret": "Vault"``); one that repeats a setting's name is a poor secret."""
    told = {word.lower().rstrip("s") for word in _WORDS.findall(name)}
    said = [word.lower().rstrip("s") for word in value.split()]
    of_kind = name.isalnum() and name[:1].isupper() and not name.isupper()
    return bool(said) and (len(said) > 1 or of_kind) and told.issuperset(said)


def is_placeholder(value: str) -> bool:
    """Whether nobody could take the value for a live secret: short, repeated, or made of filler words alone."""
    if len(value) <= 3 or len(set(value)) <= 2 or _ADMITTED.search(value):
        return True
    if _looks_random(value):
        return len(set(value)) <= 4 or "xxxx" in value.lower()
    if _PLACEHOLDER_PARTS.search(value):
        return True
    words = [w.lower() for w in _WORDS.findall(value[:64])]
    return len(value) <= 64 and all((w.isdigit() and len(w) <= 6) or made_of_fillers(w) for w in words)


def _looks_random(value: str) -> bool:
    """Whether a run of 12 characters or more mixes digits and letters, or is 20 digits."""
    return any(
        any(c.isdigit() for c in run) and (any(c.isalpha() for c in run) or len(run) >= 20)
        for run in _RUN.findall(value)
    )


def made_of_fillers(word: str) -> bool:
    """Whether the word is a chain of filler words (``supersecretkey``)."""
    reached = {0}
    for at in range(len(word)):
        if at in reached:
            reached |= {end for end in range(at + 1, min(at + 14, len(word)) + 1) if word[at:end] in _PLACEHOLDER_WORDS}
    return len(word) in reached


def _is_reference(value: str) -> bool:
    """Whether the value stands for one that is elsewhere: a template, a path, a dotted name, a plain URL or URN."""
    if _TEMPLATE.search(value) or "://" in value or value.startswith("urn:") or _CALL.fullmatch(value):
        return True
    if _looks_random(value):
        return False
    return any(pattern.fullmatch(value) for pattern in (_PATH, _DOTTED, _CONSTANT, _CONSTANTS))


def _is_label(kind: str, value: str) -> bool:
    """Whether the value is text for people, a pattern or a type: a field's label, a message, a translation."""
    if _EXPRESSION.search(value) or value.lower() in _NOT_VALUES or (value[0] in "{[(%" and not _looks_random(value)):
        return True
    if kind == "secret_key":
        return _SENTENCE.fullmatch(value) is not None
    return any(c.isspace() for c in value) or (value.istitle() and value.isalpha() and len(value) <= 12)


def _is_token_word(value: str) -> bool:
    """Whether a token's value is a plain word or identifier (``refresh``, ``access_token``), not a credential."""
    return len(value) < _MIN_TOKEN or (_SNAKE.fullmatch(value) is not None and not _PLACEHOLDER_PARTS.search(value))


def url_kind(value: str) -> str | None:
    """``database_url`` for a URL that holds a password, ``placeholder:`` before it for a local or filler one."""
    for match in URL.finditer(value):
        password, host = password_and_host(match)
        kind = _password_kind(password)
        if kind is not None:
            local = _LOCAL.fullmatch(re.split(r"[:/?#,]", host, maxsplit=1)[0]) is not None
            return "placeholder:database_url" if local or kind != "password" else "database_url"
    return None


def _password_kind(password: str) -> str | None:
    if not password:
        return None
    return "password" if MASKED.fullmatch(password) else value_kind("password", password)


def password_and_host(match: re.Match[str]) -> tuple[str, str]:
    """The password runs to the last ``@`` before the path; one that holds a slash itself is taken to its only ``@``."""
    rest = match["rest"]
    authority = rest.partition("/")[0]
    if "@" in authority:
        password, _, host = authority.rpartition("@")
        return password, host
    if "@" in rest and match["user"] and not authority.partition("?")[0].isdigit():
        password, _, host = rest.partition("@")
        return password, host
    return "", ""
