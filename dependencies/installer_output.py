"""What an installer's output means: why it failed, for which package, and a line for the user.

Pip and uv have one exit status for everything, so their words decide. Standard library only.
"""

import re
from enum import Enum
from typing import NamedTuple

MAX_LINE = 200

_NETWORK = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution|"
    r"dns error|getaddrinfo|"
    r"Name or service not known|Network is unreachable|Connection refused|timed out|"
    r"error sending request",
    re.IGNORECASE,
)
_NO_ACCESS = re.compile(r"\b40[13] (?:Client )?Error|\(40[13] |authentication credentials")
_NO_PROGRAM = "No module named pip"
_HASH_MISMATCH = re.compile(r"DO NOT MATCH THE HASHES|Hash mismatch for `")
# How pip and uv name a package whose hash differs; the first that fits counts.
_FOREIGN = (
    re.compile(r"Hash mismatch for `([\w.-]+?)(?:==[^`]*)?`"),
    re.compile(r"DO NOT MATCH THE HASHES[^\n]*\n\s+([\w.-]+?)(?:[=<>!~ ]\S*)? from "),
)
# How they name a package without a wheel.
_NO_WHEEL = (
    re.compile(r"no matching distributions available for your environment:\s+([\w.-]+)"),
    re.compile(r"([\w.-]+?)(?:[<>=!~]\S+)? has no (?:usable )?wheels"),
    re.compile(r"Wheels are required for `([\w.-]+)`"),
    re.compile(r"No matching distribution found for ([\w.-]+?)(?:[<>=!~\s]|$)"),
    # A mirror may lack the version or the whole package.
    re.compile(r"there is no version of ([\w.-]+)=="),
    re.compile(r"([\w.-]+) was not found in the (?:package registry|provided package locations)"),
    # pip before version 24 names only what could not be combined.
    re.compile(r"depends on (pydantic-core)=="),
)
# uv gives the reason in the line after the error.
_CAUSE = re.compile(r"(?i)caused?(?: by)?:\s*(.+)")
_ADDRESS = re.compile(
    r"\b(?!file:)([a-z][a-z0-9+.-]*)://(?:[^/\s]*@)?([^/\s?#'\"`)]*)[^\s'\"`)]*", re.I
)


class Failure(Enum):
    """Why an installer failed."""

    NO_PROGRAM = "no program"  # the installer itself does not exist
    HASH_MISMATCH = "hash mismatch"  # a file is another one than the lock file names
    NO_WHEEL = "no wheel"  # the package is not offered ready for this machine
    OTHER = "other"  # no network, no access, no space, ...


class Diagnosis(NamedTuple):
    """Why an installer failed, and the package that it names; "" where it names none."""

    failure: Failure
    package: str = ""


def diagnose(output: str) -> Diagnosis:
    """Return why the installer that said `output` failed.

    A package that could not be looked for is not one without a wheel, and a hash that differs
    outweighs everything else.

    Examples:
        >>> diagnose("ERROR: No matching distribution found for pydantic-core==2.41.5").package
        'pydantic-core'
        >>> diagnose("Connection refused; No matching distribution found for tenacity").failure
        <Failure.OTHER: 'other'>
    """
    if _HASH_MISMATCH.search(output):
        return Diagnosis(Failure.HASH_MISMATCH, _first_name(_FOREIGN, output))
    if _NO_PROGRAM in output:
        return Diagnosis(Failure.NO_PROGRAM)
    if _NETWORK.search(output) or _NO_ACCESS.search(output):
        return Diagnosis(Failure.OTHER)
    package = _first_name(_NO_WHEEL, output)
    return Diagnosis(Failure.NO_WHEEL, package) if package else Diagnosis(Failure.OTHER)


def _first_name(patterns: tuple[re.Pattern[str], ...], output: str) -> str:
    found = (pattern.search(output) for pattern in patterns)
    return next((match[1].rstrip(".").lower() for match in found if match), "")


def last_error_line(output: str) -> str:
    """Return the line of an output that says most: short, and of an address only the host.

    User, password, path and query of an index's or proxy's address may each be a secret.

    Examples:
        >>> last_error_line("error: see https://me:secret@index/token/simple/")
        'see https://index'
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no reason given"]
    # Before a traceback of its own pip says `ERROR: Exception:`; the last line is the error then.
    errors = [
        number
        for number, line in enumerate(lines)
        if line.lower().startswith("error") and line != "ERROR: Exception:"
    ]
    at = errors[-1] if errors else len(lines) - 1
    line = re.sub(r"(?i)^error:\s*", "", lines[at])
    cause = _CAUSE.fullmatch(lines[at + 1]) if at + 1 < len(lines) else None
    line = f"{line}: {cause[1]}" if cause else line
    line = _ADDRESS.sub(r"\1://\2", line)
    return ("no internet? " if _NETWORK.search(output) else "") + line[:MAX_LINE].rstrip(". ")
