"""Tests, tools, documents, images and infrastructure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from evidence.facts.ci import Place, Step
from evidence.facts.decisions import DecisionRecord, decision_records
from evidence.facts.deployment.clusters import cluster_stacks
from evidence.facts.deployment.images import Hygiene, hygiene
from evidence.facts.deployment.infrastructure import Definition as Resources
from evidence.facts.deployment.infrastructure import Limit, definitions, limits
from evidence.facts.deployment.stacks import Stack, built_names, stacks
from evidence.facts.diagrams import Diagram, diagrams
from evidence.facts.documentation_builds import documentation_build
from evidence.facts.gates import complexity_gates
from evidence.facts.questions import Questions
from evidence.facts.shell.tool_uses import ToolUse, tool_uses
from evidence.facts.testing.stand_ins import StandIns
from evidence.facts.testing.suite import Suite
from evidence.facts.tool_configs import ToolConfig, tool_configs
from evidence.facts.writings import Writings
from evidence.patterns import regex

_COMPOSE = regex(r"\bdocker[ -]compose\b")


class DeliveryTopics(Questions):
    """Tests, tools, documents, images and infrastructure."""

    @cached_property
    def suite(self) -> Suite:
        """The tests one by one, and their fixtures."""
        return Suite(self.whole)

    @cached_property
    def stand_ins(self) -> StandIns:
        """Factories, fakes and patches of the tests."""
        return StandIns(self.whole)

    @cached_property
    def diagrams(self) -> tuple[Diagram, ...]:
        """Diagrams in documents, as sources, and as images named for what they show."""
        return diagrams(self.whole)

    def documentation_build(self, pages: Iterable[str]) -> Place | None:
        """Where the documents at these paths are built or linted; None when nothing does."""
        return documentation_build(self.whole, pages)

    @cached_property
    def writings(self) -> Writings:
        """Documents that people wrote about the project."""
        return Writings(self.whole)

    @cached_property
    def decision_records(self) -> tuple[DecisionRecord, ...]:
        """Decision records, RFCs and design documents that are filled in."""
        return decision_records(self.whole)

    @cached_property
    def tool_configs(self) -> tuple[ToolConfig, ...]:
        """Where linters, type checkers, coverage and test runners are configured."""
        return tool_configs(self.data)

    @cached_property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        """Every command that Makefiles, tox, hooks, tasks and scripts of the repository would run."""
        return tool_uses(self.whole)

    @cached_property
    def image_hygiene(self) -> tuple[Hygiene, ...]:
        """What each Dockerfile of the application does for its image."""
        return tuple(hygiene(self.dockerfiles, self.texts, self.whole.stands_aside))

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Compose files that start services, and files that start them in a cluster."""
        return (*stacks(self.data, self._image_names, self.dockerfiles), *cluster_stacks(self.data, self.texts))

    @cached_property
    def _image_names(self) -> frozenset[str]:
        """What an image of the repository's own is called when it is taken from a registry: after a package at the
        root, or as a command names what it builds."""
        parts = (path.lower().removeprefix("src/").split("/") for path in self.paths)
        lines = (line.text for commands in self.commands.values() for line in commands.lines)
        built = built_names((*lines, *(" ".join(run.words) for run in self.ci_runs)))
        return built | {p[0] for p in parts if len(p) == 2 and p[1] == "__init__.py"}

    @cached_property
    def infrastructure(self) -> tuple[Resources, ...]:
        """Definitions of run-time resources."""
        return tuple(definitions(self.data, self.texts))

    @cached_property
    def runtime_limits(self) -> tuple[Limit, ...]:
        """Limits, probes, counts and scaling rules of what is deployed."""
        return tuple(limits(self.data, self.texts, frozenset(d.path for d in self.infrastructure)))

    @cached_property
    def ci_compose(self) -> tuple[tuple[str, int, int], ...]:
        """(path, first, last line) of the live CI steps that start or run a compose stack."""
        live = [r for r in self.ci_runs if not r.dead]
        found = {(r.step.path, r.step.start, r.step.end) for r in live if _runs_compose(r.step)}
        found |= {(p.path, p.start, p.end) for r in live for p in r.chain if self._composes(p)}
        return tuple(sorted(found))

    def _composes(self, place: Place) -> bool:
        """Whether the command line at a place of a script or Makefile runs compose."""
        commands = self.commands.get(place.path)
        lines = commands.lines if commands is not None else ()
        return any(
            li.start <= place.start <= li.end
            and _COMPOSE.search(li.text)
            and not li.text.lstrip("@").startswith("echo")
            for li in lines
        )

    def complexity_gates(self) -> list[tuple[str, int]]:
        """(path, line) of the settings that make a linter refuse complex functions."""
        return sorted(complexity_gates(self.data))


def _runs_compose(step: Step) -> bool:
    words = [c.words for c in step.commands]
    return any("docker-compose" in w or {"docker", "compose"} <= set(w[:3]) or _in_cluster(w) for w in words)


def _in_cluster(words: tuple[str, ...]) -> bool:
    """Whether a command starts the stack that a Skaffold or Tilt file describes."""
    return words[:1] in (("skaffold",), ("tilt",)) and bool({"run", "dev", "ci", "up", "verify"} & set(words[1:]))
