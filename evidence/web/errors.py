"""Errors, written for people: what went wrong, and what to do. The API gets the same as JSON (RFC 9457)."""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

_log = structlog.get_logger("evidence.web")
_SAID = {
    400: ("That did not arrive as it should", "Go back, load the page again, and try once more."),
    401: ("Please sign in", "This server wants to know who is asking."),
    403: ("This is not for you to do", "Ask whoever runs this server."),
    404: ("There is nothing here", "It may have been deleted, cancelled or expired, or the address is incomplete."),
    405: ("That cannot be done here", "Go back and use the button on the page."),
    409: ("That is not possible now", "Load the page again to see how things stand."),
    413: ("That is too much at once", "Paste the links only."),
    415: ("That is not JSON", "Send application/json."),
    422: ("That cannot be used", "Correct what was sent, and send it again."),
    429: ("Too much at once", "Wait a minute, then try again."),
    500: ("Something went wrong here", "It is a defect in evidence. Report it with the number below."),
    503: ("Not now", "The server is busy. Try again in a minute."),
}


def init_app(app: Flask) -> None:
    """Answer every error in our own words."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _shown)
    app.register_error_handler(Exception, _defect)


def _stale_form(_error: CSRFError) -> Response:
    return answer(400, "The form was open for too long or came from elsewhere: load the page again and send it anew.")


def _shown(error: HTTPException) -> Response:
    if isinstance(error, SecurityError):
        # Asked under a name that is not ours: there is no page to show under it.
        return Response("This server does not go by that name.\n", 400, mimetype="text/plain")
    if error.response is not None:
        return make_response(error.response)
    code = error.code or 500
    own = error.description if isinstance(error.description, str) and getattr(error, "ours", False) else ""
    shown = answer(code, own)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            shown.headers[name] = value
    return shown


def _defect(error: Exception) -> Response:
    # Its text may quote a repository or a secret: the log gets the kind and the place, the reader neither.
    frames = error.__traceback__
    while frames and frames.tb_next:
        frames = frames.tb_next
    place = f"{frames.tb_frame.f_code.co_filename}:{frames.tb_lineno}" if frames else ""
    _log.error("defect", kind=type(error).__name__, place=place)
    return answer(InternalServerError.code, "")


def answer(code: int, sentence: str) -> Response:
    """The error as a page or, for the API, as a problem in JSON."""
    title, advice = _SAID.get(code, _SAID[500 if code >= 500 else 400])
    if request.path.startswith("/api/"):
        problem = jsonify(type="about:blank", title=title, status=code, detail=sentence or advice)
        problem.status_code, problem.mimetype = code, "application/problem+json"
        return problem
    page = render_template(
        "error.html", title=title, sentence=sentence or advice, code=code, number=g.get("request_id", "")
    )
    return make_response(page, code)


class Refused(HTTPException):
    """A refusal in a sentence of ours that is meant to be shown."""

    ours = True

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
