# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists the targets.

CC	?= gcc
HOSTCC	?= $(CC)
CFLAGS	?= -O2 -g
B	:= build
comma	:= ,
quoted	= '$(subst ','\'',$1)'
CACHE	:= $(shell XDG_CACHE_HOME=$(call quoted,$(XDG_CACHE_HOME)) HOME=$(call quoted,$(HOME)) \
		sh kernel-patch/vm/cache.sh)
SUDO	:= $(if $(filter-out 0,$(shell id -u)),sudo)

prefix	?= /usr/local
mandir	?= $(prefix)/share/man
includedir ?= $(prefix)/include
bindir	?= $(prefix)/bin

PACKAGES := gcc g++ libc6-dev linux-libc-dev make pkg-config libfyaml-dev libjansson-dev liburing-dev libdw-dev \
	linux-source-6.1 xz-utils jq procps util-linux bsdutils valgrind clang git shellcheck gnuplot-nox
EXAMPLE_PACKAGES := cppcheck clang-tidy gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
	libclang-rt-14-dev golang-go
KERNEL_PACKAGES := flex bison bc libelf-dev cpio kmod rsync ccache qemu-system-x86 \
	qemu-system-arm busybox-static sparse perl
# For `make matrix` on the architectures that Debian has one kernel of.
MATRIX_PACKAGES := qemu-system-misc qemu-system-ppc gcc-riscv64-linux-gnu libc6-dev-riscv64-cross \
	gcc-s390x-linux-gnu libc6-dev-s390x-cross gcc-powerpc64le-linux-gnu libc6-dev-ppc64el-cross
PAGE_PACKAGES := mandoc groff man-db manpages manpages-dev aspell aspell-en codespell \
	bsdextrautils poppler-utils xsltproc chromium nodejs $(if $(shell command -v npm),,npm)

# The former go beside each other; the latter look at what the kernel does, and have the machine to themselves.
FILE_CHECKS := check-page-tools check-site check-series check-pages check-sanitized check-cross check-trace \
	check-specgen check-records check-matrix check-generated lint check-storeys check-mutants
MACHINE_CHECKS := check-examples conformance check-conformance check-hazards check-faults check-limits check-beside \
	check-oracles check-proposals check-stress check-bench check-refuse
CHECKS	:= $(FILE_CHECKS) $(MACHINE_CHECKS)
KERNEL_CHECKS := check-kernel check-newest check-fixes check-arm64 check-s390x check-debug check-builds check-bisect check-litmus

WARNINGS := -Wall -Wextra -Werror
COMPILE	 = @echo "  CC      $@" >&2; $(CC) -std=gnu11 $(CFLAGS) $(WARNINGS) -MMD -MP -c -o $@ $<

SPECGEN_OBJECTS := $(patsubst spec/specgen/%.c,$B/specgen.d/%.o,$(wildcard spec/specgen/*.c))
GENERATED := $(addprefix $B/,contract_tables.c contract_functions.c contract_functions.h uffdio_move.h uffdio_move_contract.7 \
	uffdio_move_cases.h clean_kernels.c)
RECORDS	:= spec/kernels
CONFORMANCE_OBJECTS := \
	$(patsubst tests/%.c,$B/tests.d/%.o,$(wildcard tests/conformance/*.c tests/conformance/*/*.c)) \
	$(addprefix $B/tests.d/,contract_tables.o contract_functions.o clean_kernels.o oracle.o derive.o)
# A proposal has a program of its own, from the contract and the proposal together.
OF_CONTRACT := contract_tables.o contract_functions.o clean_kernels.o
ALLOW_COPY_OBJECTS := $(filter-out $(addprefix $B/tests.d/,$(OF_CONTRACT)),$(CONFORMANCE_OBJECTS)) \
	$(addprefix $B/allow-copy.d/,$(OF_CONTRACT) allow_copy.o allow_copy_later.o allow_copy_memory.o)
DEBUG_PROGRAMS := uffdio-move-conformance conformance-without-memory failing-allocations stress
DEBUG_PROGRAMS_WITH_COPY := uffdio-move-conformance-allow-copy conformance-without-memory-allow-copy \
	failing-allocations stress
HELPERS	:= conformance-with-faults sandbox mergeable

