#!/usr/bin/env bash
# setup.sh build|demo|check|clients|clang|lint|bench|tools|fuzz: install what that job needs and is missing, with apt.
#
# Prints what it installs, and nothing when all is there. Runs as root, or through sudo. What Debian's
# packages don't have in a version that tests want (the newest boto3, the JavaScript SDK) goes into
# build/venv and build/node by the ordinary clients, and never outside the tree.
set -eu
cd "$(dirname "$0")/.."

packages() {
    case $1 in
    build) echo gcc make pkg-config libc6-dev libmicrohttpd-dev libcjson-dev zlib1g-dev libssl-dev \
        libsqlite3-dev libyaml-dev libcbor-dev libexpat1-dev libcurl4-openssl-dev libpcre2-dev libxxhash-dev \
        libisal-dev liblz4-dev libjs-chart.js python3 python3-botocore ca-certificates ;;
    demo) packages build; echo python3-pip python3-venv curl ;;
    check) packages demo; echo libcmocka-dev locales nodejs npm rclone s3cmd ;;
    clients) echo awscli python3-boto3 python3-yaml ;;
    clang) packages check; echo clang ;;
    lint) packages check; echo clang clang-format clang-tidy cppcheck ;;
    bench) packages demo; echo jq ;;
    tools) packages check; echo jq chromium ;;
    fuzz) packages build; echo clang libclang-rt-14-dev ;;
    *) echo "setup.sh: expected build, demo, check, clients, clang, lint, bench, tools or fuzz, not '$1'" >&2; exit 2 ;;
    esac
}

# node and npm may come from elsewhere than apt; python3's venv module too.
present() {
    case $1 in
    nodejs) command -v node >/dev/null && return 0 ;;
    npm) command -v npm >/dev/null && return 0 ;;
    python3) command -v python3 >/dev/null && return 0 ;;
    python3-pip) python3 -c 'import pip' 2>/dev/null && return 0 ;;
    python3-venv) python3 -c 'import venv, ensurepip' 2>/dev/null && return 0 ;;
    esac
    [ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" = 'install ok installed' ]
}

missing=
for p in $(packages "$1"); do
    present "$p" || missing="$missing $p"
done
if [ -n "$missing" ]; then
    command -v apt-get >/dev/null || { echo "setup.sh: no apt-get here; install:$missing" >&2; exit 1; }
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "setup: installing with apt:$missing" | fold -s -w 78
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        { echo "setup.sh: neither root nor sudo; as root: apt-get install$missing" >&2; exit 1; }
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    mkdir -p build
    # shellcheck disable=SC2086 # the list is words on purpose
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >build/setup.log 2>&1 ||
        { tail -n 20 build/setup.log >&2; echo "setup.sh: apt-get install failed" >&2; exit 1; }
fi
