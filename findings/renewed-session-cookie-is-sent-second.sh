#!/bin/sh
# stashapp-tools 0.2.59 with requests 2.34.2: a renewed session cookie is sent after the old one.
#
# `StashInterface` puts the session cookie that a plugin receives into the jar of requests as a
# dictionary, which gives it no domain. Stash renews the cookie in its answers, and the jar files
# the new value under the server's domain: from then on each request carries two cookies of the
# name `session`, the old one first. Stash is written in Go, where reading a cookie by its name
# returns the first: the session ends when the old value does, however often it was renewed. In a
# jar that received both values from the server the new one replaces the old one.
# Valid input: the connection that Stash hands to a plugin, and `Set-Cookie` for the same name.
#
# Use: sh findings/renewed-session-cookie-is-sent-second.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   stashapp-tools 0.2.59, requests 2.34.2, CPython 3.11.7
#   StashInterface sent: session=old | session=old; session=new1 | session=old; session=new2
#   its jar: '' old, '127.0.0.1' new3
#   requests alone sent: nothing | session=new1 | session=new2
#   its jar: '127.0.0.1' new3
set -eu

python3 -c 'import venv' 2>/dev/null || {
    echo "needs python3 with venv" >&2
    exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check \
    stashapp-tools==0.2.59 requests==2.34.2 || exit 2

cat >"$folder/cookies.py" <<'EOF'
"""Send three requests to a server that renews the session each time; print the cookies sent."""

import json
import logging
import platform
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

import requests
from stashapi.stashapp import StashInterface

# What the constructor's three queries ask for.
DATA = {
    "version": {"version": "v0.28.1", "hash": "0a1b2c3d", "build_time": ""},
    "configuration": {"general": {"apiKey": ""}},
    "__schema": {"types": []},
}
SESSION = {"Name": "session", "Value": "old", "Path": "/", "HttpOnly": True}
sent = []


class Handler(BaseHTTPRequestHandler):
    """Answers every query with the same data and a new session."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        sent.append(self.headers["Cookie"] or "nothing")
        body = json.dumps({"data": DATA}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", f"session=new{len(sent)}; Path=/; HttpOnly")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Print nothing."""


def show(name, jar):
    """Print what was sent and what the jar holds; return what was sent, and forget it."""
    print(f"{name} sent: {' | '.join(sent)}")
    print("its jar: " + ", ".join(f"{cookie.domain!r} {cookie.value}" for cookie in jar))
    seen = list(sent)
    sent.clear()
    return seen


print(f"stashapp-tools {version('stashapp-tools')}, requests {requests.__version__}, ", end="")
print(f"CPython {platform.python_version()}")
with HTTPServer(("127.0.0.1", 0), Handler) as http:
    threading.Thread(target=http.serve_forever, daemon=True).start()
    stash = StashInterface(
        {
            "Scheme": "http",
            "Host": "127.0.0.1",
            "Port": http.server_port,
            "SessionCookie": SESSION,
            "Logger": logging.getLogger("stash"),
        }
    )
    by_library = show("StashInterface", stash.s.cookies)
    session = requests.Session()
    for _ in range(3):
        session.post(f"http://127.0.0.1:{http.server_port}/graphql", json={"query": "{ version }"})
    by_requests = show("requests alone", session.cookies)
    http.shutdown()

old_first = ["session=old", "session=old; session=new1", "session=old; session=new2"]
sys.exit((by_library, by_requests[1:]) != (old_first, ["session=new1", "session=new2"]))
EOF

NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$folder/venv/bin/python" -I "$folder/cookies.py"
