# Every target can be run again: what is done already takes no time.
# PYTHON=python3.12 picks an interpreter for .venv; 3.11 or newer.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_NO_ANALYTICS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Images of containers often set it; each program would then compile all that it imports anew.
unexport PYTHONDONTWRITEBYTECODE

NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
# The worksets' pins are made for 3.11 to 3.13, and tried on the first; so these come first.
CANDIDATES := python3.11 python3.12 python3.13 python3 python3.14

# uv installs, or pip where uv cannot. They say much that nobody reads; where both fail, the end is shown.
UV := harness_forge/worksets/uv.py

define quiet_pip
{ .venv/bin/python -m pip install 'uv>=0.9' && \
  .venv/bin/python $(UV) .venv/bin/python .venv/.packages --editable '$(1)' && rm -rf .venv/.packages; } &> .venv/pip.log || \
  { tail -n 20 .venv/pip.log >&2; echo "pip failed; all it said is in .venv/pip.log" >&2; exit 1; }
endef

.PHONY: help setup packages tools locks check test test-fast soak bench target-b docs sbom demo loop clean

help: ## show this
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.ready packages ## make .venv, install forge, fetch scanner, content and sandbox

.venv/.ready: pyproject.toml
	@python="$(PYTHON)"; \
	for candidate in $(CANDIDATES); do \
	  [ -n "$$python" ] && break; \
	  if $$candidate -c '$(NEW_ENOUGH)' 2>/dev/null; then python=$$candidate; fi; \
	done; \
	if ! $${python:-false} -c '$(NEW_ENOUGH)' 2>/dev/null; then \
	  echo "setup: no Python 3.11 or newer with venv: install python3 and python3-venv, or set PYTHON=" >&2; \
	  exit 1; \
	fi; \
	.venv/bin/python -m pip --version &>/dev/null || "$$python" -m venv --clear .venv
	@echo "setup: installing forge in .venv; pip's words are in .venv/pip.log"
	@$(call quiet_pip,.[dev])
	@touch .venv/.ready

packages: .venv/.ready
	@forge env setup

tools: setup ## the isolated environments and the base model that the loop needs (7 GB)
	@forge workset install train eval --yes
	@forge model fetch smollm2-135m

locks: setup ## resolve the worksets' pins anew: conf/workset/locks
	@$(call quiet_pip,.)
	@forge workset lock train serve eval gguf graph reasoning

check: .venv/.ready ## style, floors and recipes; needs no scanner and no database
	@ruff check
	@ruff format --check --quiet
	@lint-imports --no-logo > .import_linter.log || { cat .import_linter.log; exit 1; }
	@same="$$(find tests -name '*.py' ! -name conftest.py -printf '%f\n' | sort | uniq -d)"; \
	[ -z "$$same" ] || { echo "check: two files of tests are called $$same: pytest imports them by name" >&2; exit 1; }
	@forge validate

# Two runs side by side, on two cores: a machine has them, and most tests use one. Each takes the
# next file of tests that the other has not begun (tests/side_by_side.py).
# $(call side_by_side,TESTS OF ONE,TESTS OF THE OTHER,WHAT THE OTHER DOES BEFORE)
define side_by_side
claims="$$(mktemp -d)"; export TEST_CLAIMS="$$claims"; \
( : > .pytest.log; $(if $(3),trap 'kill $$(jobs -p)' TERM; $(3) & wait $$! &&) \
  exec pytest $(2) &> .pytest.log ) & other=$$!; trap 'kill $$other' INT TERM; \
pytest $(1) && status=0 || status=$$?; \
wait $$other && others=0 || others=$$?; \
rm -rf "$$claims"; cat .pytest.log; exit $$((status | others))
endef

# Their installation takes one core, and its tests the other run.
WORKSETS := train eval serve gguf graph reasoning

test: setup check ## everything CI runs; with real Axolotl, lm-eval and vLLM (11 GB)
	@$(call side_by_side,-m 'not soak and not workset',-m 'not soak',forge workset install $(WORKSETS) --yes)

FAST := -m 'not soak and not workset and not sandbox' \
  tests/config tests/core tests/promotion/rules tests/datasets/filters tests/datasets/formats

test-fast: check ## tests that need no scanner, no workset and no child processes: two minutes
	@$(call side_by_side,$(FAST),$(FAST))

soak: setup ## the long tests: every rule, every writer, every mutation
	@pytest -m soak -s

