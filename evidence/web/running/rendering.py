"""Inside the process that renders: a stored digest in another form, or a part of it. Knows no database and no Flask.

It lives as long as the server and remembers the last digests, so that the second part of one is quick; pages that need
no rendering never wait for it.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from dataclasses import dataclass

from evidence.model import Digest, UsageError
from evidence.report.narrowing import Part, narrowed

_REMEMBERED = 6
_digests: OrderedDict[tuple[str, bool], Digest] = OrderedDict()


@dataclass(frozen=True)
class Order:
    """What to render: the digest ``id`` as ``suffix`` (``page`` is the one with slots), with names or without."""

    id: str
    suffix: str
    hidden: bool
    part: Part


def load() -> None:
    """Load what renders, before somebody waits for it."""
    from evidence.report import html

    html.style_sheet()


def rendered(order: Order, content: bytes, key: bytes) -> bytes | None:
    """The form that ``order`` names, of the digest whose compressed JSON form is ``content``; None where another
    version of evidence wrote it. ``key`` makes the pseudonyms."""
    try:
        digest = narrowed(_digest(order.id, order.hidden, content, key), order.part)
    except UsageError:
        return None
    return _form(digest, order.suffix)


def _form(digest: Digest, suffix: str) -> bytes:
    from evidence.report.csv import to_csv
    from evidence.report.html import to_html
    from evidence.report.json_form import to_json
    from evidence.report.markdown import to_markdown
    from evidence.web.slots import with_slots

    if suffix == "json":
        return to_json(digest)
    render = {"page": with_slots, "html": to_html, "md": to_markdown, "csv": to_csv}[suffix]
    return render(digest).encode("utf-8", "backslashreplace")


def _digest(digest_id: str, hidden: bool, content: bytes, key: bytes) -> Digest:
    from evidence.anonymous import anonymised
    from evidence.report.json_form import from_json

    wanted = (digest_id, hidden)
    if wanted not in _digests:
        found = _digest(digest_id, False, content, key) if hidden else from_json(zlib.decompress(content))
        _digests[wanted] = anonymised(found, key) if hidden else found
        while len(_digests) > _REMEMBERED:
            _digests.popitem(last=False)
    _digests.move_to_end(wanted)
    return _digests[wanted]