# Other machines: the compiler's prefix, where libraries lie, the suite of Debian to take them from.
ARCHITECTURES := x86_64 arm64 riscv64 s390x ppc64el
THIS	:= $(shell uname -m)
CROSS_arm64 := aarch64-linux-gnu
CROSS_riscv64 := riscv64-linux-gnu
CROSS_s390x := s390x-linux-gnu
CROSS_ppc64el := powerpc64le-linux-gnu
# Debian 12 has no riscv64.  What was compiled with a later libc asks for names that it gave
# functions which the earlier one has too.
SUITE_riscv64 := trixie
FURTHER_riscv64 := linux-libc-dev
LDFLAGS_riscv64 := $(patsubst %,-Wl$(comma)--defsym=__isoc23_%,strtol=strtol strtoll=strtoll \
	strtoul=strtoul strtoull=strtoull)
# Of the machine that is asked for, or this one.
PROGRAM	= $B/$(if $(filter-out $(THIS),$(ARCH)),$(ARCH)/)uffdio-move-conformance
KSELFTEST := $B/kselftest/kselftest.h

.DELETE_ON_ERROR:
.PRECIOUS: $(CACHE)/libraries-%
.PHONY: all help setup setup-matrix report bench bench-kernel matrix check fuzz-specgen $(CHECKS) $(KERNEL_CHECKS) \
	matrix-words kernel-tree kernel-export mutate mutants groff html pdf upstream install uninstall clean

all: $B/specgen $B/uffdio-move-conformance $B/uffdio-move-refuse $(addprefix $B/,$(HELPERS)) $(GENERATED)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: ## install the Debian packages that are needed
	$(SUDO) apt-get update -qq
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
		$(PACKAGES) $(PAGE_PACKAGES) $(EXAMPLE_PACKAGES) $(KERNEL_PACKAGES)

setup-matrix: ## those that `make matrix` and check-s390x need for riscv64, s390x and ppc64el besides
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends \
		$(MATRIX_PACKAGES)

IN_VM	= tests/kernels/report-in-vm.sh
NO_MOVE	:= 4

report: $B/uffdio-move-conformance $(addprefix program-,$(filter-out $(THIS),$(ARCH))) ## which clauses hold here? ARGS=--json ...; KERNEL=7.3.4, patched, an image, a tree
ifdef KERNEL
	@KERNEL=$(call quoted,$(KERNEL)) ARCH=$(call quoted,$(ARCH)) $(IN_VM) $(call quoted,$(PROGRAM)) $(ARGS)
else
	@status=0; $< $(ARGS) || status=$$?; [ $$status -eq $(NO_MOVE) ] || exit $$status; \
		echo "So the report is of Linux 6.1 with kernel-patch/series, in a VM." >&2; \
		$(IN_VM) $< $(ARGS)
endif

