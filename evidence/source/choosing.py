"""Which repositories of a portfolio are read: by globs and a limit, own ones first, and always told."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from evidence.model import EvidenceError, Ledger
from evidence.source.address import Places
from evidence.source.forges.endpoint import endpoint_for
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.owner import owner_of
from evidence.source.places import named_of
from evidence.source.quoting import visible

LACKING = "repositories elsewhere that took changes of"
"""How the ledger's entry on what could not be listed of them begins; the page follows."""


class Chosen(Struct, frozen=True):
    """The addresses chosen, a sentence that lists them, and the login of the person whose page it was, "" a group's."""

    sources: list[str]
    sentence: str
    person: str


class Chooser(Struct, frozen=True):
    """``limit`` bounds how many are read of one page; ``include`` and ``exclude`` are globs over ``owner/name``, or
    over the name alone where they have no slash, in any case, as forges take them."""

    limit: int
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    patience: Patience

    def choose(self, text: str, places: Places, ledger: Ledger) -> Chosen | None:
        """The choice from a person's or group's page; None for an address of anything else.

        Raises EvidenceError where the forge does not list the page, or nothing of it is wanted.
        """
        owner = owner_of(text, places)
        if owner is None:
            return None
        from evidence.source.forges.portfolio import portfolio_of

        endpoint = endpoint_for(owner.kind, owner.origin, named_of(owner.kind, places))
        page = f"{owner.origin.partition('://')[2]}/{owner.name}"
        try:
            found = portfolio_of(endpoint, owner.name, owner.group, self.patience)
        except Unavailable as error:
            raise EvidenceError(f"The repositories of {page} cannot be listed: {error}.") from None
        wanted = [each for each in found.listed if self._wants(each.path)]
        if not wanted:
            raise EvidenceError(f"{page} has no repository of its own that is wanted ({len(found.listed)} are listed).")
        chosen = wanted[: self.limit]
        if len(chosen) < len(found.listed):
            reason = f"{len(chosen)} of {len(found.listed)} repositories were chosen, own ones first, by the last push"
            ledger.note("portfolio_chosen", page, reason)
        if found.lacking:
            ledger.note("forge_sampled", f"{LACKING} {page}", found.lacking)
        names = ", ".join(visible(each.path) + ("" if each.own else f" ({each.accepted} accepted)") for each in chosen)
        sentence = (
            f"{page}: {len(chosen)} of {len(found.listed)} repositories are read (--limit, --include and --exclude "
            f"choose): {names}."
        )
        return Chosen(
            [f"{owner.origin}/{each.path}" for each in chosen], sentence, "" if found.is_group else owner.name
        )

    def _wants(self, path: str) -> bool:
        return any(_fits(path, glob) for glob in self.include or ("*",)) and not any(
            _fits(path, glob) for glob in self.exclude
        )


def _fits(path: str, glob: str) -> bool:
    low, wanted = path.lower(), glob.lower()
    return fnmatchcase(low, wanted) or ("/" not in wanted and fnmatchcase(low.rpartition("/")[2], wanted))
