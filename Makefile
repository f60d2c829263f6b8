# Every target says what it does: `make` or `make help` lists them.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
TOOLS   := $(CURDIR)/.ci/bin
LDFLAGS := -ldflags "-X main.version=$(VERSION)"

.PHONY: help build run test check bench lint breaking released generate tools fuzz clean reliability reliability-pr

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build the host into bin/ and the plugins into bin/plugins/
	@mkdir -p bin/plugins
	$(GO) build $(LDFLAGS) -o bin/ ./app/cartage
	$(GO) build -o bin/plugins/ $$($(GO) list -f '{{if eq .Name "main"}}{{.ImportPath}}{{end}}' ./plugins/...)

run: build ## build and start the host in development mode with config/demo.yaml
	./bin/cartage dev --config config/demo.yaml

test: ## pass every test (those that need a browser run where there is one)
	$(GO) test ./...

check: build ## check config/demo.yaml and start each of its plugins once
	./bin/cartage check --dev --config config/demo.yaml

bench: ## compare the plugin process with the same adapter in process, show how a host answers a busy day's mix, and compare redemptions that share a sync of the disk with ones that do not
	$(GO) run ./app/e2e/bench
	$(GO) test ./adapters/store/sqlite -run '^$$' -bench 'Redeem|Sync' -cpu 2

PROOFS := 'TestPower|TestDiskFails|TestRaces|TestBitRot|TestEdits|TestNobodyActsOnRot|TestVerifySpeed'

reliability-pr: ## prove in short that no point is lost or doubled: crash loop, points elsewhere, storm of webhooks, loss of power, rot, model check, every order of news (under five minutes)
	$(GO) test -count=1 -v -timeout 5m ./app/e2e/reliability -run TestCrashLoop -kills 60
	$(GO) test -count=1 -v -timeout 5m ./app/e2e/reliability -run TestPointsElsewhere -kills 20
	$(GO) test -count=1 -v -timeout 5m ./app/e2e/reliability -run TestWebhookStorm -orders 5000
	$(GO) test -count=1 -v -timeout 5m ./core/loyalty -run TestModel -states 400000
	$(GO) test -count=1 -v -timeout 5m ./app/e2e -run 'TestNewsInAnyOrder|TestOrderPaysOnce|TestHoldsRunOut'
	$(GO) test -count=1 -v -timeout 5m ./adapters/store/sqlite -run $(PROOFS)

reliability: reliability-pr ## the same in full, with bugs planted to prove the proofs; about an hour
	$(GO) test -count=1 -v -timeout 60m ./app/e2e/reliability -run TestCrashLoop -kills 2000
	$(GO) test -count=1 -v -timeout 30m ./app/e2e/reliability -run TestPointsElsewhere -kills 300
	$(GO) test -count=1 -v -timeout 30m ./app/e2e/reliability -run TestWebhookStorm -orders 100000
	$(GO) test -count=1 -v -timeout 30m ./core/loyalty -run TestModel -states 4000000
	$(GO) test -count=1 -v -timeout 60m ./app/e2e/reliability -run TestSeededBugs -seeds
	$(GO) test -count=1 -v -timeout 30m ./adapters/store/sqlite -run $(PROOFS) -full

lint: tools breaking ## vet, format and lint, import rules included
	$(GO) vet ./...
	$(TOOLS)/golangci-lint run ./...
	cd plugins/protocol && $(TOOLS)/buf lint && $(TOOLS)/buf format --diff --exit-code

breaking: tools ## refuse a change of the plugin protocol that breaks a plugin of the last release
	sh .ci/breaking.sh $(TOOLS)

released: breaking ## renew what breaking compares with; for a release, or when an addition is promised
	cp plugins/protocol/v1/backend.proto plugins/protocol/testdata/released/v1/

generate: tools ## make the generated code again from plugins/protocol/v1/*.proto
	cd plugins/protocol && PATH="$(TOOLS):$$PATH" $(TOOLS)/buf generate

fuzz: ## run every fuzz target for FUZZTIME (default 5s)
	@GO=$(GO) sh .ci/fuzz.sh $(or $(FUZZTIME),5s)

tools: ## install the pinned tools into .ci/bin
	@GO=$(GO) sh .ci/tools.sh $(TOOLS)

clean: ## remove what was built; data/ is left alone
	rm -rf bin
