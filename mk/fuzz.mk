# fuzz: every tests/fuzz/fuzz_NAME.c defines LLVMFuzzerTestOneInput; its seeds lie in
# tests/fuzz/corpus/NAME/. Fuzzing needs clang and its runtime (Debian: clang, libclang-rt-14-dev).
FUZZ_SECONDS ?= 60
FUZZ_SRC     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_NAMES   := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
FUZZERS      := $(FUZZ_NAMES:%=$(B)/tests/fuzz/fuzz_%)
REPLAYS      := $(FUZZ_NAMES:%=$(B)/tests/fuzz/replay_%)

.PHONY: fuzz fuzz-run fuzz-replay
fuzz: ## look for new crashes, FUZZ_SECONDS (60) for each target
	@scripts/setup.sh fuzz
	@$(MAKE) --no-print-directory $(MORE) FUZZ=1 SAN= CC=clang fuzz-run

# What is found interesting gathers in build/fuzz/NAME, a crash in build/fuzz/NAME-crash-...
fuzz-run: $(FUZZERS)
	@for n in $(FUZZ_NAMES); do \
	    mkdir -p build/fuzz/$$n tests/fuzz/corpus/$$n; echo "fuzz $$n: $(FUZZ_SECONDS) s"; \
	    $(B)/tests/fuzz/fuzz_$$n -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=65536 \
	        -verbosity=0 -artifact_prefix=build/fuzz/$$n- \
	        build/fuzz/$$n tests/fuzz/corpus/$$n || exit 1; \
	done

fuzz-replay: $(REPLAYS) ## run every seed of every fuzz target once
	@good=0 bad=0; for n in $(FUZZ_NAMES); do \
	    if $(B)/tests/fuzz/replay_$$n tests/fuzz/corpus/$$n; then good=$$((good + 1)); else bad=$$((bad + 1)); fi; \
	done; echo "$$good passed, $$bad failed"; [ $$bad = 0 ]

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
