# The table of what is performed: docs/operations.md, made from the catalogue and the handlers.
define SUPPORT_HEAD
# What is performed

Written by `make support-table`, held by `make support-check`; do not edit.

- own: a handler of its own, in `emulator/services/`
- generic: the lifecycle that is inferred from the models, on stored state (`emulator/engine/generic/`)
- refused: `501 NotImplemented`, or an upstream's

`mocktrail operations --service NAME` lists them one by one.

endef
export SUPPORT_HEAD

.PHONY: support-table support-check
support-table: all ## write docs/operations.md: what is performed, service by service
	@{ printf '%s\n' "$$SUPPORT_HEAD"; build/mocktrail operations --summary; } > docs/operations.md.new
	@mv -f docs/operations.md.new docs/operations.md
# Another botocore has other operations: then there is nothing to compare.
support-check: all
	@{ printf '%s\n' "$$SUPPORT_HEAD"; build/mocktrail operations --summary; } > build/operations.md
	@if [ "$$(wc -l < build/operations.md)" != "$$(wc -l < docs/operations.md)" ]; then \
	    echo "other models than the table's"; exit 1; \
	elif diff -u docs/operations.md build/operations.md; then echo '1 passed, 0 failed'; \
	else echo '0 passed, 1 failed'; exit 1; fi
