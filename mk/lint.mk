# lint: what the style asks, as checks that can fail. clang-tidy leaves a stamp for each file below
# build/lint/, and cppcheck what it knows: a second run reads only what has changed since.
LINT_C     := mocktrail.c $(sort $(shell find $(ROOTS) tests -name '*.c'))
LINT_FLAGS  = -std=c17 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -I. $(PKG_CFLAGS)
TIDY       := $(LINT_C:%.c=build/lint/%.tidy)

.PHONY: lint lint-run lint-style lint-cppcheck lint-tidy
lint: ## clang-format, cppcheck, clang-tidy, the numbers of the style
	@scripts/setup.sh lint
	+@$(SUB) -k $(MORE) lint-run
	@echo 'lint: clean'

lint-run: format-check lint-style lint-cppcheck lint-tidy

lint-style:
	@scripts/lint.sh

# internalAstError: cppcheck 2.10 stumbles over a compound literal behind a question mark.
# varFuncNullUB: POSIX has NULL be (void *)0, which va_arg may read as a const char *.
lint-cppcheck:
	@mkdir -p build/lint/cppcheck
	@cppcheck -q --cppcheck-build-dir=build/lint/cppcheck --std=c11 --enable=warning,portability \
	    --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	    --suppress=internalAstError --suppress=varFuncNullUB -I. $(LINT_C)

lint-tidy: $(TIDY)

build/lint/%.tidy: %.c .clang-tidy
	@mkdir -p $(@D)
	$(if $(Q),@echo '  tidy $<')
	$(Q)clang-tidy -quiet $< -- $(LINT_FLAGS) > $(@:.tidy=.log) 2>/dev/null || \
	    { cat $(@:.tidy=.log); exit 1; }
	$(Q)clang $(LINT_FLAGS) -MM -MP -MT $@ -MF $(@:.tidy=.d) $<
	@touch $@

ifneq ($(filter lint%,$(MAKECMDGOALS)),)
-include $(shell find build/lint -name '*.d' 2>/dev/null)
endif
