#!/usr/bin/env bash
# python.sh: make build/venv with the Python clients that the demo and the tests use, once.
#
# tests/requirements.txt pins them. Where the package index can't be reached, Debian's awscli and
# python3-boto3 stand in, and the script says so.
set -eu
cd "$(dirname "$0")/.."
want=tests/requirements.txt
stamp=build/venv/.done
[ -f "$stamp" ] && cmp -s "$want" "$stamp" && exit 0

mkdir -p build
rm -rf build/venv
python3 -m venv build/venv
echo "setup: installing $(grep -vc '^#' "$want") Python packages into build/venv"
if build/venv/bin/pip install -q --disable-pip-version-check -r "$want" >build/venv.log 2>&1; then
    cp "$want" "$stamp"
    exit 0
fi
tail -n 3 build/venv.log >&2
echo "setup: no package index; using Debian's awscli and python3-boto3"
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends awscli python3-boto3 >>build/venv.log 2>&1
rm -rf build/venv
/usr/bin/python3 -m venv --system-site-packages build/venv
ln -sf /usr/bin/aws build/venv/bin/aws
cp "$want" "$stamp"
