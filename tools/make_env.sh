#!/bin/sh
# Build .venv with the locked packages and everything in requirements-dev.txt; does nothing while
# these files have not changed.
#
# A system Python may lack `ensurepip` (Debian) or pip, so each way to make an environment is tried
# until one works: venv, virtualenv, uv, venv filled by the system's pip.
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
VENV=.venv
LOCK=dependencies/requirements.lock
STAMP=$VENV/installed-requirements.txt
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

log() { printf 'env: %s\n' "$1" >&2; }

command -v "$PYTHON" >/dev/null 2>&1 || { log "there is no '$PYTHON'; install Python 3.10 or newer"; exit 1; }
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    { log "'$PYTHON' is older than Python 3.10; run make PYTHON=python3.x with a newer one"; exit 1; }

works() { [ -x $VENV/bin/python ] && $VENV/bin/python -c '' >/dev/null 2>&1; }
requirements() { cat requirements.txt $LOCK requirements-dev.txt; }

if works && requirements | cmp -s - "$STAMP"; then
    exit 0
fi

install="$VENV/bin/python -m pip install -q"
if ! works || ! $VENV/bin/python -c 'import pip' >/dev/null 2>&1; then
    rm -rf $VENV
    if "$PYTHON" -m venv $VENV >/dev/null 2>&1; then
        log "made $VENV with venv"
    elif rm -rf $VENV && "$PYTHON" -m virtualenv -q $VENV >/dev/null 2>&1; then
        log "made $VENV with virtualenv"
    elif rm -rf $VENV && virtualenv -q -p "$PYTHON" $VENV >/dev/null 2>&1; then
        log "made $VENV with virtualenv"
    elif rm -rf $VENV && uv venv -q --python "$PYTHON" $VENV >/dev/null 2>&1; then
        log "made $VENV with uv"
        install="uv pip install -q --python $VENV/bin/python"
    elif rm -rf $VENV && "$PYTHON" -m pip --version >/dev/null 2>&1 &&
        "$PYTHON" -m venv --without-pip $VENV >/dev/null 2>&1; then
        log "made $VENV with venv; the system's pip fills it"
        install="$PYTHON -m pip --python $VENV/bin/python install -q"
    else
        rm -rf $VENV
        version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        log "this Python cannot create an environment; install the package python$version-venv (or virtualenv, or uv)"
        exit 1
    fi
fi

log "installing $LOCK and requirements-dev.txt"
# In two steps: what has hashes cannot be installed together with what has none. The second leaves
# the versions of the first alone.
$install --require-hashes --only-binary :all: -r $LOCK
$install -r requirements-dev.txt
requirements >"$STAMP"
