# Two commands for newcomers: `make demo`, then `make test`.
# target/release/penstock is the host, target/plugins/*.wasm are the plugins.

CARGO ?= cargo
# What a test failed for is the last that it says: an error's backtrace would be behind it, and says
# no more. That of a panic stays.
export RUST_LIB_BACKTRACE ?= 0
# Logic and guests are tested with debug assertions; what links librdkafka or wasmtime in the
# profile of the host, and apart from the rest, so that both are compiled once: a test's own
# dependencies would give them other features. In front of a broker a test mostly waits, so several
# run at once.
PURE = -p penstock-core -p penstock-engine -p penstock-simulation -p penstock-sdk \
	-p purchase-to-access -p progress-updates -p unruly
HEAVY = -p penstock -p penstock-admin-protocol -p penstock-kafka -p penstock-wasm \
	-p penstock-plugin-build -p penstock-bench -p penstock-fuzz

.PHONY: build demo test test-host test-tools test-clients test-languages soak simulate simulate-faults lint bench fuzz deny

build:
	@tools/prepare build
	$(CARGO) build --release -p penstock -p penstock-plugin-build
	target/release/penstock-plugin-build --yes

demo: build
	target/release/penstock demo

test: build lint
	@tools/prepare test
	$(CARGO) test $(PURE)
	$(CARGO) test --release $(HEAVY) -- --test-threads=4
	$(CARGO) test --release -p penstock-tests --no-run
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-host test-tools

# Two halves of the same length, each program of them with a broker of its own.
test-host:
	$(CARGO) test --release -p penstock-tests --lib --test broker --test kafka --test line \
		--test offsets -- --test-threads=4

test-tools:
	$(CARGO) test --release -p penstock-tests --test check --test conformance --test dlq \
		--test doctor --test plugin_cases --test secured --test tools -- --test-threads=4

# The doctor in front of clients of other makes: KafkaJS from npm, and Java's. Most of the time they
# are only waited for, so many run at once.
test-clients: build
	@tools/prepare clients
	$(CARGO) test --release -p penstock-tests --features clients --test clients -- \
		--test-threads=6 --show-output

# A plugin of each language, from an empty folder to a record that was handled; the SDKs' own tests;
# and the same cases through each language's conformance plugin.
test-languages: build
	@tools/prepare languages
	$(CARGO) test --release -p penstock-tests --features languages --test languages \
		--test conformance -- --test-threads=2 --show-output

# Chaos on a real broker: hosts and broker killed, frozen, restarted; MINUTES=10 lasts so long, and
# DELIVERY=exactly-once allows no repetition.
MINUTES ?= 2
DELIVERY ?= at-least-once
soak: build
	@tools/prepare test
	PENSTOCK_MINUTES=$(MINUTES) PENSTOCK_DELIVERY=$(DELIVERY) $(CARGO) test --release -p penstock-tests --features soak \
		--test soak -- --nocapture

# More histories than `make test` plays: docs/simulation.md.
SEEDS ?= 200000
FIRST ?= 10000
simulate:
	$(CARGO) run -p penstock-simulation -- --seeds $(SEEDS) --first $(FIRST)

# Puts mistakes into a copy of the sources, one after the other: the simulation finds each.
simulate-faults:
	tools/simulate-faults

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets \
		--features penstock-tests/clients,penstock-tests/languages,penstock-tests/soak -- \
		-D warnings

# Figures and a plot into docs/performance.md; needs a quiet machine and about an hour. Kafka Streams
# and KafkaJS, which do the same work beside us, come from Maven Central and npm.
bench: build
	@tools/prepare bench
	$(CARGO) build --release -p penstock-bench
	$(CARGO) run --release -p penstock-bench

# What is made of broken components, configurations and records: CONTRIBUTING.md. Minutes of each.
fuzz: MINUTES ?= 60
fuzz: build
	$(CARGO) build --release -p penstock -p penstock-plugin-build -p penstock-fuzz
	target/release/penstock-fuzz components --minutes $(MINUTES)
	target/release/penstock-fuzz configuration --minutes $(MINUTES)
	target/release/penstock-fuzz records --minutes $(MINUTES)

# Licences, bans and sources of all dependencies; needs `cargo install cargo-deny`.
deny:
	$(CARGO) deny check licenses bans sources
