# GNU make; needs Go, make and git. Modules are downloaded by Go itself when they are missing.
# `make help` lists what there is; what stands after ## is its text.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Binaries depend on their sources alone, not on the folder (-trimpath) or the commit (-buildvcs=false, which also builds in a
# checkout that another user owns): rebuilding an unchanged plugin gives the same bytes, and the same bytes cost no restart.
GOBUILD := go build -trimpath -buildvcs=false -ldflags='-s -w'

# Every sample that is a program, but for crasher: it misbehaves on request, and only the tests request it.
PLUGINS := $(filter-out crasher,$(patsubst sample-plugins/%/main.go,%,$(wildcard sample-plugins/*/main.go)))

# All packages of all modules of go.work, as patterns.
EVERYTHING = $$(go list -m -f '{{.Dir}}/...')

FUZZTIME ?= 5m
STATICCHECK ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
BENCHSTAT ?= golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

# What make bench-compare compares with, what it runs, how often and for how long each time.
BASE ?= HEAD
BENCH ?= .
COUNT ?= 6
BENCHTIME ?= 100ms

# What the demonstration makes a site of.
SOURCES = $(wildcard *.md docs cmd/hotplug/*.md sample-plugins/*.md examples/site/*.md)

.PHONY: demo
demo: plugins ## build a site with the sample plugins into build/site, then serve it while a plugin is replaced by better and worse ones
	@echo "demo: build the site program"
	@$(GOBUILD) -o build/site-program ./examples/site
	@echo "demo: write build/site"
	@build/site-program build -demo -modcache -title hotplug -plugins build/plugins -state build/state -out build/site $(SOURCES)
	@echo "demo: build two releases of markdown: one with another look, one that crashes at its first call"
	@mkdir -p build/demo
	@sed 's/"version": "1.0.0"/"version": "1.1.0"/' sample-plugins/markdown/plugin.json >build/demo/plugin.json
	@printf '{"Replace": {"%s": "%s"}}' "$(CURDIR)/sample-plugins/markdown/plugin.json" "$(CURDIR)/build/demo/plugin.json" >build/demo/overlay.json
	@$(GOBUILD) -overlay build/demo/overlay.json -ldflags='-s -w -X main.permalink=§' -o build/demo/other ./sample-plugins/markdown
	@$(GOBUILD) -o build/demo/faulty ./examples/site/internal/faulty
	@build/site-program rehearse -other build/demo/other -faulty build/demo/faulty -title hotplug -plugins build/plugins -state build/state $(SOURCES)

.PHONY: test
test: ## run every test that needs nothing but Go, in all modules
	@echo "test: all modules"
	@go test $(EVERYTHING)

.PHONY: test-all
test-all: languages test conformance ## run test, with the plugins in other languages (needs node, python3 and cc), and conformance

# Which tests need them and say so by being skipped; with these, nothing is.
.PHONY: languages
languages:
	@for tool in node python3 cc; do command -v $$tool >/dev/null || { echo "make: no $$tool in PATH: the plugins in other languages cannot be tested; install it, or run make test" >&2; exit 1; }; done
	@echo "languages: node $$(node --version), $$(python3 --version), cc $$(cc -dumpversion)"
	@go test -run 'InAnotherLanguage|OtherLanguages|PluginInC' -count=1 ./e2e ./internal/conformance

.PHONY: conformance
conformance: build build/plugins/counter/plugin.json ## check the samples against the protocol and write what that prints into docs/conformance.md
	@echo "conformance: docs/conformance.md"
	@$(GOBUILD) -o build/conformist ./e2e/internal/conformist
	@go run -buildvcs=false ./internal/tools/printed docs/conformance.md

.PHONY: race
race: ## run the same tests under the race detector (needs a C compiler)
	@echo "race: all modules"
	@CGO_ENABLED=1 go test -race $(EVERYTHING)

.PHONY: vet
vet: ## gofmt, go vet for three systems, staticcheck, go mod tidy: changes nothing
	@echo "vet: gofmt"
	@unformatted=$$(find . -path ./build -prune -o -name '*.go' -exec gofmt -l {} +); test -z "$$unformatted" || { echo "gofmt would change:"; echo "$$unformatted"; exit 1; }
	@for os in linux darwin windows; do echo "vet: go vet for $$os"; GOOS=$$os go vet $(EVERYTHING); done
	@echo "vet: staticcheck"
	@go run $(STATICCHECK) $(EVERYTHING)
	@go list -m -f '{{.Dir}}' | while read -r dir; do echo "vet: go mod tidy in $$dir"; (cd "$$dir" && go mod tidy -diff); done

# The targets are found by their test binaries; only packages with one are built. What go writes of a finding is newer than the stamp.
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME=5m each, one at a time; stops at a finding and says what to do
	@mkdir -p build && touch build/fuzz.stamp
	@dirs=$$(grep -rlE --include='*_test.go' --exclude-dir=build '^func Fuzz' . | xargs -n 1 dirname | sort -u); \
	go test -list='^Fuzz' $$dirs | awk '/^Fuzz/ {names[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, names[i]; n = 0}' >build/fuzz.targets
	@test -s build/fuzz.targets || { echo "fuzz: no target was found" >&2; exit 1; }
	@while read -r package target; do \
		echo "fuzz: $$package $$target for $(FUZZTIME)"; \
		go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=1x "$$package" </dev/null && continue; \
		found=$$(find "$$(go list -f '{{.Dir}}' "$$package")" -path "*/testdata/fuzz/$$target/*" -newer build/fuzz.stamp 2>/dev/null | head -n 1); \
		test -n "$$found" || { echo "fuzz: $$target did not run, or an input that is checked in fails: go test -run='^$$target\$$' $$package" >&2; exit 1; }; \
		echo "fuzz: FOUND $$found" >&2; \
		echo "fuzz: 1. see it fail: go test -run='^$$target\$$/$$(basename "$$found")' $$package" >&2; \
		echo "fuzz: 2. fix what is wrong, with a test by name  3. check the file in: it is part of the corpus, and make test runs it" >&2; \
		exit 1; \
	done <build/fuzz.targets
	@echo "fuzz: $$(wc -l <build/fuzz.targets) targets, no finding"

.PHONY: plugins
plugins: $(PLUGINS:%=build/plugins/%/plugin.json) ## build the sample plugins into build/plugins, ready for a host
	@for dir in build/plugins/*/; do case " $(PLUGINS) " in *" $$(basename "$$dir") "*) ;; *) echo "plugins: remove $$dir"; rm -rf "$$dir"; esac; done

build/plugins/%/plugin.json: FORCE
	@echo "plugins: $*"
	@mkdir -p build/plugins/$*
	@$(GOBUILD) -o build/plugins/$*/$* ./sample-plugins/$*
	@cmp -s sample-plugins/$*/plugin.json $@ || cp sample-plugins/$*/plugin.json $@

.PHONY: build
build: ## build the command into bin/hotplug
	@echo "build: bin/hotplug"
	@$(GOBUILD) -o bin/hotplug ./cmd/hotplug

.PHONY: size
size: build/plugins/counter/plugin.json ## print the size of the smallest plugin and the time to its first reply
	@go run -buildvcs=false ./internal/tools/firstcall build/plugins/counter/counter

.PHONY: footprint
footprint: build/plugins/counter/plugin.json ## write what make size prints into docs/footprint.md
	@{ printf '# Footprint\n\nThe smallest plugin (the counter sample): its stripped binary, and the time from the call of `host.Start` to its first\nreply. `make footprint` wrote this page; `make size` prints the line on your machine.\n\n    '; \
	go run -buildvcs=false ./internal/tools/firstcall build/plugins/counter/counter; \
	printf '\nHost and plugin ran free on %s cores (%s), %s, %s.\nThe machine is shared: the spread is part of the answer.\n' \
		"$$(nproc)" "$$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$$(uname -sr)" "$$(go env GOVERSION)"; } >build/footprint.md
	@mv build/footprint.md docs/footprint.md
	@cat docs/footprint.md

.PHONY: soak
soak: ## reload, break, kill and stop plugins under load for SOAK=2 minutes; ends with one line of JSON
	@$(GOBUILD) -o build/soak ./e2e/internal/soak
	@build/soak

.PHONY: soak-page
soak-page: ## write what make soak prints into docs/soak.md, if it is ok
	@$(GOBUILD) -o build/soak ./e2e/internal/soak
	@build/soak >build/soak.json || { cat build/soak.json; exit 1; }
	@{ cat e2e/internal/soak/page.md; printf '\n```json\n'; sed -E 's/,"(p99|max)"/,#\1"/g; s/,"/,\n "/g; s/,#(p99|max)"/,"\1"/g' build/soak.json; printf '```\n\nHost, callers and plugins shared %s cores (%s), %s, %s.\nThe machine is shared with others, too.\n' \
		"$$(nproc)" "$$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$$(uname -sr)" "$$(go env GOVERSION)"; } >build/soak.md
	@mv build/soak.md docs/soak.md

# Torture, its plugin without the race detector, whose memory no limit would suffice for, and the plugin that breaks the protocol.
.PHONY: build/torture
build/torture:
	@if go env CGO_ENABLED | grep -q 1 && command -v $$(go env CC) >/dev/null; then go build -race -buildvcs=false -o build/torture ./e2e/internal/torture; \
	else echo "torture: no C compiler, so no race detector"; $(GOBUILD) -o build/torture ./e2e/internal/torture; fi
	@$(GOBUILD) -o build/torture-plugin ./e2e/internal/torture
	@$(GOBUILD) -o build/torture-hostile ./e2e/internal/hostile

.PHONY: torture
torture: build/torture ## do to plugins whatever can be done to them, at random, for TORTURE=3 minutes (SEED=n: in that order); ends with one line of JSON
	@build/torture

.PHONY: torture-page
torture-page: build/torture ## write what make torture prints into docs/torture.md, if it is ok
	@build/torture >build/torture.json || { cat build/torture.json; exit 1; }
	@{ cat e2e/internal/torture/page.md; printf '\n```json\n'; sed -E 's/,"/,\n "/g' build/torture.json; printf '```\n\nHost, callers and plugins shared %s cores (%s), %s, %s.\n' \
		"$$(nproc)" "$$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$$(uname -sr)" "$$(go env GOVERSION)"; } >build/torture.md
	@mv build/torture.md docs/torture.md

.PHONY: reliability
reliability: ## break every rule of the protocol, from both sides, and write what held into docs/reliability.md
	@mkdir -p build && rm -f build/faults.jsonl
	@E2E_RECORD=$(CURDIR)/build/faults.jsonl go test -count=1 -run 'Withstands|Turns|HandsDown' ./e2e
	@go run -buildvcs=false ./internal/tools/printed docs/reliability.md

.PHONY: bench
bench: build/bench ## compare hotplug with its peers (about 10 minutes) and write docs/benchmarks.md
	@build/bench run -out bench/results.json
	@build/bench page

.PHONY: bench-page
bench-page: build/bench ## write docs/benchmarks.md again from bench/results.json and bench/page.md
	@build/bench page

.PHONY: bench-quick
bench-quick: build/bench ## see that all of that runs, and that calls allocate no more than they did: under 2 minutes
	@build/bench run -quick

.PHONY: build/bench
build/bench:
	@echo "bench: build"
	@$(GOBUILD) -o build/bench ./bench

# The benchmarks of the root module that both have, built once each, and run by turns. Nothing stays in git of the other worktree.
.PHONY: bench-compare
bench-compare: ## compare the benchmarks of packages with those of BASE=rev, by benchstat
	@rm -rf build/compare && mkdir -p build/compare && git worktree prune
	@git worktree add --quiet --detach build/compare/base $(BASE)
	@trap 'git worktree remove --force build/compare/base' EXIT; here=$$PWD; \
	packages=$$(grep -rlE --include='*_test.go' --exclude-dir=build '^func Benchmark' $$(go list -f '{{.Dir}}' ./...) | xargs -n 1 dirname | sort -u | sed "s|^$$here/||"); \
	for package in $$packages; do \
		test -d "build/compare/base/$$package" || continue; \
		name=$${package//\//_}; echo "bench-compare: build $$package"; \
		(cd build/compare/base && go test -c -o "$$here/build/compare/$$name.base" "./$$package") && go test -c -o "build/compare/$$name.here" "./$$package"; \
	done; \
	for turn in $$(seq $(COUNT)); do \
		echo "bench-compare: $$turn of $(COUNT)"; \
		for package in $$packages; do for which in base here; do \
			binary="$$here/build/compare/$${package//\//_}.$$which"; root="$$here"; test $$which = here || root="$$here/build/compare/base"; \
			test -x "$$binary" || continue; \
			(cd "$$root/$$package" && "$$binary" -test.run='^$$' -test.bench='$(BENCH)' -test.benchmem -test.benchtime=$(BENCHTIME)) >>"build/compare/$$which.txt"; \
		done; done; \
	done; \
	go run $(BENCHSTAT) base=build/compare/base.txt here=build/compare/here.txt

.PHONY: newcomer
newcomer: ## follow docs/plugin-authors.md from an empty folder, and write each command and its time into docs/newcomer.md
	@mkdir -p build
	@{ printf '# From nothing to a plugin that is called\n\nThese are the commands of [the plugin authors'"'"' page](plugin-authors.md), typed one by one as they stand there, from an empty\nfolder to a plugin of one'"'"'s own that a program of one'"'"'s own calls. `make newcomer` took them from that page, compared what each\nprinted with it, and wrote this page.\n\n'; \
	go run -buildvcs=false ./internal/tools/newcomer docs/plugin-authors.md; \
	printf '\nOn %s cores (%s), %s, %s.\nHome and build cache were empty at the start: the first command builds the standard library, too. The checkout stood in for the\nlatest release, and other modules came from this machine, so that no download is in the times. The machine is shared.\n' \
		"$$(nproc)" "$$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$$(uname -sr)" "$$(go env GOVERSION)"; } >build/newcomer.md
	@mv build/newcomer.md docs/newcomer.md
	@cat docs/newcomer.md

.PHONY: clean
clean: ## remove what make has built
	@chmod -R u+w build 2>/dev/null || true
	@rm -rf build bin

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

.PHONY: FORCE
FORCE:
