#!/usr/bin/env bash
# python.sh [demo|check]: make build/venv with the Python clients that the demo or the tests use, once.
#
# tests/requirements.txt pins what the demo needs, tests/requirements-check.txt what the tests need beside it.
# Where the package index can't be reached, Debian's awscli and python3-boto3 stand in, and the script
# says so; remove build/venv to try again.
set -eu
cd "$(dirname "$0")/.."
want=tests/requirements.txt
[ "${1:-demo}" = demo ] || want=tests/requirements-check.txt
stamp=build/venv/.done
[ -f "$stamp" ] && grep -qxF -e "$want" -e tests/requirements-check.txt "$stamp" &&
    [ ! tests/requirements.txt -nt "$stamp" ] && [ ! "$want" -nt "$stamp" ] && exit 0

mkdir -p build
[ -f "$stamp" ] || { rm -rf build/venv && python3 -m venv build/venv; }
echo "setup: installing from PyPI into build/venv: $(grep -hv '^-r' tests/requirements.txt "$want" | sort -u | tr '\n' ' ')" |
    fold -s -w 78
if build/venv/bin/pip install -q --disable-pip-version-check --retries 2 -r "$want" >build/venv.log 2>&1; then
    echo "$want" >"$stamp"
    exit 0
fi
echo "setup: PyPI did not give them (build/venv.log); Debian's stand in"
scripts/setup.sh clients
rm -rf build/venv
/usr/bin/python3 -m venv --system-site-packages build/venv
cp scripts/aws-debian.py build/venv/bin/aws
echo tests/requirements-check.txt >"$stamp"
