"""From the values of ``--candidate`` to the contributors they mean, or to the question that they leave open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence.facts.people.joining import plain
from evidence.facts.people.people import People, shown_name
from evidence.facts.people.records import Candidate, Contribution, Contributor, Question
from evidence.model import Account, Changes, Person
from evidence.patterns import regex

COMMIT = "commit:"
"""A value that begins so means the author of a commit: the one way to name somebody without name or address."""

_COMMIT = regex(r"commit:([0-9a-f]{7,40})")
_MAILMAP = regex(r"<([^<>]{1,200})>")
_NAMED = regex(r"[^<>]{0,200}<([^<>@\s]{1,200}@[^<>\s]{1,200})>")
"""As git writes people: ``Name <address>``."""


def find(
    people: People, values: Sequence[str], *, logins: Iterable[str] = (), mailmap: Sequence[str] = ()
) -> Candidate:
    """The candidate that these names, e-mails, logins or ``commit:`` ids mean.

    An e-mail, a commit and a login mean one contributor each. A name may be carried by several: then it means those
    that another value confirms, and without such a value it is a question. ``logins`` are accounts that the forge
    shows, with or without commits; ``mailmap`` are the lines of the repository's mailmap.
    """
    asked = tuple(dict.fromkeys(v.strip() for v in values if v.strip()))
    exact = {value: found for value in asked if (found := _exactly(people, value))}
    sure = {c for found in exact.values() for c in found}
    named = {value: found for value in asked if value not in exact and (found := _by_name(people, value))}
    sure.update(c for found in named.values() if len(found) == 1 for c in found)
    questions = [v for v, found in named.items() if len(found) > 1 and sure.isdisjoint(found)]
    shown = {login.casefold(): login for login in logins}
    accounts = frozenset(login for v in asked if (login := v.removeprefix("@").casefold()) in shown)
    told = {c.contributor.key: c for c in people.contributions}
    keys = frozenset() if questions else frozenset(c.key for c in sure)
    return Candidate(
        asked=tuple(dict.fromkeys(_canonical(v, exact.get(v, ()), told) for v in asked)),
        keys=keys,
        accounts=frozenset() if questions else accounts | _accounts(sure, people.host),
        name=_name(told, keys) or next((shown[a] for a in sorted(accounts)), ""),
        matched=tuple(c for c in people.contributions if c.contributor.key in keys),
        questions=tuple(Question(as_asked(v), tuple(told[c.key] for c in named[v])) for v in questions),
        unmatched=tuple(as_asked(v) for v in asked if v not in exact and v not in named and v.casefold() not in shown),
        alike=_alike(people, asked, sure, told),
        mailmap=_hints(people, keys, mailmap),
    )


def is_known(people: People, value: str) -> bool:
    """Whether a value of ``--candidate`` fits anybody who is named by a commit."""
    return bool(_exactly(people, value) or _by_name(people, value))


def everyone(people: People) -> Candidate:
    """All people of a history as one candidate: whoever worked on top of a baseline."""
    keys = frozenset(c.contributor.key for c in people.contributions if not c.contributor.tool)
    accounts = _accounts((c.contributor for c in people.contributions if not c.contributor.tool), people.host)
    matched = people.main(len(people.contributions))
    return Candidate((), keys, accounts, "whoever worked on top of the baseline", matched)


def logins(changes: Changes | None) -> tuple[str, ...]:
    """Every account that the forge shows: of changes, reviews, comments, issues, releases and commits."""
    if changes is None:
        return ()
    accounts: list[Account | None] = [*changes.committers.values(), *(release.author for release in changes.releases)]
    for change in changes.requests:
        comments = [*change.comments, *(c for thread in change.threads for c in thread.comments)]
        accounts += [
            change.author,
            change.merged_by,
            *(r.author for r in change.reviews),
            *(c.author for c in comments),
        ]
    for issue in changes.issues:
        accounts += [issue.author, issue.closed_by, *(c.author for c in issue.comments)]
    return tuple(sorted({account.login for account in accounts if account is not None}))


def sure_logins(people: People, candidate: Candidate) -> tuple[str, ...]:
    """Those of the candidate's logins that the asker named, or that the forge itself links to commits of theirs: what a
    commit's author line alone claims is not among them."""
    named = {value.removeprefix("@").casefold() for value in candidate.asked}
    linked = {people.linked_login(commit) for commit in people.commits_of(candidate.keys)}
    return tuple(sorted(login for login in candidate.accounts if login in named or login in linked))


def _exactly(people: People, value: str) -> tuple[Contributor, ...]:
    if commit := _COMMIT.fullmatch(value):
        found = [c for c in people.commits if c.sha.startswith(commit[1])]
        return (people.author(found[0]),) if len(found) == 1 else ()
    if "@" in value[1:]:
        named = _NAMED.fullmatch(value)
        one = people.recognised(Person("", named[1] if named else value))
        return (one,) if one else ()
    return people.with_login(value)


def _by_name(people: People, value: str) -> tuple[Contributor, ...]:
    found = people.known_as(value)
    persons = tuple(c for c in found if not c.tool) or found
    return tuple(c for c in persons if people.wrote(c)) or persons


def _accounts(found: Iterable[Contributor], host: str) -> frozenset[str]:
    """Logins on the forge that was asked: one of the same name on another forge may be anybody's. A stand-in on this
    machine may answer for any."""
    anywhere = not host or host.rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
    names = (name.partition("/") for c in found for name in c.accounts)
    return frozenset(login for there, _, login in names if anywhere or there == host)


def _name(told: dict[str, Contribution], keys: frozenset[str]) -> str:
    most = max((told[k] for k in sorted(keys)), key=lambda c: c.authored, default=None)
    return most.contributor.name if most else ""


def _canonical(value: str, found: Sequence[Contributor], told: dict[str, Contribution]) -> str:
    """The value that means the same and holds no address: an e-mail becomes the newest commit of whoever uses it."""
    newest = told[found[0].key].newest if len(found) == 1 else ""
    return f"{COMMIT}{newest}" if "@" in value[1:] and newest else as_asked(value)


def as_asked(value: str) -> str:
    """A value as the digest may repeat it: an e-mail address stays the asker's own business."""
    return "an e-mail address" if "@" in value[1:] else shown_name(value)


def _alike(
    people: People, asked: Sequence[str], sure: set[Contributor], told: dict[str, Contribution]
) -> tuple[Contribution, ...]:
    """Others who carry a name of the candidate's, or a login that was asked for as their name: perhaps the same person,
    and not for us to say. An address that only put commits of others in place has no work that could be theirs."""
    names = {plain(name) for c in sure for name in c.names} | (set(map(plain, asked)) if sure else set())
    others = (
        c for name in sorted(names) for c in people.known_as(name) if c not in sure and not c.tool and people.wrote(c)
    )
    return tuple(told[c.key] for c in dict.fromkeys(others))


def _hints(people: People, keys: frozenset[str], mailmap: Sequence[str]) -> tuple[str, ...]:
    """Names of contributors that the mailmap would join to the candidate's, by its lines of two addresses
    (https://git-scm.com/docs/gitmailmap)."""
    groups: dict[str, set[Contributor]] = {}
    for line in mailmap:
        addresses = _MAILMAP.findall(line.partition("#")[0])
        if len(addresses) == 2:
            found = {c for email in addresses if (c := people.with_email(email)) is not None}
            groups.setdefault(addresses[0].casefold(), set()).update(found)
    joined = {c for group in groups.values() if any(c.key in keys for c in group) for c in group if c.key not in keys}
    return tuple(sorted({c.name for c in joined}))
