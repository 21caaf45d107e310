# Everything a developer does with this project. Needs Python 3.10+, make and a package index.

PYTHON = python3
# Tests at a time: most of those that start processes wait for something, those that coverage
# measures do not.
JOBS = 5
MEASURED_JOBS = 4
# Browsers at a time.
BROWSERS = 4
KEEP =
SEED = 1
TESTS = tests/unit
# Coverage doubles the time of a process. These tests reach all that ships, without those that look
# at the same few functions a thousand times.
MEASURED = tests/component $(addprefix tests/unit/,hooks page reconciliation sync sync_queue tasks test_startup.py)
OUT = dist
AGAINST =
STASH = http://localhost:9999
PARTS =
EXAMPLES = 2000
PY = .venv/bin/python
# Some images forbid it; every process of every test would then compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
TYPED = $(shell $(PYTHON) -m tools.layout) tools benchmarks tests noxfile.py

.PHONY: help env test test-all cover gate check unit static docs demo bench figures profile fuzz soak tables lock lock-check package ui page-check page-env screenshots check-stash clean

help:
	@echo "make demo     see a change travel from Stash to Plex (KEEP=1 leaves both servers up)"
	@echo "make test     the whole suite, coverage enforced"
	@echo "make test-all the suite on every Python found, 3.10 to 3.14; unit tests with the lowest packages"
	@echo "make cover    the lines that TESTS=... leaves uncovered (default tests/unit)"
	@echo "make check    format, lint, types, generated files and unit tests: before every commit"
	@echo "make bench    what it costs: ratios, milliseconds and requests (PARTS=...; AGAINST=revision compares)"
	@echo "make figures  measure the figures of docs/limits.md again, against AGAINST=revision (PARTS=...)"
	@echo "make profile  the costliest functions of a sync"
	@echo "make soak     long randomised kill runs"
	@echo "make fuzz     random input from every side, random histories of both servers (EXAMPLES=2000)"
	@echo "make tables   write the generated files (manifest, settings pages)"
	@echo "make lock     lock the newest allowed versions of the packages that users get, with hashes"
	@echo "make lock-check   ask the package index whether every Python and system gets the locked wheels"
	@echo "make ui       build the page's script and style sheet from ui/src (needs Node 20 or newer)"
	@echo "make page-env install Node and Playwright into .venv, and build the page that the browser tests drive"
	@echo "make screenshots  take the pictures of docs/ui.md and README.md again (needs Chromium, too)"
	@echo "make package  build what Stash installs: PlexSync.zip and index.yml in dist/ (or OUT=folder)"
	@echo "make check-stash STASH=http://...   compare every query with a running Stash, or with its schema in a file"
	@echo "make docs     build the pages and the reference into site/"
	@echo "make clean    remove the environment and everything that was made"

env:
	@PYTHON="$(PYTHON)" sh tools/make_env.sh

test: env
	@$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest -m "not soak" -n $(MEASURED_JOBS) --repeat-processes $(MEASURED)
	@$(MAKE) --no-print-directory gate
	$(PY) -m pytest -m "not soak" -n $(JOBS) --repeat-processes $(addprefix --ignore=,tests/browser $(MEASURED))
	$(PY) -m tests.browser -n $(BROWSERS)

cover: env
	@$(PY) -m coverage erase
	$(PY) -m coverage run -m pytest -m "not soak" -n $(JOBS) $(TESTS)
	@$(PY) -m coverage combine -q
	$(PY) -m coverage report --skip-covered --show-missing

test-all: env
	@JOBS="$(JOBS)" $(PY) -m nox

gate:
	@$(PY) -m coverage combine -q
	@$(PY) -m coverage json -q
	@$(PY) -m tools.coverage_gate

# Types and pages are checked beside the tests, on the other core.
check: env
	@$(MAKE) --no-print-directory --jobs=2 static page-check unit

unit: env
	$(PY) -m pytest tests/unit --no-cov -q -n 2

static: env
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy $(TYPED)
	$(PY) -m tools.tables --check
	$(PY) -m tools.lock --check
	$(PY) -m tools.prose

page-check: env
	@$(PY) -m tools.page_build check

docs: env
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

demo: env
	@KEEP="$(KEEP)" $(PY) -m tests.demo

bench: env
	@$(PY) -m benchmarks $(if $(AGAINST),--against $(AGAINST)) $(PARTS)

figures: env
	@$(PY) -m benchmarks --write $(if $(AGAINST),--against $(AGAINST)) $(PARTS)

profile: env
	@$(PY) -m benchmarks.profile

fuzz: env
	FUZZ_EXAMPLES=$(EXAMPLES) $(PY) -m pytest tests/fuzz --no-cov -q
	FUZZ_EXAMPLES=$(EXAMPLES) $(PY) -m pytest tests/unit tests/component --no-cov -q
	FUZZ_EXAMPLES=$$(($(EXAMPLES) / 4)) $(PY) -m pytest tests/flow/test_in_step.py --no-cov -q

soak: env
	$(PY) -m tests.crash.soak_clock --seed $(SEED) --weeks 2
	$(PY) -m tests.crash.soak --seed $(SEED) --kills 1000
	$(PY) -m pytest --no-cov -m soak

tables: env
	$(PY) -m tools.tables

lock: env
	$(PY) -m tools.lock

lock-check: env
	$(PY) -m tools.lock --wheels

ui: env
	@$(PY) -m tools.page_build build

page-env: env
	@$(PY) -m pip install -q -r requirements-page.txt 2>/dev/null || \
	  uv pip install -q --python $(PY) -r requirements-page.txt 2>/dev/null || \
	  $(PYTHON) -m pip --python $(PY) install -q -r requirements-page.txt
	@$(PY) -m tests.browser --prepare

screenshots: page-env
	@$(PY) -m tests.screenshots

package: env
	@$(PY) -m tools.package --out "$(OUT)"

check-stash: env
	@$(PY) -m tools.check_stash "$(STASH)"

clean:
	rm -rf ui/node_modules ui/emulator/built
	rm -rf .venv .nox .coverage .coverage.* .coverage_* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist site
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
