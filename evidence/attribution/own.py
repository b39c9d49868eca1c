"""The candidate's own grade: a signal's bars over the candidate's defining sites and everybody's wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field

from evidence.model import Grade, Scalar, Share, Signal, Site, Sites


class Seen(Struct, frozen=True):
    """A found signal with all its sites, and those that would be cited if nobody were asked about."""

    signal: Signal
    sites: Sites
    cited: tuple[Site, ...]


class Own(Struct, frozen=True):
    """What of a signal is the candidate's own.

    ``open`` says that more of it may be theirs: places whose history could not be read, or that were not looked at,
    would change the grade or a measure if they were.
    """

    grade: Grade | None = None
    measures: Mapping[str, Scalar] = field(default_factory=dict)
    open: bool = False


def work_of(signal: Signal, sites: Sites) -> set[str]:
    """The clauses that are the work itself, whose authors have the credit; the others are wiring.

    Where none of the defining ones is there, what there is was begun by whoever wrote it.
    """
    defining = set(signal.defining)
    return defining if any(s.clause in defining for s in sites) else set(signal.clauses)


def own(signal: Signal, sites: Sites, share: Callable[[Site], Share | None], bar: float) -> Own:
    """``share`` gives None for a place that was not looked at; ``bar`` is the least part that makes a place one's own.

    Whatever a signal's bars do on a part of the sites that they do not do on all of them is nobody's fault: the answer
    is then open.
    """
    defining = work_of(signal, sites)
    mine: list[Site] = []
    perhaps: list[Site] = []
    wiring: list[Site] = []
    for site in sites:
        if site.clause not in defining:
            wiring.append(site)
            continue
        one = share(site)
        if one is None or (one.high < bar <= one.high + one.unknown):
            perhaps.append(site)
        elif one.high >= bar:
            mine.append(site)
    try:
        told = _over(signal, mine, wiring)
        return Own(*told, open=bool(perhaps) and _over(signal, [*mine, *perhaps], wiring) != told)
    except Exception:  # a plugin's bar over a part of its sites
        return Own(open=True)


def _over(signal: Signal, mine: list[Site], wiring: list[Site]) -> tuple[Grade | None, Mapping[str, Scalar]]:
    if not mine:
        return None, {}
    sites = Sites(sorted([*mine, *wiring], key=Site.order))
    grade = signal.grade(sites)
    return grade, dict(sorted(signal.measures(sites).items())) if grade is not None else {}
