# Real records called again over HTTP, and what is recorded compared with them:
# make fidelity CORPUS=FILE.jsonl[.gz] [FIDELITY_OPTIONS="--only '^s3' --json out.json"]
.PHONY: fidelity
fidelity: ## call real records again and compare what is recorded: CORPUS=FILE.jsonl[.gz]
ifeq ($(CORPUS),)
	@echo "fidelity: skipped: no corpus (make fidelity CORPUS=FILE)"
else
	@$(MAKE) --no-print-directory setup-check all
	@build/venv/bin/python tests/tools/fidelity/main.py $(CORPUS) $(FIDELITY_OPTIONS)
endif
