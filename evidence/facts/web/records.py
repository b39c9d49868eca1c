"""Nodes of the web graph. ``file`` and ``scope`` say where each stands; lines are those of the call or definition."""

from __future__ import annotations

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition, Expr


class App(Struct, frozen=True):
    """One creation of an application object. ``kind`` is the last segment of its class (Flask, Quart, APIFlask...)."""

    file: PyFile
    call: Call
    kind: str

    @property
    def name(self) -> str:
        """The variable that holds it, "" when it is not assigned."""
        return self.call.target

    @property
    def in_function(self) -> Definition | None:
        """The function that creates it; None at module level."""
        return self.file.function_of(self.call.scope)


class Factory(Struct, frozen=True):
    """A function that builds and returns the application, or receives one and completes it (``completes``)."""

    file: PyFile
    definition: Definition
    completes: bool

    @property
    def key(self) -> str:
        """``path:qualname``, unique in the repository."""
        return f"{self.file.path}:{self.definition.qualname}"


class Use(Struct, frozen=True):
    """One place that runs a factory: a call (``configured``: with arguments of its own), a reference handed to
    something that will call it, or, where ``file`` is None, a command or setting outside Python that names it."""

    factory: Factory
    path: str
    start: int
    end: int
    file: PyFile | None
    scope: int
    configured: bool
    by_reference: bool = False


class Blueprint(Struct, frozen=True):
    """One Blueprint or kin (``kind``: blueprint, namespace or api). ``name`` is its Flask name, ``variable`` the Python
    name; ``prefix`` its own URL prefix or path, None when it has none, "?" when not constant."""

    file: PyFile
    call: Call
    kind: str
    name: str
    variable: str
    prefix: str | None

    @property
    def key(self) -> str:
        """``path:line:variable``, unique in the repository."""
        return f"{self.file.path}:{self.call.start}:{self.variable}"


class Registration(Struct, frozen=True):
    """One ``register_blueprint`` (or kin) of one blueprint. ``onto`` is what it is registered on: app, blueprint or
    api; ``parent`` the blueprint's key when it is one. ``prefix`` as given here, None when not, "?" when not
    constant."""

    file: PyFile
    call: Call
    blueprint: Blueprint
    onto: str
    parent: str
    prefix: str | None


class Route(Struct, frozen=True):
    """One URL rule and the function or class that answers it. ``owner`` is the blueprint's key, "" for the app itself;
    ``methods`` as given (empty: the default); ``start``/``end`` span the registering decorator or call."""

    file: PyFile
    handler_file: PyFile
    handler: Definition | None
    rule: str
    methods: tuple[str, ...]
    owner: str
    endpoint: str
    start: int
    end: int


class Request(Struct, frozen=True):
    """One request that a test makes through a client: the URL path (``{}`` for what is not constant) or an endpoint
    name. ``checked`` tells that what comes back is looked at: by the test around it, or by the call itself."""

    file: PyFile
    call: Call
    target: str
    checked: bool = True


class Callback(Struct, frozen=True):
    """A function hung on an app, blueprint or extension under ``method`` (``before_request``, ``errorhandler``...),
    by decorator or call. ``receiver`` is the dotted name it hangs on and ``onto`` its kind ("" when unknown),
    ``owner`` the blueprint's key; ``args`` what the registering call was given besides the function.
    ``start``/``end`` span decorator and function, or the call; ``scope`` is where that stands, and must run for the
    function to be hung at all."""

    file: PyFile
    scope: int
    method: str
    receiver: str
    onto: str
    owner: str
    args: tuple[Expr, ...]
    handler_file: PyFile | None
    handler: Definition | None
    start: int
    end: int
