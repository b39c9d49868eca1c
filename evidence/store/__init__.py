"""SQLite cache of facts and digests, shared by any number of scans at once.

A cache is never needed: whatever goes wrong with its file, the scan goes on without it, and the file stays as it is.

database  the file: opened, made, locked, removed    facts  what files say, by their content
digests   whole digests, by all that made them
"""

from evidence.store.database import FILE_NAME, default_cache_folder, purge
from evidence.store.digests import DigestCache, Entry
from evidence.store.facts import SIZE_BOUND, FactsCache

__all__ = ["FILE_NAME", "SIZE_BOUND", "DigestCache", "Entry", "FactsCache", "default_cache_folder", "purge"]
