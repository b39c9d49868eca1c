"""What the application holds besides its extensions, reached from any request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import current_app

from evidence.web.pages import Pages
from evidence.web.settings import Settings

if TYPE_CHECKING:
    from evidence.web.running.printer import Printer
    from evidence.web.running.renderer import Renderer
    from evidence.web.running.runner import Runner


@dataclass
class Context:
    """One for each application: its settings, the queue of scans, what renders and what prints, and pages that are
    ready."""

    settings: Settings
    runner: Runner
    renderer: Renderer
    printer: Printer
    pages: Pages = field(default_factory=Pages)

    def forget(self) -> None:
        """Let go of all pages, of what renders, and of PDFs under way: what is deleted is in no memory either."""
        self.pages.clear()
        self.printer.forget()
        self.renderer.close()


def ours() -> Context:
    """The running application's."""
    found: Context = current_app.extensions["evidence"]
    return found


def settings() -> Settings:
    """The running application's settings."""
    return ours().settings
