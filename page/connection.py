"""Answer the calls that look at Plex: whether it can be reached, and its libraries."""

from collections.abc import Sequence
from contextlib import suppress

from pydantic import SecretStr

from core.errors import PlexError
from page.call import BadArguments
from page.models.base import NoArguments
from page.models.settings import (
    ConnectionReport,
    Finding,
    LibrariesAnswer,
    PlexLibrary,
    TestConnection,
)
from page.token import typed_token
from plex.client import PlexClient, Section
from plex.libraries import MOVIES, LibraryChoice, choose_libraries
from tasks.context import TaskContext
from validation.config import PlexSyncConfig
from validation.setting_values import read_text, read_url
from validation.settings import BY_NAME

# The user waits for the test, so it is shorter than a sync may be.
TEST_TIMEOUT_S = (5.0, 10.0)
# Each count is a request.
MAX_COUNTED = 40

OWNER = "The token is the server owner's, so PlexSync may edit."
NOT_OWNER = "The token belongs to a user whom the server is shared with; Plex refuses edits of it."
USE_OWNER = "Sign in, or enter the token of, the account that owns the server."
NO_MOVIES = "Plex has no library of the type Movies or Other Videos."
ADD_MOVIES = "Add a library of one of these types in Plex; PlexSync writes to no other type."
EXPIRING = "This token is one of those that expire within seven days."
SIGN_IN = "Sign in with Plex, or copy the token from Plex's web app; those last."
NOT_VERIFIED = "The server's certificate is not verified, so another program could pose as Plex."
VERIFY = f"Switch '{BY_NAME['plex_verify_tls'].display_name}' on if Plex's certificate allows it."


def test_connection(context: TaskContext, arguments: TestConnection) -> ConnectionReport:
    """Say whether Plex can be reached with a URL and a token, and what to do if not.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: Stash does not say what is stored.
    """
    stored = context.read_settings(context.stash_client()).config
    try:
        config = _candidate(stored, arguments)
    except (BadArguments, ValueError) as error:
        text = (
            f"The Plex URL cannot be used: {error}."
            if isinstance(error, ValueError)
            else str(error)
        )
        return ConnectionReport(is_ok=False, url="", findings=(_error(text),))
    missing = config.missing_required()
    if missing:
        findings = tuple(_error(f"{name} is not set.", f"Enter the {name}.") for name in missing)
        return ConnectionReport(is_ok=False, url=config.plex_url, findings=findings)
    plex = context.build_plex(config)
    try:
        return inspect(plex, config)
    finally:
        plex.close()


def libraries(context: TaskContext, arguments: NoArguments) -> LibrariesAnswer:
    """Return Plex's libraries; without them, why there are none.

    Raises:
        TaskFailed, StashUnavailable, StashQueryError: Stash does not say what is stored.
    """
    config = quick_config(context.read_settings(context.stash_client()).config)
    missing = config.missing_required()
    if missing:
        return LibrariesAnswer(libraries=(), missing=(), problem=must_be_set_text(missing))
    plex = context.build_plex(config)
    try:
        sections = plex.sections()
        choice = choose_libraries(sections, config.plex_libraries)
        shown = describe_libraries(plex, sections, choice)
        return LibrariesAnswer(libraries=shown, missing=choice.missing, problem="")
    except PlexError as error:
        return LibrariesAnswer(libraries=(), missing=(), problem=problem_text(error))
    finally:
        plex.close()


def inspect(plex: PlexClient, config: PlexSyncConfig) -> ConnectionReport:
    """Return what the server behind this client answers, in the order of the checks."""
    findings: list[Finding] = []
    name, version = "", ""
    shown: tuple[PlexLibrary, ...] = ()
    if config.plex_url.startswith("https:") and not config.plex_verify_tls:
        findings.append(Finding(level="warning", text=NOT_VERIFIED, action=VERIFY))
    if is_expiring(config.plex_token.get_secret_value()):
        findings.append(Finding(level="warning", text=EXPIRING, action=SIGN_IN))
    try:
        plex.check_identity()
        findings.append(_ok(f"Plex answers at {config.plex_url}."))
        info = plex.server_info()
        name, version = info.name, info.version
        findings.append(_ok(f"The token is accepted by the server '{name}', Plex {version}."))
        sections = plex.sections()
        choice = choose_libraries(sections, config.plex_libraries)
        findings += [_rights(sections), *_library_findings(choice)]
        shown = describe_libraries(plex, sections, choice)
    except PlexError as error:
        findings.append(_error(f"{capitalized(str(error))}.", error.advice))
    return ConnectionReport(
        is_ok=all(finding.level != "error" for finding in findings),
        url=config.plex_url,
        findings=tuple(findings),
        server=name,
        version=version,
        libraries=shown,
    )


