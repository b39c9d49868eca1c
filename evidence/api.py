"""All that a detector may import: the contract between the core and its plugins.

A detector module has a docstring (its documentation page: what it sees, why it matters, what it cannot tell), a tuple
``SIGNALS`` of the :class:`Signal` it answers, and a function ``detect(project)`` that yields ``(signal, site)`` pairs:
one pair per occurrence, in any order. It never grades: the core sorts the sites and applies the signal's bars to them.
One that asks nothing of joined files may say ``ALONE = True``. Its entry-point group is ``evidence.detectors``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from evidence.facts.ci import Action, CiRun, Job, Permissions, Pipeline, Place, Step, built_for_tests, put_to_work
from evidence.facts.conversations import (
    SUBSTANCE,
    action_items,
    change_item,
    closing_note,
    elsewhere_item,
    is_incident,
    issue_item,
    note_item,
    person_of,
    release_item,
    says_when_done,
    splits_work,
)
from evidence.facts.data.orm import Model
from evidence.facts.data.page_names import is_parameter, names_page
from evidence.facts.deployment.environments import environment_of
from evidence.facts.error_helpers import ErrorHelper
from evidence.facts.error_shapes import ErrorHandler
from evidence.facts.history import Landing, Past, PathKind, Row, Size, says_what, says_why, spread
from evidence.facts.names import PyFile, Ref
from evidence.facts.occurrences import Occurrence, at, between
from evidence.facts.operations.feature_flags import FlagUse
from evidence.facts.operations.monitors import Monitor
from evidence.facts.project import Project
from evidence.facts.python.records import Assign, Call, Check, Decorator, Definition, Expr, Import, Module
from evidence.facts.records import (
    CommandLine,
    Commands,
    Data,
    Dockerfile,
    Document,
    Instruction,
    Node,
    Requirement,
    Requirements,
    Section,
    Tag,
    Template,
    Text,
)
from evidence.facts.roles import Role
from evidence.facts.schema_libraries import SchemaCheck
from evidence.facts.secrets.places import SecretPlace
from evidence.facts.security import (
    HANDED_ON,
    LOGINS,
    PASSWORD_DIRECTORIES,
    PASSWORD_KEEPERS,
    TOKEN_PACKAGES,
    CrossOrigin,
    Guard,
    GuardUse,
    KeptSecret,
    Refusal,
    RefusedTest,
    Scan,
    assigned_settings,
    claims,
    ended_token_tests,
    is_off,
    kept_secrets,
    link_functions,
    logged_out_tests,
    names_refresh,
    passwords_handed_on,
    prolonged_tokens,
    provider_tokens,
    refused_when_ended,
    session_logins,
    timed_tokens,
    token_functions,
    trail_mixins,
    trail_recorders,
    trail_tables,
    views_that_ask,
    views_that_refuse,
)
from evidence.facts.setting_checks import (
    ABOUT_SETTINGS,
    asked_by_properties,
    looks_at_settings,
    reads_a_setting,
    refusals_at,
    stops_for_a_setting,
)
from evidence.facts.shell.tool_uses import ToolUse, measures_coverage, written
from evidence.facts.startup import run_in
from evidence.facts.testing.scenarios import Scenario, error_statuses, says
from evidence.facts.testing.stems import stem
from evidence.facts.testing.suite import CollectedTest, Fixture
from evidence.facts.tool_configs import ToolConfig
from evidence.facts.web import App, Blueprint, Callback, Factory, Registration, Request, Route, Use
from evidence.facts.writings import Writing
from evidence.facts.written_specs import written_specs
from evidence.model import (
    ChangeRequest,
    Grade,
    Issue,
    Polarity,
    Scalar,
    Signal,
    Site,
    Sites,
    any_site,
    never,
)
from evidence.patterns import regex

Observation = tuple[Signal, Site]
Observations = Iterator[Observation]


class Detector(Protocol):
    """What an entry point of ``evidence.detectors`` must load to: usually a module."""

    __name__: str
    SIGNALS: tuple[Signal, ...]

    def detect(self, project: Project) -> Iterable[Observation]:
        """Yield every occurrence that bears on one of ``SIGNALS``."""


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 file``, ``2 files``: a count with its noun, for statements."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def site_of(occurrence: Occurrence) -> Site:
    """The site of an occurrence: its kind is the clause that it proves."""
    path, start, end, kind, subject, value = occurrence
    return Site(path=path, start=start, end=end, clause=kind, subject=subject, value=value)


def quoted(name: str, limit: int = 60) -> str:
    """A name taken from the repository, as a statement must carry it: in backticks, which renderers show as quoted
    text, without backticks of its own, and no longer than ``limit`` characters."""
    plain = " ".join(name.replace("`", "'").split())
    return f"`{plain if len(plain) <= limit else plain[: limit - 1] + '…'}`"


__all__ = [
    "ABOUT_SETTINGS",
    "HANDED_ON",
    "LOGINS",
    "PASSWORD_DIRECTORIES",
    "PASSWORD_KEEPERS",
    "SUBSTANCE",
    "TOKEN_PACKAGES",
    "Action",
    "App",
    "Assign",
    "Blueprint",
    "Call",
    "Callback",
    "ChangeRequest",
    "Check",
    "CiRun",
    "CollectedTest",
    "CommandLine",
    "Commands",
    "CrossOrigin",
    "Data",
    "Decorator",
    "Definition",
    "Detector",
    "Dockerfile",
    "Document",
    "ErrorHandler",
    "ErrorHelper",
    "Expr",
    "Factory",
    "Fixture",
    "FlagUse",
    "Grade",
    "Guard",
    "GuardUse",
    "Import",
    "Instruction",
    "Issue",
    "Job",
    "KeptSecret",
    "Landing",
    "Model",
    "Module",
    "Monitor",
    "Node",
    "Observation",
    "Observations",
    "Occurrence",
    "Past",
    "PathKind",
    "Permissions",
    "Pipeline",
    "Place",
    "Polarity",
    "Project",
    "PyFile",
    "Ref",
    "Refusal",
    "RefusedTest",
    "Registration",
    "Request",
    "Requirement",
    "Requirements",
    "Role",
    "Route",
    "Row",
    "Scalar",
    "Scan",
    "Scenario",
    "SchemaCheck",
    "SecretPlace",
    "Section",
    "Signal",
    "Site",
    "Sites",
    "Size",
    "Step",
    "Tag",
    "Template",
    "Text",
    "ToolConfig",
    "ToolUse",
    "Use",
    "Writing",
    "action_items",
    "any_site",
    "asked_by_properties",
    "assigned_settings",
    "at",
    "between",
    "built_for_tests",
    "change_item",
    "claims",
    "closing_note",
    "elsewhere_item",
    "ended_token_tests",
    "environment_of",
    "error_statuses",
    "is_incident",
    "is_off",
    "is_parameter",
    "issue_item",
    "kept_secrets",
    "link_functions",
    "logged_out_tests",
    "looks_at_settings",
    "measures_coverage",
    "names_page",
    "names_refresh",
    "never",
    "note_item",
    "passwords_handed_on",
    "person_of",
    "plural",
    "prolonged_tokens",
    "provider_tokens",
    "put_to_work",
    "quoted",
    "reads_a_setting",
    "refusals_at",
    "refused_when_ended",
    "regex",
    "release_item",
    "run_in",
    "says",
    "says_what",
    "says_when_done",
    "says_why",
    "session_logins",
    "site_of",
    "splits_work",
    "spread",
    "stem",
    "stops_for_a_setting",
    "timed_tokens",
    "token_functions",
    "trail_mixins",
    "trail_recorders",
    "trail_tables",
    "views_that_ask",
    "views_that_refuse",
    "written",
    "written_specs",
]
