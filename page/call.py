"""Define what one call is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from core.errors import PlexSyncError
from page.models.base import Answer, Arguments
from tasks.context import TaskContext

Run = Callable[[TaskContext, Any], Answer]


class BadArguments(PlexSyncError):
    """The page sent arguments that the call does not take."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the page.

    Attributes:
        name: the value of `call`.
        takes: the model of the other arguments.
        answers: the model of the output.
        run: answers the call; None for a light call, which `hooks/` answers.
        purpose: one line for the docs.
    """

    name: str
    takes: type[Arguments]
    answers: type[Answer]
    run: Run | None
    purpose: str

    def read_arguments(self, message: Mapping[str, object]) -> Arguments:
        """Return the arguments in what Stash passed on.

        Raises:
            BadArguments: one is missing, unknown or out of its range.
        """
        given = {key: value for key, value in message.items() if key not in ("mode", "call")}
        try:
            return self.takes.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "arguments"
            raise BadArguments(f"{self.name}: {where}: {first['msg']}.") from error
