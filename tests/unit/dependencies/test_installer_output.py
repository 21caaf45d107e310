"""What pip and uv say when they fail: their own outputs, shortened only in addresses and folders."""

import pytest

from dependencies.installer_output import Diagnosis, Failure, diagnose, last_error_line

PIP_HASH = """\
Looking in indexes: http://me:****@127.0.0.1:45003/simple/
Collecting madeup-one==2.1 (from -r /data/requirements.lock (line 1))
  Downloading madeup_one-2.1-py3-none-any.whl (981 bytes)
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with them.
    madeup-one==2.1 from http://127.0.0.1:45003/simple/madeup-one/madeup_one-2.1-py3-none-any.whl#sha256=db739df7 (from -r /data/requirements.lock (line 1)):
        Expected sha256 c92eef495f8bd8aef278d9b19c826310bd99b6dadbee3f902f0e8e025c974c29
             Got        db739df74583504e6311a42f660c93ba529f619d9e075283eaa53b72ae539424
"""
UV_HASH = """\
Using CPython 3.11.7 interpreter at: /usr/bin/python3
Resolved 2 packages in 16ms
error: Failed to download `madeup-one==2.1`
  cause: Hash mismatch for `madeup-one==2.1`

         Expected:
           sha256:c92eef495f8bd8aef278d9b19c826310bd99b6dadbee3f902f0e8e025c974c29

         Computed:
           sha256:db739df74583504e6311a42f660c93ba529f619d9e075283eaa53b72ae539424
"""
PIP_NOT_FOUND = """\
Looking in indexes: http://me:****@127.0.0.1:37219/simple/
ERROR: Could not find a version that satisfies the requirement madeup-one==2.1 (from versions: 2.2)
ERROR: No matching distribution found for madeup-one==2.1
"""
UV_OTHER_PYTHON = """\
error: No solution found when resolving dependencies
  cause: Because madeup-one==2.1 has no wheels with a matching Python ABI tag (e.g., `cp311`) and you require madeup-one==2.1, we can conclude that your requirements are unsatisfiable.

hint: You require CPython 3.11 (`cp311`), but we only found wheels for `madeup-one` (v2.1) with the following Python ABI tag: `cp39`
"""
UV_OTHER_VERSION = """\
error: No solution found when resolving dependencies
  cause: Because there is no version of madeup-one==2.1 and you require madeup-one==2.1, we can conclude that your requirements are unsatisfiable.
"""
UV_UNKNOWN = """\
error: No solution found when resolving dependencies
  cause: Because madeup-one was not found in the package registry and you require madeup-one==2.1, we can conclude that your requirements are unsatisfiable.
"""
UV_SOURCE_ONLY = """\
error: No solution found when resolving dependencies
  cause: Because madeup-one==2.1 has no usable wheels and you require madeup-one==2.1, we can conclude that your requirements are unsatisfiable.

hint: Wheels are required for `madeup-one` because building from source is disabled for all packages (i.e., with `--no-build`)
"""
# The range: with the packages that the others need.
PIP_23_RANGE = """\
ERROR: Cannot install -r requirements.txt (line 5) because these package versions have conflicting
The conflict is caused by:
    pydantic 2.7.1 depends on pydantic-core==2.18.2
    pydantic 2.7.0 depends on pydantic-core==2.18.1

To fix this you could try to:
1. loosen the range of package versions you've specified

ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/
"""
PIP_26_RANGE = """\
    pydantic 2.7.0 depends on pydantic-core==2.18.1

Additionally, some packages in these conflicts have no matching distributions available for your environment:
    pydantic-core

To fix this you could try to:
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/
"""
UV_RANGE = """\
         Because pydantic-core==2.50.5 has no usable wheels and pydantic>=2.14.4 depends on
hint: Wheels are required for `pydantic-core` because building from source is disabled
"""
OLDER_UV_RANGE = (
    "  Because pydantic-core==2.18.1 has no wheels with a matching platform tag and pydantic"
)
PIP_REFUSED = """\
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by 'NewConnectionError("HTTPConnection(host='127.0.0.1', port=1): Failed to establish a new connection: [Errno 111] Connection refused")': /simple/madeup-one/
ERROR: Could not find a version that satisfies the requirement madeup-one==2.1 (from versions: none)
ERROR: No matching distribution found for madeup-one==2.1
"""
UV_REFUSED = """\
error: Failed to fetch: http://127.0.0.1:1/simple/madeup-one/
  cause: error sending request for url (http://127.0.0.1:1/simple/madeup-one/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
PIP_DENIED = """\
WARNING: 401 Error, Credentials not correct for http://127.0.0.1:35137/denied/madeup-one/
ERROR: Could not find a version that satisfies the requirement madeup-one==2.1 (from versions: none)
ERROR: No matching distribution found for madeup-one==2.1
"""
UV_DENIED = """\
error: No solution found when resolving dependencies
  cause: Because madeup-one was not found in the package registry and you require madeup-one==2.1, we can conclude that your requirements are unsatisfiable.

