"""Which deployment environment a name speaks of: the words that classes, files, sections and branches use for them."""

from __future__ import annotations

from functools import lru_cache

from evidence.patterns import regex

_WORDS = {
    "development": "dev develop development devel local locally localhost desarrollo entwicklung dev1 "
    "devcontainer debug",
    "testing": "test tests testing tester unittest unittests pytest ci e2e integration cypress prueba pruebas "
    "teste mock",
    "production": "prod production prd live produccion producao produktion heroku",
    "staging": "stage staging stg uat preprod qa acceptance acc homolog",
    "preview": "preview review sandbox demo",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_SPLIT = regex(r"[A-Z]{2,30}(?=[A-Z][a-z]|\b|_|[0-9])|[A-Z]?[a-z]{1,40}[0-9]?|[A-Z]{1,40}")


@lru_cache(maxsize=20_000)
def environment_of(name: str) -> str:
    """development, testing, production, staging or preview; "" when the name (or path) says none of them.

    In a path the nearest word decides: ``config/dev/base.yml`` is development, ``tests/prod.env`` production.
    """
    for part in reversed(name.split("/")[-6:]):
        kinds = [k for w in _SPLIT.findall(part[:200]) if (k := _KINDS.get(w.lower()))]
        if kinds:
            return kinds[0]
    return ""
