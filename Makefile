# mocktrail - build, check and measure. `make help` lists the targets.
#
# One binary, build/mocktrail, and one data file beside it, build/catalogue.bin. Every .c below
# core/, emulator/, generator/ and verify/ belongs to the program: a new file needs no line here.
# A variant (SAN=address,undefined; SAN=thread; FUZZ=1) builds into a folder of its own.

comma   := ,
VARIANT := $(if $(SAN),san-$(subst $(comma),-,$(SAN)),$(if $(FUZZ),fuzz,plain))
B       := build/$(VARIANT)
CC      ?= cc
PKGS    := libmicrohttpd libcjson zlib libcrypto sqlite3 yaml-0.1 libcbor expat libcurl libpcre2-8 libxxhash libisal liblz4
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wwrite-strings -Wundef -Wvla $(if $(WERROR),-Werror)
OPT     ?= -O2
CFLAGS   = -std=c17 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE $(OPT) -g -I. -MMD -MP $(WARN) $(PKG_CFLAGS)
LDLIBS   = $(PKG_LIBS) -lpthread -lm
ifneq ($(SAN),)
CFLAGS  += -O1 -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all -DARENA_EACH
LDFLAGS += -fsanitize=$(SAN)
endif
ifneq ($(FUZZ),)
CC       = clang
CFLAGS  += -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -DARENA_EACH
LDFLAGS += -fsanitize=fuzzer-no-link,address,undefined
endif

# libcbor ships no .pc on every Debian; name it when pkg-config can't.
pkg         = $(shell pkg-config $(1) $(2) 2>/dev/null)
PKG_CFLAGS := $(foreach p,$(PKGS),$(call pkg,--cflags,$(p)))
PKG_LIBS   := $(foreach p,$(PKGS),$(or $(call pkg,--libs,$(p)),$(if $(filter libcbor,$(p)),-lcbor)))

# The chart library of the pages, as Debian ships it (libjs-chart.js).
CHART_JS ?= /usr/share/javascript/chart.js/chart.min.js

# What a compile needs and is not there; said in one line by the first recipe that would compile.
MISSING := $(if $(shell command -v $(firstword $(CC)) 2>/dev/null),,$(firstword $(CC))) \
           $(if $(shell command -v pkg-config 2>/dev/null),$(foreach p,$(filter-out libcbor,$(PKGS)),\
               $(if $(shell pkg-config --exists $(p) || echo no),$(p))),pkg-config) \
           $(if $(wildcard $(CHART_JS)),,libjs-chart.js)
NEED     = $(if $(strip $(MISSING)),$(error not installed: $(strip $(MISSING)). Run scripts/setup.sh \
build (as root or with sudo), or make demo, which installs what it needs))

ROOTS := $(wildcard core emulator generator verify)
SRC   := $(sort $(shell find $(ROOTS) -name "*.c" ! -path "emulator/catalogue/compile/*"))
OBJ   := $(SRC:%.c=$(B)/%.o)
EMBED := $(sort $(shell find fixtures -type f ! -path 'fixtures/golden/*' ! -path 'fixtures/datasets/*' ! -path 'fixtures/suites/*' ! -name 'README.md'))
EMBEDDED := $(sort $(EMBED) fixtures/ui/chart.js=$(CHART_JS))
UNIT  := $(sort $(wildcard tests/unit/test_*.c))
UNITS := $(UNIT:tests/unit/%.c=$(B)/tests/unit/%)
UTIL  := $(B)/tests/unit/check.o

# V=1 shows the commands.
Q := $(if $(V),,@)

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: all
all: $(if $(filter plain,$(VARIANT)),build/mocktrail,$(B)/mocktrail) build/catalogue.bin ## build the program and the catalogue

ifeq ($(VARIANT),plain)
build/mocktrail: $(B)/mocktrail
	$(Q)cp -f $< $@.new && mv -f $@.new $@
endif

$(B)/mocktrail: $(B)/mocktrail.o $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/libmocktrail.a: $(OBJ) $(B)/embed.o
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/%.o: %.c Makefile
	$(NEED)@mkdir -p $(@D)
	$(if $(Q),@echo '  cc $<')
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# The files of fixtures/ that the program needs, by name, linked in.
.PHONY: FORCE
FORCE:
$(B)/embed.list: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(EMBEDDED) | cmp -s - $@ || printf '%s\n' $(EMBEDDED) > $@
$(B)/embed.c: $(B)/embed.list core/base/embed.awk
	@awk -f core/base/embed.awk $< > $@
$(B)/embed.o: $(B)/embed.c $(EMBED) $(wildcard $(CHART_JS))
	$(NEED)$(if $(Q),@echo '  cc $<')
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<

# What is not building stands in mk/, a file a subject.
.PHONY: demo check bench fuzz lint format install
-include $(wildcard mk/*.mk)

.PHONY: unit
unit: $(UNITS) ## build and run the unit tests
	@fail=0; for t in $(UNITS); do $$t || { echo "failed: $$t"; fail=1; }; done; exit $$fail

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(UTIL) $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

.PHONY: clean help
clean: ## remove build/
	rm -rf build
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 17

-include $(shell find $(B) -name '*.d' 2>/dev/null)
