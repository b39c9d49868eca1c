"""Which tests can fail, which fixtures are shared, and what stands in for the real thing."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.testkit import Case, project_of

CODE = "def total(n):\n    return n + 1\n"
IMPORT = "from shop.money import total\n\n\n"


def _project(files: dict[str, str]) -> Project:
    return project_of(Case("Suite", {"shop/money.py": CODE, **files}, (), ()))


@pytest.mark.parametrize(
    ("text", "effective"),
    [
        (IMPORT + "def test_a():\n    assert total(1) == 2\n", [True]),
        (IMPORT + "async def test_a():\n    assert total(1) == 2\n", [True]),
        (IMPORT + "def test_a():\n    total(1)\n", [False]),
        (IMPORT + "def test_a():\n    assert True\n", [False]),
        ("def test_a():\n    assert len('x') == 1\n", [False]),
        (IMPORT + "def check(n):\n    assert n == 2\n\n\ndef test_a():\n    check(total(1))\n", [True]),
        (IMPORT + "class TestA:\n    def test_a(self):\n        assert total(1) == 2\n", [True]),
        (IMPORT + "class Plain:\n    def test_a(self):\n        assert total(1) == 2\n", []),
        (IMPORT + "def outer():\n    def test_a():\n        assert total(1) == 2\n", []),
        (IMPORT + "import pytest\n\n@pytest.mark.skip\ndef test_a():\n    assert total(1) == 2\n", []),
        (IMPORT + "import unittest\n\n@unittest.skip('x')\ndef test_a():\n    assert total(1) == 2\n", []),
        (IMPORT + "import pytest\npytestmark = [pytest.mark.skip]\n\ndef test_a():\n    assert total(1) == 2\n", []),
    ],
)
def test_a_test_counts_when_it_is_collected_and_can_fail(text: str, effective: list[bool]) -> None:
    """Skipped, nested and plain-class functions are not collected; a test without a check of the code cannot fail."""
    project = _project({"tests/test_money.py": text})
    assert [t.effective for t in project.suite.functions] == effective


def test_a_fixture_leads_to_the_code() -> None:
    """A test that asks for a fixture of a conftest above it reaches what that conftest imports."""
    conftest = "import pytest\nfrom shop.money import total\n\n@pytest.fixture\ndef two():\n    return total(1)\n"
    test = "def test_two(two):\n    assert two == 2\n"
    files = {"tests/conftest.py": conftest, "tests/deep/test_two.py": test, "other/test_two.py": test}
    owned = {t.file.path: t.own for t in _project(files).suite.functions}
    assert owned == {"tests/deep/test_two.py": True, "other/test_two.py": False}


def test_marks_come_from_function_class_and_module() -> None:
    """A test carries the marks of its decorators, its class and its module."""
    text = (
        "import pytest\nfrom shop.money import total\n\npytestmark = [pytest.mark.slow, pytest.mark.db('x')]\n\n\n"
        "@pytest.mark.e2e\nclass TestA:\n    @pytest.mark.smoke\n    def test_a(self):\n        assert total(1) == 2\n"
    )
    (test,) = _project({"tests/test_money.py": text}).suite.functions
    assert list(test.marks) == [("smoke", 9, 10), ("e2e", 7, 8), ("slow", 4, 4), ("db", 4, 4)]


@pytest.mark.parametrize(
    ("decorator", "test", "shared", "lifetime"),
    [
        ("@pytest.fixture", "def test_a(made):\n    assert made\n", True, "function"),
        ("@pytest.fixture(scope='session')", "def test_a(made):\n    assert made\n", True, "session"),
        ("@pytest.fixture(autouse=True)", "def test_a():\n    assert 1\n", True, "function"),
        ("@pytest.fixture(name='other')", "def test_a(made):\n    assert made\n", False, "function"),
        ("@pytest.fixture(name='other')", "def test_a(other):\n    assert other\n", True, "function"),
        ("@pytest.fixture", "@pytest.mark.usefixtures('made')\ndef test_a():\n    assert 1\n", True, "function"),
        ("@pytest.fixture", "def test_a():\n    assert 1\n", False, "function"),
    ],
)
def test_fixtures_know_who_asks_for_them(decorator: str, test: str, shared: bool, lifetime: str) -> None:
    """A fixture is shared when a test asks for it by its name, by a mark, or when it is always on."""
    conftest = f"import pytest\n\n\n{decorator}\ndef made():\n    return object()\n"
    project = _project({"tests/conftest.py": conftest, "tests/test_a.py": "import pytest\n\n\n" + test})
    (fixture,) = project.suite.fixtures
    assert (fixture.shared, fixture.lifetime) == (shared, lifetime)


MODELS = "from db import db\n\n\nclass User(db.Model):\n    id = db.Column(db.Integer)\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "import factory\nfrom shop.models import User\n\n\n"
            "class UserFactory(factory.Factory):\n    class Meta:\n        model = User\n",
            [("factory", "User")],
        ),
        ("import factory\n\n\nclass Base(factory.Factory):\n    class Meta:\n        abstract = True\n", []),
        ("class UserFactory:\n    pass\n", []),
        (
            "from kit import ModelFactory\nfrom shop.models import User\n\nuser = ModelFactory(User)\n",
            [("factory", "User")],
        ),
        ("import responses\n\n\n@responses.activate\ndef test_a():\n    assert 1\n", [("fake", "responses")]),
        ("def test_a(requests_mock):\n    assert requests_mock\n", [("fake", "requests_mock")]),
        ("import responses\n", []),
        ("from unittest import mock\n\nmock.patch('shop.money.requests.get')\n", [("patched", "requests")]),
        ("from unittest import mock\n\nmock.patch('shop.money.total')\n", []),
        ("import faker\n\nfake = faker.Faker()\n", [("generated", "faker")]),
    ],
)
def test_stand_ins_are_used_ones(text: str, found: list[tuple[str, str]]) -> None:
    """Factories, fakes and patches count where they are used; an import and a name alone do not."""
    project = _project({"shop/models.py": MODELS, "tests/test_kit.py": text})
    assert [(s.kind, s.subject) for s in project.stand_ins.all] == found


def test_functions_that_build_models_for_others_are_factories() -> None:
    """A function that builds a model counts when another file of the tests uses it."""
    data = "from shop.models import User\n\n\ndef create_user():\n    return User(id=1)\n"
    files = {"shop/models.py": MODELS, "tests/data.py": data}
    assert _project(files).stand_ins.all == ()
    files["tests/test_a.py"] = "from tests.data import create_user\n\n\ndef test_a():\n    assert create_user().id\n"
    (made,) = _project(files).stand_ins.all
    assert (made.path, made.start, made.kind, made.subject) == ("tests/data.py", 4, "factory", "User")
