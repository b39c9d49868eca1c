"""Names under which requests ask for a page."""

from __future__ import annotations

import re

from evidence.patterns import regex

# These mean many things; on their own they say nothing of pages.
_WEAK = frozenset({"start", "length", "size", "count", "take", "skip", "tamanho", "tamano", "taille"})
# Names under which requests ask for a page. Those of other languages are what public Flask projects use.
_PARAMETERS = frozenset({
    "page", "per_page", "perpage", "page_size", "pagesize", "page_number", "pagenumber", "page_num", "page_no",
    "page_offset", "page_limit", "items_per_page", "results_per_page", "rows_per_page", "limit", "offset", "cursor",
    "page_token", "next_token", "pagetoken", "nexttoken", "next_page", "next_page_token", "continuation_token",
    "starting_after", "ending_before", "older_than", "newer_than", "since_id", "max_id", "last_evaluated_key",
    "page[size]", "page[number]", "skip", "take", "pagina", "página", "por_pagina", "itens_por_pagina", "tamanho",
    "tamano", "limite", "seite", "pro_seite", "taille", "_page", "_limit", "_start", "_end", "maxresults",
    "startindex", "start_index", "startat", "page_start", "nextpage",
    "pageno", "pagenum", "page_index", "pageindex", "pageoffset", "itemsperpage", "nextcursor", "lastevaluatedkey",
    "sinceid", "maxid", "afterid", "pagelimit", "pagestart", "num_pagina", "numero_pagina",
    "start", "length", "size", "count",
})  # fmt: skip
# Names for where the last page ended, of which the next one is what comes after.
CURSORS = frozenset({
    "cursor", "next_cursor", "page_token", "next_token", "pagetoken", "nexttoken", "next_page_token", "marker", "after",
    "continuation_token", "starting_after", "ending_before", "older_than", "newer_than", "since_id", "max_id", "before",
    "last_evaluated_key", "after_id", "before_id", "last_id", "last_seen", "last_seen_id", "min_id",
})  # fmt: skip
# Of the parameters, the names of how long a page is.
SIZES = regex(r"size|limit|per_?page|rows|count|por_pagina|length|tama|take|max", re.IGNORECASE)


def is_parameter(name: str) -> bool:
    """Whether requests ask for a page under this name."""
    return name.lower() in _PARAMETERS


def names_page(name: str) -> bool:
    """Whether the name can mean nothing but a page: ``page_size``, not ``size``."""
    return is_parameter(name) and name not in _WEAK
