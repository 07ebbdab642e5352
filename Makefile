# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets.

CC	?= gcc
CFLAGS	?= -O2 -g
B	:= build
CACHE	:= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/uffdio-move
SUDO	:= $(if $(filter-out 0,$(shell id -u)),sudo)

PACKAGES := gcc libc6-dev make pkg-config libfyaml-dev libjansson-dev linux-libc-dev \
	linux-source-6.1 xz-utils jq procps util-linux valgrind

WARNINGS := -Wall -Wextra -Werror
COMPILE	 = @echo "  CC      $@"; $(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -MMD -MP -c -o $@ $<

SPECGEN_OBJECTS := $(patsubst spec/specgen/%.c,$B/specgen.d/%.o,$(wildcard spec/specgen/*.c))
GENERATED := $(addprefix $B/,contract_tables.c contract_functions.h contract_tests.h uffdio_move.h uffdio_move.7)

.DELETE_ON_ERROR:
.PHONY: all help setup check check-specgen check-sanitized check-trace clean

all: $B/specgen $(GENERATED)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install the Debian packages that are needed
	$(SUDO) apt-get update -qq
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
		$(PACKAGES)

check: all check-trace check-specgen check-sanitized ## all checks

check-trace: $B/specgen ## each clause is tested, and each citation cites a clause
	$< --trace spec/uffdio_move.yaml $(CITING)

check-specgen: $B/specgen ## bad contracts are refused, at the right place
	tests/check-bad-contracts.sh $<

check-sanitized: $B/specgen-sanitized $B/specgen ## the same under sanitizers and valgrind
	tests/check-bad-contracts.sh $B/specgen-sanitized
	$B/specgen-sanitized spec/uffdio_move.yaml
	valgrind -q --error-exitcode=1 --leak-check=full $B/specgen spec/uffdio_move.yaml

clean: ## remove what was built here; the cache stays
	rm -rf $B

# What cites clauses; a folder that is not there yet leaves its column absent.
CITING := $(wildcard man2/* man2const/* examples/*.[ch] kernel-patch/series/*)

$B/specgen: $(SPECGEN_OBJECTS)
	$(CC) $(CFLAGS) -o $@ $^ $$(pkg-config --libs libfyaml)

$B/specgen-sanitized: $(wildcard spec/specgen/*.c spec/specgen/*.h)
	@mkdir -p $B
	$(CC) -std=gnu11 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^) $$(pkg-config --cflags --libs libfyaml)

$B/generated: $B/specgen spec/uffdio_move.yaml
	$B/specgen -o $B spec/uffdio_move.yaml
	@touch $@
$(GENERATED): $B/generated ;

$B/specgen.d/%.o: spec/specgen/%.c
	@mkdir -p $(@D)
	$(COMPILE) $$(pkg-config --cflags libfyaml)

-include $(wildcard $B/*.d/*.d $B/*.d/scenarios/*.d)
