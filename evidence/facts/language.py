"""Which extractor reads a path: tables of names, endings and folders, and one function that looks them up."""

from __future__ import annotations

from evidence.patterns import regex

_BY_NAME = {
    "pipfile": "toml",
    "cargo.lock": None,
    "poetry.lock": "lock",
    "pipfile.lock": "lock",
    "uv.lock": "lock",
    "pdm.lock": "lock",
    "yarn.lock": None,
    "package-lock.json": None,
    "npm-shrinkwrap.json": None,
    "pnpm-lock.yaml": None,
    "composer.lock": None,
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "makefile": "makefile",
    "gnumakefile": "makefile",
    "justfile": "justfile",
    ".justfile": "justfile",
    "procfile": "procfile",
    "jenkinsfile": "text",
    "tiltfile": "text",
    "vagrantfile": "text",
    "codeowners": "text",
    "security": "text",
    "contributing": "text",
    "readme": "text",
    "changelog": "text",
    "changes": "text",
    "license": "text",
    "licence": "text",
    "copying": "text",
    "notice": "text",
    "authors": "text",
    "maintainers": "text",
    "owners": "text",
    "manifest.in": "text",
    "runtime.txt": "text",
    "robots.txt": "text",
    ".gitignore": "text",
    ".gitattributes": "text",
    ".dockerignore": "text",
    ".slugignore": "text",
    ".cfignore": "text",
    ".gitleaksignore": "text",
    ".trivyignore": "text",
    ".python-version": "text",
    ".tool-versions": "text",
    ".git-blame-ignore-revs": "text",
    ".gitmessage": "text",
    ".nvmrc": "text",
    ".mailmap": "text",
    ".flake8": "ini",
    ".pylintrc": "ini",
    "pylintrc": "ini",
    ".coveragerc": "ini",
    ".bandit": "ini",
    ".isort.cfg": "ini",
    ".editorconfig": "ini",
    ".pypirc": "ini",
    ".flaskenv": "env",
    ".envrc": "shell",
    ".yamllint": "yaml",
    ".prettierrc": None,
    ".eslintrc": None,
    ".secrets.baseline": "json",
    ".devcontainer.json": "json",
}
"""Whole names, in lower case. None says that the file is known and not read."""

_BY_ENDING = {
    ".py": "python",
    ".pyi": "python",
    ".pyw": "python",
    ".wsgi": "python",
    ".yml": "yaml",
    ".yaml": "yaml",
    ".toml": "toml",
    ".json": "json",
    ".json5": "json",
    ".jsonc": "json",
    ".ini": "ini",
    ".cfg": "ini",
    ".env": "env",
    ".properties": "env",
    ".dockerfile": "dockerfile",
    ".containerfile": "dockerfile",
    ".mk": "makefile",
    ".just": "justfile",
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".ksh": "shell",
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".rst": "rst",
    ".adoc": "asciidoc",
    ".asciidoc": "asciidoc",
    ".jinja": "jinja",
    ".jinja2": "jinja",
    ".j2": "jinja",
    ".tf": "text",
    ".tfvars": "text",
    ".hcl": "text",
    ".bicep": "text",
    ".rego": "text",
    ".sql": "text",
    ".conf": "text",
    ".cnf": "text",
    ".service": "text",
    ".sls": "text",
    ".nomad": "text",
    ".groovy": "text",
    ".jenkinsfile": "text",
    ".mako": "text",
    ".graphql": "text",
    ".proto": "text",
    ".ps1": "text",
    ".bat": "text",
    ".tpl": "text",
    ".pem": "text",
    ".key": "text",
    ".jmx": "text",
    ".scala": "text",
    ".txt": "text",
    ".puml": "text",
    ".plantuml": "text",
    ".mmd": "text",
    ".mermaid": "text",
    ".d2": "text",
    ".dbml": "text",
    ".drawio": "text",
}
"""Last endings, in lower case."""

