# Every command that a developer needs. `make` alone lists them.

PORT ?= 4000
# Options of the benchmark: make bench BENCH='--seconds 10 --rounds 5'
BENCH ?=
# Steps of the tests: make test STEPS='units faults'
STEPS ?=
TARGET = $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.PHONY: help run test bench lint site clean

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

run: ## Build Tollgate and start it on http://127.0.0.1:4000, with a call to try
	@PORT=$(PORT) deploy/local.sh

test: ## Run all tests (STEPS='site units docs binary python api node faults browser' to choose)
	@.ci/test $(STEPS)

bench: ## Measure Tollgate against nginx and no proxy at all; needs wrk and nginx
	@bash -c '. .ci/lib.sh; need_rust; debian_packages wrk=wrk nginx=nginx-light python3=python3'
	cargo build --release -p tollgate -p tollgate-mock-provider
	@PATH="$$PATH:/usr/sbin" TOLLGATE_BIN=$(TARGET)/release/tollgate TOLLGATE_MOCK_BIN=$(TARGET)/release/tollgate-mock-provider \
		TOLLGATE_PROBE_BIN=$(TARGET)/release/tollgate-stream-probe python3 end2end/bench/bench.py $(BENCH)

lint: ## Check format, clippy (native and in the browser), documentation, scripts
	@.ci/lint

site: ## Build the dashboard's browser half into target/site
	@bash -c '. .ci/lib.sh; need_rust; need_wasm'
	@PATH="$(CURDIR)/target/tools/bin:$$PATH" app/build.sh

clean: ## Remove what was built (data/ stays)
	cargo clean
	rm -rf end2end/.venv end2end/.venv-frameworks end2end/node_modules end2end/test-results end2end/playwright-report
