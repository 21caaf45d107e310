#!/bin/sh
# mkdocstrings-python 2.0.11: with pydantic 2.14.4 installed, a misspelt option passes in silence.
#
# The options (here with mkdocstrings 1.0.8 and mkdocs 1.6.1) are a dataclass. Its own constructor
# refuses a name that it does not know, and the strict build ends with an error. Where pydantic can
# be imported, pydantic's dataclass takes its place in order to validate the options, and that one
# ignores unknown names: the same site builds without a warning and shows what the option was to
# hide. So installing the validator takes away the only check of names.
# Valid input: a mkdocs.yml with a typing error, which the build is there to report. A comment in
# the package says that pydantic is for validation. Its pages say that an option of another name,
# directly below `options`, emits a deprecation warning; none comes.
#
# Use: sh findings/validator-hides-misspelt-option.sh
# Exit status: 0 seen again, 1 the behaviour has changed, 2 Python 3.11 or a package is missing.
#
# Output seen (CPython 3.11.7, Linux x86_64):
#   mkdocs 1.6.1, mkdocstrings-python 2.0.11, CPython 3.11.7
#   show_sourse, without pydantic: exit 1
#   Invalid options: PythonOptions.__init__() got an unexpected keyword argument 'show_sourse'
#   show_sourse, with pydantic 2.14.4: exit 0, 0 lines of output, the page shows the source
#   show_source, with pydantic 2.14.4: exit 0, 0 lines of output, the page shows no source
set -eu

python3 -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
    echo "needs Python 3.11 or newer with venv" >&2
    exit 2
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 2' HUP INT TERM
python3 -m venv "$folder/venv" || exit 2
python=$folder/venv/bin/python
"$python" -m pip install -q --disable-pip-version-check \
    mkdocs==1.6.1 mkdocstrings==1.0.8 mkdocstrings-python==2.0.11 || exit 2

mkdir -p "$folder/site/docs"
cat >"$folder/site/example.py" <<'EOF'
"""A module to document."""


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number
EOF
echo '::: example' >"$folder/site/docs/index.md"

# Build with one option; the exit status and the output are in status and output.
build() {
    cat >"$folder/site/mkdocs.yml" <<EOF
site_name: Example
plugins:
  - mkdocstrings:
      handlers:
        python:
          paths: [.]
          options:
            $1: false
EOF
    status=0
    (cd "$folder/site" && "$python" -I -m mkdocs build --strict --quiet) >"$folder/output" 2>&1 ||
        status=$?
}

# Describe a build that succeeded.
describe() {
    shown="no source"
    if grep -q "Source code" "$folder/site/site/index.html"; then
        shown="the source"
    fi
    lines=$(wc -l <"$folder/output" | tr -d " ")
    echo "exit $status, $lines lines of output, the page shows $shown"
}

"$python" -I -c '
import platform
from importlib.metadata import version
print("mkdocs " + version("mkdocs"), "mkdocstrings-python " + version("mkdocstrings-python"),
      "CPython " + platform.python_version(), sep=", ")'
build show_sourse
refused=$status
echo "show_sourse, without pydantic: exit $refused"
sed -n 's/.*\(Invalid options: .*\)/\1/p' "$folder/output" | tail -n 1
"$python" -m pip install -q --disable-pip-version-check pydantic==2.14.4 || exit 2
build show_sourse
misspelt=$(describe)
echo "show_sourse, with pydantic 2.14.4: $misspelt"
build show_source
right=$(describe)
echo "show_source, with pydantic 2.14.4: $right"
[ "$refused" -ne 0 ]
[ "$misspelt" = "exit 0, 0 lines of output, the page shows the source" ]
[ "$right" = "exit 0, 0 lines of output, the page shows no source" ]
