"""A piece of a file is masked as it is when the whole file is."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from evidence.facts.secrets.masking import mask_lines
from evidence.facts.secrets.pieces import Pieces

SECRET = "hV7-kq2Zr9LxW4tB8nMd"
BASE64 = "MIIEowIBAAKCAQEAx7Tq3Vv1mZkq9b8W2n5Lr4Jt6Hy0PdMIIEowIBAAKCAQEAx7Tq3Vv1mZkq9b8W2n5Lr4Jt6Hy0Pd"
PLAIN = "a line of prose"
LINES = st.sampled_from([
    PLAIN, "", '    default = "' + SECRET + '"', 'variable "db_password" {', "password: |", "  " + SECRET,
    "- " + SECRET, "- name: API_TOKEN", "  value: " + SECRET, f'SECRET_KEY = "{SECRET}"', "SECRET_KEY = (", ")",
    f'    "{SECRET}"', "login(", f'    "someone", "{SECRET}",', f"redis://app:{SECRET}@db/0",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4",
    "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", BASE64, "the user has an account",
])  # fmt: skip


@given(st.lists(LINES, min_size=1, max_size=60), st.integers(0, 59), st.integers(1, 8))
@example(['variable "db_password" {', *[PLAIN] * 7, '    default = "' + SECRET + '"'], 8, 1)
@example(["password", *[PLAIN] * 300, f'password = "{SECRET}"'], 301, 1)
def test_a_piece_is_masked_as_in_the_whole(lines: list[str], first: int, count: int) -> None:
    """Whatever stands above and below a piece, masking only it and what it depends on changes nothing."""
    lines.append("so that the text is long enough")
    assert Pieces(lines).masked(first, first + count) == mask_lines(lines)[first : first + count]


def test_a_file_that_hints_everywhere_is_masked_too() -> None:
    """Where no line above is quiet, so many are looked at that nothing is shown for want of a name."""
    lines = ["password = ("] * 900 + [f'    "{SECRET}"']
    assert SECRET not in "".join(Pieces(lines).masked(900, 901))
