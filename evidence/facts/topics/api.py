"""What an API checks, pages, limits, documents and answers when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain

from evidence.facts.api_documents import ApiDocument, api_documents
from evidence.facts.constants import Constants
from evidence.facts.data.paging import PageUse, page_uses
from evidence.facts.deployment.proxy_limits import ProxyLimit, proxy_limits
from evidence.facts.error_helpers import ErrorHelper, error_helpers
from evidence.facts.error_shapes import ErrorHandler, error_handlers
from evidence.facts.expressions import Placed, expressions
from evidence.facts.http_errors import http_errors
from evidence.facts.occurrences import Occurrence
from evidence.facts.own_limits import OwnLimit, own_limits, refusing_classes
from evidence.facts.questions import Questions
from evidence.facts.schema_checks import SchemaChecks
from evidence.facts.testing.assertions import Assertion, assertions
from evidence.facts.testing.scenarios import Scenario, scenarios

_APIS = ("flask_restx.Api", "flask_restplus.Api")
_SETTINGS = ("RESTX_VALIDATE", "RESTPLUS_VALIDATE")


class ApiTopics(Questions):
    """What an API checks, pages, limits, documents and answers when it fails."""

    @cached_property
    def constants(self) -> Constants:
        """What strings made of constants come to."""
        return Constants(self.names, self.app)

    @cached_property
    def _expressions(self) -> dict[str, list[Placed]]:
        return expressions(self.app)

    def expressions(self, *kinds: str) -> Iterator[Placed]:
        """The expressions of these kinds that application code assigns and hands to calls."""
        return chain.from_iterable(self._expressions.get(kind, ()) for kind in kinds)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The project's test functions with what they request, call and check."""
        return scenarios(self.tests, self.web.requests)

    @cached_property
    def assertions(self) -> tuple[Assertion, ...]:
        """What the project's tests check."""
        return tuple(assertions(self.tests))

    @cached_property
    def page_uses(self) -> tuple[PageUse, ...]:
        """Where lists are answered in pages."""
        return page_uses(self.whole)

    @cached_property
    def error_handlers(self) -> tuple[ErrorHandler, ...]:
        """Error handlers that answer JSON."""
        return tuple(error_handlers(self.whole))

    @cached_property
    def error_helpers(self) -> tuple[ErrorHelper, ...]:
        """Functions that make error responses for many places."""
        return error_helpers(self.whole)

    @cached_property
    def http_errors(self) -> tuple[Occurrence, ...]:
        """HTTP exceptions of the project's own that an extension for APIs answers."""
        return tuple(http_errors(self.whole))

    @cached_property
    def proxy_limits(self) -> tuple[ProxyLimit, ...]:
        """Limits of requests in the configuration of proxies."""
        return tuple(proxy_limits(self.whole))

    @cached_property
    def own_limits(self) -> tuple[set[tuple[str, str]], tuple[OwnLimit, ...]]:
        """Exception classes, by path and name, that stand for 429; and the functions that count and refuse."""
        classes = refusing_classes(self.whole)
        return classes, tuple(own_limits(self.whole, classes))

    @cached_property
    def api_documents(self) -> tuple[ApiDocument, ...]:
        """OpenAPI and Swagger documents."""
        return tuple(api_documents(self.whole))

    @cached_property
    def checks_what_it_expects(self) -> bool:
        """Whether Flask-RESTX checks every model that is expected: ``Api(validate=True)``, or by its setting."""
        made = (call.expr.kwarg("validate") for _, call, _ in self.calls(self.app, *_APIS))
        kept = (i.value for f in self.app for i in f.module.assigns if i.target.rstrip("]").endswith(_SETTINGS))
        return any(value is not None and value.text == "True" for value in (*made, *kept))

    @cached_property
    def schema_checks(self) -> SchemaChecks:
        """Schemas and forms, and where data is checked against them."""
        return SchemaChecks(self.whole)