hint: An index URL (http://127.0.0.1:41269/denied/) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)
"""


@pytest.mark.parametrize(
    ("output", "failure", "package"),
    [
        (PIP_HASH, Failure.HASH_MISMATCH, "madeup-one"),
        (UV_HASH, Failure.HASH_MISMATCH, "madeup-one"),
        (PIP_NOT_FOUND + PIP_HASH, Failure.HASH_MISMATCH, "madeup-one"),
        (PIP_REFUSED + UV_HASH, Failure.HASH_MISMATCH, "madeup-one"),
        (PIP_NOT_FOUND, Failure.NO_WHEEL, "madeup-one"),
        (UV_OTHER_PYTHON, Failure.NO_WHEEL, "madeup-one"),
        (UV_OTHER_VERSION, Failure.NO_WHEEL, "madeup-one"),
        (UV_UNKNOWN, Failure.NO_WHEEL, "madeup-one"),
        (UV_SOURCE_ONLY, Failure.NO_WHEEL, "madeup-one"),
        (PIP_23_RANGE, Failure.NO_WHEEL, "pydantic-core"),
        (PIP_26_RANGE, Failure.NO_WHEEL, "pydantic-core"),
        (UV_RANGE, Failure.NO_WHEEL, "pydantic-core"),
        (OLDER_UV_RANGE, Failure.NO_WHEEL, "pydantic-core"),
        (
            "ERROR: No matching distribution found for Madeup.One==2.1",
            Failure.NO_WHEEL,
            "madeup.one",
        ),
        (PIP_REFUSED, Failure.OTHER, ""),
        (UV_REFUSED, Failure.OTHER, ""),
        (PIP_DENIED, Failure.OTHER, ""),
        (UV_DENIED, Failure.OTHER, ""),
        ("ERROR: the index is closed", Failure.OTHER, ""),
        ("", Failure.OTHER, ""),
        ("/usr/bin/python3: No module named pip", Failure.NO_PROGRAM, ""),
    ],
)
def test_the_reason_is_read_from_the_output(output: str, failure: Failure, package: str) -> None:
    assert diagnose(output) == Diagnosis(failure, package)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("", "no reason given"),
        ("one\ntwo\n", "two"),
        ("ERROR: broken.\nNote: bye", "broken"),
        ("ERROR: Exception:\nTraceback ...\nOSError: no space", "OSError: no space"),
        (
            "WARNING: NewConnectionError: ...\nERROR: No matching distribution found",
            "no internet? No matching distribution found",
        ),
        (
            "error: Failed to fetch\n  Caused by: dns error",
            "no internet? Failed to fetch: dns error",
        ),
        (UV_HASH, "Failed to download `madeup-one==2.1`: Hash mismatch for `madeup-one==2.1`"),
        ("error: cannot write file:///srv/a", "cannot write file:///srv/a"),
    ],
)
def test_an_installers_words_are_shortened(output: str, expected: str) -> None:
    assert last_error_line(output) == expected


@pytest.mark.parametrize(
    "address",
    [
        "http://me:secret@proxy:3128/",
        "http://me:se@secret@proxy:3128/",
        "http://secret@proxy:3128/simple/",
        "https://proxy:3128/secret/simple/",
        "https://proxy:3128/simple/?token=secret#secret",
        "'git+https://secret:@proxy:3128/secret'",
    ],
)
def test_of_an_address_only_the_host_is_shown(address: str) -> None:
    line = last_error_line(f"ERROR: 403 for {address} and no more")

    assert "://proxy:3128" in line
    assert line.endswith(" and no more")
    assert "secret" not in line
