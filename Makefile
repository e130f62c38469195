# make run        build the web app and the server and start it on the embedded store, in ./freshet-data
# make app        build the web app, where there is npm
# make test       everything that has to pass: lint, all tests with the race detector, the real clients
# make web        the packages in web: check them, build them and their reference, test them
# make screenshots    the pictures of the app in docs/img
# make crash      the crash test, for some minutes
# make soak       the convergence tests: SOAK runs of the Go client's, LIVES of the TypeScript client's
# make fuzz       every fuzz target, for FUZZTIME each
# make bench      the figures; BENCH="-quick" for small ones
# make bench-client   the figures of the TypeScript client in Chromium; BENCH="--quick" for small ones
# make bench-app  the figures of the web app in Chromium; BENCH="--quick" for few of each

GO          ?= go
FUZZTIME    ?= 30s
CRASHES     ?= 500
SOAK        ?= 100
LIVES       ?= 5000
BENCH       ?=
RUN         ?=
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOFUMPT     ?= mvdan.cc/gofumpt@v0.12.0

.DEFAULT_GOAL := build
.PHONY: build run app test lint wire web screenshots browser awscli bench bench-client bench-app fuzz crash soak clean

build:
	$(GO) build -o bin/freshet ./cmd/freshet

run: $(if $(wildcard web/app/dist/index.html),,app) build
	./bin/freshet serve $(RUN)

# The web app, which build takes in; without npm, or before there is one, the program shows a page in its place.
app:
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the web app is not built"; \
	elif [ -f web/app/package.json ]; then cd web && npm ci --no-audit --no-fund --loglevel=error && npm run build; fi

test: browser awscli wire web lint
	$(GO) test -race -timeout 10m ./...
	cd bench && $(GO) vet ./...

lint:
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@unformatted=$$($(GO) run $(GOFUMPT) -l .) && test -z "$$unformatted" || { echo "gofumpt -w has something to say about:"; echo "$$unformatted"; exit 1; }

# The client libraries that the wire tests drive; without npm those tests are skipped.
wire:
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the wire tests are skipped"; \
	elif [ -f test/wire/package.json ]; then cd test/wire && npm ci --no-audit --no-fund --loglevel=error; fi

# The TypeScript packages; their tests build the server and run it.
web:
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the packages in web are skipped"; \
	else cd web && npm ci --no-audit --no-fund --loglevel=error && npm run check && npm run build && npm run docs && npm test; fi

# The pictures of the app, each page of it on a phone and on a desktop; they build the server and the app. Where there is
# no pngquant they are larger, and without its fonts and languages the text is that of the machine.
screenshots: browser
	$(call installed,pngquant,pngquant fonts-inter chromium-l10n,smaller pictures)
	cd web && npm ci --no-audit --no-fund --loglevel=error && npm run build && npm run screenshots --workspace app
	@if command -v pngquant >/dev/null; then find docs/img -name '*.png' -exec pngquant --force --strip --skip-if-larger --quality 70-98 --ext .png {} \; ; fi

# installed PROGRAM PACKAGE TESTS: what tests drive besides, taken from Debian where it is absent and that can be done.
installed = @if command -v $(1) >/dev/null; then :; \
	elif [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then echo "$(1) is not installed, and only root on Debian can install it here: $(3) are skipped"; \
	elif apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(2); then :; \
	else echo "$(1) could not be installed: $(3) are skipped"; fi

# The browser that tests drive.
browser:
	$(call installed,chromium,chromium,the tests in a browser)

# The AWS command line.
awscli:
	$(call installed,aws,awscli,the tests with the AWS command line)

bench:
	cd bench && $(GO) run . $(BENCH)

bench-client: browser
	cd web && npm ci --no-audit --no-fund --loglevel=error && npm run build --workspace client
	cd bench/client && npm ci --no-audit --no-fund --loglevel=error && node main.js $(BENCH)

bench-app: browser app
	cd bench/app && npm ci --no-audit --no-fund --loglevel=error && node main.js $(BENCH)

fuzz:
	@set -e; for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

crash:
	CRASHES=$(CRASHES) $(GO) test -run '^TestCrash$$' -v -count=1 -timeout 60m ./test

soak:
	SOAK=$(SOAK) $(GO) test -run '^TestConvergence$$' -v -count=1 -timeout 120m ./test
	cd web/client && SEED=$${SEED:-$$(date +%s)} RUNS=$(LIVES) npx vitest run test/convergence

clean:
	rm -rf bin
