"""The form for links: what is wrong with one is said beside the field, before anything is fetched."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from evidence.matrix.load import load_profiles
from evidence.model import UsageError
from evidence.web import links
from evidence.web.asking import Wanted, wanted
from evidence.web.context import settings
from evidence.web.models import MOST


@lru_cache(maxsize=1)
def profiles() -> tuple[tuple[str, str], ...]:
    """Id and title of each role profile."""
    return tuple((profile.id, profile.title) for profile in load_profiles())


def _stripped(text: str | None) -> str:
    return (text or "").strip()


class LinksForm(FlaskForm):  # type: ignore[misc]  # comes without types
    """One or several links, one on a line; whose work it is; the role it is read for; and what to choose of a page."""

    links = TextAreaField("Links", validators=[Length(max=20_000)])
    candidate = StringField("Candidate", validators=[Optional(), Length(max=200)], filters=[_stripped])
    profile = SelectField("Role profile", validate_choice=True)
    each = BooleanField("A digest for each link")
    most = StringField("At most", filters=[_stripped])
    include = StringField("Only", validators=[Optional(), Length(max=2000)], filters=[_stripped])
    exclude = StringField("Not", validators=[Optional(), Length(max=2000)], filters=[_stripped])
    anew = BooleanField("Scan again even if this commit has been read before")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.profile.choices = [("", "The whole matrix"), *profiles()]

    @property
    def sources(self) -> list[str]:
        """The links, in order, each once."""
        lines = [line.strip() for line in (self.links.data or "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    @property
    def digests(self) -> list[Wanted]:
        """What is wanted: one digest of all links, or one of each."""
        groups = [[source] for source in self.sources] if self.each.data else [self.sources]
        return [
            wanted(
                group,
                candidate=self.candidate.data or None,
                profile=self.profile.data or None,
                most=int(self.most.data or min(MOST, settings().portfolio)),
                include=links.globs(self.include.data or ""),
                exclude=links.globs(self.exclude.data or ""),
            )
            for group in groups
        ]

    def validate_most(self, field: StringField) -> None:
        """A number, and no more than the operator allows."""
        most, given = settings().portfolio, field.data or "1"
        if not (given.isascii() and given.isdecimal() and len(given) < 6 and 0 < int(given) <= most):
            raise ValidationError(f"Give a number of repositories from 1 to {most}.")

    def validate_include(self, field: StringField) -> None:
        """Patterns that can match something."""
        _check_globs(field)

    validate_exclude = validate_include

    def validate_links(self, field: TextAreaField) -> None:
        """Each link is one we may fetch. One sentence for each that is not."""
        sources = self.sources
        if not sources:
            raise ValidationError("Paste at least one link.")
        most = settings().links_at_once
        if len(sources) > most:
            raise ValidationError(f"That is {len(sources)} links; {most} can be read at once.")
        field.errors = [*field.errors, *links.wrong(sources)]


def _check_globs(field: StringField) -> None:
    try:
        links.globs(field.data or "")
    except UsageError as error:
        raise ValidationError(str(error)) from None
