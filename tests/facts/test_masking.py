"""Secrets leave every text; ordinary code stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import registry
from evidence.facts.secrets.masking import mask, mask_lines, mask_value, secret_kind

SECRET = "hV7-kq2Zr9LxW4tB8nMd"
# Put together here, so that no scanner takes this file for a leak.
AWS = "AKIA" + "Q3EXMZ7RTPLW5HJN"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
JWT = ".".join(
    ["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0", "dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"]
)
KEY_BODY = "MIIEowIBAAKCAQEAx7Tq3Vv1mZkq9b8W2n5Lr4Jt6Hy0Pd"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----"


def pieces(secret: str) -> list[str]:
    """Every 12-character piece of a secret."""
    return [secret[i : i + 12] for i in range(len(secret) - 11)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (AWS, "aws_key"),
        (GITHUB, "github_token"),
        ("glpat-" + "x7Kq2Zr9LxW4tB8nMd0a", "gitlab_token"),
        ("xoxb-" + "123456789012-abcdefABCDEF", "slack_token"),
        ("sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc", "stripe_key"),
        ("AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q", "google_key"),
        ("SK" + "0123456789abcdef0123456789abcdef", "twilio_key"),
        ("SG." + "abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "sendgrid_key"),
        (JWT, "jwt"),
        (PEM, "private_key"),
        ("postgres://app:hV7-kq2Zr9Lx@db.example.com/x", "database_url"),
    ],
)
def test_issuers_tokens_are_known_without_a_name(text: str, kind: str) -> None:
    """A token that names its issuer is masked wherever it stands, and classified whatever its name."""
    assert secret_kind("x", text) == kind
    masked = mask(f"see {text} there")
    assert "[masked:" in masked and masked.startswith("see ") and masked.endswith(" there")
    assert not [piece for piece in pieces(text.rpartition("@")[0] or text) if piece in masked and "//" not in piece]


_SHAPES = [
    'SECRET_KEY = "{}"',
    "SECRET_KEY = os.environ.get('SECRET_KEY') or '{}'",
    'SECRET_KEY = os.getenv("SECRET_KEY", "{}")',
    'SECRET_KEY: str = "{}"',
    'app.config["SECRET_KEY"] = "{}"',
    'app.config.update(SECRET_KEY="{}")',
    "config.setdefault('API_KEY', '{}')",
    'password = os.environ.get("DB", default="{}") if x else "{}"',
    "password: {}",
    "  db_password: '{}'  # comment",
    'export API_TOKEN="{}"',
    "API_TOKEN={}",
    "ENV API_TOKEN {}",
    "ENV API_TOKEN={} OTHER=1",
    '  "clientSecret": "{}",',
    "mysql --password={} db",
    "login --token {}",
    'curl -H "Authorization: Bearer {}"',
    "DATABASE_URL=postgres://app:{}@db.example.com/x",
    'secret_key = "{}"',
    "- SECRET_KEY={}",
    'SECRET_KEY = os.environ.get(\n    "SECRET_KEY",\n    "{}",\n)',
    'SECRET_KEY = (\n    "{}"\n)',
    "- name: API_TOKEN\n  value: {}",
    'variable "db_password" {{\n  default = "{}"\n}}',
    "password: |\n  {}\nnext: 1",
]


@pytest.mark.parametrize("shape", _SHAPES)
def test_named_values_are_masked_in_every_language(shape: str) -> None:
    """No 12-character piece of a value survives where its name, on the line or above, makes it a secret."""
    lines = shape.replace("{{", "{").replace("}}", "}").replace("{}", SECRET).split("\n")
    masked = mask_lines(lines)
    assert len(masked) == len(lines)
    assert not [piece for piece in pieces(SECRET) if piece in "\n".join(masked)]


WORDS = "correct" + "horse" + "battery" + "staple"
_GUESSED = [
    ('API_TOKEN = "{}"', WORDS),
    ("API_TOKEN={}", WORDS),
    ("token: {}", WORDS),
    ('DB_PASSWORD = "{}"', "violet marble canyon thunder"),
    ('API_KEY = "{}"', "violet_marble_canyon_thunder"),
    ('API_TOKENS = ["x", "{}"]', WORDS),
    ('PASSWORDS = {{"admin": "{}"}}', WORDS),
    ('if password == "{}":', SECRET),
    ('create_user("admin", "{}")', SECRET),
    ('create_user(\n    "admin",\n    "{}",\n)', SECRET),
    ('client.login("admin@example.org", "{}")', WORDS),
    ('HTTPBasicAuth("admin", "{}")', SECRET),
    ('parser.add_argument("--token", default="{}")', SECRET),
    ('SECRET_KEY = """\n{}\n"""', WORDS),
    ("tokens:\n  - {}", SECRET),
    ("The admin password is {}.", SECRET),
    ("# log in with admin / {}", SECRET),
    ("Rotate the password to {}", SECRET),
    ("curl -u admin:{} https://x.example.com", SECRET),
    ("mysql -uroot -p{} db", SECRET),
    ("redis-cli -a {}", SECRET),
    ("<password>{}</password>", SECRET),
    ('<input name="password" value="{}">', SECRET),
    ('{{"name": "API_TOKEN", "value": "{}"}}', SECRET),
    ("https://{}@github.com/o/r.git", SECRET),
    ("Authorization: Bearer {}", WORDS),
]


@pytest.mark.parametrize(("shape", "value"), _GUESSED)
def test_what_may_be_a_secret_is_hidden(shape: str, value: str) -> None:
    """Passphrases, arguments by position, comparisons, prose and commands: shown to nobody."""
    lines = shape.replace("{{", "{").replace("}}", "}").replace("{}", value).split("\n")
    masked = mask_lines(lines)
    assert len(masked) == len(lines)
    assert not [piece for piece in pieces(value) if piece in "\n".join(masked)]


def test_a_guess_accuses_nobody() -> None:
    """What was hidden as a guess is no secret to any rule."""
    assert mask_value("api_token", WORDS) == "[masked:token?]"
    assert secret_kind("api_token", "[masked:token?]") is None
    assert mask_value("api_token", "[masked:token?]") == "[masked:token?]"


def _key(lines: int = 30) -> list[str]:
    body = [f"{n:02}" + "Ab3+" * 15 + "Qz" for n in range(lines - 1)] + ["Zk8" + "Ab3+" * 3 + "=="]
    return ["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----"]


@pytest.mark.parametrize(
    "cut",
    [slice(None), slice(None, -1), slice(1, None), slice(3, -3), slice(0, 5)],
    ids=["whole", "no end", "no beginning", "middle", "first lines"],
)
@pytest.mark.parametrize("layout", ["{}", "    {}", '    "{}\\n"', "# {}", " * {}", "> {}"])
def test_keys_in_any_layout(cut: slice, layout: str) -> None:
    """Of a private key, whole or cut, however it is laid out, no 12 characters stay."""
    lines = ["before = 1", *(layout.format(line) for line in _key()[cut]), "after = 2"]
    masked = mask_lines(lines)
    assert (masked[0], masked[-1], len(masked)) == ("before = 1", "after = 2", len(lines))
    body = [piece for line in _key()[1:-1] for piece in pieces(line)]
    assert not [piece for piece in body if piece in "\n".join(masked)]


def test_certificates_stay() -> None:
    """What is public between its own ends is no secret."""
    lines = ["-----BEGIN CERTIFICATE-----", *_key()[1:-1], "-----END CERTIFICATE-----"]
    assert mask_lines(lines) == lines


@pytest.mark.parametrize(
    "line",
    [
        '    "secret": ["password", "ssl_key"],',
        "pass_env = RUFF_*",
        '    "password": {"type": "string", "title": "Password"},',
        "# AWS access token used to authenticate to the S3 bucket.",
        'user = db.session.get(User, "international")',
        "token=registration.uuid, section='display'",
        'grant_type = "refresh_token"',
        'assert response.json["password"] == "This field is required."',
        "login_user(user, remember=form.remember_me.data)",
        'register("main.public_dashboard", views)',
        "key = sha256_of(password, salt)",
        "password_hash = db.Column(db.String(128))",
        "password = PasswordField('Password', validators=[DataRequired()])",
        'token = generate_token(user, "reset")',
        "def check(self, password: str, token: Optional[str] = None) -> bool:",
        'SECRET_KEY = os.environ["SECRET_KEY"]',
        'SECRET_KEY = os.environ.get("SECRET_KEY")',
        "login(username=username, password=password)",
        "password: ${DB_PASSWORD}",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "secretKeyRef: {name: app, key: token}",
        'flash("Please enter your password", "info")',
        '"password", "website",',
        "primary_key=True, unique_key='user_id'",
        "commit = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9'",
        "    --hash=sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        "PASSWORD_RESET_URL = 'https://example.com/reset/form'",
        'password = "changeme"',
        "keyfile = /etc/ssl/private/server.key",
        "POSTGRES_PASSWORD: password",
        "sort(key=lambda item: item.name)",
    ],
)
def test_ordinary_code_is_left_alone(line: str) -> None:
    """Names of columns, fields, parameters and references, hashes and placeholders are no secrets."""
    assert mask_lines([line]) == [line]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("SECRET_KEY", "you-will-never-guess", "placeholder:secret_key"),
        ("SECRET_KEY", "hard to guess string", "placeholder:secret_key"),
        ("SECRET_KEY", SECRET, "secret_key"),
        ("SECURITY_PASSWORD_SALT", SECRET, "secret_key"),
        ("jwtSecretKey", SECRET, "secret_key"),
        ("DB_PASSWORD", "hunter2hunter2", "password"),
        ("MAIL_PASSWORD_PROD", "hunter2hunter2", "password"),
        ("api_token", SECRET, "token"),
        ("STRIPE_API_KEY", SECRET, "api_key"),
        ("SQLALCHEMY_DATABASE_URI", "postgresql://app:hunter2hunter2@db.example.com/x", "database_url"),
        ("SECRET_KEY", "changeme", "placeholder:secret_key"),
        ("SECRET_KEY", "dev", "placeholder:secret_key"),
        ("SECRET_KEY", "your-secret-key", "placeholder:secret_key"),
        ("SECRET_KEY", "super-secret", "placeholder:secret_key"),
        ("SECRET_KEY", "supersecretkey", "placeholder:secret_key"),
        ("SECRET_KEY", "<insert key>", "placeholder:secret_key"),
        ("SECRET_KEY", "xxxxxxxxxxxxxxxxxxxx", "placeholder:secret_key"),
        ("SECRET_KEY", "test-key-for-local-development", "placeholder:secret_key"),
        ("PASSWORD", "postgres", "placeholder:password"),
        ("DATABASE_URL", "postgresql://postgres:postgres@localhost/x", "placeholder:database_url"),
        ("DATABASE_URL", "postgresql://app:hunter2hunter2@localhost/x", "placeholder:database_url"),
        ("DATABASE_URL", "sqlite:///app.db", None),
        ("DATABASE_URL", "postgresql://app@db.example.com/x", None),
        ("SECRET_KEY", "${SECRET_KEY}", None),
        ("SECRET_KEY", "{{ secret_key }}", None),
        ("SECRET_KEY", "", None),
        ("SECRET_KEY", "app.config.SECRET", None),
        ("SECRET_KEY_FILE", "/run/secrets/key", None),
        ("password", "/run/secrets/password", None),
        ("password", "Enter your password", None),
        ("password", "Password", None),
        ("password_field", SECRET, None),
        ("token_type", "bearer-with-12345678", None),
        ("token", "refresh_token", None),
        ("API_TOKEN", "API_TOKEN", None),
        ("token_url", "https://example.com/oauth/token", None),
        ("primary_key", SECRET, None),
        ("csrf_token", SECRET, None),
        ("title", SECRET, None),
    ],
)
def test_kind_of_a_named_literal(name: str, value: str, kind: str | None) -> None:
    """Names promise, values decide: live, an obvious placeholder, or no secret at all."""
    assert secret_kind(name, value) == kind


def test_masked_values_keep_their_kind() -> None:
    """What was masked is still known for what it was."""
    assert secret_kind("anything", "[masked:password]") == "password"
    assert secret_kind("URL", "postgres://u:[masked:password]@db.example.com/x") == "database_url"


def test_private_keys_lose_every_line_and_no_line_is_lost() -> None:
    """The lines of a private key are masked one by one, also when only its end is in sight."""
    lines = ["a", *PEM.split("\n"), "b"]
    assert mask_lines(lines) == ["a", *["[masked:private_key]"] * 3, "b"]
    assert mask_lines(lines[2:])[0] == "[masked:private_key]"


_FILES = {
    "yaml": "a:\n  api_token: {s}\nenv:\n  - name: API_TOKEN\n    value: {s}\n  - API_TOKEN={s}\nx: --token {s}\n",
    "toml": '[a]\napi_token = "{s}"\nlist = ["API_TOKEN={s}"]\n',
    "json": '{{"api_token": "{s}", "env": [{{"name": "API_TOKEN", "value": "{s}"}}]}}',
    "ini": "[a]\napi_token = {s}\nsetenv =\n    API_TOKEN={s}\n",
    "env": "API_TOKEN='{s}'\n",
    "dockerfile": "FROM x\nENV API_TOKEN={s}\nENV API_TOKEN {s}\nRUN <<EOF\nexport API_TOKEN={s}\nEOF\n",
    "requirements": "--index-url https://u:{s}@example.com/simple\na @ https://u:{s}@example.com/a.whl\n-r https://u:{s}@x.org/r\n",
    "makefile": "API_TOKEN = {s}\nx:\n\tAPI_TOKEN={s} run $(API_TOKEN)\n",
    "procfile": "web: API_TOKEN={s} run\n",
    "shell": "export API_TOKEN={s}\nrun --token {s}\n",
    "justfile": 'api_token := "{s}"\nx:\n  API_TOKEN={s} run {{{{api_token}}}}\n',
    "markdown": "---\napi_token: {s}\n---\n# api_token={s}\n`API_TOKEN={s}` [x](https://u:{s}@example.com)\n",
    "rst": "Title\n=====\nAPI_TOKEN={s} https://u:{s}@example.com\n",
    "asciidoc": "= API_TOKEN={s}\nlink:https://u:{s}@example.com[x]\n",
    "jinja": "{{% set x = 'API_TOKEN={s}' %}}",
    "text": "API_TOKEN={s}\n",
}


@pytest.mark.parametrize("language", sorted(_FILES))
def test_no_piece_of_a_secret_reaches_a_record(language: str) -> None:
    """What an extractor hands to the cache holds no 12-character piece of a secret in the file."""
    content = _FILES[language].format(s=SECRET).encode()
    payload = registry.extract(language, content)
    assert b"[masked:" in payload
    assert not [piece for piece in pieces(SECRET) if piece.encode() in payload]


@given(st.lists(st.text(st.sampled_from("password=:'\"|>(){}[], \\-@/.secretkeyAKIA01"), max_size=60), max_size=8))
def test_masking_keeps_lines_and_is_idempotent(lines: list[str]) -> None:
    """As many lines come out as went in, and what is masked stays as it is."""
    once = mask_lines(lines)
    assert len(once) == max(len(lines), 1) or not lines
    assert [line for line in mask_lines(once) if "[masked:[masked:" in line] == []


def test_a_marker_alone_hides_no_code() -> None:
    """Code that names the two ends of a key stays as it is, and a key between such literals is still masked."""
    code = 'header = "-----BEGIN PRIVATE KEY-----"\nvalue = value[5:]\nfooter = "-----END PRIVATE KEY-----"\n'
    assert mask(code) == code
    key = f'header = "-----BEGIN PRIVATE KEY-----"\n"{KEY_BODY.splitlines()[0]}"\n"-----END PRIVATE KEY-----"\n'
    assert KEY_BODY.splitlines()[0] not in mask(key)
