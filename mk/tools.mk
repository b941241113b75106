# make tools-check: auditing tools of other people, installed from PyPI into build/venv-tools, over the suites of
# fixtures/suites; the HTML report and the pages under /_mocktrail/ui/ in a browser. Not part of check: it takes
# minutes, needs the network and, of Debian, jq and chromium.
TOOLS_SUITES ?= builtin jq-cis duckdb sigma-sqlite trailscraper validate-logs aws-s3-sync

build/venv-tools/.done: tests/requirements-tools.txt
	@python3 -m venv build/venv-tools
	@build/venv-tools/bin/pip --quiet install -r $<
	@python3 -m venv build/venv-tools/trailscraper # it wants an older botocore and an older click than the others
	@build/venv-tools/trailscraper/bin/pip --quiet install trailscraper==0.10.0
	@ln -sf ../trailscraper/bin/trailscraper build/venv-tools/bin/trailscraper
	@touch $@

.PHONY: tools-check
tools-check: all build/venv-tools/.done ## run the suites of fixtures/suites: real tools, end to end
	@scripts/setup.sh tools
	@tests/tools/tools_check.sh $(TOOLS_SUITES)
	@python3 tests/tools/page_check.py
	@scripts/python.sh check
	@build/venv/bin/python tests/tools/ui_check.py
