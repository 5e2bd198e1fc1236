# Everything runs inside VENV, which is created on first use. `make test VENV=path` uses an environment you have.
VENV ?= .venv
OUTPUT ?= demo-output
# A file of versions to hold to, as `make lock` writes one; without it the newest are installed.
LOCK ?=
LOCKED := $(LOCK:%=--constraint %)
# Setuptools warns of every editable installation.
INSTALL = PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.artnet-installed
INSTALLED_DEV := $(VENV)/.artnet-installed-dev
CHECK_PYTHON := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))

# The first that is new enough and can make environments (some systems ship Python without venv); `PYTHON=...` overrides.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c '$(CHECK_PYTHON)' 2>/dev/null && { echo $$python; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help demo test test-browser lint types docs wheel lock sbom clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

demo: $(INSTALLED)  ## stylize the sample photo and write the pictures to demo-output/
	$(BIN)/python -m apps.demo $(OUTPUT)

# One thread: the tests use many tiny networks, which several threads only slow down.
test: $(INSTALLED_DEV)  ## run the tests
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest

test-browser: $(INSTALLED_DEV)  ## test the web page in Chromium, where it is installed
	OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(BIN)/python -m pytest -m browser

lint: $(INSTALLED_DEV)  ## check the style of the code, and who imports whom
	$(BIN)/python -m ruff check .
	$(BIN)/lint-imports --no-cache

types: $(INSTALLED_DEV)  ## check the types of the packages
	$(BIN)/python -m mypy

docs: $(BIN)/mkdocs  ## build the documentation as a site into build/site/, links checked
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

$(BIN)/mkdocs: pyproject.toml | $(INSTALLED)
	$(INSTALL) $(LOCKED) --editable '.[docs]'
	@touch $@

wheel: $(INSTALLED_DEV)  ## build the wheel and the source archive into dist/
	$(BIN)/python -m build

# LOCK_OPTIONS, as in `make lock LOCK_OPTIONS='--constraint FILE'`, are pip-compile's.
lock: $(BIN)/pip-compile  ## write down the newest versions of all that CI installs, for this Python
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --strip-extras --no-annotate \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra dev --extra docs \
		--unsafe-package artnet --unsafe-package setuptools $(LOCK_OPTIONS) --output-file .ci/requirements-$$( \
		$(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt pyproject.toml

sbom: $(BIN)/pip-compile  ## write what the default installation is made of to dist/artnet.cdx.json (CycloneDX)
	rm -rf build/sbom
	$(BIN)/python -m build --outdir build/sbom
	$(BIN)/python -m venv build/sbom/installed
	build/sbom/installed/bin/python -m pip install --quiet build/sbom/*.whl
	build/sbom/installed/bin/python -m pip uninstall --quiet --yes pip setuptools
	mkdir -p dist
	$(BIN)/cyclonedx-py environment --output-reproducible --pyproject pyproject.toml \
		--output-file dist/artnet.cdx.json build/sbom/installed/bin/python

$(BIN)/pip-compile: pyproject.toml | $(INSTALLED)
	$(INSTALL) --editable '.[release]'
	@touch $@

clean:  ## delete what was built and cached; the environment stays
	rm -rf build dist demo-output *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find $(wildcard artnet s2transform pruning apps weights tests benchmarks) -name __pycache__ -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer with the venv module is needed;" \
		"install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(CHECK_PYTHON)' || { echo "make: $(PYTHON) is not Python 3.11 or newer with venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# The stamps are older than pyproject.toml when the dependencies may have changed, and only then pip runs again.
$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), which takes a minute"
	$(INSTALL) $(LOCKED) --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/python
	@echo "installing into $(VENV), which takes some minutes"
	$(INSTALL) $(LOCKED) --editable '.[dev]'
	@touch $(INSTALLED) $@
