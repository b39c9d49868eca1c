"""The application factory: settings in, a Flask application out. Read this first."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from evidence.model import EvidenceError
from evidence.web import access, api, digests, errors, headers, health, home, logs, scans, sharing, showing, tracing
from evidence.web import context as _context
from evidence.web.extensions import csrf, db, limiter, migrate, talisman
from evidence.web.running.printer import Printer
from evidence.web.running.renderer import Renderer
from evidence.web.running.runner import Runner
from evidence.web.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
_MOST_BYTES = 256 << 10


def create_app(settings: Settings) -> Flask:
    """A whole application: nothing is read from anywhere but ``settings``, and nothing runs until it is asked."""
    app = Flask(__name__)
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.config.from_mapping(_flask_settings(settings))
    runner = Runner(app, settings, socket.gethostname())
    renderer, printer = Renderer(runner.pseudonyms), Printer(app, settings, runner)
    app.extensions["evidence"] = _context.Context(settings, runner, renderer, printer)
    logs.init_app(app)
    tracing.init_app(app)
    _bind_extensions(app, settings)
    parts = (access, home, scans, digests, api, health)
    for blueprint in (*(part.blueprint for part in parts), sharing.links, sharing.candidate):
        app.register_blueprint(blueprint)
    access.guard(app)
    errors.init_app(app)
    showing.init_app(app)
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    return app


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": _secret_key(settings),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        # A server may have gone away between two requests; a file has not.
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": settings.database is not None},
        "TRUSTED_HOSTS": list(settings.host_names) if settings.host_names else None,
        "MAX_CONTENT_LENGTH": _MOST_BYTES,
        "MAX_FORM_MEMORY_SIZE": _MOST_BYTES,
        "SESSION_COOKIE_NAME": "evidence",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.https,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_hours),
        "WTF_CSRF_TIME_LIMIT": settings.session_hours * 3600,
        # Behind a proxy that ends TLS the referrer is the outer address: the token alone decides.
        "WTF_CSRF_SSL_STRICT": False,
        "RATELIMIT_STORAGE_URI": settings.rate_storage,
        "RATELIMIT_HEADERS_ENABLED": True,
        "EVIDENCE_VERSION": version("portfolio-evidence"),
    }


def _bind_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    csrf.init_app(app)
    limiter.init_app(app)
    headers.init_app(app, talisman, settings)
    if settings.oidc:
        access.register_provider(app, settings)


def _secret_key(settings: Settings) -> str:
    """The key that signs sessions: the one that is set, or one of our own, kept in the data folder."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    file = settings.data / "secret_key"
    try:
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.write(secrets.token_urlsafe(48))
        return file.read_text()
    except OSError as error:
        raise EvidenceError(
            f"The data folder {settings.data} cannot be used ({error.strerror}): name another with --data."
        ) from None
