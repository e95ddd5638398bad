PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.PHONY: run test bench

run: .venv/run.stamp
	@echo "Glassbox: http://localhost:$(PORT)"
	@$(BIN)/streamlit run app.py --server.port $(PORT)

# ruff, mypy, then every test. GLASSBOX_REQUIRE_BROWSER=1 makes a missing browser a failure instead of a skip.
test: .venv/test.stamp
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || $(MAKE) --no-print-directory chromium
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench

# Installed only when the list of packages has changed since.
.venv/run.stamp: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test.stamp: requirements-dev.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run.stamp

.venv/bin/python:
	$(PYTHON) -m venv .venv

.PHONY: chromium
chromium:
	@if ! command -v apt-get >/dev/null; then echo "The browser tests need Chromium: install it with your package manager."; \
	elif [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; \
	elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq --no-install-recommends chromium; \
	else echo "The browser tests need Chromium: sudo apt-get install chromium"; fi
