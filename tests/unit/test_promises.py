"""What no module that ships may do, whatever else it does: run a shell, unpickle, evaluate text."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT
from tools.package import FILES, FOLDERS

MODULES = sorted(
    [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    + [ROOT / name for name in FILES if name.endswith(".py")]
)
FORBIDDEN_MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "yaml",
    "ctypes",
    "telnetlib",
    "ftplib",
    "smtplib",
    "code",
}
FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "system", "popen", "getoutput", "getstatusoutput", "spawnl", "execl",
}  # fmt: skip
COMPILES = {"re.compile"}


def nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text("utf-8")))


def imports(path: Path) -> set[str]:
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (node for node in nodes(path) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_shipped_code_runs_no_shell_pickle_or_eval(path: Path) -> None:
    called = {ast.unparse(call.func) for call in calls(path)} - COMPILES
    with_shell = [call for call in calls(path) for word in call.keywords if word.arg == "shell"]

    assert imports(path) & FORBIDDEN_MODULES == set()
    assert {name for name in called if name.rpartition(".")[2] in FORBIDDEN_CALLS} == set()
    assert with_shell == []


def test_tls_is_unverified_only_for_local_stash_or_on_request() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, ast.Assign)
        and any("verify" in ast.unparse(target) for target in node.targets)
    }

    assert found == {
        "plex/client.py: self._session.verify = address.verify",
        "stash/client.py: self.s.verify = False",
    }


def test_every_session_says_whether_it_follows_redirects() -> None:
    senders = {"plex/client.py": "self._server.query", "stash/client.py": "self.s."}

    for name, sender in senders.items():
        sent = [call for call in calls(ROOT / name) if ast.unparse(call.func).startswith(sender)]
        told = [
            call for call in sent if any(word.arg == "allow_redirects" for word in call.keywords)
        ]
        requests = [
            call
            for call in sent
            if ast.unparse(call.func) in ("self._server.query", "self.s.get", "self.s.request")
        ]
        assert requests
        assert told == requests
