"""Keep a sign-in between the calls of the page, each of which is a process of its own.

The file holds the PIN's id and, until one is chosen, the servers' tokens. It is readable by its
owner only, and deleted when the sign-in is done or has expired. The account's token is not kept.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from core.clock import Clock
from page.models.settings import SignInServer
from validation.state_file import StateFile
from validation.token_file import SIGN_IN_FILE


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in. `tokens` are those of the servers, by their ids; `expires_at` in epoch seconds."""

    pin: int = field(default=0, repr=False)
    code: str = ""
    url: str = ""
    expires_at: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    servers: tuple[SignInServer, ...] = ()
    tokens: dict[str, str] = field(default_factory=dict, repr=False)


class SignInFile:
    """The document `sign_in.json`."""

    def __init__(self, data_dir: Path, clock: Clock) -> None:
        """Read nothing."""
        self._path = data_dir / SIGN_IN_FILE
        self._file = StateFile(self._path, TypeAdapter(SignIn), SignIn, clock, _is_complete)

    def load(self) -> SignIn | None:
        """Return the sign-in; None if none was begun."""
        state = self._file.load()
        return state if state.pin else None

    def save(self, state: SignIn) -> str:
        """Keep a sign-in; return "" or why it cannot be kept."""
        return self._file.save(state)

    def delete(self) -> None:
        """Forget the sign-in."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _is_complete(state: SignIn) -> bool:
    return all(server.id in state.tokens for server in state.servers)
