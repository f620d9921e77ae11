# Every target does its own set-up; `make` alone lists them. Needs Python 3.11 or newer, nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test lint fmt bench demo lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/made: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "idbridge needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/made-test: .venv/made requirements-test.txt tests/peers/package-lock.json
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	cd tests/peers && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-audit --no-fund
	@touch $@

setup: .venv/made ## .venv with everything that running needs, from the hash-pinned requirements
setup-test: .venv/made-test ## the same, with the test tools and the npm clients

run: setup ## start idbridge on http://127.0.0.1:8055 with SQLite under ./data
	$(BIN)/idbridge serve

# Tests wait for servers as much as they compute: four at a time keep two cores busy.
WORKERS ?= --numprocesses 4 --dist loadfile --no-loadscope-reorder

test: setup-test ## run every test (ARGS="-k scim" narrows it, WORKERS= runs one at a time)
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

lint: setup-test ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fmt: setup-test ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-test ## measure ratios, alternated in one run, on SQLite and PostgreSQL
	$(BIN)/python -m tests.bench $(ARGS)

demo: setup-test ## four arrivals with real clients, step by step
	$(BIN)/python -m tests.demo $(ARGS)

lock: ## pin the requirements again (hashes only, no addresses)
	rm -rf build/lock && $(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet pip-tools
	build/lock/bin/pip-compile $(LOCK) --extra setup -o requirements.txt pyproject.toml
	build/lock/bin/pip-compile $(LOCK) --extra setup --extra test -c requirements.txt -o requirements-test.txt pyproject.toml
LOCK := --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --strip-extras --allow-unsafe

clean: ## remove what set-up and runs made (not ./data)
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/peers/node_modules
