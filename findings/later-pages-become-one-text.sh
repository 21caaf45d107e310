#!/bin/sh
# stashapp-tools 0.2.59: `paginate_GQL` returns the first page and a text instead of all pages.
#
# Without a callback the method asks for every page, but adds the answer for the later pages as it
# is: a dictionary. Extending a list by a dictionary adds its keys, so after the items of the first
# page the list holds the name of the query, and `count` is the length of that list. Everything
# else that the server sent is lost, and nothing is raised. With a callback each page arrives.
# Valid input: a query with `count` and the items, and a page size in `filter`. The method's
# documentation says that -1, which is also its default, means all pages, and that it returns all
# results. The server is graphql-core 3.3.2 with the part of Stash's schema that the query needs.
#
# Use: sh findings/later-pages-become-one-text.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 python3 or a package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   stashapp-tools 0.2.59, graphql-core 3.3.2, CPython 3.11.7
#   without a callback: count 3, scenes [{'id': '1'}, {'id': '2'}, 'findScenes']
#   sent by the server: [1, 2] [3, 4] [5]
#   with a callback: [1, 2] [3, 4] [5]
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
    stashapp-tools==0.2.59 graphql-core==3.3.2 || exit 2

cat >"$folder/pages.py" <<'EOF'
"""Ask for five scenes in pages of two; print what arrives."""

import json
import logging
import platform
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

from graphql import build_schema, graphql_sync
from stashapi.stashapp import StashInterface

SCHEMA = build_schema("""
type Query {
  version: Version!
  configuration: ConfigResult!
  findScenes(filter: FindFilterType): FindScenesResultType!
}
type Version { version: String hash: String! build_time: String! }
type ConfigResult { general: ConfigGeneralResult! }
type ConfigGeneralResult { apiKey: String! }
input FindFilterType { page: Int per_page: Int }
type FindScenesResultType { count: Int! scenes: [Scene!]! }
type Scene { id: ID! }
""")
QUERY = "query ($filter: FindFilterType) { findScenes(filter: $filter) { count scenes { id } } }"
SCENES = [{"id": number} for number in range(1, 6)]
sent = []


def find_scenes(info, filter):
    first = (filter["page"] - 1) * filter["per_page"]
    page = SCENES[first : first + filter["per_page"]]
    sent.append([scene["id"] for scene in page])
    return {"count": len(SCENES), "scenes": page}


ROOT = {
    "version": {"version": "v0.28.1", "hash": "0a1b2c3d", "build_time": ""},
    "configuration": {"general": {"apiKey": ""}},
    "findScenes": find_scenes,
}


class Handler(BaseHTTPRequestHandler):
    """Answers GraphQL queries."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = graphql_sync(SCHEMA, asked["query"], ROOT, variable_values=asked.get("variables"))
        body = json.dumps(answer.formatted).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        """Print nothing."""


with HTTPServer(("127.0.0.1", 0), Handler) as http:
    threading.Thread(target=http.serve_forever, daemon=True).start()
    stash = StashInterface(
        {
            "Scheme": "http",
            "Host": "127.0.0.1",
            "Port": http.server_port,
            "Logger": logging.getLogger("stash"),
        }
    )
    found = stash.paginate_GQL(QUERY, {"filter": {"per_page": 2}})["findScenes"]
    pages_sent = list(sent)
    pages = []
    stash.paginate_GQL(
        QUERY,
        {"filter": {"per_page": 2}},
        callback=lambda scenes: pages.append([int(scene["id"]) for scene in scenes]),
    )
    http.shutdown()

for package in ("stashapp-tools", "graphql-core"):
    print(f"{package} {version(package)}, ", end="")
print(f"CPython {platform.python_version()}")
print(f"without a callback: count {found['count']}, scenes {found['scenes']}")
print("sent by the server:", *pages_sent)
print("with a callback:", *pages)
everything = [[1, 2], [3, 4], [5]]
is_cut = found["scenes"] == [{"id": "1"}, {"id": "2"}, "findScenes"]
sys.exit(not (is_cut and pages_sent == everything and pages == everything))
EOF

NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 "$folder/venv/bin/python" -I "$folder/pages.py"
