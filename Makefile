# Everything here is a short name for a command that also works without make.
GO ?= go

.PHONY: all build test lint bench agreement fuzz generate clean

all: build

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bpflockcheck ./cmd/bpflockcheck

# Every test; installs what they need when run as root on Debian.
test:
	scripts/test

lint:
	golangci-lint run ./...

# The benchmarks, and the time of clang -fsyntax-only on the same unit beside
# this tool's.
bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The rules' predictions against the kernel's verifier, and the front ends
# against one another, over the kernel's own BPF tests: see docs/agreement.md.
agreement:
	scripts/agreement

# Ten seconds for every fuzz target.
fuzz:
	@for pkg in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "== $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime 10s $$pkg || exit 1; \
		done; \
	done

generate:
	$(GO) run ./internal/gen/docs docs/rules
	$(GO) run ./cmd/bpflockcheck config schema > docs/config.schema.json

clean:
	rm -rf bpflockcheck dist .cache
