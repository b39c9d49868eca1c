"""Words that name a deployment environment."""

from __future__ import annotations

import pytest

from evidence.facts.deployment.environments import environment_of


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("DevelopmentConfig", "development"),
        ("DevConfig", "development"),
        ("TestingConfig", "testing"),
        ("ProdConfig", "production"),
        ("production_settings", "production"),
        ("staging.env", "staging"),
        (".env.test", "testing"),
        ("config/development/app.env", "development"),
        ("docker-compose.prod.yml", "production"),
        ("Dockerfile.dev", "development"),
        ("dev_server", "development"),
        ("HTTPDevServer", "development"),
        ("Config", ""),
        ("devices/models.py", ""),
        ("latest", ""),
        ("product", ""),
        ("docker-compose.yml", ""),
    ],
)
def test_environment_of_a_name(name: str, environment: str) -> None:
    """A whole word decides, in classes, files and folders, and a word that merely begins like one does not."""
    assert environment_of(name) == environment


def test_the_nearest_word_of_a_path_decides() -> None:
    """What a file is called outweighs the folder that it stands in."""
    assert environment_of("tests/prod.env") == "production"
    assert environment_of("production/local.env") == "development"
