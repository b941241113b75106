# roundtrip: one call of every operation, both ways, against botocore's serialisers and parsers.
ROUNDTRIP_PYTHON := $(firstword $(wildcard build/venv/bin/python) python3)

$(B)/tests/roundtrip/roundtrip: $(B)/tests/roundtrip/roundtrip.o $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: roundtrip roundtrip-write
roundtrip: $(B)/tests/roundtrip/roundtrip build/catalogue.bin ## one call of every operation, both ways
	@$(ROUNDTRIP_PYTHON) tests/roundtrip/roundtrip.py $(ROUNDTRIP) $< build/catalogue.bin
roundtrip-write: $(B)/tests/roundtrip/roundtrip build/catalogue.bin
	@$(ROUNDTRIP_PYTHON) tests/roundtrip/roundtrip.py --write $< build/catalogue.bin
