#!/bin/sh
# plexapi 4.18.3: `fetchItems(..., attribute__exists=False)` returns no item, whatever is listed.
#
# The operator is evaluated for each value of the attribute. An item without the attribute has no
# value, so the operator is not asked, and an attribute that was not found counts as not matched:
# the items that are meant are the ones that can never match. `attribute=None` finds them, because
# an exact comparison with None, 0 or "" is treated apart.
# Valid input: a listing as Plex sends it, which leaves out `userRating` of an unrated item. The
# documentation of `fetchItems` lists `__exists` as a boolean: the value is or is not present.
#
# Use: sh findings/exists-false-matches-nothing.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or the package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   plexapi 4.18.3, CPython 3.11.7
#   listed: One (rated), Two (not rated), Three (rated)
#   userRating__exists=True: One, Three
#   userRating__exists=False: nothing
#   userRating=None: Two
#   the operator itself, asked about no value: True
set -eu

python3 -c 'import venv' 2>/dev/null || {
    echo "needs python3 with venv" >&2
    exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check plexapi==4.18.3 || exit 2

cat >"$folder/exists.py" <<'EOF'
"""List three items, of which one has no rating, by whether they have one."""

import platform
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import plexapi
from plexapi.base import OPERATORS
from plexapi.server import PlexServer

SERVER = b'<MediaContainer friendlyName="A server" machineIdentifier="1" version="1.40.0" />'
LISTING = b"""<MediaContainer size="3">
<Video ratingKey="1" key="/library/metadata/1" type="movie" title="One" userRating="8.0" />
<Video ratingKey="2" key="/library/metadata/2" type="movie" title="Two" />
<Video ratingKey="3" key="/library/metadata/3" type="movie" title="Three" userRating="6.0" />
</MediaContainer>"""


class Handler(BaseHTTPRequestHandler):
    """Answers as Plex does: who it is, and a listing."""

    def do_GET(self):
        body = LISTING if self.path.startswith("/library/") else SERVER
        self.send_response(200)
        self.send_header("Content-Type", "text/xml;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Print nothing."""


with HTTPServer(("127.0.0.1", 0), Handler) as http:
    threading.Thread(target=http.serve_forever, daemon=True).start()
    plex = PlexServer(f"http://127.0.0.1:{http.server_port}", "a-token")

    def titles(**filters):
        return [item.title for item in plex.fetchItems("/library/sections/1/all", **filters)]

    rated = titles(userRating__exists=True)
    unrated = titles(userRating__exists=False)
    compared = titles(userRating=None)
    listed = titles()
    http.shutdown()

accepted = OPERATORS["exists"](None, False)
print(f"plexapi {plexapi.VERSION}, CPython {platform.python_version()}")
print("listed: " + ", ".join(f"{name} ({'' if name in rated else 'not '}rated)" for name in listed))
print("userRating__exists=True: " + (", ".join(rated) or "nothing"))
print("userRating__exists=False: " + (", ".join(unrated) or "nothing"))
print("userRating=None: " + (", ".join(compared) or "nothing"))
print(f"the operator itself, asked about no value: {accepted}")
sys.exit((rated, unrated, compared, accepted) != (["One", "Three"], [], ["Two"], True))
EOF

# Neither a proxy nor settings of the user's own.
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 PLEXAPI_CONFIG_PATH="$folder/plexapi.ini" \
    "$folder/venv/bin/python" -I "$folder/exists.py"
