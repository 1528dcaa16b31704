# Portolan: one Makefile for the whole tree.
#
#   make map REPO=<git URL or path>   from nothing to a system map
#   make test                         install what the tests need, run them all
#   make help                         the other targets
#
# Objects land in build/<variant>/.  All of lib/ is one archive, all of fcgi/
# without its main() files another; every program and test links both, so a new
# file needs no edit here.  A new program is one more name in PROGRAMS.

VARIANT ?= release
B       := build/$(VARIANT)

# A program's main() is in fcgi/<name>.c, "portolan-" taken off; the command line's is fcgi/ctl.c.
PROGRAMS := portolan portolan-worker portolan-runner portolan-fetch portolan-analyse
MAINS    := fcgi/ctl.c $(patsubst portolan-%,fcgi/%.c,$(filter portolan-%,$(PROGRAMS)))

PKGS := libpq json-c libcurl libgit2 libsodium fcgi libseccomp

CC       ?= cc
# Warnings are errors for us; a packager passes WERROR= .
WERROR   ?= -Werror
# A later initializer wins on purpose: F_TIME(..., .name = "created_at") over the macro's own.
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            -Wpointer-arith -Wwrite-strings -Wundef -Wimplicit-fallthrough -Wno-override-init $(WERROR)
VERSION  := $(shell cat .version 2>/dev/null || git describe --always --dirty 2>/dev/null || echo unknown)

FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
FLAGS_debug   := -O0 -g3
FLAGS_san     := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_cov     := -O0 -g --coverage
ifndef FLAGS_$(VARIANT)
$(error VARIANT is one of release, debug, san, cov)
endif

CPPFLAGS += -Ilib -Ifcgi -Itests -D_GNU_SOURCE $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CFLAGS   += -std=gnu17 $(FLAGS_$(VARIANT)) $(WARN) -fstack-protector-strong -fPIE \
            -ffunction-sections -fdata-sections -pthread
LDFLAGS  += $(FLAGS_$(VARIANT)) -pie -pthread -Wl,--as-needed -Wl,--gc-sections -Wl,-z,relro,-z,now
LIBS      = $(shell pkg-config --libs $(PKGS)) -lm

LIB_SRC  := $(shell find lib -name '*.c')
EDGE_SRC := $(filter-out $(MAINS),$(shell find fcgi -name '*.c'))
TEST_AID := $(wildcard tests/*.c)
TESTS    := $(shell find tests/unit tests/db -name 'test_*.c' 2>/dev/null)

obj       = $(patsubst %.c,$(B)/%.o,$(1))
LIB_A    := $(B)/libportolan.a
EDGE_A   := $(B)/libedge.a
BINS     := $(addprefix $(B)/bin/,$(PROGRAMS))
TESTBINS := $(patsubst %.c,$(B)/%,$(TESTS))

all: $(BINS)

tests-build: all $(TESTBINS)

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Rebuild everything when the compiler or its flags change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS)' >$@

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

$(B)/tests/%: $(B)/tests/%.o $(call obj,$(TEST_AID)) $(EDGE_A) $(LIB_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

clean:
	rm -rf build

.PHONY: all tests-build clean FORCE
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
