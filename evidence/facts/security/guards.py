"""What stands guard, and where: a function or class that refuses, and one place where it is put before something."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Assign, Call, Definition, Expr
from evidence.facts.security import purpose as purposes
from evidence.patterns import regex

# Flask-Login has seen to the login: a guard that reads this asks what the user may do.
_ROLE = regex(r"(?:^|\.)current_user\.(?:roles?|is_admin(?:istrator)?|is_superuser|is_staff|has_roles?)(?:$|[.(\[])")
# Who is asking, as logins tell; and attributes that say whose an object is, which tokens and sessions have as well.
_ASKING = regex(
    r"(?:^|\.)(?:get_jwt_identity|current_user(?:\.\w{1,20})?|current_identity|g\.(?:user|current_user)(?:\.id)?)$"
)
_OWNED = regex(
    r"[a-z]\w{0,40}\.(?:(?:user|owner|author|creator|usuario|autor|dono|proprietario|propietario|utilisateur|auteur"
    r"|benutzer|besitzer)_?id|created_by(?:_id)?|id_(?:user|owner|usuario|utilisateur|benutzer)|owner|author)(?:\.id)?"
)
_OF_TOKENS = regex(r"(?:\w{0,20}_)?(?:token|session|payload|claims|jwt|key|g|data|request|current_user|self|cls)\.")
# A check of more lines than this does something else besides.
_WORK = 20


class Guard(Struct, frozen=True):
    """A function or class of the project that refuses, itself or through another one (``behind``: its key). ``codes``
    as of its refusal; ``names`` what it (and the guards it calls) reads."""

    file: PyFile
    definition: Definition
    codes: frozenset[str]
    names: frozenset[str]
    behind: tuple[str, str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Path and qualified name."""
        return self.file.path, self.definition.qualname

    @property
    def purpose(self) -> str:
        """What it asks: ``authentication``, ``authorization`` or "" for neither."""
        asked = purposes.purpose(self.definition.qualname, self.codes, self.names)
        # what is called a login and looks at the role of who is logged in asks for more; one that is told a role may
        told = any(p in ("role", "roles", "required_role", "admin") for p in self.definition.params)
        role = not told and any(_ROLE.search(name) for name in self.names)
        return purposes.MAY if asked == purposes.WHO and (role or self._asks_whose()) else asked

    def _asks_whose(self) -> bool:
        """Whether it answers 403 and reads both who is asking and whose an object is, as ``account_user`` does:
        ``account.user_id == get_jwt_identity()``."""
        names = [name.replace("()", "") for name in self.names]
        asking = "403" in self.codes and any(_ASKING.search(name) for name in names)
        return asking and any(_OWNED.fullmatch(name) and not _OF_TOKENS.match(name) for name in names)

    @property
    def asks_for_what_it_is_told(self) -> bool:
        """Whether a login guard that takes a text calls what is about rights: the text is the right it asks for."""
        return bool(self.definition.params) and any(purposes.speaks_of_rights(n) for n in self.names if "(" not in n)

    @property
    def reads_credentials(self) -> bool:
        """Whether it turns away whoever sends no credentials of HTTP's own scheme (RFC 7617), whatever else it asks."""
        return "401" in self.codes and any(name.endswith(".authorization") for name in self.names)

    @property
    def central(self) -> bool:
        """Whether it is there to guard: short, or named so. What does the work of a view and refuses on the way
        (``update_feedback``) is no check that others go through."""
        named = purposes.speaks_of_rights(self.definition.name) or purposes.speaks_of_identity(self.definition.name)
        return named or self.definition.end - self.definition.line < _WORK


class GuardUse(Struct, frozen=True):
    """One place where a guard is put before something.

    ``how`` is decorator, hook (before each request), listed (in the decorators of a class), inherited (from a guarded
    class) or call. ``guard`` is None for one from outside the project; ``name`` is the name used there, ``keys`` the
    keywords it is given; ``around`` the function or class that is guarded (None for hooks); ``told`` that it is given a
    text (``@login_required("users_update")``).
    """

    file: PyFile
    start: int
    end: int
    how: str
    name: str
    guard: Guard | None
    keys: tuple[str, ...]
    around: Definition | None
    told: bool = False

    @property
    def purpose(self) -> str:
        """What is asked here: ``authentication``, ``authorization`` or "" for neither."""
        if self.guard is not None:
            asked = self.guard.purpose
            right = self._names_roles() or (self.told and self.guard.asks_for_what_it_is_told)
            return purposes.MAY if asked == purposes.WHO and right else asked
        asked = purposes.named(self.name)
        if self.how == "decorator" and purposes.demands_by_key(self.name, self.keys):
            return purposes.MAY
        return purposes.MAY if asked == purposes.WHO and self._names_roles() else asked

    @property
    def asks_who(self) -> bool:
        """Whether it is asked here who somebody is, alone or with a right."""
        return self.purpose == purposes.WHO or (self.guard is not None and self.guard.reads_credentials)

    def _names_roles(self) -> bool:
        """``login_required(role="admin")``, of Flask-HTTPAuth or the project's own, asks for more than a login."""
        return any(k in ("role", "roles", "scope", "scopes", "permission", "permissions") for k in self.keys)


_LISTED = frozenset({"decorators", "method_decorators", "preprocessors"})
_ADDS = frozenset({"append", "extend", "insert"})


def listed_decorators(file: PyFile) -> Iterator[tuple[Assign | Call, Expr, Definition | None]]:
    """What stands in the decorators of a class (with the class), and what wiring adds to those of each view before it
    is hung: ``view.decorators.extend([auth_required])``."""
    for item in file.module.assigns:
        around = file.definition(item.scope)
        if item.target in _LISTED and around is not None and around.kind == "class":
            yield from ((item, value, around) for value in item.value.walk() if value.kind in ("name", "call"))
    for call in file.module.calls:
        receiver, _, method = call.name.rpartition(".")
        if method in _ADDS and receiver.rpartition(".")[2] in _LISTED:
            values = (value for given in call.expr.args for value in given.walk())
            yield from ((call, value, None) for value in values if value.kind in ("name", "call"))


def hands_on(file: PyFile, scopes: list[int], reads: frozenset[str]) -> bool:
    """Whether a decorator only calls what it decorates with what that is given: it refuses nobody."""
    inner = (file.definition(n) for n in scopes)
    own = {name for d in inner if d is not None for name in (*(p.lstrip("*") for p in d.params), d.name)}
    return all(r.rpartition(".")[2] in ("wraps", "functools", "update_wrapper") or r in own for r in reads) and not any(
        r.scope in scopes for r in file.module.raises
    )
