# Two commands do all set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
.PHONY: demo test docs dist findings web clean

demo: .venv/installed
	.venv/bin/relume enhance examples/*.jpg examples/*.png -o out --overwrite
	@echo "The enhanced pictures are in out/; the dark ones are in examples/."

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --constraint constraints.txt .
	@touch $@

test: .venv-test/installed
	PYTHON=.venv-test/bin/python scripts/check
	PYTHON=.venv-test/bin/python scripts/test

.venv-test/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# The documentation as a site in build/site; a broken link is an error.
docs: .venv-test/installed
	.venv-test/bin/python scripts/site.py
	.venv-test/bin/zensical build --clean --strict

# What a release consists of; built, described and tried.
dist: .venv-test/installed
	.venv-test/bin/python scripts/dist.py

# The page that works without a server, into web/dist; needs clang and wasm-ld.
web: .venv/installed
	.venv/bin/python web/build.py

# Surprises about other libraries, shown with those libraries alone; not part of `make test`.
findings:
	findings/run.sh

clean:
	rm -rf .venv .venv-test out build dist web/dist src/*.egg-info
