# Portolan: one Makefile for the whole tree.
#
#   make map REPO=<git URL or path>   from nothing to a system map (REPO: this checkout)
#   make test                         install what the tests need, run them all
#   make up | down | status           start, stop, show the stack
#   make restart                      build, migrate, replace the processes; no request is lost
#   make test-unit test-db test-e2e test-fuzz   one kind of test alone
#   make fuzz-long [RUNS=10000000]    each reader of outside bytes by itself, on from the last time; NAMES= restricts it
#   make accuracy REPOS=<folder>      maps against compilers, cloc and package managers
#   make fault [MINUTES=10]           the queue's fault test, for so long; as root
#   make coverage                     lines that the tests reach
#   make lint | format                every check | write the one format
#   make bench                        speed, as ratios in one run
#   make soak                         a million jobs: does the queue's hot table grow?
#   make www                          the web pages alone, into build/www
#   make docs                         write settings and interface into the documents
#   make help                         this list
#
# PORT=8000, VAR=var and LISTEN=127.0.0.1:PORT choose where the stack lives, WORKERS=2
# how large it is, VARIANT=release|debug|san|cov how it is built, and STACK_USER=postgres
# who runs it when root starts it.
#
# Objects land in build/<variant>/.  All of lib/ is one archive, all of fcgi/
# without its main() files another; every program and test links both, so a new
# file needs no edit here.  A new program is one more name in PROGRAMS.

VARIANT ?= release
B       := build/$(VARIANT)

# A program's main() is in fcgi/<name>.c, "portolan-" taken off; the command line's is fcgi/ctl.c.
PROGRAMS := portolan portolan-worker portolan-live portolan-runner portolan-fetch portolan-analyse
MAINS    := fcgi/ctl.c $(patsubst portolan-%,fcgi/%.c,$(filter portolan-%,$(PROGRAMS)))

PKGS := libpq json-c libcurl libgit2 libdeflate libssh libsodium fcgi libseccomp yaml-0.1

CC       ?= cc
# libFuzzer is clang's; the warnings that count are gcc's.
ifeq ($(VARIANT),fuzz)
CC     := clang
WERROR := -w
endif
# Warnings are errors for us; a packager passes WERROR= .
WERROR   ?= -Werror
# A later initializer wins on purpose: F_TIME(..., .name = "created_at") over the macro's own.
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            -Wpointer-arith -Wwrite-strings -Wundef -Wimplicit-fallthrough -Wno-override-init $(WERROR)
VERSION  := 0.1.0$(addprefix +,$(shell git rev-parse --short HEAD 2>/dev/null))

FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
FLAGS_debug   := -O0 -g3
FLAGS_san     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_cov     := -O0 -g --coverage -fprofile-update=atomic -DWITH_COVERAGE
# Nothing here learns from integers that are compared, and telling of each takes half of an execution;
# libFuzzer hears of texts that are compared by itself.
FLAGS_fuzz    := -O2 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp -fno-sanitize-recover=all
ifndef FLAGS_$(VARIANT)
$(error VARIANT is one of release, debug, san, cov, fuzz)
endif

CPPFLAGS += -Ilib -Ifcgi -Itests -D_GNU_SOURCE $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# Debian 12 has this option by a security update, later versions of libgit2 by themselves.
GIT2_HAS := $(if $(shell grep -l GIT_OPT_SET_PACK_MAX_OBJECT_SIZE \
              $(shell pkg-config --variable=includedir libgit2 2>/dev/null)/git2/common.h 2>/dev/null),-DHAVE_PACK_MAX_OBJECT_SIZE)
CPPFLAGS += $(GIT2_HAS)
CFLAGS   += -std=gnu17 $(FLAGS_$(VARIANT)) $(WARN) -fstack-protector-strong -fPIE \
            -ffunction-sections -fdata-sections -pthread
LDFLAGS  += $(FLAGS_$(VARIANT)) -pie -pthread -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now
LIBS      = $(shell pkg-config --libs $(PKGS)) -lm
# Of the relay alone.
$(B)/bin/portolan-live: LIBS += $(shell pkg-config --libs-only-L --libs-only-l libwebsockets)
# Nothing of it talks to a database or another machine, so it does not load what does: each library
# that it links takes time at every start.  Where code is instrumented, what is of no use stays in.
ifeq ($(VARIANT),release)
$(B)/bin/portolan-analyse: LIBS = $(shell pkg-config --libs json-c libgit2 libdeflate libsodium libseccomp yaml-0.1) -lm
endif

