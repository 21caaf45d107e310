"""Quote a bad value of a setting without what is secret in it."""

import re

from validation.limits import MAX_SEARCHED_CHARS, MAX_SHOWN_CHARS

_TOKEN_IN_TEXT = re.compile(r"(?i)(token=)[^&\s]+")
_LOGIN_IN_TEXT = re.compile(r"[^/\s]*@")


def redact(value: object, secrets: tuple[str, ...]) -> str:
    """Return a bad value on one short line, without a token or a login that was pasted into it."""
    if not isinstance(value, str | int | float):
        return f"a {type(value).__name__}"
    text = _to_text(value)
    for secret in secrets:
        text = text.replace(secret, "***")
    text = _LOGIN_IN_TEXT.sub("***@", _TOKEN_IN_TEXT.sub(r"\1***", text[:MAX_SEARCHED_CHARS]))
    return repr(text[:MAX_SHOWN_CHARS])


def _to_text(value: str | float) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "a very long number"
