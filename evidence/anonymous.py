"""The digest without names: who wrote it, where it lies and every link hidden behind pseudonyms that stay the same.

For a first reading that looks at the work alone. A pseudonym is made with a key that only the server knows, so the same
person has the same one in every digest there, and nobody can try names against it. Quoted code stays quoted code: who
knows it, or searches the web for its very words, may still recognise it, and the page says so.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from evidence.model import Digest
from evidence.patterns import regex
from evidence.seal import seal

MARK = "anonymised"
LINK = "[link hidden]"
_MAIL = regex(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_URL = regex(r"(?:https?|ssh|git)://[^\s\"'<>()\[\]{}`]+|git@[A-Za-z0-9.-]+:[^\s\"'<>()\[\]{}`]+")
_MENTION = regex(r"(?<![\w@./])@[A-Za-z0-9][A-Za-z0-9-]{0,38}\b")
_COPYRIGHT = regex(
    r"((?i:copyright|\(c\)|©|authors?\s*[:=]|maintainers?\s*[:=])[^\n]{0,12}?)"
    r"([A-Z][\w.'-]{1,40}(?: [A-Z][\w.'-]{1,40}){1,3})"
)
# Fields that hold words of ours or of a plugin, never text of a repository.
_OURS = frozenset(
    {"schema_version", "tool", "plugins", "python", "profile", "signal", "detector", "outcome", "grade", "own_grade"}
    | {
        "polarity",
        "competency",
        "competencies",
        "level",
        "status",
        "marker",
        "rule",
        "probes",
        "kind",
        "clause",
        "code",
    }
    | {"measures", "domain", "role", "basis"}
)
_HEX = frozenset({"commit", "blob"})
_EMPTIED = frozenset({"url", "host", "sha256", "content_sha256"})
# Ids on the forge lead back to it, whatever else is hidden. Of a site that names one, subject and value are people.
_ITEMS = frozenset({"item", "comment", "note"})
_OF_ITEMS = frozenset({"subject", "value"})
_LOGIN = regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}(?:\[bot\])?")
_ELSEWHERE = regex(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/")
_NAMING = frozenset(
    {"name", "names", "login", "email", "emails", "asked", "accounts", "account", "identities", "identity", "alike"}
    | {"mailmap", "unmatched", "value", "candidates"}
)
_SHA = regex(r"\b[0-9a-f]{40}\b")
_SHORTEST = 3


def anonymised(digest: Digest, key: bytes) -> Digest:
    """``digest`` with people, repositories, addresses, links and object ids behind pseudonyms made with ``key``.

    It is a digest like any other and sealed anew, and marked as anonymised in its inputs; it cannot be verified against
    a repository, for it names none.
    """
    hiding = _Hiding(digest, key)
    data = hiding.walked(msgspec.to_builtins(digest), "")
    data["inputs"][MARK] = True
    return seal(msgspec.convert(data, Digest))


class _Hiding:
    """Everything that is to be hidden in one digest, and what stands in its place."""

    def __init__(self, digest: Digest, key: bytes) -> None:
        self._key = key
        self._ids = {finding.id for finding in digest.findings}
        self._commits = {repository.commit for repository in digest.repositories}
        pairs: dict[str, str] = {}
        for repository in digest.repositories:
            pairs |= self._repository(repository.name, repository.host)
        parents = digest.inputs.get("upstream")
        for parent in parents.values() if isinstance(parents, dict) else ():
            host, _, name = str(parent).rpartition("@")[0].partition("/")
            pairs |= self._repository(name, host)
        pairs |= self._people(digest.subject)
        plain = _own_words(digest)
        self._names = {name.lower(): stands for name, stands in pairs.items() if name.lower() not in plain}
        self._pattern = _any_of(self._names)

    def _pseudonym(self, kind: str, text: str) -> str:
        return f"{kind}-{hmac.new(self._key, text.lower().encode(), hashlib.sha256).hexdigest()[:6]}"

    def _repository(self, name: str, host: str) -> dict[str, str]:
        *owners, last = name.split("/")
        stands = self._pseudonym("repository", name)
        pairs = {name: stands, f"{host}/{name}": stands, last: stands}
        for variant in (last.replace("-", "_"), last.replace("_", "-")):
            pairs.setdefault(variant, stands)
        return pairs | {owner: self._pseudonym("person", owner) for owner in owners}

    def _people(self, subject: dict[str, Any]) -> dict[str, str]:
        """Whoever the subject names; of the candidate also first and last name alone, which may be common words."""
        pairs: dict[str, str] = {}
        for each in _dicts(subject):
            if each is not subject.get("candidate"):
                pairs |= self._person(each, parts=False)
        named = {"asked": subject.get("asked"), "candidate": subject.get("candidate")}
        return pairs | self._person(named, parts=True)

    def _person(self, told: dict[str, Any], *, parts: bool) -> dict[str, str]:
        names = sorted(set(_namings(told, "")), key=lambda name: ("@" in name, name))
        if not names:
            return {}
        stands = self._pseudonym("person", names[0])
        words = [word for name in names if "@" not in name for word in name.split() if len(word) > _SHORTEST]
        return dict.fromkeys((*names, *(words if parts else ())), stands)

    def walked(self, value: Any, field: str) -> Any:
        """The same structure with every text of others seen through."""
        if isinstance(value, dict):
            # Names of fields are ours, whatever a repository is called; its id, which has a slash, is not.
            return {
                self._text(name) if "/" in name else name: self._field(name, each, value)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.walked(each, field) for each in value]
        return self._value(value, field) if isinstance(value, str) else value

    def _field(self, name: str, value: Any, within: dict[str, Any]) -> Any:
        if value and isinstance(value, str) and (name in _ITEMS or (within.get("item") and name in _OF_ITEMS)):
            return self._on_the_forge(name, value)
        if name == "owners":  # of an area in the pictures of a history: each has a name and a count
            return [each | {"name": self._name(each["name"])} for each in value]
        ours = name in _OURS or (name in ("id", "title") and "citations" in within)
        return value if ours else self.walked(value, name)

    def _name(self, name: str) -> str:
        return self._names.get(name.lower()) or self._pseudonym("person", name)

    def _on_the_forge(self, name: str, value: str) -> str:
        """What tells of a person or a thing on the forge: its name and number there, a login, another repository."""
        if name in _ITEMS:
            kind, mark, rest = value.rpartition("/") if name != "item" else value.partition("/")
            return f"{kind}{mark}{self._hex(rest, 12)}"
        if _LOGIN.fullmatch(value):
            return self._names.get(value.lower()) or self._pseudonym("person", value)
        return self._pseudonym("repository", value) if _ELSEWHERE.match(value) else self._text(value)

    def _value(self, text: str, field: str) -> str:
        if field in _EMPTIED:
            return ""
        if field in _HEX or text in self._commits:
            return self._hex(text, len(text))
        if text in self._ids:
            return self._hex(text, 12)
        return self._text(text)

    def _hex(self, text: str, length: int) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:length]

    def _text(self, text: str) -> str:
        text = _MAIL.sub(lambda found: self._pseudonym("mail", found[0]), text)
        text = _URL.sub(LINK, text)
        text = _SHA.sub(lambda found: self._hex(found[0], 40), text)
        text = self._pattern.sub(lambda found: self._names[found[0].lower()], text) if self._pattern else text
        text = _MENTION.sub(self._mention, text)
        return _COPYRIGHT.sub(lambda found: found[1] + self._pseudonym("person", found[2]), text)

    def _mention(self, found: re.Match[str]) -> str:
        # A decorator begins its line; a person is mentioned within one.
        alone = not found.string[: found.start()].rpartition("\n")[2].strip()
        return found[0] if alone else "@" + self._pseudonym("person", found[0][1:])


def _dicts(value: Any) -> Iterable[dict[str, Any]]:
    """Every mapping within ``value``, outermost first, without the outermost of all."""
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        if isinstance(each, dict):
            yield each
        yield from _dicts(each)


def _namings(value: Any, field: str) -> Iterable[str]:
    """Names, logins and addresses in what a digest tells of people."""
    if isinstance(value, str) and field in _NAMING and len(value) >= _SHORTEST and not value.startswith("commit:"):
        yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _namings(each, name)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _namings(each, field)


def _own_words(digest: Digest) -> set[str]:
    """Words of the digest's own sentences: a repository called "app" cannot take that word out of all of them."""
    sentences = [signal.title for signal in digest.signals] + [cell.marker for cell in digest.cells]
    return {word.lower() for sentence in sentences for word in re.findall(r"[A-Za-z_-]+", sentence)}


def _any_of(names: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted((name for name in names if len(name) >= _SHORTEST), key=lambda name: (-len(name), name))
    if not longest_first:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9])", re.IGNORECASE)
