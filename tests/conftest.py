"""What holds for every test."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

# How fast a machine draws examples says nothing about the code, and a suite must give the same answer twice.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Whoever runs the suite in the background may have it ignore these, and so would every scan that the tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# `make test` hands files out whole, so that what a file prepares for its tests is prepared once, and in this order: the
# folders whose files take long begin, and the many short ones fill up the end.
_FIRST = ("end_to_end", "web", "detectors", "forges", "source")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in the order of their folders, and measure no lines in those that run none here."""
    for item in items:
        # These run the program as processes of their own: all that would be measured here is how they are watched.
        if item.path.parent.name == "end_to_end":
            item.add_marker(pytest.mark.no_cover)
    turns = {folder: turn for turn, folder in enumerate(_FIRST)}
    items.sort(key=lambda item: turns.get(item.path.parent.name, len(turns)))
