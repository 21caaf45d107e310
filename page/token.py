"""Answer the calls that store the Plex token in the data folder and delete it again."""

from page.call import BadArguments
from page.models.base import Done, NoArguments
from page.models.settings import SaveToken
from page.sign_in_state import SignInFile
from stash.token_settings import empty_token_settings
from tasks.context import TaskContext, TaskFailed
from validation.setting_values import read_text, read_token

STORED = "The Plex token is stored in PlexSync's data folder, not in Stash's settings."
DELETED = (
    "The Plex token is deleted. PlexSync writes nothing to Plex until you connect again; changes "
    "stay queued. Plex keeps the device: remove PlexSync under Authorized Devices at plex.tv."
)


def save_token(context: TaskContext, arguments: SaveToken) -> Done:
    """Store a token that the user typed.

    Raises:
        BadArguments: it cannot be a token.
        TaskFailed, StashUnavailable, StashQueryError: as for `keep_token`.
    """
    keep_token(context, typed_token(arguments.token))
    return Done(text=STORED)


def disconnect(context: TaskContext, arguments: NoArguments) -> Done:
    """Delete the token, wherever it is.

    Raises:
        TaskFailed: the data folder does not allow it.
        StashUnavailable, StashQueryError: Stash does not empty the setting; the file stays, too.
    """
    try:
        empty_token_settings(context.stash_client(), context.tokens)
        context.tokens.delete()
        SignInFile(context.data_dir, context.clock).delete()
    except OSError as error:
        raise TaskFailed(
            f"The Plex token cannot be deleted from the data folder: {error}."
        ) from error
    return Done(text=DELETED)


def keep_token(context: TaskContext, token: str) -> None:
    """Store the token in the data folder, empty the setting, and let the worker take notice.

    The file comes first: killed in between, the token in the settings still counts.

    Raises:
        TaskFailed: the data folder does not allow it; the token before still counts.
        StashUnavailable, StashQueryError: Stash does not empty the setting.
    """
    stash = context.stash_client()
    try:
        context.tokens.save(token)
        empty_token_settings(stash, context.tokens)
    except OSError as error:
        raise TaskFailed(
            f"The Plex token cannot be stored in the data folder: {error}. Make the folder "
            "writable, or enter the token in Stash's own list of settings, where it stays then."
        ) from error
    context.try_start_worker()


def typed_token(text: str) -> str:
    """Return the token that the user typed, without blanks around it.

    Raises:
        BadArguments: it cannot be one.
    """
    try:
        token = read_token(read_text(text)).get_secret_value()
    except ValueError as error:
        raise BadArguments(f"This is no Plex token: {error}. Copy it again.") from error
    if not token:
        raise BadArguments("The Plex token is empty.")
    return token
