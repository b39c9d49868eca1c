"""Names by which caches, what they keep and for how long, and where it is dropped are told: from the documents of
Flask-Caching, cachelib, dogpile, cachetools, redis-py and the clients of Memcached."""

from __future__ import annotations

from evidence.patterns import regex

# Packages whose objects are caches, and those whose objects keep anything.
CACHES = (
    "flask_caching", "flask_cache", "cachelib", "werkzeug.contrib.cache", "dogpile", "aiocache", "diskcache", "beaker",
    "cachetools", "quart_caching", "cashews", "flask_redis_cache", "fastapi_cache", "walrus", "redis_cache",
)  # fmt: skip
STORES = (
    "redis", "flask_redis", "aioredis", "valkey", "pymemcache", "pylibmc", "memcache", "bmemcached",
    "flask_and_redis", "rediscluster", "upstash_redis",
)  # fmt: skip
STORE_NAME = regex(r"(?i)redis|memcache|valkey|\bmc\b")
# The word is the same in most languages that borrow it: caché, cachê, cached, caching, cachear; cachets, and products
# that are called after it, are none.
_CACHE = r"cach(?:[eéê](?!t)|ing)"
WORD = regex(rf"(?i){_CACHE}")
NOT_CACHED = regex(r"(?i)no_?cache|nocache|cache_?buster")
# Keys of what is no copy of anything: marks that something is under way, counts, and what a person is given once.
MARKS = regex(r"(?i)lock|in_?flight|dedup|nonce|attempts?\b|rate_?limit|otp\b|session|token|verif")
DECORATORS = frozenset({
    "cached", "memoize", "cache_on_arguments", "cache_multi_on_arguments", "cachedmethod", "cache_memoize",
    "early", "soft", "set",
})  # fmt: skip
WRITES = ("set", "setex", "psetex", "set_many", "add", "mset", "hset")
LIFETIMES = frozenset({
    "ex", "px", "exat", "pxat", "timeout", "ttl", "expire", "time", "expires", "ttl_in_seconds",
    "expiration_time", "expiry", "ttl_seconds", "expire_time", "expirein", "expire_in", "expires_in", "cache_timeout",
})  # fmt: skip
DROPS = (
    "delete", "delete_memoized", "delete_memoized_verhash", "delete_many", "clear", "invalidate", "unlink",
    "delete_by_pattern", "delete_cache_keys_by_pattern", "delete_prefix", "evict", "invalidate_all",
    "cache_clear", "refresh",
)  # fmt: skip
TTL_CLASSES = ("TTLCache", "TLRUCache", "ExpiringDict")
AGE = regex(r"(?i)(?:s-maxage|max-age)\s{0,3}=\s{0,3}(?!0\b)|\bpublic\b|stale-while-revalidate")
REFUSES = regex(r"(?i)no-store|no-cache|max-age\s{0,3}=\s{0,3}0\b")
CONDITIONAL = ("add_etags", "make_conditional", "set_etag")
SENDERS = ("add", "set", "setdefault", "make_response", "Response", "update", "jsonify", "send_file")
SET_UPS = ("Cache", "Caching", "RedisCache", "SimpleCache", "make_region", "FileSystemCache")
READS = ("get", "mget", "get_many", "hget", "get_or_create")
EXPIRES = regex(r"(?im)^[ \t]{0,40}expires[ \t]{1,10}(?!off|-|epoch)[\w+]")
# Sessions that keep answers of others, told how long or by the headers of these; a decorator that sets such headers.
KEEPING_SESSIONS = ("requests_cache.CachedSession", "requests_cache.install_cache", "cachecontrol.CacheControl")
HEADER_DECORATORS = ("flask_cachecontrol.cache_for", "flask_cachecontrol.cache")
# A proxy in the repository that keeps answers for so long.
KEPT_BY_PROXY = regex(r"(?im)^[ \t]{0,40}(?:proxy|uwsgi|fastcgi)_cache_valid[ \t]{1,10}[\w]")
NEVER = frozenset({"0", "-1", "None"})
# A lifetime that the project compares with the time itself: ``now - fetched > CACHE_TIMEOUT``.
OWN_LIFETIME = regex(
    rf"(?i){_CACHE}\w{{0,20}}_"
    r"(?:ttl|timeout|duration|max_?age|lifetime|expir\w{1,6}|seconds|minutes|hours|period)\w{0,10}$"
)
CLOCKS = frozenset({"time", "utcnow", "now", "monotonic", "today"})
