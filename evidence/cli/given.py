"""Kinds of option values that click takes and that no one can mean."""

from __future__ import annotations

import math
from typing import Any

import click


class Named(click.Path):
    """A path that is not empty: an empty one, as an unset variable of a script gives, would stand for this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Wrong usage where the value is empty."""
        if not str(value).strip():
            self.fail("it is empty: give a path.", param, ctx)
        return super().convert(value, param, ctx)


class Seconds(click.FloatRange):
    """A time within a range, which NaN is not, though it is neither above nor below."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Wrong usage where the value is no number."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return number
