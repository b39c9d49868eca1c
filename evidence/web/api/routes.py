"""What the parts of the API share: reading requests, writing answers, and the description of all of it."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel, ValidationError

from evidence.web.errors import Refused
from evidence.web.extensions import csrf

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
# Nothing here takes a form: a body is JSON, which no other site can make a browser send.
csrf.exempt(blueprint)

Record = TypeVar("Record", bound=BaseModel)


def answer(record: BaseModel, status: int = 200) -> Response:
    """The record as JSON."""
    return Response(record.model_dump_json(), status, mimetype="application/json")


def query_of(kind: type[Record]) -> Record:
    """The query, validated. Refused (422), with the first thing that is wrong."""
    for name, values in request.args.lists():
        if len(values) > 1:
            raise Refused(422, f"{name[:40]!a} is given twice.")
    return _validated(kind, lambda: kind.model_validate(request.args.to_dict()))


def body_of(kind: type[Record]) -> Record:
    """The body, validated. Refused: 415 where it is not JSON, 400 where it is broken, 422 where it does not fit."""
    if not request.is_json:
        raise Refused(415, "Send application/json.")
    return _validated(kind, lambda: kind.model_validate_json(request.get_data()))


def _validated(kind: type[Record], read: object) -> Record:
    try:
        return read()  # type: ignore[operator, no-any-return]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(ascii(part)[1:-1][:40] if isinstance(part, str) else str(part) for part in first["loc"])
        broken = first["type"] == "json_invalid"
        raise Refused(400 if broken else 422, f"{where or 'The body'}: {first['msg']}.") from None


@blueprint.get("/openapi.json")
def description() -> dict[str, object]:
    """This API as OpenAPI 3.1."""
    from evidence.web.api.openapi import document

    return document(str(current_app.config["EVIDENCE_VERSION"]))
