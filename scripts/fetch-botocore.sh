#!/bin/sh
# fetch-botocore: one botocore from PyPI into build/botocore/VERSION/, for the catalogue. The version is
# pinned (BOTOCORE_VERSION chooses another), so that the same tree gives the same catalogue next year.
#
# Never fails: without PyPI the catalogue is compiled from what is installed (Debian's
# python3-botocore is enough). Tried once; remove build/botocore to try anew.
set -u
cd "$(dirname "$0")/.." || exit 0
dir=build/botocore
want=${BOTOCORE_VERSION:-1.43.11}

[ -z "${BOTOCORE_DATA:-}" ] || exit 0
[ -d "$dir/$want" ] && exit 0
[ -e "$dir/$want.absent" ] && exit 0
mkdir -p "$dir/wheel" || exit 0
if timeout 120 python3 -m pip download --quiet --disable-pip-version-check --retries 2 --no-deps \
    --dest "$dir/wheel" "botocore==$want" >"$dir/log" 2>&1 &&
    python3 -m zipfile -e "$dir/wheel/botocore-$want"-*.whl "$dir/$want.new" &&
    mv "$dir/$want.new" "$dir/$want"; then
    echo "setup: the API models of botocore $want, from PyPI"
else
    : >"$dir/$want.absent"
    echo "setup: no botocore $want from PyPI ($dir/log); the API models are those installed"
fi
rm -rf "$dir/wheel" "$dir/$want.new"
exit 0
