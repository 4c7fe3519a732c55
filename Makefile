# Everything starts from one of: make demo, make test. Other targets: slow, browser, fuzz, lint, types, docs, benchmark, chaos, clean.
# PYTHON: the interpreter that .venv is made with, 3.11, 3.12 or 3.13; e.g. make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := bench-demo
TESTS := -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart=0 -m "not slow and not browser"

.DEFAULT_GOAL := help
.PHONY: help demo test coverage slow browser fuzz every-eval-ever lint types docs rooms benchmark chaos clean

help:
	@echo "make demo                 install, and run a first study on built-in synthetic clips"
	@echo "make test                 install, and run the tests"
	@echo "make coverage             the same with the lines counted that they run; fails below 90 %"
	@echo "make slow                 the tests that take long, half a minute or more each"
	@echo "make browser              open the HTML pages in the system's chromium, with a check of accessibility; pictures in build/browser"
	@echo "make fuzz                 give the readers 10,000 damaged files and odd texts"
	@echo "make every-eval-ever      validate a bundle's files of Every Eval Ever by its own package"
	@echo "make lint, make types     ruff, mypy"
	@echo "make docs                 README, docs/ and reports/ as a site in build/site; a broken link fails it"
	@echo "make rooms                modules, lines and import floors of the folders of harness/"
	@echo "make benchmark DATA=DIR   measure speed; DIR holds CREMA-D"
	@echo "make chaos                kill workers and coordinators 200 times and count what is lost; about half an hour"
	@echo "make clean                remove what these targets made, .venv included"

# The stamps hold back a second installation until what is installed changes.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "bench needs Python 3.11, 3.12 or 3.13 (TensorFlow has no wheels for 3.14), and $(PYTHON) is $$($(PYTHON) --version 2>&1):" \
	         "make demo PYTHON=python3.12, for example"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . -c constraints.txt
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	@touch $@

demo: $(VENV)/installed
	$(BIN)/bench run --study quickstart --home $(DEMO)
	@echo "bench is $(BIN)/bench; '. $(BIN)/activate' makes it a command"

# A worker that crashes ends the run with the name of its test: pytest-xdist, which would start another, then waits for ever.
test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(TESTS)

# Coverage's tracer takes two thirds more processor time, before Python 3.12.
coverage: $(VENV)/installed-dev
	COVERAGE_CORE=$$($(BIN)/python -c 'import sys; print("sysmon" if sys.version_info >= (3, 12) else "ctrace")') \
	  $(BIN)/python -m pytest $(TESTS) --cov=harness --cov=registry --cov-report=term --cov-fail-under=90

slow: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadgroup --max-worker-restart=0 -m slow

# The browser is the system's own: none is downloaded. Pictures of the pages lie in build/browser afterwards.
browser: $(VENV)/installed-browser
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null || \
	  { echo "there is no chromium on this machine: install it with the system's packages, for example by 'apt install chromium'"; exit 1; }
	$(BIN)/python -m pytest -m browser tests/browser

$(VENV)/installed-browser: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[browser]' -c constraints.txt
	@touch $@

# 700 of each kind of input, of some kinds several: 10,000 in all. Prints how many.
fuzz: $(VENV)/installed-dev
	BENCH_FUZZ=700 $(BIN)/python -m pytest tests/system/test_fuzz.py -s

# The tests of speech_encoder, in an environment of their own: PyTorch takes a gigabyte.
encoders: $(VENV)/installed-encoders
	$(VENV)-encoders/bin/python -m pytest tests/registry/feature_spaces/test_speech_encoder.py

$(VENV)/installed-encoders: pyproject.toml constraints.txt
	test -x $(VENV)-encoders/bin/python || $(PYTHON) -m venv $(VENV)-encoders
	$(VENV)-encoders/bin/python -m pip install --quiet --disable-pip-version-check -e '.[encoders]' pytest -c constraints.txt
	@mkdir -p $(VENV) && touch $@

# The package of Every Eval Ever reads the files of a bundle. It asks for an older rich and for Python 3.12, and needs neither for that.
every-eval-ever: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python --upgrade \
	  --target build/every-eval-ever every-eval-ever==0.3.0
	PYTHONPATH=build/every-eval-ever $(BIN)/python -m pytest tests/harness/evaluation/test_every_eval_ever.py

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .

types: $(VENV)/installed-dev
	$(BIN)/mypy

# Strict: a link that leads nowhere is an error. Nothing is fetched, neither here nor by the pages.
docs: $(VENV)/installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet --config-file docs/mkdocs.yml
	@echo "open build/site/index.html; its search needs a server: python -m http.server -b 127.0.0.1 -d build/site"

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]' -c constraints.txt
	@touch $@

rooms:
	@$(PYTHON) tests/support/source_trees.py

# Each script prints a table and fails when it misses a target; all of them are run before make fails.
benchmark: $(VENV)/installed
	@test -d "$(DATA)" || { echo "say where CREMA-D lies: make benchmark DATA=DIR"; exit 1; }
	@missed=""; for script in $$(grep -l __main__ tests/benchmarks/*.py); do \
	  data=""; if grep -q -e '"--data"' "$$script"; then data=1; fi; \
	  echo "== $$script"; $(BIN)/python "$$script" $${data:+--data "$(DATA)"} || missed="$$missed $$script"; \
	done; test -z "$$missed" || { echo "targets missed:$$missed"; exit 1; }

chaos: $(VENV)/installed-dev
	$(BIN)/python tests/support/chaos.py --seed 0 --kills 200

clean:
	rm -rf $(VENV) $(DEMO) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
