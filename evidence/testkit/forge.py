"""The ``forge`` fence of a fixture case: what a forge would tell, as a YAML list.

    - change: 12              # number; title, by (default ada) and at (day, or day and time) as needed
      merged: 2025-03-02      # or closed; without both it is open; size is in lines, closes lists issues
      body: Why, and how it was tested
      reviews: ["bob approved: LGTM"]
      comments: ["bob: on the whole", "bob app/views.py: on a file", "bob app/x.py outdated: and changed since"]
    - issue: 7                # labels, assigned (logins), closed (day), closed_by, comments as above
    - release: v1.0           # at, by
    - elsewhere: https://github.com/them/lib/pull/3
    - missing: {issues: "the forge answered 403"}

``times: 12`` repeats an entry, a day apart each, with ``{n}`` counting in its texts and the number going up. Comments
and reviews come an hour after what they are on, one hour each; ``bob+30s`` comes thirty seconds after it instead.
Machines end in ``[bot]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from evidence.model import Account, ChangeRequest, Changes, Comment, Issue, Release, Review, Thread
from evidence.patterns import regex

_ADDRESS = "https://github.com/example/shop"
_SAID = regex(r"(\S+?)(?:\+(\d+)s)?(?: (\S+))?(?: (outdated))?: (.*)", re.DOTALL)
_HOUR, _DAY = 3_600, 86_400


def read_forge(lines: Iterable[str]) -> Changes:
    """What the fence says. Raises ValueError for an entry that is of no known kind."""
    import yaml

    entries = yaml.safe_load("\n".join(lines)) or []
    told: dict[str, list[Any]] = {"change": [], "issue": [], "release": [], "elsewhere": []}
    missing: dict[str, str] = {}
    for entry in _repeated(entries):
        kind = next((kind for kind in (*told, "missing") if kind in entry), "")
        if kind == "missing":
            missing.update(entry["missing"])
        elif kind:
            told[kind].append(_MADE[kind](entry))
        else:
            raise ValueError(f"a forge entry must be a change, an issue, a release or elsewhere: {entry}")
    return Changes(
        host="github.com",
        requests=tuple(told["change"]),
        issues=tuple(told["issue"]),
        releases=tuple(told["release"]),
        elsewhere=tuple(told["elsewhere"]) or None,
        missing=missing,
    )


def _repeated(entries: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        for number in range(int(entry.get("times", 1))):
            made = {key: _counted(value, number + 1) for key, value in entry.items()}
            for key in ("change", "issue"):
                if key in made:
                    made[key] += number
            yield {**made, "later": number * _DAY}


def _counted(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", str(number))
    return [_counted(each, number) for each in value] if isinstance(value, list) else value


def _when(entry: Mapping[str, Any], key: str, default: Any = 0) -> int:
    value = entry.get(key, default)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        return int(value.replace(tzinfo=UTC).timestamp()) + int(entry["later"])
    if isinstance(value, date):
        return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()) + int(entry["later"])
    return int(value)


def _account(login: str) -> Account | None:
    return Account(login, "bot" if login.endswith("[bot]") else "user") if login != "ghost" else None


def _change(entry: Mapping[str, Any], url: str = "") -> ChangeRequest:
    number, created = int(entry.get("change", 1)), _when(entry, "at", "2025-01-01")
    merged, closed, size = _when(entry, "merged"), _when(entry, "closed"), int(entry.get("size", 0))
    url = url or f"{_ADDRESS}/pull/{number}"
    said = list(_said(entry.get("comments", ()), created, f"{url}#discussion_r", number))
    return ChangeRequest(
        number=number,
        title=entry.get("title", f"Change {number}"),
        body=entry.get("body", ""),
        state="merged" if merged else "closed" if closed else "open",
        url=url,
        author=_account(entry.get("by", "ada")),
        created=created,
        updated=merged or created,
        draft=bool(entry.get("draft", False)),
        merged=merged,
        closed=closed,
        additions=size,
        closes=tuple(entry.get("closes", ())),
        reviews=tuple(_reviews(entry.get("reviews", ()), created, url, number)),
        threads=tuple(Thread(comments=(each,), outdated=late) for each, late in said if each.path),
        comments=tuple(each for each, _ in said if not each.path),
    )


def _said(texts: Iterable[str], start: int, url: str, number: int) -> Iterator[tuple[Comment, bool]]:
    for position, text in enumerate(texts, 1):
        who, seconds, path, late, body = _parsed(text)
        when = start + (int(seconds) if seconds else position * _HOUR)
        name = f"{number}{position:03}"
        yield (
            Comment(
                id=name, author=_account(who), body=body, created=when, updated=when, url=f"{url}{name}",
                path=path or "", line=1 if path else 0,
            ),
            bool(late),
        )  # fmt: skip


def _reviews(texts: Iterable[str], start: int, url: str, number: int) -> Iterator[Review]:
    for position, text in enumerate(texts, 1):
        who, seconds, state, _, body = _parsed(text)
        when = start + (int(seconds) if seconds else position * _HOUR)
        name = f"{number}{position:02}"
        yield Review(
            id=name, author=_account(who), state=state or "commented", body=body, submitted=when,
            url=f"{url}#pullrequestreview-{name}",
        )  # fmt: skip


def _parsed(text: str) -> tuple[str, str | None, str | None, str | None, str]:
    found = _SAID.fullmatch(text)
    if found is None:
        raise ValueError(f"a comment must be 'who: text' or 'who path: text': {text!r}")
    return found[1], found[2], found[3], found[4], found[5]


def _issue(entry: Mapping[str, Any]) -> Issue:
    number, created, closed = int(entry["issue"]), _when(entry, "at", "2025-01-01"), _when(entry, "closed")
    url = f"{_ADDRESS}/issues/{number}"
    closer = entry.get("closed_by", entry.get("by", "ada")) if closed else "ghost"
    said = _said(entry.get("comments", ()), closed or created, f"{url}#issuecomment-", number)
    return Issue(
        number=number,
        title=entry.get("title", f"Issue {number}"),
        body=entry.get("body", ""),
        state="closed" if closed else "open",
        url=url,
        author=_account(entry.get("by", "ada")),
        created=created,
        updated=closed or created,
        closed=closed,
        closed_by=_account(closer),
        assignees=tuple(account for login in entry.get("assigned", ()) if (account := _account(login))),
        labels=tuple(entry.get("labels", ())),
        comments=tuple(comment for comment, _ in said),
        changes=tuple(entry.get("changes", ())),
    )


def _release(entry: Mapping[str, Any]) -> Release:
    tag = str(entry["release"])
    return Release(
        tag=tag, name=tag, body=entry.get("body", ""), url=f"{_ADDRESS}/releases/tag/{tag}",
        author=_account(entry.get("by", "ada")), created=_when(entry, "at", "2025-01-01"),
        prerelease=bool(entry.get("prerelease", False)),
    )  # fmt: skip


def _elsewhere(entry: Mapping[str, Any]) -> ChangeRequest:
    return _change(
        {"merged": "2025-01-02", **entry, "change": entry["elsewhere"].rpartition("/")[2]}, entry["elsewhere"]
    )


_MADE: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "change": _change,
    "issue": _issue,
    "release": _release,
    "elsewhere": _elsewhere,
}
