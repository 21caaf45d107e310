"""Decide which Plex token counts: one typed into Stash's settings, or the one in the data folder.

Stash's settings can be read by everything that may query Stash, so the worker moves a token found
there into a file. An open settings page may write the moved token back, so a token is taken from
the settings only while its digest is unknown. Pure.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KeptToken:
    """What the data folder says about tokens.

    Attributes:
        token: the token in the file, "" for none.
        moved: digests of all tokens that were ever moved out of the settings.
    """

    token: str = field(default="", repr=False)
    moved: frozenset[str] = frozenset()

    def new_tokens(self, typed: Iterable[str]) -> tuple[str, ...]:
        """Return the typed tokens that were never moved, in their order."""
        return tuple(token for token in typed if token_digest(token) not in self.moved)

    def choose(self, typed: Sequence[str]) -> str:
        """Return the token that counts: the first typed one that is new, else the kept one.

        Args:
            typed: the tokens in the settings, the one that counts first.
        """
        return next(iter(self.new_tokens(typed)), self.token)


NO_KEPT_TOKEN = KeptToken()


def token_digest(token: str) -> str:
    """Return the SHA-256 digest by which a moved token is known again, 64 hex digits."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()
