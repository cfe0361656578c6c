# make demo             see an outage from start to end, in one minute
# make test             all that must hold: linters, types, tests with the real NUT
# make lint             the linters and types alone
# make test-boot        scenes of a house's life on machines that really boot, as root
#                       (25 minutes); DEBIAN=12 instead of 13, SCENES="kill low" some
# make test-lowest      the quick tests with the oldest libraries that are allowed
# make system-packages  install NUT and what else the tests run (Debian, Ubuntu);
#                       make test does it where something is missing
# make deb              Debian's packages, into dist/; made in a tree of Debian 13, as
#                       root, that is fetched once (350 MB)
# make dist             what a release is: wheel, sdist, packages, checksums
# make bench            what the monitor costs, beside its budgets (20 minutes)
# make golden           rewrite what the tests compare with: test-data/, lists of the
#                       manual pages
# make lock             choose new versions of all that is installed
# make clean            remove what these made
#
# Needs python3 (3.11 or newer), its venv module (Debian: python3-venv) and make.

PYTHON ?= python3
VENV ?= .venv
# Most tests wait for NUT's own intervals, so more workers than cores pay.
WORKERS ?= 10

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
# What the demo runs, and what the tests run.
DEMO_PACKAGES := nut-server nut-client systemd man-db
PACKAGES ?= $(DEMO_PACKAGES) postgresql chromium chromium-driver python3-nut \
	mosquitto prometheus
BOOT_PACKAGES := mmdebstrap systemd-container iproute2
DEB_PACKAGES := mmdebstrap
DEBIAN ?= 13

# A virtual environment is bound to its folder and to the version of Python. The
# stamps carry both in their names: a folder that was moved or copied, or a new
# Python, builds a new one.
KEY := $(shell $(PYTHON) -c 'import os, sys, zlib; \
	print(zlib.crc32(repr((os.getcwd(), sys.version_info[:2])).encode()))')
MADE := $(VENV)/.made-$(KEY)
RUNTIME := $(VENV)/.runtime-$(KEY)
DEVELOP := $(VENV)/.develop-$(KEY)
ALONE := $(VENV)-alone/.made-$(KEY)

.PHONY: demo test lint test-lowest deb dist bench golden lock clean
.PHONY: system-packages nut nut-if-possible boot-if-possible deb-tools test-boot
.DELETE_ON_ERROR:
# What is compiled is kept: hundreds of commands start, and each would do it again.
unexport PYTHONDONTWRITEBYTECODE

demo: $(RUNTIME) nut-if-possible
	$(PY) -m nutbridge demo

# All tests are compiled once, and not by each worker.
test: $(DEVELOP) nut boot-if-possible lint
	@$(PY) -m pytest --collect-only -q >/dev/null || true
	$(PY) -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=