LIB_SRC  := $(shell find lib -name '*.c')
EDGE_SRC := $(filter-out $(MAINS),$(shell find fcgi -name '*.c'))
TEST_AID := $(wildcard tests/*.c)
TESTS    := $(shell find tests/unit tests/db -name 'test_*.c' 2>/dev/null)

obj       = $(patsubst %.c,$(B)/%.o,$(1))
LIB_A    := $(B)/libportolan.a
EDGE_A   := $(B)/libedge.a
BINS     := $(addprefix $(B)/bin/,$(PROGRAMS))
TESTBINS := $(patsubst %.c,$(B)/%,$(TESTS))
# Programs that tests and the bench start: runners with kinds of their own, tools.
RUNNERS  := $(patsubst %_jobs.c,$(B)/%_runner,$(wildcard tests/fault/*_jobs.c))
TOOLS    := $(patsubst %.c,$(B)/%,$(wildcard tests/fault/*_tool.c tests/bench/*_tool.c))

all: $(BINS) build/www/index.html

# The static site, the same for every variant.
build/www/index.html: deploy/www.sh deploy/render.sh nginx/package-lock.json $(shell find nginx/www -type f)
	deploy/www.sh

www: build/www/index.html

bench-build: $(RUNNERS) $(TOOLS)

tests-build: all $(TESTBINS) $(RUNNERS) $(TOOLS)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild everything when the compiler or its flags change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS)' >$@

# The version is handed to one file, which alone is compiled anew when it changes.
$(B)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

$(B)/lib/base/version.o: $(B)/version
$(B)/lib/base/version.o: CPPFLAGS += -DPORTOLAN_VERSION='"$(VERSION)"'

$(LIB_A): $(call obj,$(LIB_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(EDGE_A): $(call obj,$(EDGE_SRC))
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/bin/portolan: $(B)/fcgi/ctl.o $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/bin/portolan-%: $(B)/fcgi/%.o $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# The product's runner with kinds of jobs of a test's own: what tests/<folder>/<name>_jobs.c says of
# app_jobs stands before the archive, and so in the place of lib/app/registry_jobs.c.
$(RUNNERS): $(B)/%_runner: $(B)/%_jobs.o $(B)/fcgi/runner.o $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(filter $(B)/tests/bench/%,$(TOOLS)): $(B)/tests/bench/tool.o
$(B)/tests/bench/map_graph_tool: $(B)/tests/made_map.o

# A program for a test or the bench, without the fixture.
$(TOOLS): $(B)/%: $(B)/%.o $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

$(B)/tests/%: $(B)/tests/%.o $(call obj,$(TEST_AID)) $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

# --- Fuzz targets, VARIANT=fuzz: libFuzzer is clang's. ---

FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/bin/%,$(wildcard tests/fuzz/fuzz_*.c))

fuzz-build: $(FUZZERS)

$(B)/bin/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/options.o $(B)/tests/things.o $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# --- The stack: deploy/ does the work and documents it. ---

REPO ?= $(CURDIR)
export REPO VARIANT PORT VAR LISTEN WORKERS STACK_USER

# A build below another target: all cores unless the caller chose, and only faults are shown.
SUBMAKE = $(MAKE) --no-print-directory -s $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

map:
	@deploy/deps.sh build run
	@$(SUBMAKE) all
	@deploy/map.sh "$$REPO"

up:
	@deploy/deps.sh build run
	@$(SUBMAKE) all
	@deploy/stack.sh up
	@deploy/stack.sh status

restart:
	@deploy/deps.sh build run
	@$(SUBMAKE) all
	@deploy/stack.sh restart

down status:
	@deploy/stack.sh $@

# --- Tests: tests/run.sh runs and counts. ---

test:
	@deploy/deps.sh build run test
	@$(SUBMAKE) VARIANT=release tests-build
	@$(SUBMAKE) VARIANT=san tests-build
	@$(SUBMAKE) VARIANT=fuzz fuzz-build
	@tests/run.sh release:unit release:db release:e2e san:unit san:db san:e2e fuzz:fuzz

test-unit test-db test-e2e:
	@deploy/deps.sh build run test
	@$(SUBMAKE) tests-build
	@tests/run.sh $(VARIANT):$(@:test-%=%)

test-fuzz:
	@deploy/deps.sh build test
	@$(SUBMAKE) VARIANT=fuzz fuzz-build
	@tests/run.sh fuzz:fuzz

RUNS ?= 10000000

fuzz-long:
	@deploy/deps.sh build test
	@$(SUBMAKE) VARIANT=fuzz fuzz-build
	@RUNS=$(RUNS) tests/fuzz/long.sh $(NAMES)

# How right are maps?  Whichever of the tools are installed are asked; `make accuracy-deps` installs those of Debian.
accuracy:
	@deploy/deps.sh build run
	@$(SUBMAKE) VARIANT=release all
	@VARIANT=release REPOS='$(REPOS)' tests/accuracy/run.sh

accuracy-deps:
	@deploy/deps.sh accuracy

MINUTES ?= 10

fault:
	@deploy/deps.sh build run test
	@$(SUBMAKE) VARIANT=release tests-build
	@VARIANT=release tests/fault/run.sh $$(( $(MINUTES) * 60 )) $(SEED)

# Lines of our own C that unit, database and end-to-end tests reach; what a program does once it
# has confined itself is not counted.
COVERAGE ?= unit db e2e
coverage:
	@deploy/deps.sh build run test cov
	@find build/cov -name '*.gcda' -delete 2>/dev/null || :
	@$(SUBMAKE) VARIANT=cov tests-build
	@tests/run.sh $(COVERAGE:%=cov:%); failed=$$?; \
	gcovr --root . --gcov-ignore-parse-errors --filter lib/ --filter fcgi/ --print-summary \
		--output build/cov/coverage.txt build/cov && \
	echo 'by file: build/cov/coverage.txt' && exit $$failed

bench:
	@deploy/deps.sh build run bench
	@$(SUBMAKE) VARIANT=release all bench-build
	@VARIANT=release tests/bench/run.sh
	@VARIANT=release tests/bench/map_graph.sh
	@VARIANT=release tests/bench/events.sh
	@VARIANT=release tests/bench/jobs.sh
	@VARIANT=release tests/bench/map.sh
	@VARIANT=release tests/bench/retrieval.sh
	@VARIANT=release tests/bench/chats.sh

# Does the hot table of the queue stay small?
soak:
	@deploy/deps.sh build run
	@$(SUBMAKE) VARIANT=release all bench-build
	@VARIANT=release tests/bench/jobs.sh soak

# --- Documents that the program's own tables print. ---

docs:
	@$(SUBMAKE) all
	@deploy/docs.sh

# --- Lint. ---

# Left to right: a domain sees base and the public headers of those before it.
DOMAINS := config obs audit events jobs auth files ai projects maps retrieval chats agents mcp webhooks

C_FILES := $(shell find lib fcgi tests -name '*.[ch]' 2>/dev/null)
SCRIPTS := $(wildcard deploy/*.sh deploy/*/*.sh tests/*.sh tests/*/*.sh) .ci/run
TIDIED  := $(patsubst %.c,build/lint/%.tidied,$(filter lib/%.c fcgi/%.c,$(C_FILES)))

lint: lint-quick
	@$(SUBMAKE) lint-tidy
	@echo 'lint: nothing found'

# All but what takes minutes.
lint-quick:
	@deploy/deps.sh build test lint
	@$(SUBMAKE) lint-format lint-includes lint-size lint-shell lint-cppcheck

lint-format:
	clang-format --dry-run -Werror $(C_FILES)

lint-includes:
	deploy/lint-includes.sh $(DOMAINS)

lint-size:
	deploy/lint-size.sh

lint-shell:
	shellcheck $(SCRIPTS)

lint-cppcheck:
	@mkdir -p build/lint/cppcheck
	cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
		--error-exitcode=1 --cppcheck-build-dir=build/lint/cppcheck --library=posix \
		--suppressions-list=deploy/cppcheck.txt -D_GNU_SOURCE -Ilib -Ifcgi lib fcgi

lint-tidy: $(TIDIED)

# A file is looked at again when it, any header or the rules have changed.
build/lint/%.tidied: %.c .clang-tidy $(filter %.h %.def,$(shell find lib fcgi -name '*.h' -o -name '*.def' 2>/dev/null))
	@mkdir -p $(@D)
	clang-tidy --quiet $< -- -std=gnu17 -DPORTOLAN_VERSION='"lint"' $(CPPFLAGS) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

format:
	@deploy/deps.sh lint
	clang-format -i $(C_FILES)

help:
	@sed -n 's/^#   \(make .*\)/\1/p' Makefile

clean:
	rm -rf build

.PHONY: all www tests-build bench-build fuzz-build clean FORCE map up down status restart test test-unit test-db \
        test-e2e test-fuzz fuzz-long accuracy accuracy-deps fault coverage lint lint-quick lint-format lint-includes lint-size lint-shell \
        lint-cppcheck lint-tidy format help bench soak docs
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
