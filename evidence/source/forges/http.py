"""The one way to a forge: one origin, bounded tries, waits and answers, and a token that goes nowhere else.

PyGithub, python-gitlab and our own GraphQL posts all speak through :class:`ForgeSession`, so that none of them follows
a redirect or a link to another origin, waits without end, or takes an answer without bound.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin

import requests
from requests.models import PreparedRequest, Response
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util.retry import Retry

from evidence.source.forges.endpoint import origin_of
from evidence.source.forges.memo import Memo
from evidence.source.forges.patience import Patience, Unavailable

TRIES = 5
MOST_BYTES = 32 << 20
USER_AGENT = "portfolio-evidence"
# Seconds: to connect, and between two pieces of an answer.
_TIMEOUT = (8.0, 15.0)
_REDIRECTS = 3
_BUSY = frozenset({202, 429, 500, 502, 503, 504})
_FIRST_PAUSE = 0.5
_CUT = "the forge's answer is cut off or no JSON"


class ForgeSession(requests.Session):
    """A session that speaks to ``origin`` alone (``https://api.github.com``), one request at a time.

    ``headers`` are the credential's; they are added to each request as it leaves and kept nowhere else. ``asked``
    counts what was sent, tries included; ``last`` is the latest answer.
    """

    def __init__(self, origin: str, headers: Mapping[str, str] | None = None, patience: Patience | None = None) -> None:
        super().__init__()
        self.origin = origin
        self.patience = patience or Patience()
        self.asked = 0
        self.most_asked = 1 << 30
        self.last: Response | None = None
        self._credential = dict(headers or {})
        self._silent = False
        self.tries = TRIES
        self.memo: Memo | None = None
        # With an auth of our own, requests does not look into netrc, which it would do for any host.
        self.auth = _unchanged
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers["User-Agent"] = USER_AGENT

    @property
    def has_token(self) -> bool:
        """Whether requests carry a credential."""
        return bool(self._credential)

    def send(self, request: PreparedRequest, **options: Any) -> Response:
        """Send, follow redirects within the origin, and try again as far as patience goes.

        Returns an answer of status 200, 201 or 304. Raises Unavailable, with the reason in words, for any other.
        """
        known = self.memo.get(request) if self.memo is not None else None
        if known is not None:
            self.last = known
            return known
        answer = self._persistently(request)
        for _ in range(_REDIRECTS):
            target = answer.headers.get("Location", "") if answer.is_redirect else ""
            if not target or request.method not in ("GET", "HEAD"):
                break
            request = request.copy()
            request.url = urljoin(str(request.url), target)
            answer = self._persistently(request)
        if answer.is_redirect:
            raise Unavailable("the forge sends us elsewhere without end", answer.status_code)
        if answer.status_code not in (200, 201, 304):
            raise Unavailable(reason_of(answer), answer.status_code)
        if _is_broken(answer):
            raise Unavailable(_CUT, answer.status_code)
        if self.memo is not None:
            self.memo.put(request, answer)
        self.last = answer
        return answer

    def _persistently(self, request: PreparedRequest) -> Response:
        for attempt in range(1, self.tries + 1):
            failure, pause = None, _FIRST_PAUSE * 2 ** (attempt - 1)
            try:
                answer = self._once(request)
            except Unavailable as error:
                failure = error
                if error.status:
                    raise
            else:
                asked_for = _asked_to_wait(answer, self.patience.clock())
                if asked_for is None and not _is_broken(answer):
                    return answer
                pause = max(pause, asked_for or 0.0)
            if attempt == self.tries or not self.patience.wait(pause):
                if failure is not None:
                    self._silent = self.tries == TRIES or self.patience.over
                    raise failure
                return answer
        raise AssertionError("unreachable")

    def _once(self, request: PreparedRequest) -> Response:
        if origin_of(str(request.url)) != self.origin:
            raise Unavailable("the forge names an address on another host", -1)
        if self._silent:
            raise Unavailable("the forge cannot be reached", -1)
        if self.asked >= self.most_asked:
            raise Unavailable("the number of requests that may be made is used up", -1)
        self.asked += 1
        carried = request.copy()
        carried.headers.update(self._credential)
        started = time.monotonic()
        settings = self.merge_environment_settings(str(carried.url), {}, True, None, None)
        try:
            answer = super().send(carried, timeout=_TIMEOUT, allow_redirects=False, **settings)
            _read(answer, started)
        except (requests.RequestException, HTTPError, OSError) as error:
            self.patience.spent += time.monotonic() - started
            raise Unavailable(f"the forge cannot be reached ({_kind(error)})") from None
        answer.request = request  # as it was before the token was added
        return answer


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    return request


def _kind(error: Exception) -> str:
    """What happened, in words of ours: the libraries' own texts hold addresses and times."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    return "the connection failed or broke off"


def _read(answer: Response, started: float) -> None:
    """Read the body up to a bound of size and time, decoded."""
    content = bytearray()
    for piece in answer.iter_content(65536):
        content += piece
        if len(content) > MOST_BYTES:
            answer.close()
            raise Unavailable(f"an answer is larger than {MOST_BYTES >> 20} MiB", -1)
        if time.monotonic() - started > 2 * _TIMEOUT[1]:
            answer.close()
            raise requests.exceptions.ReadTimeout
    answer._content = bytes(content)


def is_rate_limit(answer: Response) -> bool:
    """Whether a refusal is for asking too much, and not for what was asked."""
    if answer.status_code == 429:
        return True
    if answer.status_code != 403:
        return False
    left = answer.headers.get("x-ratelimit-remaining", answer.headers.get("ratelimit-remaining", ""))
    return "retry-after" in answer.headers or left == "0" or b"rate limit" in answer.content[:4096].lower()


def _asked_to_wait(answer: Response, now: float) -> float | None:
    """Seconds to wait before asking again: what the forge says, 0 where it says nothing; None for a final answer."""
    if answer.status_code not in _BUSY and not is_rate_limit(answer):
        return None
    after = answer.headers.get("retry-after", "")
    if after:
        try:
            return max(0.0, Retry(0).parse_retry_after(after))
        except (InvalidHeader, ValueError, OverflowError):
            return 0.0
    reset = answer.headers.get("x-ratelimit-reset", answer.headers.get("ratelimit-reset", ""))
    if is_rate_limit(answer) and reset.isdigit() and len(reset) < 12:
        return max(0.0, float(reset) - now)
    return 0.0


def _is_broken(answer: Response) -> bool:
    """Whether an answer that should be JSON is not: it was cut."""
    if answer.status_code != 200 or "json" not in answer.headers.get("content-type", "json"):
        return False
    try:
        json.loads(answer.content)
    except (ValueError, RecursionError):
        return True
    return False


def decoded(answer: Response) -> Any:
    """The JSON of an answer. Raises Unavailable for what is none."""
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise Unavailable(_CUT, answer.status_code) from None


def reason_of(answer: Response) -> str:
    """Why an answer is no good, in words."""
    status = answer.status_code
    if is_rate_limit(answer):
        return "the forge's rate limit is used up"
    return _REASONS.get(status, f"the forge answers with status {status}")


_REASONS = {
    401: "the forge does not accept the token",
    403: "the forge refuses it: the token may lack a permission",
    404: "the forge knows no such repository, or keeps it private",
    410: "it is switched off for this repository, or gone",
    451: "the forge withholds it for legal reasons",
} | {status: f"the forge fails with status {status}" for status in (500, 502, 503, 504)}
