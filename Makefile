# Verbs of the house. Everything lies under the clone: .uv/ and .venv/ (tools), .demo/ (the demo's workspace and Airflow).
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV := .uv/bin/uv
BIN := $(CURDIR)/.venv/bin
DEMO := $(CURDIR)/.demo
CORES := $(shell nproc)
UI_PORT ?= 8080
DEMO_RECIPES := finance-zh-en technical-zh-en
# Modules are compiled once, also where a container says otherwise: every `curate` of a test or a task starts a second sooner.
export PYTHONDONTWRITEBYTECODE :=
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
AIRFLOW_ENV := AIRFLOW_HOME=$(DEMO)/airflow AIRFLOW__CORE__DAGS_FOLDER=$(CURDIR)/dags AIRFLOW__CORE__LOAD_EXAMPLES=False \
  AIRFLOW__CORE__PARALLELISM=$(CORES) CURATION_WORKSPACE=$(DEMO)/workspace PATH=$(BIN):$$PATH PYTHONWARNINGS=ignore

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(UV):
	@python3.11 -m venv .uv 2>/dev/null || python3 -m venv .uv
	@.uv/bin/python -m pip install -q --disable-pip-version-check uv

setup: .venv/.ready  ## tools and locked dependencies, Airflow included

ifdef FROM
# without a network: everything comes from the folder that `make wheelhouse` filled where there was one
export PIP_NO_INDEX := 1
export PIP_FIND_LINKS := $(abspath $(FROM))
.venv/.ready: $(FROM)/requirements.txt
	@echo "Setting up: packages of $(FROM) into .venv/, no index is asked"
	@python3.11 -m venv .venv 2>/dev/null || python3 -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check -r $(FROM)/requirements.txt curation
	@touch $@
else
.venv/.ready: $(UV) uv.lock pyproject.toml
	@echo "Setting up: locked dependencies into .venv/ (fastText and KenLM are compiled once)"
	@$(UV) sync --frozen --all-extras -q
	@touch $@
endif

$(DEMO)/.ready: .venv/.ready
	@echo "Setting up: kernels, an Airflow home and a workspace under .demo/"
	@$(BIN)/curate warm
	@$(BIN)/curate init $(DEMO)/workspace --remote $(DEMO)/store >/dev/null
	@$(AIRFLOW_ENV) $(BIN)/airflow db migrate > $(DEMO)/airflow-setup.log 2>&1 || { tail -20 $(DEMO)/airflow-setup.log; exit 1; }
	@touch $@

demo: $(DEMO)/.ready  ## real sources to two released datasets, through the Airflow DAG
	@cp data/sources/*.yaml $(DEMO)/workspace/data/sources/ && cp data/recipes/*.yaml $(DEMO)/workspace/data/recipes/
	@for recipe in $(DEMO_RECIPES); do \
	  echo "== airflow dags test curate, recipe $$recipe"; \
	  set -o pipefail; \
	  $(AIRFLOW_ENV) $(BIN)/airflow dags test curate --conf "{\"recipe\": \"$$recipe\"}" 2>&1 \
	    | tee $(DEMO)/$$recipe.log | { grep --line-buffered '^\[curate\]' || true; } \
	    || { grep -E 'Error|curate:' $(DEMO)/$$recipe.log | tail -5; echo "the whole log: $(DEMO)/$$recipe.log"; exit 1; }; \
	done
	@for recipe in $(DEMO_RECIPES); do PATH=$(BIN):$$PATH curate --workspace $(DEMO)/workspace summary $$recipe; done
	@echo; echo "\`. .venv/bin/activate\` puts curate on your path; \`make ui\` opens Airflow's page with the review page in it."

test: .venv/.ready  ## every test, with all the set-up it needs
	@$(BIN)/curate warm
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

lint: .venv/.ready  ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv/.ready $(UV)  ## our speed beside the peers', into docs/speed.md (INPUT=file, BENCH="--only minhash")
	@$(BIN)/python -m benchmarks.compare $(INPUT) $(BENCH)

ui: $(DEMO)/.ready  ## Airflow with its web page, on loopback only, with the demo's workspace
	@$(BIN)/python -c 'import json, pathlib, secrets; p = pathlib.Path("$(DEMO)/airflow/simple_auth_manager_passwords.json.generated"); \
	  known = json.loads(p.read_text()) if p.exists() else {}; \
	  known = {u: known.get(u) or secrets.token_urlsafe(9) for u in ("admin", "reviewer", "contributor")}; \
	  p.write_text(json.dumps(known)); \
	  print("Airflow starts (about a minute): http://127.0.0.1:$(UI_PORT)"); \
	  print(*(f"  {user:12} password {word}" for user, word in known.items()), sep="\n")'
	@[ -e $(DEMO)/workspace/data/reviewers.yaml ] || printf '# Logins of Airflow that decide; others read and submit.\nThe administrator: [admin]\nThe reviewer: [reviewer]\n' \
	  > $(DEMO)/workspace/data/reviewers.yaml
	@cp -n data/sources/*.yaml $(DEMO)/workspace/data/sources/; cp -n data/recipes/*.yaml $(DEMO)/workspace/data/recipes/
	@$(AIRFLOW_ENV) AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__PORT=$(UI_PORT) \
	  AIRFLOW__CORE__EXECUTION_API_SERVER_URL=http://127.0.0.1:$(UI_PORT)/execution/ \
	  AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin,reviewer:op,contributor:user \
	  $(BIN)/airflow standalone > $(DEMO)/airflow-ui.log 2>&1

wheelhouse: .venv/.ready  ## what an installation without a network needs, into wheelhouse/ (there: make demo FROM=wheelhouse)
	@mkdir -p wheelhouse
	@$(UV) export -q --frozen --no-dev --extra airflow --extra s3 --extra postgresql --extra mysql --no-emit-project --no-hashes -o wheelhouse/requirements.txt
	@echo "Collecting: wheels of every dependency (fastText is compiled once), the project's own, the demo's packages"
	@.uv/bin/python -m pip wheel -q --disable-pip-version-check -r wheelhouse/requirements.txt -w wheelhouse
	@$(UV) build -q --wheel -o wheelhouse
	@rm -f wheelhouse/.gitignore
	@$(BIN)/python -m curation.connectors.package_index wheelhouse data/sources/*.yaml
	@du -sh wheelhouse

clean:  ## remove the demo and the peers' environments
	rm -rf $(DEMO) .peers

.PHONY: help setup demo test lint bench ui wheelhouse clean
