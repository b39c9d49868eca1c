"""One candidate in one repository: the share of each site, what of each signal is their own, and which site is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import structs

from evidence.attribution.limits import limits
from evidence.attribution.origins import Origins
from evidence.attribution.own import Own, Seen, own, work_of
from evidence.attribution.shares import NOBODY, UNKNOWN, of_commit, of_item, of_lines
from evidence.attribution.squashes import Squashes
from evidence.attribution.standing import NONE, Standing, Standings
from evidence.attribution.touched import Touch, touches
from evidence.attribution.tracing import Lines, Tracer
from evidence.attribution.vouching import vouched_for
from evidence.facts.people import Candidate
from evidence.facts.project import Project
from evidence.model import Blame, Commit, Ledger, Share, Signal, Site, Sites


class Attribution:
    """Answers for one candidate; :meth:`consider` must have been told of the sites before they are asked about."""

    def __init__(
        self, candidate: Candidate, project: Project, blame: Blame, commit: str, ledger: Ledger, origins: Origins
    ) -> None:
        self.candidate = candidate
        self._project, self._ledger, self._origins = project, ledger, origins
        self._squashes = Squashes(blame, project.history.commits, origins.upstream.commits)
        vouched = vouched_for(self._squashes, project.people, candidate.keys)
        known = structs.replace(candidate, aside=candidate.aside | vouched)
        self._standings = Standings(known, project.people, blame)
        self._tracer = Tracer(blame, commit, project.history.commits, self._squashes, self._tells)
        self._touch: dict[str, Touch] = {}
        self._lines: dict[str, Lines] = {}
        self._asked: defaultdict[str, set[int]] = defaultdict(set)
        self._shares: dict[Site, Share | None] = {}

    @property
    def baseline(self) -> str:
        """Repository and commit of the baseline whose lines are left out; "" without one."""
        return self._origins.baseline

    def consider(self, found: Iterable[Seen]) -> None:
        """Look at as many of these sites as the limits allow, those that would be cited first."""
        seen = list(found)
        sites = [site for one in seen for site in one.sites if site.path]
        self._touch = touches(self._project.history, {s.path for s in sites}, self._is_theirs, self._is_shared)
        self._trace(self._within_limits(seen))

    def _is_shared(self, commit: Commit) -> bool:
        return commit.sha in self._squashes.heads and self._tells(commit)

    def _tells(self, squash: Commit) -> bool:
        return self._standings.differ(squash, self._squashes.own(squash.sha))

    def _is_theirs(self, commit: Commit) -> bool:
        return self._standings.of(commit.sha).wrote and commit.sha not in self._origins.upstream.commits

    def _within_limits(self, seen: list[Seen]) -> list[Site]:
        """All places of as many files as the limits allow, signals taking turns: first the files that only blame can
        tell of, then the others."""
        queues = [self._files(one) for one in seen]
        most = min(limits().blamed_files, limits().blamed_work // max(len(self._standings.commits), 1))
        files: set[str] = set()
        for needed in (True, False):
            for turn in range(limits().signal_files):
                named = (queue[turn] for queue in queues if turn < len(queue))
                for path in named:
                    if len(files) < most and self._needs_blame(path) is needed:
                        files.add(path)
        return [site for one in seen for site in self._places(one) if site.path in files]

    def _files(self, one: Seen) -> list[str]:
        """Files of a signal's places, those first that only blame can tell of, and that would be cited."""
        paths = dict.fromkeys(site.path for site in self._places(one))
        needed = [path for path in paths if self._needs_blame(path)]
        return [*needed, *(path for path in paths if path not in set(needed))][: limits().signal_files]

    def _places(self, one: Seen) -> list[Site]:
        """Places of a signal that may be looked at, those that would be cited first."""
        defining = work_of(one.signal, one.sites)
        sites = dict.fromkeys([*one.cited, *(s for s in one.sites if s.clause in defining)])
        return [s for s in sites if s.path and not self._origins.of_others(s.path)]

    def _needs_blame(self, path: str) -> bool:
        return self._touch.get(path) is Touch.MIXED or self._origins.concerns(path)

    def settle(self, sites: Iterable[Site]) -> None:
        """Look at those of these sites, which are to be cited, that nobody has looked at."""
        cited = [site for site in sites if site.path]
        self._trace([s for s in cited if self.share(s) is None])
        unread = sum(share is not None and share.unknown > 0 for share in map(self.share, cited))
        if unread:
            reason = "the history of lines of these cited places could not be read, so nobody is credited with them"
            self._ledger.note("attribution_unavailable", "cited places", reason, unread)

    def _trace(self, sites: Iterable[Site]) -> None:
        wanted: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for site in sites:
            lines = set(range(site.start, site.end + 1))
            if not lines <= self._asked[site.path]:
                wanted[site.path].append((site.start, site.end))
        for path, found in self._tracer.trace(dict(sorted(wanted.items()))).items():
            self._lines.setdefault(path, {}).update(found)
            self._asked[path].update(n for start, end in wanted[path] for n in range(start, end + 1))
        self._standings.learn(o.commit for lines in self._lines.values() for o in lines.values())
        self._shares.clear()

    def share(self, site: Site) -> Share | None:
        """How much of a site is the candidate's; None where nobody looked."""
        if site not in self._shares:
            self._shares[site] = self._share(site)
        return self._shares[site]

    def _share(self, site: Site) -> Share | None:
        if site.item:
            return of_item(site, self.candidate.accounts, self._project.items)
        if not site.path:
            return self._of_commit(site.commit) if site.commit else UNKNOWN
        if others := self._origins.of_others(site.path):
            return Share(0.0, 0.0, "claimed", "none", left_out=others)
        if set(range(site.start, site.end + 1)) <= self._asked[site.path]:
            return self._of_lines(site)
        touch = self._touch.get(site.path, Touch.MIXED)
        if touch is Touch.MIXED or self._origins.concerns(site.path):
            return None
        return Share(0.0, 1.0, "claimed", "author") if touch is Touch.ALL else NOBODY

    def _of_commit(self, sha: str) -> Share:
        standing = self._standings.of(sha)
        if standing.role != NONE.role and sha in self._origins.upstream.commits:
            return Share(0.0, 0.0, "claimed", "none", left_out="upstream")
        return of_commit(standing)

    def _of_lines(self, site: Site) -> Share:
        traced = self._lines.get(site.path, {})
        left_out: Counter[str] = Counter()
        told: list[Standing | None] = []
        for number in range(site.start, site.end + 1):
            origin = traced.get(number)
            standing = self._standings.of(origin.commit) if origin is not None else None
            if origin is not None and standing is not None and standing.wrote:
                why = self._origins.why_not_theirs(site.path, number, origin)
                if why:
                    left_out[why] += 1
                    standing = NONE
            told.append(standing)
        return of_lines(told, left_out)

    def turn(self, site: Site) -> int:
        """When a site's turn to be cited comes: the candidate's own (0), others' (1), what nobody looked at (2)."""
        share = self.share(site)
        if share is None:
            return 2
        return 0 if share.high >= limits().own_share else 1

    def own(self, signal: Signal, sites: Sites) -> Own:
        """What of a signal is the candidate's own; open where whose work it is cannot be told."""
        if "authorship" in self._project.missing:
            self._ledger.note("own_part_untold", signal.id, self._project.missing["authorship"])
            return Own(open=True)
        unseen = sum(self.share(s) is None for s in sites.of(*work_of(signal, sites))) if signal.defining else 0
        if unseen:
            reason = "so many places in files of several hands were not looked at"
            self._ledger.note("attribution_sampled", signal.id, reason, unseen)
        told = own(signal, sites, self.share, limits().own_share)
        if told.open and told.grade is None:
            self._ledger.note("own_part_untold", signal.id, "places of it may be the candidate's, and may be others'")
        return told
