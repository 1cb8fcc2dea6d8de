# Two commands do everything: `make run` and `make test`. They need Python 3.11 or newer, no more.
SHELL := /bin/sh
.DELETE_ON_ERROR:
.PHONY: help run test check format soak bench mutants docs frontend pictures requirements size wheel clean

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
UV ?= uv
PINNED := --require-hashes --only-binary :all:
LOG := $(VENV)/install.log
# The first that starts and is new enough: a name on the PATH alone does not say so.
CANDIDATES = $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3 python)
FIND_PYTHON = for name in $(CANDIDATES); do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && \
	{ command -v "$$name"; exit 0; }; done; exit 1
OFFLINE = >$(LOG) 2>&1 || { echo "The packages could not be installed: check the network, or the package\
 index that pip is set up for, then run make again; $(LOG) holds what pip said." >&2; exit 1; }

help:
	@echo "make run           start the server and the sandbox, and show the main job once"
	@echo "make test          run every test"
	@echo "make soak          run the long forms: ten times the rounds, a month of 1,000 connections"
	@echo "make check         lint, formatting, types, imports between layers"
	@echo "make bench         run the benchmarks"
	@echo "make mutants       take each control out and see its test fail"
	@echo "make docs          write the pages that are made from the code"
	@echo "make pictures      make the documentation's pictures by the browser tests"
	@echo "make frontend      build the scripts and styles of the pages"
	@echo "make requirements  pin the newest versions with their hashes (needs uv)"
	@echo "make size          print the installed size of the base package"
	@echo "make clean         remove what make made"

run: $(VENV)/.base
	@$(BIN)/connectsmith demo $(ARGS)

test: $(VENV)/.test
	@$(BIN)/python -m pytest $(or $(ARGS),-n 2)

soak: $(VENV)/.test
	@CONNECTSMITH_TEST_ROUNDS=200 $(BIN)/python -m pytest -s tests/processes tests/service/test_month.py \
		tests/service/test_traffic.py tests/service/test_survival.py tests/service/test_lost_answers.py $(ARGS)

check: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.test
	$(BIN)/python -m bench $(ARGS)

mutants: $(VENV)/.test
	$(BIN)/python -m tests.mutants $(ARGS)

docs: $(VENV)/.test
	$(BIN)/python -m docs.generators $(ARGS)

pictures: $(VENV)/.test
	@CONNECTSMITH_TEST_PICTURES=docs/pictures $(BIN)/python -m pytest tests/browser -q -n 2

frontend: $(VENV)/.test
	@$(BIN)/python -m tests.frontend.building

wheel: $(VENV)/.test
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

size: $(VENV)/.test
	$(BIN)/python -m pytest tests/packaging/test_size.py -q -s

# A universal pin for every platform and Python; no index or path of this machine gets into it.
PIN = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links
requirements:
	@command -v $(UV) >/dev/null || { echo "make requirements needs uv: pip install uv." >&2; exit 1; }
	$(PIN) --upgrade pyproject.toml -o requirements/base.txt
	$(PIN) --upgrade requirements/build.in -c requirements/base.txt -o requirements/build.txt
	$(PIN) --upgrade pyproject.toml --extra postgres requirements/test.in requirements/build.in \
		-c requirements/base.txt -c requirements/build.txt -o requirements/test.txt
	@! grep -nE '://|^-|file:|@ ' requirements/*.txt

$(VENV)/.venv:
	@python=$$($(FIND_PYTHON)) || { echo "Connectsmith needs Python 3.11 or newer$(if $(PYTHON),; $(PYTHON) is\
 none): install it, or name it: make PYTHON=/path/to/python3." >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { echo "$$python has no venv module:\
 install it (on Debian and Ubuntu: apt install python3-venv), then run make again." >&2; exit 1; }; \
	echo "Making $(VENV) with $$("$$python" --version)."; \
	"$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.base: $(VENV)/.venv requirements/base.txt requirements/build.txt pyproject.toml
	@echo "Installing the pinned requirements."
	@$(PIP) install $(PINNED) -r requirements/base.txt -r requirements/build.txt $(OFFLINE)
	@$(PIP) install --no-deps --no-build-isolation --editable . $(OFFLINE)
	@touch $@

$(VENV)/.test: $(VENV)/.base requirements/test.txt
	@echo "Installing the pinned test requirements."
	@$(PIP) install $(PINNED) -r requirements/test.txt $(OFFLINE)
	@touch $@

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
