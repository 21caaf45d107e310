"""What no module that ships may do, whatever else it does: run a shell, unpickle, evaluate text."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.harness.plugin_copy import ROOT
from tests.harness.sources import nodes, shipped

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


def test_shipped_code_runs_no_shell_pickle_or_eval() -> None:
    for path in shipped():
        called = {ast.unparse(call.func) for call in calls(path)} - COMPILES
        with_shell = [call for call in calls(path) for word in call.keywords if word.arg == "shell"]

        assert imports(path) & FORBIDDEN_MODULES == set(), path
        names = {name for name in called if name.rpartition(".")[2] in FORBIDDEN_CALLS}
        assert names == set(), path
        assert with_shell == [], path


def test_tls_is_unverified_only_for_local_stash_or_on_request() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {ast.unparse(node)}"
        for path in shipped()
        for node in nodes(path)
        if isinstance(node, ast.Assign)
        and any("verify" in ast.unparse(target) for target in node.targets)
    }

    assert found == {
        # a test of the connection, with the choice that the user is about to save
        "page/connection.py: changes['plex_verify_tls'] = arguments.verify_tls",
        # asks a port whether it uses TLS at all; nothing is sent through it
        "plex/connection_faults.py: context.verify_mode = ssl.CERT_NONE",
        "plex/transport.py: self.session.verify = address.verify",
        "stash/session.py: self.verify = False",
    }


def test_every_session_says_whether_it_follows_redirects() -> None:
    """Both sessions state it at the one place where they hand a request to `requests`."""
    plex = [
        call
        for call in calls(ROOT / "plex/transport.py")
        if ast.unparse(call.func) == "self._server.query"
    ]
    stash = [
        call
        for call in calls(ROOT / "stash/session.py")
        if ast.unparse(call.func) == "super().request"
    ]
    session = (ROOT / "stash/session.py").read_text("utf-8")

    assert plex
    assert len(stash) == 2
    assert all(any(word.arg == "allow_redirects" for word in call.keywords) for call in plex)
    assert [ast.unparse(call) for call in stash] == [
        "super().request('GET', url, timeout=self._timeout_s, allow_redirects=False)",
        "super().request(method, url, *args, **options)",
    ]
    assert '"timeout": self._timeout_s, "allow_redirects": False}' in session