bench: $B/bench ## what a move costs on the running kernel, beside COPY and mremap, with plots: ARGS=--quick
	@rm -f $B/figures/*.*
	@status=0; $< --save $B/figures $(ARGS) || status=$$?; tests/bench/plots.sh $B/figures >&2 && exit $$status

bench-kernel: $B/bench $B/count.so ## its instructions, by kernel and function, in VMs: KERNELS="patched 7.3.4", KERNEL=TREE
	@tests/bench/kernel.sh $B $(ARGS)

check: ## all checks but check-kernel, -newest, -fixes, -arm64, -s390x, -debug, -builds, -bisect and -litmus
	@echo "Checks that need no quiet machine, four at once; what each says comes when it has ended." >&2
	+@status=0; $(MAKE) --no-print-directory -j4 --output-sync=target $(FILE_CHECKS) || status=$$?; \
	if [ $$status -eq 0 ] || $(if $(findstring k,$(firstword -$(MAKEFLAGS))),true,false); then \
		$(MAKE) --no-print-directory -j1 $(MACHINE_CHECKS) || status=$$?; \
	fi; exit $$status

conformance: $B/uffdio-move-conformance ## the contract against the running kernel, as TAP
	$< --tap >$B/conformance.tap || { grep -A1 '^not ok' $B/conformance.tap; exit 1; }
	@tail -n 1 $B/conformance.tap

check-trace: $B/specgen $B/uffdio_move_contract.7 ## each clause is tested, and each citation cites a clause
	$< --trace spec/uffdio_move.yaml $(CITING)

check-specgen: $B/specgen ## bad contracts are refused, at the right place
	tests/specgen/check-bad-contracts.sh $<

check-records: $B/specgen ## what is said of releases agrees with spec/kernels, and bad records are refused
	tests/specgen/check-records.sh $<

check-matrix: $B/uffdio-move-conformance ## what the matrix cannot run is refused before it begins
	tests/kernels/check-matrix.sh $B

check-generated: $B/specgen ## what specgen writes is the same each time, and of use
	tests/specgen/check-generated.sh $B

check-sanitized: $B/specgen-sanitized $B/specgen $B/fuzz-specgen ## the same under sanitizers and valgrind
	tests/specgen/check-bad-contracts.sh $B/specgen-sanitized
	$B/specgen-sanitized spec/uffdio_move.yaml
	$B/specgen-sanitized --proposal spec/proposals/allow_copy.yaml spec/uffdio_move.yaml
	valgrind -q --error-exitcode=1 --leak-check=full $B/specgen spec/uffdio_move.yaml

fuzz-specgen: $B/fuzz-specgen ## contracts that nobody thought of, for SECONDS_=60
	rm -rf $B/fuzz/seeds && mkdir -p $B/fuzz/seeds $B/fuzz/corpus
	tests/specgen/check-bad-contracts.sh --seeds $B/fuzz/seeds
	cp spec/uffdio_move.yaml tests/specgen/bad-contracts/valid.yaml $B/fuzz/seeds
	$< --words >$B/fuzz/words
	nice $< -max_total_time=$(call quoted,$(or $(SECONDS_),60)) -timeout=600 -max_len=80000 -dict=$B/fuzz/words \
		-artifact_prefix=$B/fuzz/ -print_final_stats=1 $B/fuzz/corpus $B/fuzz/seeds

check-faults: $B/conformance-with-faults ## each faulty kernel that can be played is noticed
	tests/programs/check-faults.sh $<

check-storeys: ## the conformance program's files include what is below them only
	tests/programs/check-storeys.sh

check-conformance: $B/uffdio-move-conformance $(addprefix $B/,$(HELPERS)) ## faulty kernels, sandboxes, interruptions
	tests/programs/check-conformance.sh $B

check-hazards: $B/uffdio-move-conformance ## what may take the machine down is run only where that is asked for
	tests/programs/check-hazards.sh $B

check-limits: $B/limits ## what the machine limits is named when it is reached, and only then
	tests/programs/check-limits.sh $<

check-beside: $B/uffdio-move-conformance ## no kernel is blamed for what else it does to pages
	tests/programs/check-beside.sh $<

check-oracles: $B/uffdio-move-conformance ## each expectation, turned into its contrary, is noticed
	$< --check-oracles

check-proposals: $B/specgen $B/uffdio-move-conformance-allow-copy $B/allow-copy-played $B/uffdio_move_allow_copy.7 ## what no kernel has: its rules are tested, and hold on one that is played
	tests/proposals/check-allow-copy.sh $B
	tests/programs/check-faults.sh --table tests/proposals/allow_copy_faults.tsv $B/allow-copy-played

check-stress: $B/stress ## each tagged page is found once, whatever else is done to it
	tests/programs/check-stress.sh $<

check-bench: $B/bench $B/sandbox ## figures are of what was done, rows have them or a reason, settings are put back
	tests/bench/check-bench.sh $B

check-refuse: $B/uffdio-move-refuse $B/uffdio-move-conformance ## faults of programs are told, and none of a right one
	tests/refuse/check-refuse.sh $B

check-examples: $B/specgen $B/uffdio-move-refuse ## each program compiles, is clean, prints what it promises, and lives with refusals
	tests/examples/check-examples.sh text here gcc clang sanitize cppcheck clang-tidy aarch64
	tests/refuse/check-examples.sh $B

check-kernel: $(addprefix $B/,uffdio-move-conformance contract-cases uffdio-move-conformance-allow-copy) ## the contract in a VM, on Linux 6.1 plain, with the series, with what is proposed
	tests/kernels/check-kernel.sh base $< /bin/busybox $(filter-out $<,$^)
	tests/kernels/check-boot.sh
	tests/kernels/check-going-down.sh

check-series: ## the series as `make upstream` writes it, and whom it is refused
	tests/kernels/check-series.sh

check-newest: $B/uffdio-move-conformance ## the contract on the newest kernel that Debian's archive has, in a VM
	tests/kernels/check-newest.sh $<

check-fixes: $(addprefix $B/,$(DEBUG_PROGRAMS)) ## the fixes for the newest kernel, in a VM: ARGS=--debug, on a debug kernel
	tests/kernels/check-fixes.sh $(ARGS) $^

# A specgen for this machine, and the program for the other, with a directory of their own.
program-%: $(CACHE)/libraries-%
	@command -v $(CROSS_$*)-gcc >/dev/null || \
		{ echo "$(CROSS_$*)-gcc is not installed; 'make setup setup-matrix' does that" >&2; exit 1; }
	+@$(MAKE) --no-print-directory B=$B/$* HOSTCC="$(HOSTCC)" CC="$(CROSS_$*)-gcc \
		-isystem $(CACHE)/libraries-$*/usr/include -L$(CACHE)/libraries-$*/usr/lib/$(CROSS_$*)" \
		LDFLAGS="$(LDFLAGS_$*)" $B/$*/uffdio-move-conformance

