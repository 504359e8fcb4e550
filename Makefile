# Tandem. `make` lists the targets; `make run` and `make check` need nothing done before them.
.PHONY: help prepare build run check test simulate memory fuzz system bench bench-parser lint image image-lock image-smoke image-check
.DEFAULT_GOAL := help

BIN := .build/release
PLUGINS := itsp pstn-gateway ip-pbx
SWIFT_BUILD := swift build --configuration release

help:
	@echo 'make run       build, start tandemd and real endpoints on loopback, place calls, show what happened'
	@echo 'make check     everything CI runs: format, all tests, simulator, fuzzers, real calls'
	@echo 'make build     tandemd, tandem, simulate and the plugins, release, in $(BIN)'
	@echo 'make test      unit tests only'
	@echo 'make simulate  1,000 seeds of the simulator (SEEDS=, FIRST=)'
	@echo 'make memory    allocations of a call and bytes of a held one, beside the most they may be'
	@echo 'make fuzz      each fuzz target for SECONDS=20'
	@echo 'make system    the real daemon against SIPp and baresip'
	@echo 'make bench     signalling cost beside Kamailio in the same run (needs root)'
	@echo 'make bench-parser  what reading a message costs beside Sofia-SIP and libosip2'
	@echo 'make lint      swift format, checked'
	@echo 'make image     the disk image for the box, in .build/image/out (image/README.md)'
	@echo 'make image-check  the image in QEMU: boot, calls, crashes, power cuts, figures (image-smoke: its first part)'
	@echo 'make image-lock   the Debian packages of the image, as the mirror has them today'

prepare:
	@.ci/prepare

# Each plugin is a library of its own beside its YANG module, where the daemon looks: $(BIN)/plugins/<id>.so and <id>.yang.
build: prepare
	@$(SWIFT_BUILD)
	@mkdir -p $(BIN)/plugins
	@for id in $(PLUGINS); do cp -f $(BIN)/lib$$id.so $(BIN)/plugins/$$id.so && cp -f plugins/$$id/$$id.yang $(BIN)/plugins/; done

run: build
	@python3 Tests/System/first_call.py

test: prepare
	@swift test

SEEDS ?= 1000
FIRST ?= 1
simulate: build
	@$(BIN)/simulate --first $(FIRST) --seeds $(SEEDS)

memory: build
	@$(BIN)/benchmark-exchange check

SECONDS ?= 20
fuzz: prepare
	@bash Tests/Fuzz/run.sh $(SECONDS)

system: build
	@python3 Tests/System/run.py

bench: build
	@python3 Tests/Benchmarks/signalling/report.py

bench-parser: build
	@python3 Tests/Benchmarks/Parser/report.py

lint: prepare
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests plugins

image: build
	@python3 image/build.py

image-lock: prepare
	@python3 image/packages.py refresh

image-smoke: image
	@python3 Tests/Image/check.py --quick

image-check: image
	@python3 Tests/Image/check.py

check: lint test build memory simulate fuzz system image-smoke
