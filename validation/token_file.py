"""Keep the Plex token in the data folder, readable by its owner only.

`data/plex_token` holds the token, `data/plex_token_digests.json` the digests of those that were
moved out of Stash's settings. Hooks and light operations read neither.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.files import JsonFile, replace_text
from validation.kept_token import KeptToken, token_digest

FILE_NAME = "plex_token"
DIGESTS = "plex_token_digests.json"
# A sign-in that was begun; it holds the tokens of the servers to choose from.
SIGN_IN_FILE = "sign_in.json"
SIGN_IN_MAX_AGE_S = 7_200.0
_KEY = "sha256"
_MAX_CHARS = 4_096
_TOKEN = re.compile(r"[!-~]*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class TokenFile:
    """The token's file, and the digests beside it."""

    def __init__(self, data_dir: Path, sleep: Callable[[float], None]) -> None:
        """Read nothing. `sleep` waits while another process holds a file (Windows)."""
        self._path = data_dir / FILE_NAME
        self._digests = data_dir / DIGESTS
        self._sleep = sleep

    def load(self) -> KeptToken:
        """Return the kept token and the digests; a file that cannot be read counts as missing."""
        document = JsonFile(self._digests, self._sleep).read()
        return KeptToken(self._read(), frozenset(_known(document)))

    def save(self, token: str) -> None:
        """Keep this token in place of the one before.

        Raises:
            OSError: the data folder does not allow it; the token before stays.
        """
        if token != self._read():
            replace_text(self._path, token, self._sleep)

    def remember(self, tokens: Iterable[str]) -> None:
        """Record that these tokens were moved out of the settings; none of them is taken again.

        Raises:
            OSError: the data folder does not allow it.
        """
        digests = {token_digest(token) for token in tokens}

        def extended(document: dict[str, Any] | None) -> dict[str, Any]:
            return {_KEY: sorted(digests.union(_known(document)))}

        if not digests.issubset(self.load().moved):
            JsonFile(self._digests, self._sleep).update(extended)

    def delete(self) -> bool:
        """Delete the token and what killed processes have left; return True if there was one.

        Raises:
            OSError: the data folder does not allow it.
        """
        found = [path for path in (self._path, *self._left_over()) if path.exists()]
        for path in found:
            path.unlink(missing_ok=True)
        return bool(found)

    def _left_over(self) -> list[Path]:
        return sorted(self._path.parent.glob(f"{FILE_NAME}.*.tmp"))

    def _read(self) -> str:
        try:
            with self._path.open(encoding="ascii") as stream:
                token = stream.read(_MAX_CHARS).strip()
        except (OSError, ValueError):
            return ""
        return token if _TOKEN.fullmatch(token) else ""


def delete_stale_sign_in(data_dir: Path, now: float) -> None:
    """Delete a sign-in that was never finished, well after it has expired.

    `now` is in epoch seconds. A file that cannot be deleted stays until the next time.
    """
    path = data_dir / SIGN_IN_FILE
    with suppress(OSError):
        if abs(now - path.stat().st_mtime) > SIGN_IN_MAX_AGE_S:
            path.unlink(missing_ok=True)


def _known(document: dict[str, Any] | None) -> list[str]:
    """The digests in the document; a damaged one is left out."""
    digests = (document or {}).get(_KEY)
    if not isinstance(digests, list):
        return []
    return [value for value in digests if isinstance(value, str) and _DIGEST.fullmatch(value)]
