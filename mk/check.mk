# check: everything that must hold, with what it needs installed first.
E2E := $(sort $(wildcard tests/e2e/test_*.py))

.PHONY: setup-build setup-demo setup-check
setup-build setup-demo setup-check: setup-%:
	@scripts/setup.sh $*
	@$(if $(filter setup-build,$@),true,scripts/python.sh)
	@scripts/fetch-botocore.sh

.PHONY: check check-run
check: setup-check ## install what tests need, run them all
	@$(MAKE) --no-print-directory all check-build
	@$(MAKE) --no-print-directory check-run

.PHONY: check-build
check-build: $(UNITS) $(B)/mocktrail

# The suites themselves, on what is built; SAN=... runs them on that variant.
check-run: check-build build/catalogue.bin
	@MOCKTRAIL=$(abspath $(B)/mocktrail) MOCKTRAIL_CATALOGUE=$(abspath build/catalogue.bin) \
	python3 tests/run.py \
	$(foreach t,$(UNITS),"$(notdir $(t))=$(t)") \
	"fuzz-replay=$(MAKE) --no-print-directory fuzz-replay" \
	$(if $(SAN),,"roundtrip=$(MAKE) --no-print-directory roundtrip") \
	$(foreach t,$(E2E),"$(notdir $(t))=build/venv/bin/python $(t)")

.PHONY: demo
demo: setup-demo ## install what is missing, build, and show real calls become a verified trail
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

.PHONY: install
PREFIX ?= /usr/local
install: all ## install into PREFIX (default /usr/local; DESTDIR is honoured)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mocktrail
	install -m 755 build/mocktrail $(DESTDIR)$(PREFIX)/bin/mocktrail
	install -m 644 build/catalogue.bin $(DESTDIR)$(PREFIX)/share/mocktrail/catalogue.bin

FORMATTED = $(shell git ls-files '*.c' '*.h')
.PHONY: format format-check lint
format: ## lay the code out with clang-format
	@scripts/setup.sh lint
	clang-format -i $(FORMATTED)
format-check:
	clang-format --dry-run -Werror $(FORMATTED)
lint: ## clang-format, cppcheck, clang-tidy, the numbers of the style
	@scripts/setup.sh lint
	scripts/lint.sh
