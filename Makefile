# `make run` serves the demo, `make test` runs every test. Both install what they need first.
.DEFAULT_GOAL := help
PORT ?= 8080
DEMO_PORT ?= 8081
HOST ?= 127.0.0.1
MINUTES ?= 10
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RELEASE := $(VENV)/release
EXTRACT := $(BIN)/pybabel -q extract --keyword gettext_noop --keyword wrong --no-location --sort-output --project samtykke --version 0.1
# What starts a browser or a server of its own for several tests runs in one process.
SPREAD := -n 3 --dist loadgroup
# Staff read these; visitors read every language that has a catalogue.
STAFF_LANGUAGES := nb|nn|en
CATALOGUES := $(wildcard translations/*/LC_MESSAGES/messages.po)

.PHONY: help
help: ## Say what each target does
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: run
run: $(VENV)/installed ## Serve the demo: PORT, DEMO_PORT and HOST choose where
	@$(BIN)/consent demo --host $(HOST) --port $(PORT) --demo-port $(DEMO_PORT)

.PHONY: test
test: $(VENV)/dev lint browser postgresql ## Run every test, in a real browser too; on PostgreSQL all that meets the database
	$(BIN)/python -m pytest $(SPREAD) --durations 10 $(ARGS)
	$(BIN)/python -m pytest $(SPREAD) --durations 10 --database postgresql -m "database or not (browser or same)" $(ARGS)

.PHONY: test-postgresql
test-postgresql: $(VENV)/dev browser postgresql ## Run every test on PostgreSQL, those of the banner's looks too
	$(BIN)/python -m pytest $(SPREAD) --database postgresql $(ARGS)

.PHONY: lint
lint: $(VENV)/dev node_modules/installed ## Check style, types, the names in the scripts, and licences
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHON=$(BIN)/python node_modules/.bin/eslint --max-warnings 0 static eslint.config.mjs
	$(BIN)/python -m release.licences --quiet

.PHONY: format
format: $(VENV)/dev ## Put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: browser
browser: $(VENV)/dev node_modules/installed
	$(BIN)/python tests/browser/install.py

.PHONY: postgresql
postgresql: $(VENV)/dev
	@$(BIN)/python tests/postgres.py

.PHONY: screenshots
screenshots: $(VENV)/dev browser ## Take the pictures of the docs anew
	$(BIN)/python docs/take_screenshots.py

.PHONY: bench
bench: $(VENV)/dev postgresql wrk ## Measure the server's hot paths beside a bare Flask view, on SQLite and PostgreSQL
	$(BIN)/python -m benchmarks.server --markdown docs/benchmarks.md $(ARGS)

.PHONY: bench-growth
bench-growth: $(VENV)/dev postgresql wrk ## Measure the same with ever more decisions, up to ten million; takes an hour
	$(BIN)/python -m benchmarks.growth --markdown docs/benchmarks-growth.md $(ARGS)

.PHONY: bench-visits
bench-visits: $(VENV)/dev postgresql wrk ## Count a day of a million page views, and ask about a year of such days
	$(BIN)/python -m benchmarks.year --markdown docs/benchmarks-visits.md $(ARGS)

.PHONY: bench-log
bench-log: $(VENV)/dev ## Import a log of a million lines, and say how much CPU time it took
	$(BIN)/python -m benchmarks.log $(ARGS)

.PHONY: bench-dashboard
bench-dashboard: $(VENV)/dev postgresql ## Ask for every staff page of sixty sites with a year of figures
	$(BIN)/python -m benchmarks.dashboard --markdown docs/benchmarks-dashboard.md $(ARGS)

.PHONY: soak
soak: $(VENV)/dev postgresql wrk ## Keep the server busy for ten minutes, and see whether it grows or loses anything
	$(BIN)/python -m benchmarks.soak $(ARGS)

.PHONY: licences
licences: $(VENV)/dev ## List the licence of every dependency
	@$(BIN)/python -m release.licences

.PHONY: release-check
release-check: $(RELEASE)/installed ## Build a release, try it in a blank environment, and say what comes next
	@$(RELEASE)/bin/python -m release.check

.PHONY: sbom
sbom: $(RELEASE)/installed ## Write a bill of materials (CycloneDX) of the server to dist/
	@$(RELEASE)/bin/python -m release.sbom

.PHONY: audit
audit: $(RELEASE)/installed ## Look up known vulnerabilities of every dependency
	$(RELEASE)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock
	$(RELEASE)/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.lock
	npm audit --package-lock-only
	npm audit --package-lock-only --prefix benchmarks

# atheris has wheels for some systems only, and is needed by nothing else.
.PHONY: fuzz
fuzz: $(VENV)/dev ## Fuzz every parser, the API and the hot paths: ten minutes, or MINUTES
	@$(BIN)/python -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes \
	  -r requirements-fuzz.lock 2> /dev/null || true
	$(BIN)/python -m fuzz run --minutes $(MINUTES) $(ARGS)

.PHONY: wrk
wrk:
	@command -v wrk > /dev/null || apt-get install -y -qq wrk || { echo "Install wrk first."; exit 1; }

.PHONY: bench-banner
bench-banner: $(VENV)/dev browser ## Measure the banner beside its peers, in Chromium
	npm ci --prefix benchmarks --silent --no-audit --no-fund
	$(BIN)/python -m benchmarks.banner --markdown docs/benchmarks-banner.md $(ARGS)

.PHONY: messages
messages: $(VENV)/dev ## Bring the catalogues up to the texts in the code
	@$(EXTRACT) -F babel.cfg -o translations/messages.pot .
	@$(EXTRACT) -F babel-visitors.cfg -o translations/visitors.pot .
	@for po in translations/*/LC_MESSAGES/messages.po; do \
	  language=$$(basename $$(dirname $$(dirname $$po))); \
	  case $$language in $(STAFF_LANGUAGES)) pot=messages;; *) pot=visitors;; esac; \
	  $(BIN)/pybabel -q update -i translations/$$pot.pot -d translations -l $$language \
	    --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date || exit 1; \
	done

