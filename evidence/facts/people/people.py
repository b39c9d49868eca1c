"""The people of a history: which names and addresses are one person, and what each of them did.

Two claims are one person's where the e-mail is the same, where both are noreply addresses of one account, or where the
forge links both to one account. Nothing else joins: neither equal names nor a mailmap, which the scanned author writes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from evidence.facts.people.accounts import noreply_account
from evidence.facts.people.automation import assistant, automated
from evidence.facts.people.joining import address, joined, node_of, plain
from evidence.facts.people.records import Contribution, Contributor
from evidence.facts.people.trailers import assisted_by, coauthors, may_tell_of_others
from evidence.facts.secrets.masking import mask
from evidence.model import Account, Commit, Person

_LONGEST_NAME = 80
_MOST_NAMES = 20


class People:
    """Everybody whom commits name as author, committer or co-author.

    ``commits`` come newest first; ``links`` maps commit ids to the account of ``host`` that the forge links their
    author to (see ``Changes.committers``).
    """

    def __init__(self, commits: Sequence[Commit], links: Mapping[str, Account] | None = None, host: str = "") -> None:
        self._commits = commits
        self._links = links or {}
        self._host = host

    def contributor(self, person: Person) -> Contributor:
        """Who stands behind a name and address of this history. KeyError for one that no commit names."""
        return self._contributors[self._roots[person]]

    def author(self, commit: Commit) -> Contributor:
        """Who wrote a commit, as far as it says so."""
        return self.contributor(commit.author)

    def committer(self, commit: Commit) -> Contributor:
        """Who put a commit where it is: often a tool of the forge."""
        return self.contributor(commit.committer)

    def coauthors(self, commit: Commit) -> tuple[Contributor, ...]:
        """The people whom a commit's trailers name beside its author; no bots or assistants."""
        found = dict.fromkeys(map(self.contributor, self._named.get(commit.sha, ())))
        author = self.author(commit)
        return tuple(c for c in found if not c.tool and c.key != author.key)

    def writers(self, commit: Commit) -> frozenset[str]:
        """Keys of all who wrote a commit: its author and the people whom its trailers name."""
        author = self.author(commit).key
        return frozenset({author, *(c.key for c in self.coauthors(commit))} if commit.sha in self._named else {author})

    def assistants(self, commit: Commit) -> tuple[str, ...]:
        """Ids of the AI assistants that a commit names as author, co-author or help: a neutral fact."""
        named = (commit.author, *self._named.get(commit.sha, ()), *assisted_by(commit))
        return tuple(sorted({tool for person in named if (tool := assistant(person))}))

    def linked_login(self, commit: Commit) -> str | None:
        """The login, in lower case, that the forge links a commit's author to; None where it links none."""
        account = self._links.get(commit.sha)
        return account.login.casefold() if account is not None else None

    def recognised(self, person: Person) -> Contributor | None:
        """Who uses this address or account, for a claim that the history itself does not make; None for a stranger."""
        account = noreply_account(person.email)
        known = self._by_account.get(f"{account.host}/{account.login}") if account else None
        return known or self.with_email(person.email)

    def account(self, login: str) -> Contributor | None:
        """The contributor behind a login of the forge; None where no commit shows one."""
        return self._by_account.get(f"{self._host}/{login.casefold()}") if self._host else None

    @property
    def host(self) -> str:
        """The forge that was asked, "" for none."""
        return self._host

    @property
    def commits(self) -> Sequence[Commit]:
        """The history, newest first."""
        return self._commits

    @cached_property
    def contributions(self) -> tuple[Contribution, ...]:
        """What each contributor did, the most commits first; bots and tools among them."""
        newest: dict[str, str] = {}
        written, helped, merged = (defaultdict[str, list[int]](list) for _ in range(3))
        keys = {person: self._contributors[root].key for person, root in self._roots.items()}
        for commit in self._commits:
            key = keys[commit.author]
            newest.setdefault(key, commit.sha)
            if len(commit.parents) > 1:
                merged[key].append(commit.authored)
                continue
            written[key].append(commit.authored)
            for one in self.coauthors(commit) if commit.sha in self._named else ():
                helped[one.key].append(commit.authored)
        found = []
        for c in self._contributors.values():
            times = [*written[c.key], *helped[c.key]] or merged[c.key] or [0]
            found.append(
                Contribution(c, len(written[c.key]), len(helped[c.key]), min(times), max(times), newest.get(c.key, ""))
            )
        return tuple(sorted(found, key=lambda c: (-c.authored - c.coauthored, int(c.contributor.key[1:]))))

    def main(self, most: int = 10) -> tuple[Contribution, ...]:
        """The people (no bots) with the most commits."""
        return tuple(c for c in self.contributions if not c.contributor.tool and c.authored + c.coauthored)[:most]

    @cached_property
    def bots(self) -> tuple[Contribution, ...]:
        """Bots and tools that made commits, the most commits first."""
        return tuple(c for c in self.contributions if c.contributor.tool and c.authored)

    @cached_property
    def assisted(self) -> tuple[tuple[str, int], ...]:
        """AI assistants and how many commits name each, the most named first: a neutral fact."""
        authors = {person for person in self._tools if assistant(person)}
        telling = {commit.sha for commit in self._telling}
        helped = (commit for commit in self._commits if commit.sha in telling or commit.author in authors)
        named = Counter(tool for commit in helped for tool in self.assistants(commit))
        return tuple(sorted(named.items(), key=lambda item: (-item[1], item[0])))

    def commits_of(self, keys: frozenset[str]) -> Iterator[Commit]:
        """Commits that one of these contributors wrote alone or with others, newest first, merges included."""
        return (c for c in self._commits if not keys.isdisjoint(self.writers(c)))

    def known_as(self, name: str) -> tuple[Contributor, ...]:
        """All who carry a name (compared without case and without runs of spaces)."""
        wanted = plain(name)
        return tuple(c for c in self._contributors.values() if any(plain(n) == wanted for n in self._raw[c.key]))

    def wrote(self, contributor: Contributor) -> bool:
        """Whether a commit, a merge or a co-author line names them, and not only as who put a commit where it is."""
        return contributor.key in self._writers

    @cached_property
    def _writers(self) -> frozenset[str]:
        return frozenset(self._contributors[self._roots[person]].key for person, uses in self._uses.items() if uses)

    def with_email(self, email: str) -> Contributor | None:
        """Who uses an e-mail address (compared without case)."""
        root = self._nodes.get(address(email))
        return self._contributors.get(root) if root else None

    def with_login(self, login: str) -> tuple[Contributor, ...]:
        """Whose account has this login, on any host that the history shows."""
        wanted = login.strip().removeprefix("@").casefold()
        return tuple(dict.fromkeys(c for name, c in self._by_account.items() if name.partition("/")[2] == wanted))

    @cached_property
    def _named(self) -> dict[str, tuple[Person, ...]]:
        """Whom the trailers of each commit name, for the few commits that have any."""
        return {c.sha: named for c in self._telling if (named := coauthors(c))}

    @cached_property
    def _telling(self) -> list[Commit]:
        """The few commits whose message may name anybody."""
        return [c for c in self._commits if may_tell_of_others(c)]

    @cached_property
    def _uses(self) -> dict[Person, int]:
        """How often each claim occurs as author (or co-author), oldest first; committers count nothing."""
        uses: dict[Person, int] = {}
        for commit in reversed(self._commits):
            for person in (commit.author, *self._named.get(commit.sha, ())):
                uses[person] = uses.get(person, 0) + 1
            uses.setdefault(commit.committer, 0)
        return uses

    @cached_property
    def _tools(self) -> dict[Person, str]:
        return {person: automated(person) for person in self._uses}

    @cached_property
    def _nodes(self) -> dict[str, str]:
        """Every address and account that was seen -> the first one of the same person."""
        links = {person: f"{self._host}/{login}" for person, login in self._linked_claims.items()}
        return joined(self._tools, links)

    @cached_property
    def _linked_claims(self) -> dict[Person, str]:
        """The account of each claim that the forge links to exactly one: an address that moved joins nobody."""
        logins: dict[str, set[str]] = {}
        claims: dict[Person, str] = {}
        for commit in self._commits if self._links else ():
            account = self._links.get(commit.sha)
            if account is not None and account.kind == "user" and not self._tools[commit.author]:
                claims[commit.author] = account.login.casefold()
                logins.setdefault(address(commit.author.email), set()).add(account.login.casefold())
        return {person: login for person, login in claims.items() if len(logins[address(person.email)]) == 1}

    @cached_property
    def _roots(self) -> dict[Person, str]:
        return {person: self._nodes[node_of(person, tool)] for person, tool in self._tools.items()}

    @cached_property
    def _raw(self) -> dict[str, tuple[str, ...]]:
        """The names of each contributor as commits spell them, the most used first."""
        names: dict[str, Counter[str]] = {}
        for person, count in self._uses.items():
            names.setdefault(self._contributors[self._roots[person]].key, Counter())[person.name] += count
        return {key: tuple(name for name, _ in found.most_common()) for key, found in names.items()}

    @cached_property
    def _contributors(self) -> dict[str, Contributor]:
        """By root, in the order in which they first appear, oldest first."""
        claims: dict[str, dict[Person, int]] = {}
        for person, count in self._uses.items():
            claims.setdefault(self._roots[person], {})[person] = count
        linked = {self._roots[p] for p in self._linked_claims}
        accounts: dict[str, list[str]] = {}
        for node, root in self._nodes.items():
            if node.startswith("account "):
                accounts.setdefault(root, []).append(node.removeprefix("account "))
        return {
            root: _contributor(f"p{i}", people, tuple(accounts.get(root, ())), root in linked)
            for i, (root, people) in enumerate(claims.items(), 1)
        }

    @cached_property
    def _by_account(self) -> dict[str, Contributor]:
        return {account: c for c in self._contributors.values() for account in c.accounts}


def _contributor(key: str, claims: Mapping[Person, int], accounts: tuple[str, ...], linked: bool) -> Contributor:
    counted: Counter[str] = Counter()
    for person, count in claims.items():
        counted[shown_name(person.name)] += count
    names = tuple(name for name, _ in counted.most_common(_MOST_NAMES))
    return Contributor(key, names[0], names, accounts, linked, automated(next(iter(claims))))


def shown_name(name: str) -> str:
    """A name as it may be shown: on one line, at most 80 characters, without secrets, and never an e-mail address."""
    plain = " ".join(name.split())
    words = (word.partition("@")[0] + "@…" if "@" in word.strip("@") else word for word in plain.split(" "))
    shown = mask(" ".join(words))
    if not shown:
        return "(no name)"
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"
