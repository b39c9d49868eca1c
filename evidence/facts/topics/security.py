"""Settings, secrets, debug switches, access and scanners."""

from __future__ import annotations

from functools import cached_property

from evidence.facts.debug.places import DebugSwitch
from evidence.facts.debug.switches import debug_switches
from evidence.facts.deployment.production import Production
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.facts.questions import Questions
from evidence.facts.secrets.places import SecretPlace, secret_places
from evidence.facts.security import Access, CrossOrigin, Scan, asks_for_whom, cross_origins, scans
from evidence.facts.settings import Settings
from evidence.facts.startup import called_at_start, starting
from evidence.facts.testing.settings_in_tests import TestSettings, test_settings


class SecurityTopics(Questions):
    """Settings, secrets, debug switches, access and scanners."""

    @cached_property
    def scans(self) -> tuple[Scan, ...]:
        """Scanners of code, dependencies, images and secrets, and where they run."""
        return scans(self.whole)

    @cached_property
    def cross_origins(self) -> tuple[CrossOrigin, ...]:
        """Where Flask-CORS lets other origins in, and whether it names them."""
        return tuple(cross_origins(self.whole))

    @cached_property
    def access(self) -> Access:
        """What refuses requests, and what it stands before."""
        return Access(self.whole)

    @cached_property
    def secret_places(self) -> tuple[SecretPlace, ...]:
        """Where files hold literals that are secrets, with their surroundings; never their text."""
        return secret_places(self.whole)

    @cached_property
    def production(self) -> Production:
        """What production does about defaults in the code."""
        return Production(self.whole)

    @cached_property
    def debug_switches(self) -> tuple[DebugSwitch, ...]:
        """Where debug mode is switched on, and whether production comes by it."""
        return debug_switches(self.whole)

    @cached_property
    def settings(self) -> Settings:
        """Where the project's settings come from, and what differs per environment."""
        return Settings(self.whole)

    @cached_property
    def starting(self) -> tuple[tuple[PyFile, int], ...]:
        """The scopes (0 is a module) that run when an application starts."""
        return starting(self.whole)

    @cached_property
    def called_at_start(self) -> tuple[tuple[PyFile, Definition], ...]:
        """Functions and methods of the project that those scopes call."""
        return called_at_start(self.whole)

    @cached_property
    def test_settings(self) -> tuple[TestSettings, ...]:
        """Where tests or CI have settings of their own."""
        return test_settings(self.whole)

    def asks_for_whom(self, file: PyFile, call: Call) -> bool:
        """Whether a call that reads a token checks whom it is for or from, also by a table of arguments."""
        return asks_for_whom(file, call)

    def logs_in_elsewhere(self, file: PyFile, package: str) -> bool:
        """Whether a session is the service's own login at another service, which lets nobody in here."""
        own = any(i.target.endswith(".BackendApplicationClient") for i in file.module.imports)
        return own and package == "requests_oauthlib"
