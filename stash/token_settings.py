"""Take the Plex token out of the settings that Stash stores."""

from collections.abc import Mapping

from stash.client import StashClient
from validation.stored_settings import typed_tokens, without_tokens
from validation.token_file import TokenFile


def empty_token_settings(
    stash: StashClient, tokens: TokenFile, expected: Mapping[str, object] | None = None
) -> bool:
    """Empty every spelling of the token in the settings; return False if nothing was changed.

    The digests are recorded first, so that a map with the token that is written back counts as
    old. Saving replaces the whole map, so it is read immediately before.

    Args:
        stash: where the settings are.
        tokens: what remembers the digests.
        expected: the map as it must still be; None for any.

    Raises:
        StashUnavailable, StashQueryError: Stash did not save them.
        OSError: the digests cannot be recorded; the settings stay as they are.
    """
    raw = stash.settings()
    emptied = without_tokens(raw)
    if emptied == raw or (expected is not None and raw != expected):
        return False
    tokens.remember(typed_tokens(raw))
    stash.save_settings(emptied)
    return True
