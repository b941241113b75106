# make bench-rules: the embedded Sigma rules beside only inflating the same files, and beside one rule.
.PHONY: bench-rules
bench: bench-rules
bench-rules: all $(B)/tests/bench/cost $(B)/tests/bench/repeat $(B)/tests/bench/rules ## measure: Sigma rules, CPU time and memory
	tests/bench/rules.sh $(B)/tests/bench
