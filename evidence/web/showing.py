"""What templates need: hostile text made visible, times for people, names of things."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask
from markupsafe import Markup

from evidence.matrix.load import load_profiles
from evidence.report import words
from evidence.report.names import headed, seen
from evidence.report.visible import safe_url
from evidence.report.words import STATUS, counted, number
from evidence.web.context import ours, settings
from evidence.web.models import Scan, State, now
from evidence.web.naming import part_name, scan_candidate, scan_name, scan_says, scan_sources
from evidence.web.visitor import visitor

_FEW = 3
_STATES = {
    State.QUEUED: "waiting",
    State.RUNNING: "being read",
    State.CANCELLING: "being cancelled",
    State.DONE: "read",
    State.FAILED: "could not be read",
    State.INTERRUPTED: "interrupted",
}


def init_app(app: Flask) -> None:
    """Give the templates their filters and names."""
    app.jinja_env.filters.update(
        seen=seen,
        headed=headed,
        profile=profile,
        address=safe_url,
        moment=moment,
        day=day,
        date=words.day,
        few=few,
        took=took,
        counted=counted,
        number=number,
        thousands=thousands,
    )
    app.context_processor(_names)


def _names() -> dict[str, Any]:
    return {
        "STATUS": STATUS,
        "visitor": visitor(),
        "team": settings().team,
        "now": now(),
        "part_name": part_name,
        "scan_name": scan_name,
        "scan_sources": scan_sources,
        "scan_says": scan_says,
        "can_go_on": can_go_on,
        "scan_candidate": scan_candidate,
        "state_words": state_words,
    }


def can_go_on(scan: Scan) -> bool:
    """Whether an interrupted scan has something to go on from."""
    return ours().runner.begun.has(scan.id)


def state_words(scan: Scan) -> str:
    """Where a scan stands, for a list."""
    return _STATES[scan.status]


def profile(name: str) -> str:
    """The title of a role profile, in a sentence; its name where there is none of it any more."""
    return next((each.title for each in load_profiles() if each.id == name), name)


def few(names: str) -> Markup:
    """A list of names with commas, cut after the first ones: "a, b, c and 4 more"."""
    parts = names.split(", ")
    shown, more = (parts, "") if len(parts) <= _FEW + 1 else (parts[:_FEW], f" and {number(len(parts) - _FEW)} more")
    return Markup(", ").join(map(seen, shown)) + more


def moment(when: datetime) -> Markup:
    """A time, to the minute, as machines and people read it."""
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), when.strftime("%d %b %Y, %H:%M UTC"))


def day(when: datetime) -> Markup:
    """A date as machines and people read it."""
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), when.strftime("%d %b %Y"))


def took(seconds: float) -> str:
    """A duration: "12 s", "3 min 5 s"."""
    whole = max(0, int(seconds))
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def thousands(value: int) -> str:
    """A count with its thousands apart."""
    return f"{value:,}"
