# check: everything that must hold, with what it needs installed first.
E2E := $(sort $(wildcard tests/e2e/test_*.py tests/tools/test_*.py))

CRASH := $(sort $(wildcard tests/crash/test_*.py))

# The rest of a job, once what it needs is installed: as parallel as the machine, unless told.
SUB := $(MAKE) --no-print-directory
MORE = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))

.PHONY: setup-build setup-demo setup-check setup-clang
setup-build setup-demo setup-check setup-clang: setup-%:
	@scripts/setup.sh $*
	@$(if $(filter setup-build setup-clang,$@),true,scripts/python.sh $*)
	@scripts/fetch-botocore.sh

.PHONY: check check-build check-run
check: setup-check ## install what tests need, build, run them all
	@echo 'building (build/check-build.log)'
	+@scripts/quiet.sh build/check-build.log $(SUB) $(MORE) all check-build
	+@$(SUB) check-run

check-build: $(UNITS) $(REPLAYS) $(B)/mocktrail $(B)/tests/roundtrip/roundtrip

# Suites that hold what only the newest API models say: skipped, with the reason, where PyPI could not be
# reached and the catalogue is made of older ones.
NEWEST = $(BOTOCORE_DATA)$(wildcard build/botocore/*/botocore/data)
NEED_NEWEST := test_constraints test_lifecycle test_record test_record_tables test_templates test_wire_parse test_wire_write roundtrip
models = $(if $(NEWEST),,$(if $(filter $(1),$(NEED_NEWEST)),echo needs the API models of PyPI; exit 77; ))

# The suites themselves, on what is built; SAN=... runs them on that variant, where a leak, an
# undefined operation or a race ends the program and so fails the test.
check-run: check-build build/catalogue.bin build/locale/de_DE.UTF-8
	@MOCKTRAIL=$(abspath $(B)/mocktrail) MOCKTRAIL_CATALOGUE=$(abspath build/catalogue.bin) \
	ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=32 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
	CRASH_ROUNDS=$(if $(SAN),40,200) CHECK_SAMPLE=$(if $(SAN),5,1) \
	python3 tests/run.py \
	$(foreach t,$(UNITS),"$(notdir $(t))=$(call models,$(notdir $(t)))$(call locale,$(notdir $(t)))$(t)") \
	"fuzz-replay=$(SUB) fuzz-replay" \
	$(if $(SAN),,"roundtrip=$(call models,roundtrip)$(SUB) roundtrip") \
	$(if $(SAN),,"operations-table=$(call models,roundtrip)$(SUB) -s support-check") \
	$(foreach t,$(E2E) $(CRASH),"$(notdir $(t))=build/venv/bin/python $(t) $(if $(filter $(E2E),$(t)),-v)")

# A locale with a decimal comma: numbers are read and written the same in it. (With LOCPATH glibc leaks.)
locale = $(if $(SAN),,$(if $(filter test_str,$(1)),LOCPATH=build/locale ))
build/locale/%:
	@mkdir -p $(@D)
	@localedef -i $(basename $*) -f $(patsubst .%,%,$(suffix $*)) ./$@

# A second compiler's opinion: everything, warnings as errors, in a folder of its own.
.PHONY: clang
clang: setup-clang ## build all with clang, warnings are errors
	+@scripts/quiet.sh build/clang.log $(SUB) $(MORE) VARIANT=clang CC=clang OPT=-O1 WERROR=1 check-build

.PHONY: demo
demo: setup-demo ## install what is missing, build, and show real calls become a verified trail
	@echo 'building (build/demo-build.log)'
	+@scripts/quiet.sh build/demo-build.log $(SUB) $(MORE) all
	@scripts/demo.sh

.PHONY: install
PREFIX ?= /usr/local
install: all ## install into PREFIX (default /usr/local; DESTDIR is honoured)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mocktrail
	install -m 755 build/mocktrail $(DESTDIR)$(PREFIX)/bin/mocktrail
	install -m 644 build/catalogue.bin $(DESTDIR)$(PREFIX)/share/mocktrail/catalogue.bin

FORMATTED = $(shell git ls-files '*.c' '*.h')
.PHONY: format format-check
format: ## lay the code out with clang-format
	@scripts/setup.sh lint
	@clang-format -i $(FORMATTED)
format-check:
	@clang-format --dry-run -Werror $(FORMATTED)
