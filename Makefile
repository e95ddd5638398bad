PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.PHONY: run check test all browser static ruff mypy scripts bench load requirements

# What Python has compiled is kept, whatever the environment says: the tests start it some hundred times.
export PYTHONDONTWRITEBYTECODE :=

run: .venv/run.stamp
	@echo "Glassbox: http://localhost:$(PORT)"
	@$(BIN)/streamlit run app.py --server.port $(PORT)

# What a browser did not show in time is tried once more, and listed: a busy machine must not fail a sound change.
AGAIN := --reruns 1 --only-rerun "Timeout [0-9]+ms exceeded|Locator expected" -r fER

PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest --dist loadfile --no-loadscope-reorder

# In one to two minutes: style, types, the fast tests; no browser.
check: .venv/test.stamp
	@$(MAKE) --no-print-directory static
	$(PYTEST) -n 2 -m "not slow and not thorough" --ignore tests/browser

# Before a commit: also the slow tests and the browser's, by three workers of whom two drive browsers
# (tests/scheduling.py). GLASSBOX_REQUIRE_BROWSER=1 makes a missing browser, or npm, a failure instead of a skip.
test: .venv/test.stamp browser
	@$(MAKE) --no-print-directory static
	$(PYTEST) -n 3 $(AGAIN) -m "not thorough"

# What CI runs: all of it. What is thorough asks every page for one thing, or trains from end to end.
all: .venv/test.stamp browser
	@$(MAKE) --no-print-directory static
	$(PYTEST) -n 3 $(AGAIN)

browser:
	@which chromium-headless-shell chromium chromium-browser 2>/dev/null | grep -q . || $(MAKE) --no-print-directory chromium

# What needs nothing to run, side by side.
static: .venv/test.stamp
	@$(MAKE) --no-print-directory -j3 ruff mypy scripts

ruff:
	$(BIN)/ruff check .

mypy:
	$(BIN)/mypy

# The scripts of assets/components: their types and their arithmetic, where there is npm.
scripts:
	@if command -v npm >/dev/null; then $(MAKE) -s node_modules/.package-lock.json && npm run --silent check && npm test --silent; \
	elif [ -n "$$GLASSBOX_REQUIRE_BROWSER" ]; then echo "The scripts of the components need npm to be checked."; exit 1; \
	else echo "The scripts of the components were not checked: there is no npm."; fi

node_modules/.package-lock.json: package-lock.json
	npm ci --silent --no-audit --no-fund
	@touch $@

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench

# A class of thirty on one server: the table that README shows.
load: .venv/test.stamp
	$(BIN)/python -m tests.bench.load

requirements:
	$(PYTHON) .ci/requirements.py

# Installed only when the list of packages has changed since.
.venv/run.stamp: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test.stamp: requirements-dev.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run.stamp

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The one without a window is lighter; distributions that do not have it have the whole.
.PHONY: chromium
chromium:
	@if ! command -v apt-get >/dev/null; then echo "The browser tests need Chromium: install it with your package manager."; \
	elif [ "$$(id -u)" = 0 ]; then $(call install_chromium,); \
	elif sudo -n true 2>/dev/null; then $(call install_chromium,sudo); \
	else echo "The browser tests need Chromium: sudo apt-get install chromium-headless-shell"; fi

install_chromium = $1 apt-get update -qq && { $1 apt-get install -y -qq --no-install-recommends chromium-headless-shell \
	|| $1 apt-get install -y -qq --no-install-recommends chromium; }
