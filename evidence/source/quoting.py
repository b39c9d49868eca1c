"""Text of others made safe to handle: messages cut and made visible, odd paths written as git writes them."""

from __future__ import annotations

from evidence.patterns import regex

_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_UNESCAPES = {letter: byte for byte, letter in _ESCAPES.items()}
_ESCAPED = regex(r'\\([0-7]{3}|[abtnvfr"\\])')
_CREDENTIALS = regex(r"(?<=//)[^/@\s]{1,512}@")


def visible(text: str, limit: int = 160) -> str:
    """``text`` on one line of at most ``limit`` characters, control and direction characters as ``\\xNN``, ``\\uNNNN``.

    Credentials inside addresses are taken out first, so that a cut never leaves half of one.
    """
    text = _CREDENTIALS.sub("***@", text[: limit * 8])
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def path_text(raw: bytes) -> str:
    """A path as the digest writes it: UTF-8, or quoted as git quotes it (``"caf\\351.py"``) when it is not.

    A path that itself begins with a double quote is quoted too, so that two paths never share one text.
    """
    if raw[:1] != b'"':
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
    return f'"{"".join(map(_quoted_byte, raw))}"'


def _quoted_byte(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def path_bytes(text: str) -> bytes:
    """The bytes of a path that :func:`path_text` wrote."""
    if not text.startswith('"'):
        return text.encode("utf-8", "surrogateescape")
    out, at, inner = bytearray(), 0, text[1:-1]
    for match in _ESCAPED.finditer(inner):
        out += inner[at : match.start()].encode()
        code = match[1]
        out.append(int(code, 8) & 255 if code[0] in "0123" else _UNESCAPES[code])
        at = match.end()
    return bytes(out + inner[at:].encode())
