"""Define what the models of all calls have in common."""

from pydantic import BaseModel, ConfigDict, Field

# Models are built when they are used (`defer_build`): each call is a process of its own, and needs
# few of more than a hundred.


class Arguments(BaseModel):
    """What a call takes. Unknown names are an error, so that a misspelt one is noticed."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True
    )


class Answer(BaseModel):
    """What a call answers, or a part of it. Times are epoch seconds, 0 for never."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


class NoArguments(Arguments):
    """Nothing."""


class Page(Arguments):
    """Which rows of a long list are wanted."""

    offset: int = Field(default=0, ge=0, le=10_000_000)
    limit: int = Field(default=50, ge=1, le=200)


class Done(Answer):
    """The call did what it was asked for; `text` says so to the user."""

    text: str = ""


class Confirmed(Answer):
    """What a call that deletes or overwrites answers.

    Without `confirm`, or with a smaller number than `count`, nothing is changed: the page shows
    `count` and calls again with it.

    Attributes:
        count: how many things the call changes, or has changed.
        is_done: True if they were changed.
        text: the result for the user; "" while nothing was changed.
    """

    count: int
    is_done: bool
    text: str = ""
