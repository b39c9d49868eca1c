"""What a project does for its security: the scanners it runs, how access to it is guarded, what it keeps and how.

``scans`` finds scanners of code, dependencies, images and secrets; ``access`` the functions that refuse requests and
where they stand in the way of one (``guards``); ``login_table`` lists calls that let somebody in; ``asking_views``
finds views that ask by themselves; ``assigned`` settings as code gives them; ``cors`` the origins that are let in;
``stored_tokens`` what is done about the life of tokens, ``ended_tokens`` tests of their end, ``renewed_tokens`` who
renews them; ``secret_stores`` infrastructure that keeps secrets; ``trail`` what records changes.
"""

from evidence.facts.security.access import Access
from evidence.facts.security.asking_views import session_logins, views_that_ask, views_that_refuse
from evidence.facts.security.assigned import asks_for_whom, assigned_settings, claims, is_off
from evidence.facts.security.cors import CrossOrigin, cross_origins
from evidence.facts.security.ended_tokens import ended_token_tests, logged_out_tests
from evidence.facts.security.guards import Guard, GuardUse
from evidence.facts.security.handed_on import passwords_handed_on
from evidence.facts.security.login_table import (
    HANDED_ON,
    LOGINS,
    PASSWORD_DIRECTORIES,
    PASSWORD_KEEPERS,
    TOKEN_PACKAGES,
)
from evidence.facts.security.refusals import Refusal
from evidence.facts.security.refused_tests import RefusedTest
from evidence.facts.security.renewed_tokens import names_refresh, prolonged_tokens, provider_tokens
from evidence.facts.security.scans import Scan, scans
from evidence.facts.security.secret_stores import KeptSecret, kept_secrets
from evidence.facts.security.stored_tokens import link_functions, token_functions
from evidence.facts.security.timed_tokens import refused_when_ended, timed_tokens
from evidence.facts.security.trail import trail_mixins, trail_recorders, trail_tables

__all__ = [
    "HANDED_ON",
    "LOGINS",
    "PASSWORD_DIRECTORIES",
    "PASSWORD_KEEPERS",
    "TOKEN_PACKAGES",
    "Access",
    "CrossOrigin",
    "Guard",
    "GuardUse",
    "KeptSecret",
    "Refusal",
    "RefusedTest",
    "Scan",
    "asks_for_whom",
    "assigned_settings",
    "claims",
    "cross_origins",
    "ended_token_tests",
    "is_off",
    "kept_secrets",
    "link_functions",
    "logged_out_tests",
    "names_refresh",
    "passwords_handed_on",
    "prolonged_tokens",
    "provider_tokens",
    "refused_when_ended",
    "scans",
    "session_logins",
    "timed_tokens",
    "token_functions",
    "trail_mixins",
    "trail_recorders",
    "trail_tables",
    "views_that_ask",
    "views_that_refuse",
]