_NAME_PATTERNS = (
    (regex(r"pylock(\.[a-z0-9_-]+)?\.toml"), "lock"),
    (regex(r"[^/]+\.json\.tmpl"), "text"),
    (regex(r"(docker|container)file[^/]*\.(js|jsx|ts|tsx|css|scss|less|vue|png|svg)"), None),
    (regex(r"(docker|container)file[^/]*\.dockerignore"), "text"),
    (regex(r"(docker|container)file[.\-_][^/]*(?<!\.html)(?<!\.md)(?<!\.py)(?<!\.sh)(?<!\.txt)"), "dockerfile"),
    (regex(r"(gnu)?makefile\.[^/]*"), "makefile"),
    (regex(r"procfile[.\-_][^/]*(?<!\.md)(?<!\.rst)(?<!\.html)(?<!\.py)"), "procfile"),
    (regex(r"jenkinsfile[.\-_][^/]*"), "text"),
    (regex(r"\.env([.\-_][^/]*)?"), "env"),
    (regex(r"\.flaskenv[.\-_][^/]*"), "env"),
    (regex(r"[^/]*(requirements|constraints)[^/]*\.(txt|in|pip)"), "requirements"),
    (regex(r"[^/]*\.min\.(json|html)"), None),
    # what a machine's own settings are copied from: ``config.py.example``
    (regex(r"[^/]+\.py\.(example|sample|dist|default)"), "python"),
    (regex(r"[^/]*\.(geo|topo)\.?json"), None),
)
"""Whole names that vary, in lower case; the first that fits decides."""

_TEMPLATE_FOLDERS = frozenset({"templates", "template"})
_TEMPLATE_ENDINGS = frozenset({".html", ".htm", ".xhtml", ".jinja", ".jinja2", ".j2", ".txt", ".xml", ".text"})
_SCRIPT_ENDINGS = frozenset({".js", ".mjs", ".ts"})
# Scenarios of k6 are JavaScript; only a path that speaks of load is worth looking for one.
_LOAD = regex(r"(?:^|[_.-])(?:k6|load|loadtest(?:s|ing)?|stress|perf|performance|bench(?:mark(?:s|ing)?)?)(?:[_.-]|$)")
_MARKUP_ENDINGS = frozenset({".html", ".htm", ".xhtml"})
_REQUIREMENT_FOLDERS = frozenset({"requirements", "reqs"})
_TEMPLATE_SUFFIXES = (".jinja", ".jinja2", ".j2")
_SHELLS = regex(rb"#![^\n]{0,80}?\b(?:ba|da|z|k|a)?sh\b")
_PYTHON = regex(rb"#![^\n]{0,80}?\bpython[0-9.]{0,8}\b")
_INI_HEAD = regex(rb"(?:[ \t]*+(?:[#;][^\n]*+)?\r?\n)*\[[^\]\n]{1,200}+\][ \t]*\r?\n")


def language_of(path: str, head: bytes = b"") -> str | None:
    """The language (a key of ``registry.EXTRACTORS``) that reads ``path``; None for what is not read.

    ``head`` is the beginning of the content (256 bytes are enough); without it, files that only their content can tell
    (see :func:`needs_head`) are answered by their name alone. Names are compared without case.
    """
    folders, name = _split(path)
    suffix = next((s for s in _TEMPLATE_SUFFIXES if name.endswith(s) and len(name) > len(s)), None)
    if suffix is not None:
        inner = _language(folders, name.removesuffix(suffix), b"")
        return "jinja" if inner in (None, "text") else inner
    return _language(folders, name, head)


def needs_head(path: str) -> bool:
    """Whether the content's beginning may change what :func:`language_of` says of this path."""
    name = _split(path)[1]
    ending = _ending(name)
    unnamed = ending == "" and name not in _BY_NAME
    return unnamed or ending in _MARKUP_ENDINGS or ending == ".conf"


def _split(path: str) -> tuple[tuple[str, ...], str]:
    *folders, name = path.lower().split("/")
    return tuple(folders), name


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f".{ending}" if dot and stem else ""


def _language(folders: tuple[str, ...], name: str, head: bytes) -> str | None:
    if name in _BY_NAME:
        return _BY_NAME[name]
    for pattern, language in _NAME_PATTERNS:
        if pattern.fullmatch(name):
            return language
    return _by_ending(folders, name, head)


def _by_ending(folders: tuple[str, ...], name: str, head: bytes) -> str | None:
    ending = _ending(name)
    if ending in (".txt", ".in", ".pip") and folders and folders[-1] in _REQUIREMENT_FOLDERS:
        return "requirements"
    if ending in _TEMPLATE_ENDINGS and any(f in _TEMPLATE_FOLDERS or f.endswith("_templates") for f in folders):
        return "jinja"
    if ending in _MARKUP_ENDINGS:
        return "jinja" if b"{%" in head or b"{{" in head else None
    if ending in _SCRIPT_ENDINGS:
        return "text" if any(_LOAD.search(part) for part in (*folders, name)) else None
    if ending == ".conf" and _INI_HEAD.match(head):
        return "ini"
    if ending == "" and head.startswith(b"#!"):
        return _by_shebang(head)
    return _BY_ENDING.get(ending)


def _by_shebang(head: bytes) -> str | None:
    if _SHELLS.match(head):
        return "shell"
    return "python" if _PYTHON.match(head) else None