.PHONY: lock
lock: $(VENV)/dev ## Choose the newest versions that pyproject.toml allows
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml --all-extras -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml --all-extras --group dev -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --upgrade --group fuzz -o requirements-fuzz.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --upgrade --group release -o requirements-release.lock

# The newest packages are those of the lists, and of the headers that the tests try them with.
.PHONY: robots
robots: $(VENV)/dev ## Fetch the newest list of robots, and test it with the newest headers
	npm install --save-dev --silent --no-audit --no-fund isbot@latest top-user-agents@latest user-agents@latest
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header --upgrade-package crawler-user-agents pyproject.toml --all-extras --group dev -o requirements-dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python update_robots.py
	$(BIN)/python -m pytest tests/counting/test_robots.py

.PHONY: clean
clean: ## Remove what was installed and made, the demo's data too
	rm -rf $(VENV) node_modules demo-data build dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Install Python's venv first: apt-get install python3-venv"; exit 1; }

$(VENV)/installed: $(VENV)/bin/python requirements.lock pyproject.toml $(CATALOGUES)
	@echo "Installing (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/dev: $(VENV)/installed requirements-dev.lock
	@echo "Installing what the tests need (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Apart from the tests', since both need packages of the same names in versions of their own.
$(RELEASE)/installed: $(VENV)/bin/python requirements-release.lock
	@echo "Installing what a release needs (once)"
	@$(BIN)/python -m venv $(RELEASE)
	@$(RELEASE)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-release.lock
	@touch $@

node_modules/installed: package-lock.json
	@command -v npm > /dev/null || { apt-get update -qq && apt-get install -y -qq npm; } \
	  || { echo "Install Node.js and npm first; only the tests and the linter need them."; exit 1; }
	npm ci --silent --no-audit --no-fund
	@touch $@
