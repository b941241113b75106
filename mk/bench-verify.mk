# make bench-verify: the verifier beside only inflating the same files.
.PHONY: bench-verify
bench: bench-verify
bench-verify: all $(B)/tests/bench/cost $(B)/tests/bench/repeat ## measure: the verifier's CPU time and memory
	tests/bench/verify.sh $(B)/tests/bench
