"""Show a value that cannot be used, without a secret that was pasted into it."""

import re

from validation.limits import MAX_SEARCHED_CHARS, MAX_SHOWN_CHARS

_TOKEN_IN_TEXT = re.compile(r"(?i)(token=)[^&\s]+")
_LOGIN_IN_TEXT = re.compile(r"[^/\s]*@")


def redact_value(value: object, secrets: tuple[str, ...]) -> str:
    """Return a bad value on one short line, without these secrets and without a login."""
    if not isinstance(value, str | int | float):
        return f"a {type(value).__name__}"
    text = without_secrets(_to_text(value), secrets)
    return repr(text[:MAX_SHOWN_CHARS])


def without_secrets(text: str, secrets: tuple[str, ...]) -> str:
    """Return the beginning of a text without these secrets, and without other tokens or logins."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _LOGIN_IN_TEXT.sub("***@", _TOKEN_IN_TEXT.sub(r"\1***", text[:MAX_SEARCHED_CHARS]))


def _to_text(value: str | float) -> str:
    try:
        return str(value)
    except ValueError:  # Python refuses to write out integers of thousands of digits
        return "a very long number"