lint: $(DEVELOP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

test-boot: $(DEVELOP) nut boot-if-possible
	$(PY) -m tests.boot $(DEBIAN) $(SCENES)

# Best on an idle machine. BENCH_REF="bash /path/enphase-monitor" measures another
# monitor in turn with this one; PARTS=once only some parts (tests/bench/parts.py).
# In two environments: the monitor alone, and beside all extras.
bench: $(DEVELOP) $(ALONE) nut
	BENCH_RUNTIME=$(abspath $(VENV)-alone/bin/python) $(PY) -m tests.bench $(PARTS)

golden: $(DEVELOP)
	$(PY) -m pytest -q --update-golden

$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo 'nutbridge needs Python 3.11 or newer; PYTHON=... chooses one' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	$(SYSTEM_PACKAGES) PACKAGES=python3-venv || \
	{ echo 'the venv module of Python is missing: apt-get install python3-venv' >&2; \
	exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(RUNTIME): pyproject.toml | $(MADE)
	$(PIP) install -e '.[demo]'
	@$(PY) -m compileall -q nutbridge
	@touch $@

# What an installation has, for the benchmark.
$(ALONE): pyproject.toml requirements.lock | $(MADE)
	$(PYTHON) -m venv --clear $(VENV)-alone
	$(VENV)-alone/bin/python -m pip --disable-pip-version-check --quiet install \
	--require-hashes -r requirements.lock
	@$(VENV)-alone/bin/python -c 'import pathlib, sysconfig; \
	folder = pathlib.Path(sysconfig.get_path("purelib"), "nutbridge.pth"); \
	folder.write_text("$(CURDIR)\n", encoding="utf-8")'
	@touch $@

# With the runtime packages in it, so it serves the demo too.
$(DEVELOP): pyproject.toml requirements-dev.lock | $(MADE)
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@$(PY) -m compileall -q nutbridge
	@touch $(RUNTIME) $@

# Debian 13 keeps the drivers in /usr/lib/nut, Debian 12 in /lib/nut.
HAVE_NUT = PATH="$$PATH:/usr/sbin:/sbin:/lib/nut:/usr/lib/nut:/usr/libexec/nut"; \
	for tool in dummy-ups upsd upsc upsmon systemd-analyze; do \
	command -v $$tool >/dev/null || exit 1; done
# The tests show the man pages, run PostgreSQL and ask by NUT's Python module as well.
HAVE_ALL = $(HAVE_NUT) && command -v man >/dev/null && \
	command -v chromium >/dev/null && command -v chromedriver >/dev/null && \
	command -v mosquitto >/dev/null && command -v promtool >/dev/null && \
	/usr/bin/python3 -W ignore -c 'import PyNUT' 2>/dev/null && \
	{ command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1
# Said before anything is done; sudo asks for a password at a terminal only.
system-packages:
	@command -v apt-get >/dev/null || { echo 'no apt-get here' >&2; exit 1; }; \
	if test "$$(id -u)" = 0; then root= as='as root'; \
	elif test -t 0; then root=sudo as='as root, by sudo'; \
	else root='sudo -n' as='as root, by sudo'; fi; \
	echo "installs $(PACKAGES), and what these need, with apt-get $$as" && \
	$$root apt-get -qq update && \
	$$root env DEBIAN_FRONTEND=noninteractive \
	apt-get -qq -y install --no-install-recommends $(PACKAGES) >/dev/null

SYSTEM_PACKAGES = $(MAKE) --silent --no-print-directory system-packages

nut:
	@($(HAVE_ALL)) || $(SYSTEM_PACKAGES) || \
	{ echo 'the tests run the real NUT; install it first (Debian, Ubuntu:' \
	'apt-get install $(PACKAGES))' >&2; exit 1; }
	@($(HAVE_ALL)) || { echo 'NUT is installed, but not all of dummy-ups, upsd, upsc,' \
	'upsmon, systemd-analyze, man, chromium, mosquitto, promtool, initdb and PyNUT are found' >&2; exit 1; }

nut-if-possible:
	@($(HAVE_NUT)) || $(SYSTEM_PACKAGES) PACKAGES='$(DEMO_PACKAGES)' || \
	echo 'without NUT the demo shows the port file (apt-get install $(DEMO_PACKAGES))'

HAVE_BOOT = for tool in mmdebstrap systemd-nspawn ip; do \
	command -v $$tool >/dev/null || exit 1; done
boot-if-possible:
	@($(HAVE_BOOT)) || $(SYSTEM_PACKAGES) PACKAGES='$(BOOT_PACKAGES)' || \
	echo 'no machine is booted here (apt-get install $(BOOT_PACKAGES))'

deb-tools:
	@command -v mmdebstrap >/dev/null || $(SYSTEM_PACKAGES) PACKAGES='$(DEB_PACKAGES)' || \
	{ echo 'a tree of Debian is made by mmdebstrap (apt-get install $(DEB_PACKAGES))' >&2; \
	exit 1; }

deb: $(DEVELOP) deb-tools
	$(PY) -m tests.boot.package dist

# The lock of a release holds the wheel as well: one command installs both by hash.
dist: $(DEVELOP) deb-tools
	rm -rf dist
	$(PY) -m build --no-isolation --outdir dist
	cd dist && { cat ../requirements.lock; for wheel in *.whl; do \
	echo "./$$wheel --hash=sha256:$$(sha256sum $$wheel | cut -c 1-64)"; done; } \
	>requirements.lock
	$(PY) -m tests.boot.package dist
	cd dist && sha256sum -- * >SHA256SUMS
	@cat dist/SHA256SUMS

# The locks of an installation hold the versions that the tests ran with.
LOCK_TOOL := uv==0.13.8
LOWEST := $(VENV)-lowest
RUNTIME_EXTRAS := --extra demo --extra discovery --extra collector --extra web \
	--extra mqtt
# Where packages come from is uv's own setting (uv.toml, UV_DEFAULT_INDEX).
COMPILE = $(VENV)-lock/bin/uv pip compile --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock' --quiet pyproject.toml

# The runtime libraries in the lowest versions that pyproject.toml allows, the tools
# in those of the lock. typer 0.15.2 does not say that it needs click before 8.2.
# Of the tests those of what calls a library: the rest does not depend on versions.
# zeroconf 0.147 leaves sockets to the garbage collector, seen in whatever test runs then.
LOWEST_TESTS := $(addprefix tests/,cli collector daemon e2e net packaging readme \
	simulator tools web)
test-lowest: nut
	$(PYTHON) -m venv --clear $(LOWEST)
	$(LOWEST)/bin/python -m pip --quiet install --require-hashes -r requirements-dev.lock
	$(LOWEST)/bin/python -m pip --quiet install $(LOCK_TOOL)
	echo 'click<8.2' >$(LOWEST)/click.txt
	$(LOWEST)/bin/uv pip compile --quiet --resolution lowest-direct $(RUNTIME_EXTRAS) \
	--group build --constraints $(LOWEST)/click.txt --python $(LOWEST)/bin/python \
	--output-file $(LOWEST)/lowest.txt pyproject.toml
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python \
	-r $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip --quiet install --no-deps --no-build-isolation -e .
	$(LOWEST)/bin/python -m pytest -n $(WORKERS) --dist worksteal \
	-W ignore::pytest.PytestUnraisableExceptionWarning \
	-m 'not nut and not slow' $(LOWEST_TESTS)
	rm -rf $(LOWEST)

lock:
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --quiet install $(LOCK_TOOL)
	$(COMPILE) --upgrade $(RUNTIME_EXTRAS) \
	--group dev --output-file requirements-dev.lock
	$(COMPILE) --upgrade --constraints requirements-dev.lock \
	--extra discovery --group build --output-file requirements.lock
	$(COMPILE) --upgrade --constraints requirements-dev.lock \
	--extra discovery --extra collector --extra web --extra mqtt --group build \
	--output-file requirements-collector.lock
	rm -rf $(VENV)-lock

clean:
	rm -rf $(VENV) $(VENV)-lock $(VENV)-alone $(LOWEST) build dist .coverage .coverage.* .hypothesis \
	.mypy_cache .pytest_cache .ruff_cache
	find nutbridge tests -name __pycache__ -type d -prune -exec rm -rf {} +
