"""Regular expressions that are compiled when they are first used.

The rules have some 700 of them, and one scan uses a third: compiling all while importing took 0.2 s, a twentieth of a
scan, before the first file was read.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def regex(source: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """What ``re.compile`` makes of these, made when one of its methods is first asked for; so that is also when a
    source that is none raises ``re.error``. After that it costs what the compiled pattern costs."""
    return cast("re.Pattern[AnyStr]", _Uncompiled(source, flags))


class _Uncompiled:
    """Stands for a pattern, and takes over its methods at the first use."""

    def __init__(self, source: str | bytes, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._source, self._flags)
        self.__dict__.update((each, getattr(compiled, each)) for each in dir(compiled) if not each.startswith("__"))
        return getattr(compiled, name)
