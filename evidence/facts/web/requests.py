"""Requests that tests make to the application, through whatever client object they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.records import Request
from evidence.facts.web.strings import Strings
from evidence.patterns import regex

_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "open", "get_json", "post_json"})
# Helpers of test cases by custom: ``self.jget("/stores")``, ``self.auth_post(...)``, ``get_json``.
_HELPERS = regex(
    r"(?:\w{1,20}_)?(?:get|post|put|patch|delete)(?:_(?:json|as|with|api|page|ok|req|auth)\w{0,20})?"
    r"|j(?:son)?(?:get|post|put|patch|delete)"
)
_BARE = regex(r"(?:api|rest|v\d{1,2})(?:/|$)")
_URL_BUILDERS = ("url_for", "reverse", "api_url_for")
# A client made for tests may check the answer itself: ``client.get(url, expected_status=404)``.
_EXPECTING = regex(r"expect|status|code")
# A function so named checks for the test that calls it.
_CHECKING = regex(r"(?:^|_)(?:assert|check|verify|expect|should|validate)")


class Requests:
    """Finds requests; ``endpoints`` are the application's endpoint names."""

    def __init__(self, names: Names, endpoints: set[str]) -> None:
        self._strings = Strings(names)
        self._endpoints = endpoints

    def find(self, files: Iterable[PyFile]) -> list[Request]:
        """Calls of an HTTP method whose target is a path of the application or one of its endpoints."""
        found: list[Request] = []
        for file in files:
            looks: dict[int, bool] = {}
            for call in file.module.calls:
                if _may_ask(call.last):
                    if call.scope not in looks:
                        looks[call.scope] = _looks(file, call.scope)
                    checked = looks[call.scope] or _expects(call)
                    found.extend(Request(file, call, t, checked) for t in self._targets(file, call))
        return found

    def _targets(self, file: PyFile, call: Call) -> list[str]:
        args = call.expr.args
        candidates = [*args[:3], *(v for k in ("path", "url", "endpoint") if (v := call.expr.kwarg(k)) is not None)]
        for value in candidates:
            texts = [_rooted(t, call) for t in self._texts(file, call.scope, value)]
            found = [t for t in texts if self._is_target(t)]
            if found:
                return found
        return []

    def _is_target(self, text: str) -> bool:
        return text.startswith(("/", "{}/")) or text in self._endpoints

    def _texts(self, file: PyFile, scope: int, value: Expr) -> Iterator[str]:
        if value.kind == "call" and value.text.endswith(_URL_BUILDERS) and value.args:
            yield value.args[0].text
        else:
            yield from self._strings.of(file, scope, value)


@lru_cache(1 << 14)
def _may_ask(method: str) -> bool:
    return method in _METHODS or "request" in method or _HELPERS.fullmatch(method) is not None


def _rooted(text: str, call: Call) -> str:
    """The path that a test client is asked for without its slash: ``client.get("api/v1/books")``."""
    bare = "client" in call.name.lower() and "/" in text and _BARE.match(text) is not None
    return f"/{text}" if bare else text


def _expects(call: Call) -> bool:
    return any(_EXPECTING.search(k) for k in call.expr.keys)


def _looks(file: PyFile, scope: int) -> bool:
    """Whether the function around a request looks at answers: a test that checks something, or a helper of tests."""
    around = file.function_of(scope)
    if around is None or around.asserts or not around.name.startswith("test"):
        return True
    number = file.scopes.get(around.qualname, 0)
    return any(_CHECKING.search(c.last) for c in file.calls_in(number))
