# make bench: requests per second beside a bare libmicrohttpd, and datasets beside only compressing them,
# each in the same run; prints ratios and their limits.
BENCH := $(B)/tests/bench
.PHONY: bench bench-serve bench-generate
bench: bench-serve bench-generate ## measure: requests per second, start-up, memory, datasets
bench-serve: all $(BENCH)/load $(BENCH)/echo $(BENCH)/start
	tests/bench/bench.sh $(BENCH)
bench-generate: all $(BENCH)/bulk
	tests/bench/generate.sh $(BENCH)

$(BENCH)/%: $(BENCH)/%.o $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
