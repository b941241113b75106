#!/usr/bin/env bash
# python.sh: make build/venv with the Python clients that the demo and the tests use, once.
#
# tests/requirements.txt pins them. Where the package index can't be reached, Debian's awscli and
# python3-boto3 stand in, and the script says so; remove build/venv to try again.
set -eu
cd "$(dirname "$0")/.."
want=tests/requirements.txt
stamp=build/venv/.done
[ -f "$stamp" ] && cmp -s "$want" "$stamp" && exit 0

mkdir -p build
rm -rf build/venv
python3 -m venv build/venv
echo "setup: installing from PyPI into build/venv: $(tr '\n' ' ' <"$want")"
if build/venv/bin/pip install -q --disable-pip-version-check --retries 2 -r "$want" >build/venv.log 2>&1; then
    cp "$want" "$stamp"
    exit 0
fi
echo "setup: PyPI did not give them (build/venv.log); Debian's stand in"
scripts/setup.sh clients
rm -rf build/venv
/usr/bin/python3 -m venv --system-site-packages build/venv
cp scripts/aws-debian.py build/venv/bin/aws
cp "$want" "$stamp"
