# make bench: requests per second beside a bare libmicrohttpd, in the same run; prints ratios and their limits.
BENCH := $(B)/tests/bench
.PHONY: bench
bench: all $(BENCH)/load $(BENCH)/echo $(BENCH)/start ## measure: requests per second, start-up, memory
	tests/bench/bench.sh $(BENCH)

$(BENCH)/%: $(BENCH)/%.o $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)
