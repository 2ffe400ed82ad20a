# The two commands that a newcomer needs:
#   make image   builds, proves and tags an image (IMAGE=full)
#   make test    runs every test
# Both set up what is missing first.

IMAGE ?= full
MINUTES ?= 60
PYTHON := .venv/bin/python

.PHONY: image arm64 test unit fuzz reproducible soak bench softphone lint format schema lock clean help

image: ## build, prove and tag an image: make image IMAGE=mini|base|full|xtra|debug|all
	@factory/prepare.sh requirements.lock
	@$(PYTHON) build.py --tag $(IMAGE)

arm64: ## the same for a Raspberry Pi; on other machines emulated, as root on Debian: make arm64 IMAGE=mini
	@factory/prepare.sh requirements.lock arm64
	@$(PYTHON) build.py --tag $(IMAGE) --platform linux/arm64

test: ## lint, build all images, run every test
	@factory/prepare.sh requirements-dev.lock
	@$(MAKE) --no-print-directory lint
	@$(PYTHON) build.py --tag all --tag debug
	@EXAMPLES=100 $(PYTHON) -m pytest -n 3 --dist loadgroup --junitxml=build/report/junit.xml $(PYTEST)

unit: ## the tests that need no engine; seconds
	@$(PYTHON) -m pytest tests/unit fixtures/softphone/tests -n 2 --dist loadgroup

fuzz: ## ten thousand hostile requests to WebSMS; some minutes
	@factory/prepare.sh requirements-dev.lock
	@$(PYTHON) build.py --tag base
	@$(PYTHON) -m pytest tests/fuzz -m fuzz -rP --image mlan/asterisk:base $(PYTEST)

reproducible: ## build all images twice without a cache, and name the first file that differs
	@factory/prepare.sh requirements-dev.lock
	@$(PYTHON) -m pytest tests/reproducible -m rebuild $(PYTEST)

soak: ## an hour of calls, texts, attacks, kills of every service: make soak MINUTES=60
	@factory/prepare.sh requirements-dev.lock
	@$(PYTHON) build.py --tag full
	@$(PYTHON) -m pytest tests/soak -m soak -rP --image mlan/asterisk:full --soak-minutes $(MINUTES) $(PYTEST)

bench: ## figures of the image beside peers, and since the last time: make bench BENCH='--quick'
	@factory/prepare.sh requirements-dev.lock
	@$(PYTHON) build.py --tag $(IMAGE)
	@$(PYTHON) -m bench $(BENCH)

softphone: ## the image of the phones that tests call with
	@factory/prepare.sh requirements.lock
	@$(PYTHON) build.py --softphone

lint: ## ruff, mypy, hadolint, shellcheck; the workflows: zizmor, their schema; the catalog: its schema
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@for distro in debian alpine; do \
	  $(PYTHON) build.py --distro $$distro --tag all --print dockerfile | .venv/bin/hadolint - || exit; \
	done
	@.venv/bin/hadolint fixtures/softphone/Dockerfile fixtures/linphone/Dockerfile fixtures/registry/Dockerfile fixtures/pulse/Dockerfile fixtures/sipp/Dockerfile fixtures/testssl/Dockerfile bench/plain/Dockerfile bench/autoban/fail2ban/Dockerfile
	@.venv/bin/zizmor --quiet --offline --persona pedantic .github
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@.venv/bin/check-jsonschema --quiet --schemafile stages/schema/images.json stages/images.yaml
	@.venv/bin/check-jsonschema --quiet --schemafile stages/schema/component.json runtime/pbx/*/component.yaml
	@.venv/bin/shellcheck -x $$(git grep -lE '^#!/bin/sh' -- ':!*.py' ':!*.md')

format: ## format the Python code
	@.venv/bin/ruff check --fix-only .
	@.venv/bin/ruff format .

schema: ## renew the JSON schemas of images.yaml and component.yaml from factory/plan/models.py
	@$(PYTHON) build.py --print schema | $(PYTHON) -c 'import json, pathlib, sys; \
	  [pathlib.Path(path).write_text(json.dumps(schema, indent=1) + "\n") \
	   for path, schema in json.load(sys.stdin).items()]'

lock: ## renew the lock files from pyproject.toml
	@.venv/bin/pip install -q pip-tools
	@for extra in '' '--extra=dev'; do \
	  CUSTOM_COMPILE_COMMAND='make lock' .venv/bin/pip-compile -q --upgrade --generate-hashes \
	    --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links \
	    --no-emit-trusted-host $$extra -o requirements$${extra:+-dev}.lock pyproject.toml; \
	done

clean: ## remove the virtual environment and what builds left in this folder
	@rm -rf .venv build

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
