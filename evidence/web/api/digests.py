"""``/api/v1/digests``."""

from __future__ import annotations

from flask import Response

from evidence.web import keeping
from evidence.web.api.records import DigestList, DigestRecord, Paging
from evidence.web.api.routes import answer, blueprint, query_of
from evidence.web.context import ours
from evidence.web.digests.finding import own_digest, the_digest
from evidence.web.digests.reading import json_of
from evidence.web.naming import form_for_visitor, named, named_all
from evidence.web.naming import reveal as show_names


@blueprint.get("/digests")
def list_digests() -> Response:
    """The digests that are kept."""
    paging = query_of(Paging)
    found = named_all(keeping.listed(paging.limit, paging.offset))
    return answer(DigestList(items=[DigestRecord.of(each) for each in found]))


@blueprint.get("/digests/<digest_id>")
def show_digest(digest_id: str) -> Response:
    """One digest's record."""
    return answer(DigestRecord.of(named(the_digest(digest_id))))


@blueprint.get("/digests/<digest_id>/content")
def show_content(digest_id: str) -> Response:
    """The digest itself, in its JSON form; without names until this visitor has asked for them."""
    stored = the_digest(digest_id)
    return Response(json_of(stored, form_for_visitor(stored)), mimetype="application/json")


@blueprint.post("/digests/<digest_id>/reveal")
def reveal(digest_id: str) -> Response:
    """Show this visitor the names from now on. It is recorded."""
    stored = the_digest(digest_id)
    show_names(stored)
    return answer(DigestRecord.of(named(stored)))


@blueprint.delete("/digests/<digest_id>")
def delete_digest(digest_id: str) -> Response:
    """Remove it, from the database's files as well."""
    stored = own_digest(digest_id)
    keeping.remove(stored)
    ours().forget()
    return Response(status=204)
