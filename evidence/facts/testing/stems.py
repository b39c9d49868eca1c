"""What a test file is named after."""

from __future__ import annotations


def stem(path: str) -> str:
    """The name of a module, or of the module that a test file is named after: ``users`` of ``app/users.py`` and of
    ``tests/test_users.py``."""
    name = path.rpartition("/")[2].removesuffix(".py")
    return name.removeprefix("test_").removesuffix("_test").removesuffix("_tests")
