"""What of a project is Flask: its applications, factories, blueprints, registrations, routes and requests in tests."""

from evidence.facts.web.graph import WebGraph
from evidence.facts.web.records import App, Blueprint, Callback, Factory, Registration, Request, Route, Use

__all__ = ["App", "Blueprint", "Callback", "Factory", "Registration", "Request", "Route", "Use", "WebGraph"]
