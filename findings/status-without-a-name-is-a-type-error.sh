#!/bin/sh
# plexapi 4.18.3 with requests 2.34.2: a status that requests has no name for is a TypeError.
#
# For a status other than 200, 201 and 204, `PlexServer.query` puts the name of the status into its
# exception, and takes the first of the names that requests has for it. requests has none for 498,
# 520, 530 and others: the look-up is None, and `None[0]` raises before any exception of plexapi.
# Code that catches `plexapi.exceptions.PlexApiException` misses these answers and no others.
# Valid input: RFC 9110, section 15, allows any status from 100 to 599, and has a client treat one
# that it does not know as the x00 of its class. Proxies send 520 while the server behind is away.
#
# Use: sh findings/status-without-a-name-is-a-type-error.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   plexapi 4.18.3, requests 2.34.2, CPython 3.11.7
#   403 forbidden: BadRequest
#   418 im_a_teapot: BadRequest
#   498 without a name: TypeError
#   499 client_closed_request: BadRequest
#   502 bad_gateway: BadRequest
#   520 without a name: TypeError
#   530 without a name: TypeError
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
    plexapi==4.18.3 requests==2.34.2 || exit 2

cat >"$folder/statuses.py" <<'EOF'
"""Ask for one page per status; print what plexapi raises."""

import platform
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import plexapi
import requests
from plexapi.exceptions import PlexApiException
from plexapi.server import PlexServer
from requests.status_codes import _codes

STATUSES = (403, 418, 498, 499, 502, 520, 530)
SERVER = b'<MediaContainer friendlyName="A server" machineIdentifier="1" version="1.40.0" />'


class Handler(BaseHTTPRequestHandler):
    """Answers /498 with the status 498, and everything else as Plex does."""

    def do_GET(self):
        last = self.path.rpartition("/")[2]
        self.send_response(int(last) if last.isdigit() else 200, "A reason")
        self.send_header("Content-Type", "text/xml;charset=utf-8")
        self.send_header("Content-Length", str(len(SERVER)))
        self.end_headers()
        self.wfile.write(SERVER)

    def log_message(self, *arguments):
        """Print nothing."""


def raised(plex, status):
    try:
        plex.query(f"/{status}")
    except (PlexApiException, TypeError) as error:
        return type(error).__name__
    return "nothing"


with HTTPServer(("127.0.0.1", 0), Handler) as http:
    threading.Thread(target=http.serve_forever, daemon=True).start()
    plex = PlexServer(f"http://127.0.0.1:{http.server_port}", "a-token")
    errors = {status: raised(plex, status) for status in STATUSES}
    http.shutdown()

print(f"plexapi {plexapi.VERSION}, requests {requests.__version__}, ", end="")
print(f"CPython {platform.python_version()}")
for status, error in errors.items():
    print(f"{status} {_codes.get(status, ['without a name'])[0]}: {error}")
named = {error for status, error in errors.items() if status in _codes}
nameless = {error for status, error in errors.items() if status not in _codes}
sys.exit((named, nameless) != ({"BadRequest"}, {"TypeError"}))
EOF

# Neither a proxy nor settings of the user's own.
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PLEXAPI_CONFIG_PATH="$folder/plexapi.ini" \
    "$folder/venv/bin/python" -I "$folder/statuses.py"
