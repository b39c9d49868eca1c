"""The form for links: what is wrong with one is said beside the field, before anything is fetched."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from evidence.matrix.load import load_profiles
from evidence.model import UsageError
from evidence.report.visible import visible
from evidence.web.asking import checked_source
from evidence.web.context import settings

_SHOWN = 80


def _stripped(text: str | None) -> str:
    return (text or "").strip()


class LinksForm(FlaskForm):  # type: ignore[misc]  # comes without types
    """One or several links, one on a line; whose work it is; and the role it is read for."""

    links = TextAreaField("Links", validators=[Length(max=20_000)])
    candidate = StringField("Candidate", validators=[Optional(), Length(max=200)], filters=[_stripped])
    profile = SelectField("Role profile", validate_choice=True)
    anew = BooleanField("Scan again even if this commit has been read before")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.profile.choices = [("", "The whole matrix"), *((p.id, p.title) for p in load_profiles())]

    @property
    def sources(self) -> list[str]:
        """The links, in order, each once."""
        lines = [line.strip() for line in (self.links.data or "").splitlines()]
        return list(dict.fromkeys(line for line in lines if line))

    def validate_links(self, _field: object) -> None:
        """Each link is one we may fetch. One sentence for the first that is not."""
        sources = self.sources
        if not sources:
            raise ValidationError("Paste at least one link.")
        most = settings().links_at_once
        if len(sources) > most:
            raise ValidationError(f"That is {len(sources)} links; {most} can be read at once.")
        for at, source in enumerate(sources, 1):
            try:
                checked_source(source)
            except UsageError as wrong:
                where = f"Line {at}, {visible(source[:_SHOWN])}: " if len(sources) > 1 else ""
                raise ValidationError(f"{where}{wrong}") from None
