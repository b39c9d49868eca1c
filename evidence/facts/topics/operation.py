"""How the application is started, watched and kept going."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from evidence.facts.deployment.server_settings import Server
from evidence.facts.deployment.servers import servers
from evidence.facts.deployment.starts import Start, starts
from evidence.facts.mentions import Mention
from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence
from evidence.facts.operations.asked import asked
from evidence.facts.operations.faults import Faults
from evidence.facts.operations.feature_flags import FeatureFlags
from evidence.facts.operations.health_extensions import HealthCheck, HealthExtension, health_checks, health_extensions
from evidence.facts.operations.load_scripts import load_scripts
from evidence.facts.operations.log_setup import LogSetup
from evidence.facts.operations.monitors import Monitor, monitors
from evidence.facts.operations.probes import Probe, probed_addresses, probes
from evidence.facts.operations.rollouts import RolloutStep, rollouts
from evidence.facts.operations.runbooks import Runbook, runbooks
from evidence.facts.operations.telemetry import Telemetry
from evidence.facts.python.records import Call
from evidence.facts.questions import Questions
from evidence.facts.queues.cloud import CloudQueues
from evidence.facts.queues.tasks import Tasks
from evidence.facts.shell.written_lines import written_lines


class OperationTopics(Questions):
    """How the application is started, watched and kept going."""

    @cached_property
    def starts(self) -> tuple[Start, ...]:
        """The commands that start the project's services."""
        return starts(self.whole)

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """How application servers are started and configured."""
        return servers(self.whole)

    @cached_property
    def health_extensions(self) -> tuple[HealthExtension, ...]:
        """Extensions that answer at a health address."""
        return health_extensions(self.whole)

    @cached_property
    def health_checks(self) -> tuple[HealthCheck, ...]:
        """What those extensions are told to ask."""
        return health_checks(self.whole)

    def asked_by(self, file: PyFile, scope: int) -> tuple[tuple[PyFile, Call], ...]:
        """The calls by which a function, and those it runs, ask a database, cache, queue or another service."""
        return tuple(asked(self.whole, file, scope))

    @cached_property
    def written_lines(self) -> tuple[Mention, ...]:
        """Every command line written down outside CI."""
        return written_lines(self.whole)

    @cached_property
    def tasks(self) -> Tasks:
        """Background tasks and their queues."""
        return Tasks(self.whole)

    @cached_property
    def cloud_queues(self) -> CloudQueues:
        """Queues of a cloud or broker that the project talks to itself."""
        return CloudQueues(self.whole)

    @cached_property
    def faults(self) -> Faults:
        """What is done about failures of what the project calls."""
        return Faults(self.whole)

    @cached_property
    def feature_flags(self) -> FeatureFlags:
        """What switches features at run time."""
        return FeatureFlags(self.whole)

    @cached_property
    def rollouts(self) -> tuple[RolloutStep, ...]:
        """Canaries, blue-green switches and rollbacks in deployment files and CI."""
        return rollouts(self.whole)

    @cached_property
    def runbooks(self) -> tuple[Runbook, ...]:
        """Runbooks, incident guides and postmortems."""
        return runbooks(self.whole)

    def probes_of(self, paths: Iterable[str]) -> tuple[Probe, ...]:
        """Places outside Python that request one of these URL paths to see whether the service is well."""
        return probes(self.whole, paths)

    @cached_property
    def probed_addresses(self) -> frozenset[str]:
        """URL paths that health checks of containers, clusters and platforms ask for."""
        return probed_addresses(self.whole)

    @cached_property
    def load_scripts(self) -> tuple[Occurrence, ...]:
        """Load tests and benchmarks that are files of their own."""
        return load_scripts(self.whole)

    @cached_property
    def log_setup(self) -> LogSetup:
        """How the project logs."""
        return LogSetup(self.whole)

    @cached_property
    def monitors(self) -> tuple[Monitor, ...]:
        """Alert rules, dashboards and service level objectives kept as files."""
        return monitors(self.whole)

    @cached_property
    def telemetry(self) -> Telemetry:
        """Tracing and OpenTelemetry, of any vendor."""
        return Telemetry(self.whole)
