# The commands of a working day. `make help` lists them.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Steps share one target folder and one machine; cargo spreads the work itself.
.NOTPARALLEL:

CARGO ?= cargo
# Where cargo puts what it builds.
TARGET := $(or $(CARGO_TARGET_DIR),target)
# In a terminal the demo stays up to be explored; elsewhere, and with --exit, it ends once the attacks are caught.
DEMO_ARGS ?=

DENY_VERSION := 0.20.2
DENY_ROOT := .tools/cargo-deny-$(DENY_VERSION)
DENY := $(or $(shell command -v cargo-deny 2>/dev/null),$(DENY_ROOT)/bin/cargo-deny)

# Ordinary builds take the committed descriptions of the queries, whatever database the environment names.
export SQLX_OFFLINE := true

SCHEMATHESIS_VERSION := 4.32.5
SCHEMATHESIS_ROOT := .tools/schemathesis-$(SCHEMATHESIS_VERSION)
SCHEMATHESIS := $(SCHEMATHESIS_ROOT)/bin/schemathesis

.PHONY: help demo test web test-api bench-rest lint fmt deny docs prepare packages-demo packages-test packages-bench cargo

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: packages-demo web ## A server, a simulated fleet, three attacks and their verdicts
	$(CARGO) build --locked --profile demo -p tacit-server -p tacit-agent -p tacit-lab --bins
	$(TARGET)/demo/tacit-lab demo $(DEMO_ARGS)

test: packages-test web lint deny docs ## Everything that is checked; what CI runs
	@# The end-to-end tests start the binaries; all targets at once, so that nothing is built with two sets of features.
	$(CARGO) build --locked --workspace --all-targets
	$(CARGO) test --locked --workspace
	$(MAKE) test-api

test-api: $(SCHEMATHESIS) ## The REST API against its own description, with made-up requests
	SCHEMATHESIS=$(CURDIR)/$(SCHEMATHESIS) $(CARGO) test --locked --workspace --test all -- --ignored made_up_requests

bench-rest: packages-bench web ## Answers a second of the REST API with a million verdicts stored
	$(CARGO) build --locked --profile demo -p tacit-server
	deploy/dev/bench-rest

web: ## The dashboard, built into server/web/dist, from where the server's build takes it
	@deploy/dev/build-web

lint: packages-test ## Formatting, purity of the pure crates, clippy, freshness of .sqlx
	$(CARGO) fmt --all --check
	deploy/dev/check-pure
	deploy/dev/with-postgres deploy/dev/queries check \
		$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

fmt: cargo ## Format the code
	$(CARGO) fmt --all

deny: $(DENY) ## Licences, banned crates and sources of the dependencies
	$(DENY) --all-features check --hide-inclusion-graph licenses bans sources

docs: cargo ## The API documentation, without a warning
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --locked --workspace --no-deps --document-private-items

prepare: packages-test ## Make .sqlx anew after a change of queries or migrations
	deploy/dev/with-postgres deploy/dev/queries write $(CARGO) check --locked --workspace --all-targets

packages-demo: cargo
	@deploy/dev/install-packages demo

packages-bench: cargo
	@deploy/dev/install-packages bench

packages-test: cargo
	@deploy/dev/install-packages test
	@server/tests/install oidc
	@server/tests/install judges

cargo:
	@command -v $(CARGO) >/dev/null || { echo "Rust is missing: see https://rustup.rs, then open a new shell" >&2; exit 1; }

# Kept outside target/, so that cleaning does not cost it.
$(DENY_ROOT)/bin/cargo-deny: | packages-test
	$(CARGO) install --locked --debug --no-default-features --root $(DENY_ROOT) --version $(DENY_VERSION) cargo-deny

$(SCHEMATHESIS): | packages-test
	python3 -m venv $(SCHEMATHESIS_ROOT)
	$(SCHEMATHESIS_ROOT)/bin/pip install --quiet --disable-pip-version-check schemathesis==$(SCHEMATHESIS_VERSION)
