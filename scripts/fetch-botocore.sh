#!/bin/sh
# fetch-botocore: one botocore from PyPI into build/botocore/VERSION/, for the catalogue. The version is
# pinned (BOTOCORE_VERSION chooses another), so that the same tree gives the same catalogue next year.
#
# Never fails: without PyPI the catalogue is compiled from what is installed (Debian's
# python3-botocore is enough). Fetched once; remove build/botocore to fetch anew.
set -u
cd "$(dirname "$0")/.." || exit 0
dir=build/botocore
want=${BOTOCORE_VERSION:-1.43.11}

[ -z "${BOTOCORE_DATA:-}" ] || exit 0
ls -d "$dir/$want"/botocore/data >/dev/null 2>&1 && exit 0
mkdir -p "$dir/wheel" || exit 0
if ! timeout 120 python3 -m pip download --quiet --disable-pip-version-check --no-deps \
    --dest "$dir/wheel" "botocore==$want" >"$dir/log" 2>&1; then
    echo "botocore from PyPI: not reachable, going on with what is installed"
    exit 0
fi
for wheel in "$dir"/wheel/botocore-*.whl; do
    version=${wheel##*/botocore-}
    version=${version%%-*}
    mkdir -p "$dir/$version.new" &&
        python3 -m zipfile -e "$wheel" "$dir/$version.new" &&
        mv "$dir/$version.new" "$dir/$version" &&
        echo "botocore $version from PyPI"
done
rm -rf "$dir/wheel"
exit 0
