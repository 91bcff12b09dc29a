# Everything runs in a virtual environment of its own, .venv, which is made on first use with pip alone.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Tests start the program some hundred times: it need not be compiled each time.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Made up, for the example project on the sandbox alone.
export ACME_SLACK_BOT_TOKEN := demo-slack-bot-token
export ACME_SLACK_SIGNING_SECRET := demo-slack-signing-secret
export ACME_ORDERS_API_KEY := demo-orders-api-key
export ACME_API_TOKEN := demo-acme-api-token
export BIRCHWOOD_HUBSPOT_TOKEN := demo-birchwood-hubspot-token
export HARBOR_HUBSPOT_TOKEN := demo-harbor-hubspot-token
export MERIDIAN_SFTP_PASSWORD := demo-meridian-sftp-password
export QA_SFTP_PASSWORD := demo-qa-sftp-password
export ACME_ALERTS_URL := https://chat.acme.example/hooks/demo-alerts
export ACME_SLACK_CLIENT_SECRET := demo-slack-client-secret
export LUMEN_SLACK_CLIENT_SECRET := demo-lumen-slack-client-secret
export ACME_LOGS_TOKEN := demo-logs-token
export ACME_AUDIT_SECRET := demo-audit-secret
export RECONCILER_KEY := demo-key-for-digests-of-secrets

.PHONY: help install demo schemas lock check static test golden cases fuzz torture simulate mutants bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## make .venv and install the package with its development tools

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "reconciler needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
		echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## the example project on the embedded sandbox: plan, apply, drift, heal
	@PATH="$(abspath $(BIN)):$$PATH" examples/demo.sh

schemas: $(STAMP) ## schemas/, the reference in docs/kinds.md and ci/gitlab.yml anew
	$(BIN)/python -m tests.schemas
	$(BIN)/python -m tests.pipelines.include

lock: $(STAMP) ## what action.yml installs beside the reconciler anew, with hashes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	{ echo "# What the action installs beside the reconciler, and what builds it: \`make lock\` writes this anew."; \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra policy --generate-hashes --no-header \
	    --no-annotate pyproject.toml <(echo 'hatchling>=1.27'); } > ci/requirements.txt.new
	mv ci/requirements.txt.new ci/requirements.txt

test: check ## the same as check

check: static ## formatting, lint, types, layers, then all tests
	$(BIN)/pytest -n 3 --dist worksteal

static: $(STAMP) ## the part of check that runs nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict -p reconciler
	$(BIN)/lint-imports

golden: $(STAMP) ## record the generated worlds of tests/golden_worlds anew
	$(BIN)/python -m tests.golden_worlds

cases: $(STAMP) ## write the outputs of the stories in tests/cases anew (CASES="release get")
	$(BIN)/python -m tests.cases $(CASES)

fuzz: $(STAMP) ## fuzz the loaders guided by coverage, where atheris is installed (FUZZ_SECONDS=30 each)
	$(BIN)/python -m tests.fuzz

torture: $(STAMP) ## faults, kills and rivals on many seeds, into docs/reliability.md (SEEDS=200 START=0)
	$(BIN)/python -m tests.torture

simulate: $(STAMP) ## the whole world under one seed, again and again (SEEDS=1000 START=0 MINUTES= JOBS=)
	$(BIN)/python -m tests.simulation $(ARGS)

mutants: $(STAMP) ## faults put into the product, each of which the simulation must find (SEEDS=4000 START=0 MINUTES=)
	$(BIN)/python -m tests.simulation.mutants $(ARGS)

bench: $(STAMP) ## time, memory and requests beside a bare client, into docs/performance.md (SIZE=500 shows alone)
	$(BIN)/python -m bench.run $(if $(SIZE),--sizes $(SIZE),--output docs/performance.md)

clean: ## remove what the targets made
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
