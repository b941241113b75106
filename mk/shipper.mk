# make shipper-check: Benthos, a log shipper of other people, behind a trail: bucket, S3's notice, queue, shipper,
# records; then over its suite of fixtures/suites. Not part of check: it needs Go 1.21 and its module proxy, half a GB
# of modules and minutes of building.
build/venv-tools/bin/benthos: $(wildcard tests/tools/benthos/*)
	@mkdir -p $(@D)
	@cd tests/tools/benthos && nice go build -trimpath -o $(CURDIR)/$@ .

.PHONY: shipper-check
shipper-check: all build/venv-tools/bin/benthos ## run a real log shipper behind a trail's bucket and queue
	@scripts/python.sh check
	@build/venv/bin/python tests/tools/shipper_check.py
	@tests/tools/tools_check.sh benthos