check-cross: program-arm64 ## the program compiles for a machine of another kind, too

check-arm64: program-arm64 ## the contract and the examples in a VM with 16 KiB pages
	CC=aarch64-linux-gnu-gcc tests/kernels/check-kernel.sh arm64-16k \
		$B/arm64/uffdio-move-conformance $(CACHE)/libraries-arm64/bin/busybox

check-s390x: program-s390x ## the same, after `make setup-matrix`, where an entry that is none is not 0
	CC=s390x-linux-gnu-gcc tests/kernels/check-kernel.sh s390x \
		$B/s390x/uffdio-move-conformance $(CACHE)/libraries-s390x/bin/busybox

# What cannot be built for a machine leaves it out.
matrix: matrix-words $B/uffdio-move-conformance ## the contract on every kernel that can be had: KERNELS="7.3.4 patched" ARCH="x86_64 arm64"
	-@for arch in $(filter-out $(THIS),$(or $(ARCH),$(if $(KERNEL),,$(ARCHITECTURES)))); do \
		$(MAKE) --no-print-directory program-$$arch; done
	@ARCH=$(call quoted,$(or $(ARCH),$(ARCHITECTURES))) tests/kernels/matrix.sh $B

matrix-words:
	@ARCH=$(call quoted,$(or $(ARCH),$(ARCHITECTURES))) tests/kernels/matrix.sh --words

check-debug: $(addprefix $B/,$(DEBUG_PROGRAMS$(if $(FURTHER),_WITH_COPY))) ## on a kernel with KASAN, lockdep, kmemleak, failing allocations
	kernel-patch/vm/check-debug.sh $^

check-builds: ## the objects concerned in other configurations, and sparse
	kernel-patch/vm/check-builds.sh

check-bisect: ## each patch alone on its predecessors builds and boots
	kernel-patch/vm/check-bisect.sh

check-litmus: $(CACHE)/herd $(CACHE)/memory-model ## the series' barriers, by the kernel's memory model
	kernel-patch/litmus/check-litmus.sh $^

check-mutants: $B/mutants $(CACHE)/mutated-source ## the list of mutants agrees with the series
	kernel-patch/mutants/check-mutants.sh $^
	FURTHER=kernel-patch/allow-copy kernel-patch/mutants/check-mutants.sh $^

mutants: $B/mutants $(CACHE)/mutated-source ## write the list of mutants anew
	kernel-patch/mutants/check-mutants.sh --renew $^

mutate: $(addprefix $B/,mutants contract-cases $(DEBUG_PROGRAMS) $(if $(FURTHER),uffdio-move-conformance-allow-copy)) ## does a test notice each slip in the series? ARGS="--minutes 60 'take_entry.*'"
	kernel-patch/mutants/mutate.sh $B $(ARGS)

kernel-tree: ## Debian's source with the series as commits, in kernel-patch/linux
	kernel-patch/vm/kernel-tree.sh kernel-patch/linux

kernel-export: ## the commits of kernel-patch/linux back to the series
	kernel-patch/vm/kernel-export.sh kernel-patch/linux

# A newer groff than the system's, if `make groff` has fetched one, checks style too.
lint: export GROFF_ROOT = $(wildcard $(CACHE)/groff)
lint: ## the rules of the man-pages project
	tests/pages/lint.sh

groff: | $(CACHE)/groff ## fetch a newer groff into the cache, for lint

check-pages: $B/specgen $B/uffdio-move-conformance $B/uffdio-move-refuse $(GENERATED) html pdf ## pages agree with the contract, their program runs, links resolve
	tests/pages/check.sh $B
	tests/pages/check-program.sh
	tests/pages/check-html.sh $B
	tests/pages/check-links.sh $B/html
	tests/pages/check-pdf.sh $B
	tests/pages/check-install.sh
	tests/pages/check-upstream.sh $B

