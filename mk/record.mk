# How near records come to real ones: make record-fidelity CORPUS=FILE.jsonl[.gz] [LIMIT=60]
FIDELITY := $(patsubst %.c,$(B)/%.o,$(wildcard tests/tools/record_fidelity/*.c))

$(B)/tests/tools/record_fidelity/record_fidelity: $(FIDELITY) $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: record-fidelity
record-fidelity: $(B)/tests/tools/record_fidelity/record_fidelity build/catalogue.bin ## compare records with real ones: CORPUS=FILE.jsonl[.gz]
ifeq ($(CORPUS),)
	@echo "record-fidelity: skipped, name a file of real records: make record-fidelity CORPUS=FILE"
else
	$< build/catalogue.bin $(CORPUS) $(LIMIT)
endif