def describe_libraries(
    plex: PlexClient, sections: Sequence[Section], choice: LibraryChoice
) -> tuple[PlexLibrary, ...]:
    """Return the libraries in Plex's order, with their number of items where Plex says it."""
    chosen = {section.key for section in choice.sections}
    shown = []
    for place, section in enumerate(sections):
        items = None
        if place < MAX_COUNTED:
            with suppress(PlexError):
                items = plex.count_items(section.key)
        shown.append(
            PlexLibrary(
                id=section.key,
                title=section.title,
                type=section.type,
                items=items,
                folders=section.locations,
                is_supported=section.type == MOVIES,
                is_chosen=section.key in chosen,
            )
        )
    return tuple(shown)


def is_expiring(token: str) -> bool:
    """Return True for a JSON web token, which plex.tv lets expire after seven days.

    Examples:
        >>> is_expiring("eyJhbGciOi.eyJpc3MiOi.c2lnbmF0dXJl"), is_expiring("wB9xyz-1234567890")
        (True, False)
    """
    return token.startswith("eyJ") and token.count(".") == 2


def is_owner(sections: Sequence[Section]) -> bool | None:
    """Return whether the token may edit; None where Plex has no library that could say it."""
    return all(section.is_owned for section in sections) if sections else None


def problem_text(error: PlexError) -> str:
    """Return a failure of Plex and what to do about it, as sentences."""
    return f"{capitalized(str(error))}. {error.advice}"


def must_be_set_text(missing: Sequence[str]) -> str:
    """Return the sentence for required settings that are not set."""
    return f"{' and '.join(missing)} must be set first."


def capitalized(text: str) -> str:
    """Return the text with a capital at its start; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def quick_config(config: PlexSyncConfig) -> PlexSyncConfig:
    """Return the settings with time-outs that a user can wait for."""
    connect_s, read_s = TEST_TIMEOUT_S
    return config.model_copy(
        update={
            "plex_connect_timeout_s": min(connect_s, config.plex_connect_timeout_s),
            "plex_read_timeout_s": min(read_s, config.plex_read_timeout_s),
        }
    )


def _candidate(stored: PlexSyncConfig, arguments: TestConnection) -> PlexSyncConfig:
    """The stored settings with what the user typed in place of them.

    Raises:
        BadArguments, ValueError: the token, or the URL, cannot be used.
    """
    changes: dict[str, object] = {}
    if arguments.url.strip():
        changes["plex_url"] = read_url(read_text(arguments.url))
    if arguments.token.strip():
        changes["plex_token"] = SecretStr(typed_token(arguments.token))
    if arguments.verify_tls is not None:
        changes["plex_verify_tls"] = arguments.verify_tls
    return quick_config(stored.model_copy(update=changes))


def _rights(sections: Sequence[Section]) -> Finding:
    owns = is_owner(sections)
    if owns is None:
        return Finding(
            level="warning", text="Plex shows no library to this token.", action=USE_OWNER
        )
    return _ok(OWNER) if owns else _error(NOT_OWNER, USE_OWNER)


def _library_findings(choice: LibraryChoice) -> list[Finding]:
    if not choice.titles:
        return [_error(NO_MOVIES, ADD_MOVIES)]
    findings = []
    if choice.missing:
        names = BY_NAME["plex_libraries"].display_name
        findings.append(_error(f"{choice.problem}.", f"Correct the setting '{names}'."))
    if choice.sections:
        titles = ", ".join(section.title for section in choice.sections)
        findings.append(_ok(f"PlexSync writes to: {titles}."))
    return findings


def _ok(text: str) -> Finding:
    return Finding(level="ok", text=text)


def _error(text: str, action: str = "") -> Finding:
    return Finding(level="error", text=text, action=action)