check-page-tools: $B/specgen $(GENERATED) html pdf ## each of these checks notices what it is for
	tests/pages/lint.sh --self-test
	tests/pages/check.sh --self-test $B
	tests/pages/check-program.sh --self-test
	tests/pages/check-links.sh --self-test $B/html
	tests/pages/check-pdf.sh --self-test $B
	tests/pages/check-site.sh --self-test $B

check-site: html ## the site in a browser: links, search, keyboard, both schemes, phones
	tests/pages/check-site.sh $B

html: $B/specgen $B/uffdio_move_contract.7 ## the pages, the examples and the matrix of kernels as a site, build/html
	tests/pages/html.sh $B $B/html

pdf: $B/uffdio_move_contract.7 ## the pages as one PDF, build/uffdio-move.pdf
	tests/pages/pdf.sh $B $B/uffdio-move.pdf

# PATCHES are words: files whose names have no spaces.
upstream: ## patches for git am: MAN_PAGES=checkout of the man-pages project, PATCHES="FILE ..."; KERNEL_TREE=checkout of the kernel
ifeq ($(value MAN_PAGES)$(value KERNEL_TREE),)
	$(error MAN_PAGES=PATH or KERNEL_TREE=PATH is missing: a checkout of the man-pages project, or of the kernel)
endif
ifneq ($(and $(value MAN_PAGES),$(value KERNEL_TREE),$(value PATCHES)),)
	$(error PATCHES= goes with MAN_PAGES= or with KERNEL_TREE=, not with both)
endif
ifneq ($(value MAN_PAGES),)
	tests/pages/upstream.sh $(call quoted,$(value MAN_PAGES)) $(call quoted,$B/upstream/man-pages) \
		$(foreach patch,$(value PATCHES),$(call quoted,$(patch)))
endif
ifneq ($(value KERNEL_TREE),)
	kernel-patch/upstream.sh $(call quoted,$(value KERNEL_TREE)) $(call quoted,$B/upstream/kernel) \
		$(foreach patch,$(value PATCHES),$(call quoted,$(patch)))
endif

# Where a file goes.  DESTDIR is taken as it is; the directories may name each other.
at	= $(call quoted,$(value DESTDIR)$(1))

install: $B/uffdio-move-conformance $B/uffdio-move-refuse $(GENERATED) ## pages, header, programs; DESTDIR, prefix, mandir
	tests/pages/install.sh $(call at,$(mandir))
	install -D -m 644 $B/uffdio_move_contract.7 $(call at,$(mandir)/man7/uffdio_move_contract.7)
	install -D -m 644 $B/uffdio_move.h $(call at,$(includedir)/uffdio_move.h)
	install -D $B/uffdio-move-conformance $(call at,$(bindir)/uffdio-move-conformance)
	install -D $B/uffdio-move-refuse $(call at,$(bindir)/uffdio-move-refuse)
	install -D -m 644 tests/refuse/uffdio-move-refuse.1 $(call at,$(mandir)/man1/uffdio-move-refuse.1)

uninstall: ## remove what install has put there
	tests/pages/install.sh --uninstall $(call at,$(mandir))
	rm -f $(call at,$(mandir)/man7/uffdio_move_contract.7) $(call at,$(includedir)/uffdio_move.h) \
		$(call at,$(bindir)/uffdio-move-conformance) $(call at,$(bindir)/uffdio-move-refuse) \
		$(call at,$(mandir)/man1/uffdio-move-refuse.1)

