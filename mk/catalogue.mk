# catalogue: the AWS API models, compiled into build/catalogue.bin.
#
# BOTOCORE_DATA=DIR[:DIR] names the data directories; else python3's botocore, Debian's, and what
# scripts/fetch-botocore.sh unpacked below build/botocore/ are all taken, the newest first.
CATALOGUE_SRC := $(sort $(wildcard emulator/catalogue/compile/*.c))
CATALOGUE_OBJ := $(CATALOGUE_SRC:%.c=$(B)/%.o)

ifeq ($(BOTOCORE_DATA),)
BOTOCORE_PYTHON := $(shell python3 -c 'import botocore, os; print(os.path.join(botocore.__path__[0], "data"))' 2>/dev/null)
CATALOGUE_SETS := $(sort $(wildcard $(BOTOCORE_PYTHON) /usr/lib/python3/dist-packages/botocore/data \
                    build/botocore/*/botocore/data))
else
CATALOGUE_SETS := $(BOTOCORE_DATA)
endif

$(B)/catalogue-compile: $(CATALOGUE_OBJ) $(B)/libmocktrail.a
	$(if $(Q),@echo '  ld $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The compiler leaves its memory to the system when it ends: no leak to report.
# Made anew when the compiler, the format or the data sets change: a compiler that only relinked
# (the library moved) gives the same bytes, so the stamp hangs on the sources that matter.
build/catalogue.sets: FORCE
	@mkdir -p build
	@echo '$(CATALOGUE_SETS)' | cmp -s - $@ || echo '$(CATALOGUE_SETS)' > $@
build/catalogue.bin: $(CATALOGUE_SRC) $(wildcard emulator/catalogue/*.h emulator/catalogue/compile/*.h) \
                     emulator/catalogue/format.c $(wildcard fixtures/catalogue/* fixtures/lifecycle/*) \
                     emulator/catalogue/nouns.c build/catalogue.sets | $(B)/catalogue-compile
	$(if $(strip $(CATALOGUE_SETS)),,$(error no botocore data found: run scripts/setup.sh build, or name \
	the directory in BOTOCORE_DATA))$(Q)$(if $(SAN),ASAN_OPTIONS=detect_leaks=0 )$(B)/catalogue-compile -o $@ $(CATALOGUE_SETS)
