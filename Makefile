# Two commands are enough to begin: `make scan` looks at a repository, `make test` runs every check.
# Python 3.11 or newer, git and make are all they need; everything else goes into .venv.

REPO ?= .
OUT ?= digest
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# The first Python on the path that is new enough; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# Through the environment, so that no shell ever reads an address as a command.
export REPO OUT

.PHONY: help scan test checks types tests docs lock clean

help:
	@echo "make scan [REPO=<url or path>]   scan a repository, write $(OUT)/digest.html (and .json, .md)"
	@echo "make test                        install what the checks need and run all of them"

scan: $(VENV)/.runtime
	@$(BIN)/evidence scan "$$REPO" --output-dir "$$OUT"

# What is found in a second or two comes first, and what the tests need of elsewhere is fetched beside; the types are
# checked by one process for a minute, so beside the tests.
test:
	@$(MAKE) --no-print-directory --jobs=3 checks $(VENV)/.machine $(VENV)/.node
	@$(MAKE) --no-print-directory --jobs=2 types tests

checks: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.dev
	$(BIN)/mypy

# One more than there are processors: tests wait for servers and for other processes a fifth of their time. With two
# more they take longer: each begins by collecting all tests.
WORKERS = $(shell $(BIN)/python -c 'import os; print(os.cpu_count() + 1)')

# The tests start the program hundreds of times. What was changed since it was compiled, each start would compile anew
# wherever Python may not write that down. The lines that none of them reaches: .venv/bin/coverage report --skip-covered
tests: $(VENV)/.dev $(VENV)/.machine $(VENV)/.node
	@$(BIN)/python -m compileall -q evidence detectors
	$(BIN)/pytest -n $(WORKERS) --dist=loadfile --no-loadscope-reorder --cov --cov-report=

# What some tests need of the machine. Where it cannot be installed they are left out, and say so.
MACHINE := chromium postgresql libpango-1.0-0 libpangoft2-1.0-0
$(VENV)/.machine: $(VENV)/.python
	@if dpkg -s $(MACHINE) >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo "Installing $(MACHINE) for the tests ..."; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $(MACHINE); } \
			>/dev/null 2>&1 || echo "Some of $(MACHINE) could not be installed: tests that need them are left out."; \
	else echo "Tests that need one of $(MACHINE) are left out where it is missing."; fi
	@touch $@

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

# The locks name versions and hashes only, never where they came from: pip's own configuration decides that.
lock: $(VENV)/.python
	$(PIP) install 'uv>=0.5'
	$(BIN)/uv pip compile $(UV_FLAGS) pyproject.toml --group build --output-file requirements.lock
	$(BIN)/uv pip compile $(UV_FLAGS) pyproject.toml --group dev --constraint requirements.lock --output-file requirements-dev.lock

# Extras stay in the lock: where pip meets `name[extra]` under hashes, only a line with that extra pins it.
UV_FLAGS := --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-annotate --no-header --no-strip-extras

clean:
	rm -rf $(VENV) .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer on the path: install one, or say PYTHON=<path>." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment: install its venv package (python3-venv)." >&2; exit 2; }
	@touch $@

$(VENV)/.runtime: $(VENV)/.python pyproject.toml requirements.lock
	@echo "Installing into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q evidence detectors
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Stand-ins for the forges, and what these publish of themselves; without Node the tests that need them are left out.
$(VENV)/.node: $(VENV)/.python tests/forges/node/package-lock.json
	@mkdir -p $(VENV)/node && cp tests/forges/node/package.json tests/forges/node/package-lock.json $(VENV)/node/
	@if command -v npm >/dev/null; then \
		echo "Installing the forges' counterparts into $(VENV)/node ..."; \
		if npm ci --prefix $(VENV)/node --ignore-scripts --no-audit --no-fund --silent; then touch $@; \
		else rm -rf $(VENV)/node; \
			echo "They could not be installed: the tests against the forges' counterparts are left out." >&2; fi; \
	else echo "Without Node and npm the tests against the forges' counterparts are left out." >&2; fi