clean: ## remove what was built here; the cache stays
	rm -rf $(filter-out $B/cache,$(wildcard $B/*))
	@rmdir $B 2>/dev/null || :

# What cites clauses; a folder that is not there yet leaves its column absent.
CITING := $(wildcard man2/* man2const/* examples/*.[ch] kernel-patch/series/* kernel-patch/fixes/*) $B/uffdio_move_contract.7

$B/specgen: $(SPECGEN_OBJECTS)
	@echo "  LINK    $@" >&2
	@$(HOSTCC) $(CFLAGS) -o $@ $^ $$(pkg-config --libs libfyaml)

$B/specgen-sanitized: $(wildcard spec/specgen/*.c spec/specgen/*.h)
	@mkdir -p $B
	@echo "  LINK    $@" >&2
	@$(HOSTCC) -std=gnu11 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o $@ $(filter %.c,$^) $$(pkg-config --cflags --libs libfyaml)

$B/mutants: $(wildcard kernel-patch/mutants/generator/*.[ch])
	@mkdir -p $B
	@echo "  LINK    $@" >&2
	@$(HOSTCC) -std=gnu11 $(CFLAGS) $(WARNINGS) -o $@ $(filter %.c,$^)

$B/fuzz-specgen: tests/specgen/fuzz.c $(filter-out %/main.c,$(wildcard spec/specgen/*.c)) \
		$(wildcard spec/specgen/*.h)
	@mkdir -p $B
	@echo "  LINK    $@" >&2
	@clang -std=gnu11 -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ispec/specgen -o $@ $(filter %.c,$^) $$(pkg-config --cflags --libs libfyaml)

$B/generated: $B/specgen spec/uffdio_move.yaml $(RECORDS) $(wildcard $(RECORDS)/*.yaml)
	@echo "  SPECGEN $B" >&2
	@$B/specgen -o $B --records $(RECORDS) spec/uffdio_move.yaml
	@touch $@
$(GENERATED): $B/generated ;

$B/allow-copy/generated: $B/specgen spec/uffdio_move.yaml spec/proposals/allow_copy.yaml \
		$(wildcard $(RECORDS)/*.yaml)
	@mkdir -p $(@D)
	@echo "  SPECGEN $(@D)" >&2
	@$B/specgen -o $(@D) --records $(RECORDS) --proposal spec/proposals/allow_copy.yaml spec/uffdio_move.yaml
	@touch $@
$(patsubst %.o,$B/allow-copy/%.c,$(OF_CONTRACT)): $B/allow-copy/generated ;

$B/uffdio_move_allow_copy.7: $B/allow-copy/generated
	@cp $(<D)/$(@F) $@

# For TAP.
$(KSELFTEST):
	@echo "  TAKE    $@, from linux-source-6.1" >&2
	@rm -rf $(@D).new && mkdir -p $(@D).new
	@tar -xJf /usr/src/linux-source-6.1.tar.xz -C $(@D).new --strip-components=4 \
		$(addprefix linux-source-6.1/tools/testing/selftests/,kselftest.h kselftest_harness.h)
	@rm -rf $(@D) && mv $(@D).new $(@D) && touch $@

$B/uffdio-move-conformance: $(CONFORMANCE_OBJECTS)
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) $(LDFLAGS) -static -pthread -o $@ $^ -ljansson -luring

# The same program, around whose calls those of tests/programs/faults/ play a faulty kernel.
$B/conformance-with-faults: $(CONFORMANCE_OBJECTS) \
		$(patsubst tests/%.c,$B/tests.d/%.o,$(wildcard tests/programs/faults/*.c))
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -pthread -Wl,--wrap=test_move,--wrap=ioctl,--wrap=kill -o $@ $^ -ljansson -luring

$B/uffdio-move-conformance-allow-copy: $(ALLOW_COPY_OBJECTS)
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) $(LDFLAGS) -static -pthread -o $@ $^ -ljansson -luring

# The same, around whose ioctls a kernel is played that has the mode, or has it with a fault.
$B/allow-copy-played: $(ALLOW_COPY_OBJECTS) $B/tests.d/programs/faults/child.o \
		$(addprefix $B/allow-copy.d/,allow_copy_played.o allow_copy_faults.o)
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -pthread -Wl,--wrap=test_move,--wrap=ioctl -o $@ $^ -ljansson -luring

# The same, around whose calls no_memory.c lets allocations fail.
$B/conformance-without-memory: $(CONFORMANCE_OBJECTS) $B/tests.d/allocations/no_memory.o $B/tests.d/allocations/fail_nth.o
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -pthread -Wl,--wrap=test_move -o $@ $^ -ljansson -luring

$B/conformance-without-memory-allow-copy: $(ALLOW_COPY_OBJECTS) \
		$B/tests.d/allocations/no_memory.o $B/tests.d/allocations/fail_nth.o
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -pthread -Wl,--wrap=test_move -o $@ $^ -ljansson -luring

$B/failing-allocations: $B/tests.d/allocations/failing_allocations.o $B/tests.d/allocations/fail_nth.o
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -o $@ $^

$B/stress: $(patsubst tests/%.c,$B/tests.d/%.o,$(wildcard tests/stress/*.c))
$B/limits: $B/tests.d/programs/limits.o
$B/bench: $(patsubst tests/%.c,$B/tests.d/%.o,$(wildcard tests/bench/*.c))
$B/stress $B/limits $B/bench: $(filter-out %/main.o,$(CONFORMANCE_OBJECTS))
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -pthread -o $@ $^ -ljansson -luring

# QEMU loads it.
$B/count.so: tests/bench/counting/count.c tests/bench/counting/qemu.h tests/bench/mark.h
	@mkdir -p $(@D)
	@echo "  LINK    $@" >&2
	@$(HOSTCC) -std=gnu11 $(CFLAGS) $(WARNINGS) -shared -fPIC -fvisibility=hidden -o $@ $<

# It is no part of the conformance program, and asks the same oracle.
$B/uffdio-move-refuse: $(patsubst tests/%.c,$B/tests.d/%.o,$(wildcard tests/refuse/*.c)) \
		$B/tests.d/contract_tables.o $B/tests.d/oracle.o
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ljansson -ldw

# It has an oracle of its own: each case is written out with what is to be seen.
$B/contract-cases: $B/tests.d/kernels/contract_cases.o
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -pthread -o $@ $^

$B/sandbox $B/mergeable: $B/%: $B/tests.d/programs/%.o
	@echo "  LINK    $@" >&2
	@$(CC) $(CFLAGS) -static -o $@ $^

$(CACHE)/libraries-%:
	tests/fetch-packages.sh $@ $(or $(SUITE_$*),bookworm) $* libjansson-dev liburing-dev busybox-static \
		$(FURTHER_$*)

$(CACHE)/groff:
	tests/fetch-packages.sh $@ stable $$(dpkg --print-architecture) \
		groff-base libuchardet0 libc6 libstdc++6 libgcc-s1

$(CACHE)/herd:
	tests/fetch-packages.sh $@ sid $$(dpkg --print-architecture) herdtools7 libc6 libgmp10

$(CACHE)/mutated-source: /usr/src/linux-source-6.1.tar.xz
	@echo "  TAKE    $@, from linux-source-6.1" >&2
	@rm -rf $@.new && mkdir -p $@.new
	@tar -xJf $< -C $@.new --strip-components=1 linux-source-6.1/fs/userfaultfd.c linux-source-6.1/mm
	@rm -rf $@ && mv $@.new $@ && touch $@

# Of the kernel that the series is for.
$(CACHE)/memory-model: /usr/src/linux-source-6.1.tar.xz
	@echo "  TAKE    $@, from linux-source-6.1" >&2
	@rm -rf $@.new && mkdir -p $@.new
	@tar -xJf $< -C $@.new --strip-components=1 linux-source-6.1/tools/memory-model \
		linux-source-6.1/mm/gup.c linux-source-6.1/mm/rmap.c
	@rm -rf $@ && mv $@.new $@ && touch $@

$B/specgen.d/%.o: override CC := $(HOSTCC)
$B/specgen.d/%.o: spec/specgen/%.c
	@mkdir -p $(@D)
	$(COMPILE) $$(pkg-config --cflags libfyaml)

$B/tests.d/%.o: tests/%.c $(KSELFTEST) | $(GENERATED)
	@mkdir -p $(@D)
	$(COMPILE) -Itests/conformance -Itests/$(dir $*) -Ispec/specgen -I$B -isystem $(dir $(KSELFTEST))

$B/allow-copy.d/%.o: tests/proposals/%.c $(KSELFTEST) | $B/allow-copy/generated $(GENERATED)
	@mkdir -p $(@D)
	$(COMPILE) -Itests -Itests/conformance -Ispec/specgen -I$B/allow-copy -isystem $(dir $(KSELFTEST))

$B/allow-copy.d/%.o: $B/allow-copy/%.c
	@mkdir -p $(@D)
	$(COMPILE) -Itests/conformance -Ispec/specgen -I$B/allow-copy

$B/tests.d/oracle.o $B/tests.d/derive.o: $B/tests.d/%.o: spec/specgen/%.c
	@mkdir -p $(@D)
	$(COMPILE)

$B/tests.d/%.o: $B/%.c
	@mkdir -p $(@D)
	$(COMPILE) -Itests/conformance -Ispec/specgen -I$B

-include $(wildcard $B/*.d/*.d $B/*.d/*/*.d $B/*.d/*/*/*.d)