bench: setup ## the speed of export and ingest beside COPY and other libraries; prints docs/benchmarks.md's tables
	@$(call quiet_pip,.[bench])
	@python tests/bench/export.py 1000 10000 100000
	@python tests/bench/ingest.py 10 60

docs: .venv/.ready ## the documentation as a site, in build/site; links that lead nowhere are errors
	@$(call quiet_pip,.[site])
	@sphinx-build --quiet --fail-on-warning --keep-going docs build/site
	@echo "docs: build/site/index.html"

sbom: setup ## CycloneDX lists of all installed packages with their licences, in sbom/
	@$(call quiet_pip,.[sbom])
	@mkdir -p sbom
	@cyclonedx-py environment .venv/bin/python --pyproject pyproject.toml --output-reproducible -o sbom/forge.cdx.json
	@for python in .forge/worksets/*/bin/python; do \
	  [ -x "$$python" ] || continue; name="$$(basename "$$(dirname "$$(dirname "$$python")")")"; \
	  cyclonedx-py environment "$$python" --output-reproducible -o "sbom/$$name.cdx.json"; \
	done
	@ls sbom/*.cdx.json

# FOLDER keeps what is finished; `make target-b` goes on from there. Hours on two cores.
FOLDER := target_b

target-b: tools ## four skills and roles, trained alone, together and with one left out; docs/target-b.md
	@forge workset install reasoning --yes
	@python tests/bench/target_b.py '$(FOLDER)'

# Attempts need neither workset nor model, and pip one core: $(call beside,WORKSETS,COMMANDS)
define beside
forge workset install $(1) --yes & installing=$$!; trap 'kill $$installing' INT TERM; \
( $(2) ) && status=0 || status=$$?; \
wait $$installing && [ $$status = 0 ]
endef

stopped = { echo "$(1): stopped; \`$(2)\` goes on from here" >&2; exit 1; }

# The demo is a project of its own in demo/; scanner, model and Axolotl are the loop's too.
WITHOUT_A_MODEL := compose attempt watermark

# $(call stage_of,NUMBER,WHAT IT DOES: HOW LONG,STAGE); the times are of two cores, nothing else running.
say_of = echo "demo: $(1) of 8: $(2)"
stage_of = $(call say_of,$(1),$(2)); forge stage $(3) || $(call stopped,demo,make demo)

demo: setup ## the loop on 95 rules, for a first look (7 GB); `make loop` is the whole
	@mkdir -p demo
	@[ -f demo/params.yaml ] || printf 'recipe: demo\noverrides: [forge_home=../.forge]\n' > demo/params.yaml
	@$(call say_of,1,rules are fixed in a sandbox and OpenSCAP judges each; meanwhile Axolotl is installed: about 4 minutes)
	@$(call beside,train,cd demo; for stage in $(WITHOUT_A_MODEL); do forge stage $$stage || exit 1; done) || $(call stopped,demo,make demo)
	@$(call say_of,2,a small base model is fetched: about a minute)
	@forge model fetch smollm2-135m
	@cd demo; \
	$(call stage_of,3,the answers that worked become a dataset: seconds,export); \
	$(call stage_of,4,its tokens are compared with what a server would show the model: under a minute,audit); \
	$(call stage_of,5,an adapter is trained on it: about 6 minutes,train_sft); \
	$(call stage_of,6,does the adapter change what the model says? under a minute,prove); \
	$(call stage_of,7,the adapter and five others to compare it with try 24 rules that no training saw: 2 to 4 minutes,replay); \
	$(call stage_of,8,a rule file decides whether the adapter is used: seconds,promote); \
	forge stage report || $(call stopped,demo,make demo); \
	forge audit --brief data/dataset
	@echo "  demo/outputs/report.html shows it all; next: look at demo/data/dataset, then make loop"

loop: setup ## the whole loop, from the scanner to a judged adapter
	@$(call beside,train eval,dvc repro --quiet watermark) || $(call stopped,loop,make loop)
	@forge model fetch smollm2-135m
	@dvc repro --quiet || $(call stopped,loop,dvc repro)
	@forge audit --brief data/dataset
	@[ -f outputs/report.html ] || forge stage report
	@echo "  outputs/report.html shows it all; next: forge serve stig-worker, or forge power"

clean: ## delete what can be made again; the store, datasets and worksets stay
	@rm -rf outputs build dist .pytest.log .pytest_cache .ruff_cache .import_linter_cache .import_linter.log .dvc/tmp
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
