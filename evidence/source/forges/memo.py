"""Answers of a crawl that broke off, by address, so that one that goes on asks for none of them again.

Texts in them are masked before they are kept, as everywhere.
"""

from __future__ import annotations

import json
from typing import Any

import requests
from msgspec import Struct
from requests.models import PreparedRequest, Response

from evidence.source.forges.cache import AnswerCache, Marks
from evidence.source.forges.wording import text

_KEPT_HEADERS = ("Link", "Content-Type", "X-Next-Page", "X-Total", "X-Page", "X-Per-Page")


class Kept(Struct):
    """A decoded answer, masked, with the headers that paging needs."""

    body: Any
    headers: dict[str, str]


class Memo:
    """The answers of one crawl."""

    def __init__(self, cache: AnswerCache, crawl: int, marks: Marks) -> None:
        self._cache, self._crawl, self._marks = cache, crawl, marks

    def get(self, request: PreparedRequest) -> Response | None:
        """The answer to a GET that was kept."""
        found = self._cache.answer(self._crawl, str(request.url)) if request.method == "GET" else None
        if found is None:
            return None
        kept = json.loads(found)
        answer = Response()
        answer.status_code, answer.url, answer.request = 200, str(request.url), request
        answer.headers = requests.structures.CaseInsensitiveDict(kept["headers"])
        answer.encoding = "utf-8"
        answer._content = json.dumps(kept["body"]).encode()
        return answer

    def put(self, request: PreparedRequest, answer: Response) -> None:
        """Keep the answer to a GET."""
        if request.method != "GET" or answer.status_code != 200:
            return
        try:
            body = masked(json.loads(answer.content))
        except (ValueError, RecursionError):
            return
        headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        item = ("answer", str(request.url), Kept(body, headers))
        self._cache.store(self._crawl, self._marks, [item], complete=False)


def masked(value: Any) -> Any:
    """JSON with every text in it masked."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [masked(each) for each in value]
    if isinstance(value, dict):
        return {key: masked(each) for key, each in value.items() if key != "diff_hunk"}
    return value
