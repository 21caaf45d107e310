"""A package index on this machine, with wheels made by hand and a password before it."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

USER = "reader"
PASSWORD = "secret-of-the-index"
_LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class PackageFile(NamedTuple):
    """A file as an index offers it."""

    name: str
    body: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 in hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()


def wheel(name: str, version: str, code: str = "", tag: str = "py3-none-any") -> PackageFile:
    """Build a valid wheel with one module, which knows its version and runs `code`."""
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": f"VERSION = {version!r}\n{code}\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},sha256={_record(text)},{len(text)}\n" for path, text in files.items())
    files[f"{information}/RECORD"] = f"{record}{information}/RECORD,,\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return PackageFile(f"{module}-{version}-{tag}.whl", stream.getvalue())


def _record(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def lock_line(name: str, version: str, *files: PackageFile) -> str:
    """Return one entry of a lock file that allows these files only."""
    return " ".join(
        [f"{name}=={version}", *(f"\\\n    --hash=sha256:{file.digest}" for file in files), "\n"]
    )


class PackageIndex:
    """Serves simple-index pages; every request needs the password, and is remembered."""

    def __init__(self) -> None:
        self.files: dict[str, list[PackageFile]] = {}
        self.requests: list[str] = []
        self.states_hashes = True
        self.is_closed = False

    def offer(self, name: str, *files: PackageFile) -> None:
        """Let the index have these files of a package, and no others."""
        self.files[name] = list(files)

    def answer(self, path: str, login: str | None) -> tuple[int, bytes]:
        """Return the status and body for one request."""
        self.requests.append(path)
        if login != _LOGIN or self.is_closed:
            return 401, b""
        name, _, file_name = path.removeprefix("/simple/").strip("/").partition("/")
        if name not in self.files:
            return 404, b""
        for file in self.files[name]:
            if file.name == file_name:
                return 200, file.body
        links = "".join(self._link(file) for file in self.files[name])
        return 200, f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def _link(self, file: PackageFile) -> str:
        fragment = f"#sha256={file.digest}" if self.states_hashes else ""
        return f'<a href="{html.escape(file.name)}{fragment}">{html.escape(file.name)}</a><br>\n'


@contextmanager
def serving(index: PackageIndex) -> Iterator[str]:
    """Yield the index's address, with user and password in it."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            status, body = index.answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="packages"')
            kind = "text/html" if body.startswith(b"<!DOCTYPE") else "application/octet-stream"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://{USER}:{PASSWORD}@127.0.0.1:{server.server_port}/simple/"
        finally:
            server.shutdown()
            thread.join()
