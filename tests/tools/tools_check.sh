#!/usr/bin/env bash
# tools_check.sh SUITE...: `mocktrail verify run` over each of fixtures/suites, with the tools of build/venv-tools. What
# each said stays in build/tools/SUITE.txt, .json and .html. Exits 1 when one does not meet what its suite requires.
set -u
cd "$(dirname "$0")/../.."
export PATH="$PWD/build/venv-tools/bin:$PATH"
mkdir -p build/tools
failed=0
for suite in "$@"; do
    build/mocktrail verify run "fixtures/suites/$suite.yaml" --json "build/tools/$suite.json" \
        --html "build/tools/$suite.html" > "build/tools/$suite.txt" 2>&1
    code=$?
    [ "$code" -eq 0 ] || failed=$((failed + 1))
    printf '%-14s exit %d  %s; %s\n' "$suite" "$code" \
        "$(sed -n 's/^verdicts  *//p' "build/tools/$suite.txt")" "$(sed -n 's/^measures  *//p' "build/tools/$suite.txt")"
    [ "$code" -eq 0 ] || tail -5 "build/tools/$suite.txt"
done
echo "$(($# - failed)) of $# suites meet what they require; reports: build/tools"
[ "$failed" -eq 0 ]
